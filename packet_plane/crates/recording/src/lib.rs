//! The recorder's core: what a tap hands over goes in, whole segments and what is missing between them come out.
//!
//! Without I/O and clock. The route of a packet: [`Segmenter::push`] → `reorder` (in order, losses known) →
//! `codec` (frames of the payload format) → `track` (where segments begin and end) → `matroska` (a whole file).

pub mod codec;
mod matroska;
mod reorder;
mod segmenter;
mod timeline;
mod track;

pub use segmenter::{Finding, Gap, Segment, Segmenter};
