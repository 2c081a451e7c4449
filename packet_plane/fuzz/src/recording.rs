//! A recorder's core: whatever a publisher's payloads hold, frames are put together or refused.

use packet_plane_core::codec::CodecName;
use packet_plane_recording::codec::{Assembler, MAX_FRAME_LEN};
use packet_plane_recording::{Finding, Segmenter};

const CODECS: [CodecName; 6] = [
    CodecName::Opus,
    CodecName::Vp8,
    CodecName::Vp9,
    CodecName::H264,
    CodecName::H265,
    CodecName::Av1,
];

/// Later than any time that a tap may tell.
const LONG_AFTER_US: u64 = 1 << 60;

/// Read bytes as what a tap hands over, and as the payloads of one format.
pub fn recording(bytes: &[u8]) {
    segments(bytes);
    frames(bytes);
}

/// The tap's bytes come in two parts, long apart: the last byte says where they are cut.
fn segments(bytes: &[u8]) {
    let cut = bytes.len() * usize::from(bytes.last().copied().unwrap_or_default()) / 256;
    let (first, second) = bytes.split_at(cut);
    let mut segmenter = Segmenter::default();
    let mut is_sound = segmenter.push(first).is_ok();
    if is_sound && !second.is_empty() {
        segmenter.handle_timeout(LONG_AFTER_US);
        is_sound = segmenter.push(second).is_ok();
    }
    if is_sound {
        segmenter.finish();
    }
    while let Some(finding) = segmenter.poll() {
        match finding {
            Finding::Segment(segment) => {
                assert!(segment.start_us < segment.end_us && !segment.data.is_empty());
                assert!(segment.lost.iter().all(|(from, to)| from <= to));
            }
            Finding::Gap(gap) => assert!(gap.start_us < gap.end_us && !gap.reason.is_empty()),
        }
    }
}

/// Payloads of one format, each behind its length.
fn frames(bytes: &[u8]) {
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
