//! Payload formats: the packets of a picture become a frame as Matroska holds it.
//!
//! One file per format. Whatever the bytes, a packet is taken in or refused; a refused one spoils its frame.

pub mod av1;
pub mod h264;
pub mod h265;
mod nal;
pub mod opus;
pub mod vp8;
pub mod vp9;

use packet_plane_core::codec::CodecName;

/// Bytes of one frame at most: a 4K keyframe is far below.
pub const MAX_FRAME_LEN: usize = 8 << 20;

/// A payload that is not of its format, or a fragment without its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedPayloadError;

/// A frame, whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    pub data: Vec<u8>,
    pub is_keyframe: bool,
    /// Pixels, where the frame tells them.
    pub size: Option<(u16, u16)>,
    /// Microseconds, of audio.
    pub duration_us: Option<u64>,
}

/// Puts frames of one format together.
#[derive(Debug)]
pub enum Assembler {
    Opus(opus::Opus),
    Vp8(vp8::Vp8),
    Vp9(vp9::Vp9),
    H264(h264::H264),
    H265(h265::H265),
    Av1(av1::Av1),
}

macro_rules! each {
    ($self:expr, $one:ident => $call:expr) => {
        match $self {
            Assembler::Opus($one) => $call,
            Assembler::Vp8($one) => $call,
            Assembler::Vp9($one) => $call,
            Assembler::H264($one) => $call,
            Assembler::H265($one) => $call,
            Assembler::Av1($one) => $call,
        }
    };
}

impl Assembler {
    /// For packets of `codec`; redundancy has been taken off by then, and has no form of its own.
    #[must_use]
    pub fn new(codec: CodecName) -> Self {
        match codec {
            CodecName::Opus | CodecName::Red => Assembler::Opus(opus::Opus::default()),
            CodecName::Vp8 => Assembler::Vp8(vp8::Vp8::default()),
            CodecName::Vp9 => Assembler::Vp9(vp9::Vp9::default()),
            CodecName::H264 => Assembler::H264(h264::H264::default()),
            CodecName::H265 => Assembler::H265(h265::H265::default()),
            CodecName::Av1 => Assembler::Av1(av1::Av1::default()),
        }
    }

    /// Take in the next packet of a frame.
    ///
    /// # Errors
    /// `MalformedPayloadError`: the frame cannot become whole.
    pub fn push(&mut self, payload: &[u8]) -> Result<(), MalformedPayloadError> {
        each!(self, one => one.push(payload))
    }

    /// The frame of the packets since the last; `None` where it is not whole, or holds nothing.
    pub fn finish(&mut self) -> Option<Frame> {
        each!(self, one => one.finish())
    }

    /// Forget the packets since the last frame.
    pub fn discard(&mut self) {
        let _ = self.finish();
    }

    /// What Matroska calls CodecPrivate, empty where the format has none; `None` before it is known.
    #[must_use]
    pub fn private(&self) -> Option<Vec<u8>> {
        match self {
            Assembler::Opus(_) => Some(opus::head()),
            Assembler::Vp8(_) | Assembler::Vp9(_) => Some(Vec::new()),
            Assembler::H264(one) => one.configuration(),
            Assembler::H265(one) => one.configuration(),
            Assembler::Av1(one) => one.configuration(),
        }
    }
}
