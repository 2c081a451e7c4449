//! The packet plane without I/O: it takes `now` and bytes and returns bytes and events.
//!
//! It never reads a clock, a socket or a random source, so that whole meetings replay from a seed.

pub mod demux;
pub mod drop_reason;
pub mod quantities;
pub mod rtcp;
pub mod rtp;
pub mod srtp;
pub mod stun;
