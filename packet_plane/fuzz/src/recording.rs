//! A recorder's core: whatever a publisher's payloads hold, frames are put together or refused.

use packet_plane_core::codec::CodecName;
use packet_plane_recording::Segmenter;
use packet_plane_recording::codec::{Assembler, MAX_FRAME_LEN};

const CODECS: [CodecName; 6] = [
    CodecName::Opus,
    CodecName::Vp8,
    CodecName::Vp9,
    CodecName::H264,
    CodecName::H265,
    CodecName::Av1,
];

/// Read bytes as the payloads of one format, each behind its length, and as what a tap hands over.
pub fn recording(bytes: &[u8]) {
    let mut segmenter = Segmenter::default();
    if segmenter.push(bytes).is_ok() {
        segmenter.finish();
    }
    let Some((codec, mut rest)) = bytes.split_first() else {
        return;
    };
    let mut assembler = Assembler::new(CODECS[usize::from(*codec) % CODECS.len()]);
    while let Some((head, behind)) = rest.split_first() {
        // The highest bit ends a frame.
        let (payload, behind) = behind.split_at(usize::from(head & 0x7f).min(behind.len()));
        rest = behind;
        let taken = assembler.push(payload);
        if head & 0x80 == 0 {
            continue;
        }
        let frame = assembler.finish();
        assert!(
            taken.is_ok() || frame.is_none(),
            "a frame with a refused packet is none"
        );
        if let Some(frame) = frame {
            assert!(!frame.data.is_empty() && frame.data.len() <= MAX_FRAME_LEN + 64);
        }
        let _ = assembler.private();
    }
}
