//! What must hold whatever bytes come from the network: one function for each parser, one for whole meetings.
//!
//! A function panics when its property is broken. libFuzzer searches for such bytes (fuzz_targets/), and
//! `cargo test` replays the saved corpus and changed copies of it (crates/core/tests/corpus.rs).

mod estimate;
mod layers;
mod parsers;
mod plane;
mod recording;
mod srtp;

pub use estimate::estimate;
pub use layers::{dependency_descriptor, h265, red, vp9};
pub use parsers::{demux, h264, rtcp, rtp, stun, vp8};
pub use plane::{plane, reached};
pub use recording::recording;
pub use srtp::srtp;
