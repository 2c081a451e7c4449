//! Full intra request (RFC 5104 section 4.3.1).

use super::{PAYLOAD_FEEDBACK, write_packet};
use crate::drop_reason::DropReason;

pub const FORMAT: u8 = 4;

/// The SSRCs from which a keyframe is asked.
///
/// # Errors
/// `Truncated` when the body ends inside its SSRCs.
pub fn parse(body: &[u8]) -> Result<impl Iterator<Item = u32> + '_, DropReason> {
    let entries = body.get(8..).ok_or(DropReason::Truncated)?;
    Ok(entries
        .chunks_exact(8)
        .map(|entry| u32::from_be_bytes([entry[0], entry[1], entry[2], entry[3]])))
}

/// Append a request for one stream; `number` rises by one with each new request.
pub fn write(sender_ssrc: u32, media_ssrc: u32, number: u8, out: &mut Vec<u8>) {
    write_packet(PAYLOAD_FEEDBACK, FORMAT, out, |out| {
        out.extend_from_slice(&sender_ssrc.to_be_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&media_ssrc.to_be_bytes());
        out.extend_from_slice(&[number, 0, 0, 0]);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let mut out = Vec::new();
        write(1, 77, 3, &mut out);
        assert_eq!(parse(&out[4..]).expect("fits").collect::<Vec<_>>(), vec![77]);
        assert!(parse(&out[4..10]).is_err());
    }
}
