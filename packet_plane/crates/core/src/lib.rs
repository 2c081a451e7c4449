//! The packet plane without I/O: it takes `now` and bytes and returns bytes and events.
//!
//! It never reads a clock, a socket or a random source, so that whole meetings replay from a seed.

pub mod arena;
mod arriving;
mod bundle;
pub mod bwe;
pub mod codec;
pub mod command;
mod congestion;
pub mod demux;
pub mod drop_reason;
pub mod event;
pub mod frame_meter;
pub mod history;
mod ingress_stream;
pub mod keyframe_throttle;
pub mod layer_meter;
pub mod layer_selector;
pub mod loudest;
pub mod nack_generator;
mod nomination;
mod outgoing;
pub mod pacer;
pub mod plane;
mod presence;
pub mod quantities;
mod receive;
pub mod receive_statistics;
pub mod redundancy;
mod repair;
mod repair_allowance;
mod repeats;
mod reported_loss;
pub mod resent;
pub mod rewriter;
pub mod rtcp;
pub mod rtp;
mod sender_clock;
pub mod slot;
pub mod source_limit;
pub mod srtp;
pub mod stun;
pub mod tap;
mod track;
pub mod transmit;
pub mod transport;
pub mod transport_cc_recorder;

pub use plane::Plane;
