//! What one video slot showed its viewer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use packet_plane_core::nack_generator::{Gap, NackGenerator, PathBack};
use packet_plane_core::quantities::{ExtendedSequenceNumber, Instant};
use packet_plane_core::srtp::StreamState;

use crate::camera::Part;

const FIRST_PICTURES: u64 = 12;
/// A keyframe is asked for so often at most.
const KEYFRAME_EVERY: Duration = Duration::from_millis(500);

/// A picture that a player could show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    pub at: Instant,
    pub publisher: u8,
    pub size: u8,
    number: u64,
}

/// What has come of one picture in one size.
#[derive(Debug)]
struct Frame {
    has: u8,
    part: Part,
    /// The lowest of its parts.
    sequence: u64,
    whole_at: Option<Instant>,
}

/// One video slot as its viewer saw it.
#[derive(Debug, Default)]
pub struct View {
    pub state: StreamState,
    pub rtx_state: StreamState,
    nack: NackGenerator,
    keyframe_asked_at: Option<Instant>,
    /// The publishing client that each packet's payload names, by extended number.
    publisher_by_number: BTreeMap<u64, u8>,
    /// By publisher, by the number that it gave the picture, and by size: who changes sizes gets one picture in both.
    frames: BTreeMap<(u8, u64, u8), Frame>,
}

impl View {
    /// A packet has come, whatever it holds.
    pub fn handle_packet(&mut self, now: Instant, sequence: ExtendedSequenceNumber) {
        self.nack.handle_packet(now, sequence);
    }

    pub fn handle_part(&mut self, now: Instant, sequence: ExtendedSequenceNumber, part: Part) {
        self.publisher_by_number.insert(sequence.0, part.publisher);
        let key = (part.publisher, part.picture, part.size);
        let frame = self.frames.entry(key).or_insert(Frame {
            has: 0,
            part,
            sequence: sequence.0,
            whole_at: None,
        });
        frame.has |= 1 << part.part;
        frame.sequence = frame.sequence.min(sequence.0);
        if u32::from(part.parts) == frame.has.count_ones() {
            frame.whole_at.get_or_insert(now);
        }
        if part.is_keyframe {
            self.nack.handle_keyframe(sequence);
        }
    }

    /// What is missing now; returns whether a keyframe is to come in its place.
    pub fn poll_missing(&mut self, now: Instant, path: PathBack, numbers: &mut Vec<u16>) -> bool {
        let gap = self.nack.poll(now, path, numbers);
        let is_due = self
            .keyframe_asked_at
            .is_none_or(|at| now.since(at) >= KEYFRAME_EVERY);
        let asks = gap == Gap::NeedsKeyframe && is_due;
        if asks {
            self.keyframe_asked_at = Some(now);
        }
        asks
    }

    /// What a player could show in the end, in order: all of it came, as did all of the lowest temporal layer of its size
    /// since the keyframe before.
    pub fn pictures(&self) -> Vec<Picture> {
        let mut in_order: Vec<_> = self.frames.iter().collect();
        in_order.sort_by_key(|(_, frame)| frame.sequence);
        let mut base: Option<Picture> = None;
        let mut shown = Vec::new();
        for ((publisher, number, size), frame) in in_order {
            let of = |base: &Picture| (base.publisher, base.number, base.size);
            let below = base.filter(|base| of(base) == (*publisher, frame.part.base, *size));
            let drawn_at = if frame.part.is_keyframe {
                Some(Instant::ZERO)
            } else {
                below.map(|below| below.at)
            };
            let picture = frame.whole_at.zip(drawn_at).map(|(whole, drawn)| Picture {
                at: whole.max(drawn),
                publisher: *publisher,
                size: *size,
                number: *number,
            });
            if frame.part.temporal == 0 {
                base = picture;
            }
            shown.extend(picture);
        }
        shown
    }

    /// Of each picture from the first to the last, whether a player could show it in some size.
    pub fn shown(&self) -> Vec<bool> {
        let shown: BTreeSet<u64> = self.pictures().iter().map(|picture| picture.number).collect();
        let mut numbers = self.frames.keys().map(|(_, number, _)| *number);
        let (first, last) = (numbers.clone().next(), numbers.next_back());
        let span = first.zip(last).map(|(first, last)| first..=last);
        span.into_iter()
            .flatten()
            .map(|number| shown.contains(&number))
            .collect()
    }

    /// Packets, numbers that never came, and the clients seen.
    ///
    /// The first pictures do not count as missing: what arrived before the first packet was never asked for.
    pub fn packets(&self) -> (u64, u64, Vec<u8>) {
        let numbers = &self.publisher_by_number;
        let from = numbers.keys().next().map_or(0, |first| first + FIRST_PICTURES);
        let span = numbers
            .keys()
            .last()
            .map_or(0, |last| (last + 1).saturating_sub(from));
        let mut publishers: Vec<u8> = numbers.values().copied().collect();
        publishers.sort_unstable();
        publishers.dedup();
        let missing = span - numbers.range(from..).count() as u64;
        (numbers.len() as u64, missing, publishers)
    }
}
