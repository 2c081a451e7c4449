//! Clients as browsers behave, the plane between them and a path of two links to each, all in virtual time.
//!
//! Tests only. Whoever has a world commands its plane, takes its events, and says when time goes on.

mod client;
mod world;

pub use client::{Client, camera_of, microphone_of, slot_of};
pub use world::{STEP, World};
