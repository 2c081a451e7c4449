//! RTP packets: the header, its extensions, and the payload formats whose headers are rewritten.

pub mod audio_level;
pub mod extension;
pub mod h264;
pub mod header;
pub mod vp8;

pub use header::RtpHeader;
