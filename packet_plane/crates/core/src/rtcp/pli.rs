//! Picture loss indication (RFC 4585 section 6.3.1).

use super::{PAYLOAD_FEEDBACK, read_u32, write_packet};
use crate::drop_reason::DropReason;

pub const FORMAT: u8 = 1;

/// SSRC of the stream whose picture was lost.
///
/// # Errors
/// `Truncated` when the body ends inside its SSRCs.
pub fn parse(body: &[u8]) -> Result<u32, DropReason> {
    read_u32(body, 4)
}

/// Append an indication.
pub fn write(sender_ssrc: u32, media_ssrc: u32, out: &mut Vec<u8>) {
    write_packet(PAYLOAD_FEEDBACK, FORMAT, out, |out| {
        out.extend_from_slice(&sender_ssrc.to_be_bytes());
        out.extend_from_slice(&media_ssrc.to_be_bytes());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let mut out = Vec::new();
        write(1, 0xdead_beef, &mut out);
        assert_eq!(parse(&out[4..]), Ok(0xdead_beef));
        assert_eq!(parse(&out[4..11]), Err(DropReason::Truncated));
    }
}
