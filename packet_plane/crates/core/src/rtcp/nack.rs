//! Generic NACK (RFC 4585 section 6.2.1).

use super::{TRANSPORT_FEEDBACK, read_u32, write_packet};
use crate::drop_reason::DropReason;

pub const FORMAT: u8 = 1;

/// The missing sequence numbers of one stream.
pub struct Nack<I> {
    pub media_ssrc: u32,
    pub sequence_numbers: I,
}

/// # Errors
/// `Truncated` when the body ends inside its SSRCs.
pub fn parse(body: &[u8]) -> Result<Nack<impl Iterator<Item = u16> + '_>, DropReason> {
    let media_ssrc = read_u32(body, 4)?;
    let sequence_numbers = body[8..].chunks_exact(4).flat_map(|item| {
        let first = u16::from_be_bytes([item[0], item[1]]);
        let mask = u16::from_be_bytes([item[2], item[3]]);
        let following = (0..16)
            .filter(move |bit| mask & (1 << bit) != 0)
            .map(move |bit| first.wrapping_add(bit + 1));
        std::iter::once(first).chain(following)
    });
    Ok(Nack {
        media_ssrc,
        sequence_numbers,
    })
}

/// Append a NACK for ascending sequence numbers (wrapping); nothing when there are none.
pub fn write(sender_ssrc: u32, media_ssrc: u32, sequence_numbers: &[u16], out: &mut Vec<u8>) {
    if sequence_numbers.is_empty() {
        return;
    }
    write_packet(TRANSPORT_FEEDBACK, FORMAT, out, |out| {
        out.extend_from_slice(&sender_ssrc.to_be_bytes());
        out.extend_from_slice(&media_ssrc.to_be_bytes());
        let mut rest = sequence_numbers;
        while let Some((&first, following)) = rest.split_first() {
            let covered = following
                .iter()
                .take_while(|number| (1..=16).contains(&number.wrapping_sub(first)))
                .count();
            let mask = following[..covered]
                .iter()
                .fold(0u16, |mask, number| mask | 1 << (number.wrapping_sub(first) - 1));
            out.extend_from_slice(&first.to_be_bytes());
            out.extend_from_slice(&mask.to_be_bytes());
            rest = &following[covered..];
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::packets;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_what_it_writes(start in any::<u16>(), steps in proptest::collection::vec(1u16..40, 1..60)) {
            let mut numbers = vec![start];
            for step in steps { numbers.push(numbers[numbers.len() - 1].wrapping_add(step)); }
            let mut out = Vec::new();
            write(1, 2, &numbers, &mut out);
            let packet = packets(&out).next().expect("one").expect("fits");
            let nack = parse(packet.body).expect("fits");
            prop_assert_eq!(nack.media_ssrc, 2);
            prop_assert_eq!(nack.sequence_numbers.collect::<Vec<_>>(), numbers);
        }
    }

    #[test]
    fn writes_nothing_for_an_empty_list() {
        let mut out = Vec::new();
        write(1, 2, &[], &mut out);
        assert!(out.is_empty());
    }
}
