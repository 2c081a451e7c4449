//! RTP packets: the header, its extensions, and the payload formats whose headers are rewritten.

pub mod audio_level;
pub mod av1;
pub mod bits;
pub mod capture_time;
pub mod dependency_descriptor;
pub mod dependency_structure;
pub mod extension;
pub mod h264;
pub mod h265;
pub mod header;
pub mod parameter_sets;
pub mod red;
pub mod vp8;
pub mod vp9;

pub use header::RtpHeader;
