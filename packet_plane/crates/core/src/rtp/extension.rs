//! Header extensions: the ones the plane understands, and a small block to write them (RFC 8285).

/// A header extension that the plane reads or writes, whatever number a session gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtensionKind {
    /// RFC 9143 section 15.
    Mid,
    /// RFC 8852 section 4.1.
    Rid,
    /// RFC 8852 section 4.2.
    RepairedRid,
    /// RFC 6464.
    AudioLevel,
    /// draft-holmer-rmcat-transport-wide-cc-extensions-01.
    TransportWideCc,
    /// WebRTC's playout-delay hint.
    PlayoutDelay,
    /// RTP Payload Format For AV1, appendix A.
    DependencyDescriptor,
    /// WebRTC's absolute capture time.
    AbsCaptureTime,
    /// WebRTC's absolute send time, for receivers that estimate (draft-alvestrand-rmcat-remb-03).
    AbsSendTime,
}

impl ExtensionKind {
    /// The kind that a URI of `a=extmap` names.
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        Some(match uri {
            "urn:ietf:params:rtp-hdrext:sdes:mid" => ExtensionKind::Mid,
            "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id" => ExtensionKind::Rid,
            "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id" => ExtensionKind::RepairedRid,
            "urn:ietf:params:rtp-hdrext:ssrc-audio-level" => ExtensionKind::AudioLevel,
            "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01" => {
                ExtensionKind::TransportWideCc
            }
            "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay" => ExtensionKind::PlayoutDelay,
            super::dependency_descriptor::URI => ExtensionKind::DependencyDescriptor,
            "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time" => ExtensionKind::AbsCaptureTime,
            "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time" => ExtensionKind::AbsSendTime,
            _ => return None,
        })
    }
}

/// The identifiers one side of a session gave to the extensions; 0 means not negotiated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtensionIds {
    pub mid: u8,
    pub rid: u8,
    pub repaired_rid: u8,
    pub audio_level: u8,
    pub transport_wide_cc: u8,
    pub playout_delay: u8,
    pub dependency_descriptor: u8,
    pub abs_capture_time: u8,
    pub abs_send_time: u8,
}

impl ExtensionIds {
    /// Note the identifier of an extension; unknown URIs and identifiers outside 1..=14 are left out.
    pub fn set(&mut self, uri: &str, id: u8) {
        let (Some(kind), 1..=14) = (ExtensionKind::from_uri(uri), id) else {
            return;
        };
        match kind {
            ExtensionKind::Mid => self.mid = id,
            ExtensionKind::Rid => self.rid = id,
            ExtensionKind::RepairedRid => self.repaired_rid = id,
            ExtensionKind::AudioLevel => self.audio_level = id,
            ExtensionKind::TransportWideCc => self.transport_wide_cc = id,
            ExtensionKind::PlayoutDelay => self.playout_delay = id,
            ExtensionKind::DependencyDescriptor => self.dependency_descriptor = id,
            ExtensionKind::AbsCaptureTime => self.abs_capture_time = id,
            ExtensionKind::AbsSendTime => self.abs_send_time = id,
        }
    }
}

/// Room for the elements one egress packet carries: mid (≤ 16), level, delay, sequence, send time,
/// capture time (≤ 16).
const SHORT_CAPACITY: usize = 64;
/// And a Dependency Descriptor with its structure.
pub const BLOCK_CAPACITY: usize = SHORT_CAPACITY + 2 + 255;
const BLOCK_HEADER: usize = 4;
/// Longest value of a one-byte element.
const MAX_SHORT_VALUE: usize = 16;
const PROFILES: [u16; 2] = [0xbede, 0x1000];

/// An extension block under construction; the empty block writes nothing.
///
/// Elements have one byte of head, or two once a value is too long for that.
#[derive(Clone, Debug)]
pub struct ExtensionBlock {
    bytes: [u8; BLOCK_CAPACITY],
    len: usize,
    is_long: bool,
}

impl Default for ExtensionBlock {
    fn default() -> Self {
        ExtensionBlock {
            bytes: [0; BLOCK_CAPACITY],
            len: BLOCK_HEADER,
            is_long: false,
        }
    }
}

impl ExtensionBlock {
    /// Begin anew, with elements whose values have at most `longest` bytes.
    pub fn begin(&mut self, longest: usize) {
        self.len = BLOCK_HEADER;
        self.is_long = longest > MAX_SHORT_VALUE;
    }

    /// Append an element; one that is empty, too long or finds no room is left out.
    pub fn push(&mut self, id: u8, value: &[u8]) {
        let (head, longest, capacity) = if self.is_long {
            (2, usize::from(u8::MAX), BLOCK_CAPACITY)
        } else {
            (1, MAX_SHORT_VALUE, SHORT_CAPACITY)
        };
        let end = self.len + head + value.len();
        if !(1..=14).contains(&id) || value.is_empty() || value.len() > longest || end > capacity - 3 {
            return;
        }
        if self.is_long {
            self.bytes[self.len..self.len + 2].copy_from_slice(&[id, value.len() as u8]);
        } else {
            self.bytes[self.len] = (id << 4) | (value.len() - 1) as u8;
        }
        self.bytes[self.len + head..end].copy_from_slice(value);
        self.len = end;
    }

    /// The block with its header, padded to a multiple of four bytes; empty when nothing was pushed.
    pub fn finish(&mut self) -> &[u8] {
        if self.len == BLOCK_HEADER {
            return &[];
        }
        let end = self.len.next_multiple_of(4);
        self.bytes[self.len..end].fill(0);
        let words = ((end - BLOCK_HEADER) / 4) as u16;
        self.bytes[..2].copy_from_slice(&PROFILES[usize::from(self.is_long)].to_be_bytes());
        self.bytes[2..4].copy_from_slice(&words.to_be_bytes());
        &self.bytes[..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_block_writes_nothing() {
        assert!(ExtensionBlock::default().finish().is_empty());
    }

    #[test]
    fn leaves_out_what_does_not_fit() {
        let mut block = ExtensionBlock::default();
        block.push(15, b"x");
        block.push(1, &[0; 17]);
        block.push(2, &[]);
        assert!(block.finish().is_empty());
        for _ in 0..10 {
            block.push(3, &[1; 16]);
        }
        assert!(block.finish().len() <= SHORT_CAPACITY);
    }

    #[test]
    fn a_long_value_makes_all_heads_two_bytes() {
        let mut block = ExtensionBlock::default();
        block.begin(200);
        block.push(1, b"3");
        block.push(9, &[7; 200]);
        block.push(2, &[8; 200]);
        assert_eq!(block.finish().len(), 4 + 3 + 202 + 3);
        assert_eq!(block.finish()[..8], [0x10, 0, 0, 52, 1, 1, b'3', 9]);
        block.begin(1);
        block.push(1, b"3");
        assert_eq!(block.finish(), [0xbe, 0xde, 0, 1, 0x10, b'3', 0, 0]);
    }

    #[test]
    fn ignores_identifiers_that_one_byte_elements_cannot_carry() {
        let mut ids = ExtensionIds::default();
        ids.set("urn:ietf:params:rtp-hdrext:sdes:mid", 15);
        ids.set("urn:example:unknown", 3);
        assert_eq!(ids, ExtensionIds::default());
        ids.set("urn:ietf:params:rtp-hdrext:sdes:mid", 4);
        assert_eq!(ids.mid, 4);
    }
}
