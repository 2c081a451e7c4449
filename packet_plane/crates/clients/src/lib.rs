//! Clients as browsers behave, the plane between them and a path of two links to each, all in virtual time.
//!
//! Tests only. Whoever has a world commands its plane, takes its events, and says when time goes on.

mod camera;
mod client;
mod session;
mod view;
mod world;

pub use camera::{RIDS, SHARE, Sizes};
pub use client::Client;
pub use session::{audio_ssrc, camera_of, microphone_of, slot_of, video_ssrcs};
pub use view::Picture;
pub use world::{STEP, World};
