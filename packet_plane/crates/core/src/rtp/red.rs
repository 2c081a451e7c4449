//! Redundant audio: a packet that carries the payloads of those before it once more.
//!
//! Source: RFC 2198 section 3.

/// A timestamp offset has fourteen bits, a block's length ten.
const MAX_OFFSET: u32 = (1 << 14) - 1;
const MAX_BLOCK_LEN: usize = (1 << 10) - 1;
const FOLLOWS: u8 = 0x80;
/// Blocks of a packet that are looked at; senders use one to three.
pub const MAX_BLOCKS: usize = 8;

/// One payload of a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block<'a> {
    pub payload_type: u8,
    /// Clock ticks before the packet's own time; 0 of the primary.
    pub offset: u32,
    pub payload: &'a [u8],
}

/// The payloads of one packet, oldest first; the last is the packet's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks<'a> {
    blocks: [Block<'a>; MAX_BLOCKS],
    count: usize,
}

impl<'a> Blocks<'a> {
    /// Read a payload; `None` when its blocks do not add up to it or are too many.
    #[must_use]
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        let mut found = Blocks {
            blocks: [Block::default(); MAX_BLOCKS],
            count: 0,
        };
        let mut lens = [0; MAX_BLOCKS];
        let mut rest = payload;
        while let [first, tail @ ..] = rest {
            let block = found.blocks.get_mut(found.count)?;
            block.payload_type = first & 0x7f;
            found.count += 1;
            if first & FOLLOWS == 0 {
                found.fill(tail, &lens)?;
                return Some(found);
            }
            let [high, middle, low, tail @ ..] = tail else {
                return None;
            };
            let bits = u32::from_be_bytes([0, *high, *middle, *low]);
            block.offset = bits >> 10;
            lens[found.count - 1] = bits as usize & MAX_BLOCK_LEN;
            rest = tail;
        }
        None
    }

    fn fill(&mut self, mut bytes: &'a [u8], lens: &[usize; MAX_BLOCKS]) -> Option<()> {
        let (primary, redundant) = self.blocks[..self.count].split_last_mut()?;
        for (block, len) in redundant.iter_mut().zip(lens) {
            (block.payload, bytes) = bytes.split_at_checked(*len)?;
        }
        primary.payload = bytes;
        Some(())
    }

    /// Oldest first, the packet's own last.
    #[must_use]
    pub fn as_slice(&self) -> &[Block<'a>] {
        &self.blocks[..self.count]
    }
}

/// Whether a payload of this length and age can be a redundant block.
#[must_use]
pub fn fits(offset: u32, len: usize) -> bool {
    offset <= MAX_OFFSET && (1..=MAX_BLOCK_LEN).contains(&len)
}

/// Write the headers of a packet: of `redundant` as (offset, length), oldest first, then of the primary. Payloads
/// follow in the same order.
pub fn write_headers(payload_type: u8, redundant: impl Iterator<Item = (u32, usize)>, out: &mut Vec<u8>) {
    for (offset, len) in redundant {
        out.push(FOLLOWS | payload_type & 0x7f);
        let bits = (offset & MAX_OFFSET) << 10 | (len & MAX_BLOCK_LEN) as u32;
        out.extend_from_slice(&bits.to_be_bytes()[1..]);
    }
    out.push(payload_type & 0x7f);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_what_it_writes(
            redundant in proptest::collection::vec((1u32..MAX_OFFSET, proptest::collection::vec(any::<u8>(), 1..80)), 0..4),
            primary in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let headers: Vec<_> = redundant.iter().map(|(offset, payload)| (*offset, payload.len())).collect();
            let mut packet = Vec::new();
            write_headers(111, headers.into_iter(), &mut packet);
            redundant.iter().for_each(|(_, payload)| packet.extend_from_slice(payload));
            packet.extend_from_slice(&primary);
            let blocks = Blocks::parse(&packet).expect("parses");
            let read: Vec<_> = blocks.as_slice().iter().map(|block| (block.offset, block.payload.to_vec())).collect();
            let mut written = redundant.clone();
            written.push((0, primary));
            prop_assert_eq!(read, written);
            prop_assert!(blocks.as_slice().iter().all(|block| block.payload_type == 111));
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Some(blocks) = Blocks::parse(&bytes) {
                prop_assert!(!blocks.as_slice().is_empty());
            }
        }
    }

    #[test]
    fn refuses_blocks_that_are_longer_than_the_packet_or_do_not_end() {
        assert_eq!(Blocks::parse(&[]), None);
        assert_eq!(Blocks::parse(&[0x80 | 111, 0, 0, 5, 111, 1, 2]), None);
        assert_eq!(Blocks::parse(&[0x80 | 111, 0, 0]), None);
        assert_eq!(Blocks::parse(&[0xff; 64]), None);
        assert!(fits(960, 80) && !fits(MAX_OFFSET + 1, 80) && !fits(960, 1_024) && !fits(960, 0));
    }
}
