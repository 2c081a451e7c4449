//! What a slot changes in each packet so that switching tracks and layers looks like one unbroken stream.
//!
//! Sequence numbers, timestamps and picture ids continue where the encoding before left off. Sequence numbers and VP8
//! picture ids close over what a slot leaves out (VP9's and the frame numbers of the Dependency Descriptor do not:
//! other frames are named by their distance); gaps and disorder in what it does carry stay as they are, so that the receiver's NACKs
//! can be answered. A number never goes to two packets: that would give the receiver's key away (RFC 7714 section
//! 8.1).

use std::collections::VecDeque;

use crate::history::PacketInfo;
use crate::quantities::{ExtendedSequenceNumber, Instant};

/// A slot that leaves out something of every frame closes sixty gaps a second at most: enough for any NACK.
const MAX_SEGMENTS: usize = 64;

/// Ids of the last packet written, from which the next segment continues.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    sequence: u64,
    rtp_timestamp: u32,
    picture_id: u16,
    tl0_picture_index: u8,
    frame_number: u16,
    at: Instant,
}

/// Incoming numbers `from..until` of one encoding, which go out without a gap from `out_from` on.
#[derive(Clone, Copy, Debug)]
struct Segment {
    encoding: u8,
    from: u64,
    until: u64,
    out_from: u64,
    timestamp_offset: u32,
    picture_id_offset: u16,
    tl0_offset: u8,
    frame_number_offset: u16,
}

impl Segment {
    fn holds(&self, encoding: u8, sequence: u64) -> bool {
        self.encoding == encoding && (self.from..self.until).contains(&sequence)
    }

    fn out(&self, sequence: u64) -> u64 {
        self.out_from + (sequence - self.from)
    }
}

/// The numbers that a packet gets on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewritten {
    pub sequence: ExtendedSequenceNumber,
    pub rtp_timestamp: u32,
    pub picture_id: u16,
    pub tl0_picture_index: u8,
    /// Of the Dependency Descriptor.
    pub frame_number: u16,
    /// Whether it is the last of its picture here.
    pub marker: bool,
    /// Decode targets that go on from this packet, where the receiver must be told.
    pub told_targets: Option<u32>,
}

/// The numbering of one slot.
#[derive(Debug)]
pub struct Rewriter {
    /// Oldest first; the last is open.
    segments: VecDeque<Segment>,
    /// Highest incoming number of the open segment's encoding, forwarded or left out.
    highest: u64,
    /// Clock ticks of the frame that was left out last.
    left_out: Option<u32>,
    last: Written,
    has_written: bool,
}

impl Rewriter {
    /// A numbering whose first packet has `first_sequence + 1`; half the range is left below the first wrap.
    #[must_use]
    pub fn new(first_sequence: u16) -> Self {
        let last = Written {
            sequence: u64::from(first_sequence & 0x7fff),
            ..Written::default()
        };
        Rewriter {
            segments: VecDeque::new(),
            highest: 0,
            left_out: None,
            last,
            has_written: false,
        }
    }

    /// Forget the track; the next one is taken up with [`Rewriter::start`].
    pub fn detach(&mut self) {
        self.segments.clear();
    }

    #[must_use]
    pub fn is_attached(&self) -> bool {
        !self.segments.is_empty()
    }

    /// Begin with `packet` as the first of another track or encoding (or after a pause of the same).
    ///
    /// `rtp_timestamp` is the packet's time on the timeline of what was carried before, where that is known;
    /// else the time that has passed since the last packet stands for it.
    pub fn start(
        &mut self,
        now: Instant,
        encoding: u8,
        packet: &PacketInfo,
        clock_rate: u32,
        rtp_timestamp: Option<u32>,
    ) {
        // Numbers before what was left out last are of packets that may still come late.
        let reserved = self.segments.back().map_or(0, |open| open.out_from);
        let out_from = (self.last.sequence + 1).max(reserved);
        if let Some(before) = self.segments.back_mut() {
            before.until = before.from + out_from.saturating_sub(before.out_from);
        }
        let rtp_timestamp = self.continued_timestamp(now, packet, clock_rate, rtp_timestamp);
        let (picture_id, tl0_picture_index) = packet.picture_ids();
        let frame_number = packet.dependency.map_or(0, |frame| frame.number);
        self.push(Segment {
            encoding,
            from: packet.sequence.0,
            until: u64::MAX,
            out_from,
            timestamp_offset: rtp_timestamp.wrapping_sub(packet.rtp_timestamp),
            picture_id_offset: self
                .last
                .picture_id
                .wrapping_add(1)
                .wrapping_sub(picture_id.unwrap_or(0)),
            tl0_offset: self
                .last
                .tl0_picture_index
                .wrapping_add(1)
                .wrapping_sub(tl0_picture_index.unwrap_or(0)),
            frame_number_offset: self.last.frame_number.wrapping_add(1).wrapping_sub(frame_number),
        });
        self.highest = packet.sequence.0;
        self.left_out = None;
    }

    /// The outgoing time of the first packet after a switch: later than the last, and near to what has passed.
    fn continued_timestamp(
        &self,
        now: Instant,
        packet: &PacketInfo,
        clock_rate: u32,
        known: Option<u32>,
    ) -> u32 {
        if !self.has_written {
            return packet.rtp_timestamp;
        }
        let elapsed_ticks = now.since(self.last.at).as_micros() * u128::from(clock_rate) / 1_000_000;
        let passed = (elapsed_ticks as u32).max(1);
        let step = match known.map(|known| known.wrapping_sub(self.last.rtp_timestamp) as i32) {
            // The same instant in another encoding, or one just before it.
            Some(step) if (-i64::from(clock_rate)..=0).contains(&i64::from(step)) => 1,
            Some(step) if u32::try_from(step).is_ok_and(|step| step < passed.saturating_add(clock_rate)) => {
                step as u32
            }
            _ => passed,
        };
        self.last.rtp_timestamp.wrapping_add(step)
    }

    fn push(&mut self, segment: Segment) {
        if self.segments.len() >= MAX_SEGMENTS {
            self.segments.pop_front();
        }
        self.segments.push_back(segment);
    }

    /// Whether newer packets of this encoding have been seen already: what comes late fills a gap.
    #[must_use]
    pub fn is_late(&self, sequence: ExtendedSequenceNumber) -> bool {
        sequence.0 <= self.highest
    }

    /// Leave out a packet that is newer than all before; the numbers after it close the gap.
    pub fn skip(&mut self, packet: &PacketInfo) {
        let sequence = packet.sequence.0;
        let Some(open) = self.segments.back_mut() else {
            return;
        };
        if sequence < open.from || sequence < self.highest {
            return;
        }
        self.highest = sequence;
        let is_other_frame = self.left_out.replace(packet.rtp_timestamp) != Some(packet.rtp_timestamp);
        let has_ids = packet
            .vp8
            .is_some_and(|descriptor| descriptor.picture_id.is_some());
        let mut next = *open;
        next.picture_id_offset = open
            .picture_id_offset
            .wrapping_sub(u16::from(is_other_frame && has_ids));
        next.from = sequence + 1;
        next.out_from = open.out(sequence);
        if open.from == sequence {
            *open = next;
        } else {
            open.until = sequence;
            self.push(next);
        }
    }

    /// The numbers of a packet, `None` when it is not among what the slot carries or carried.
    #[must_use]
    pub fn rewrite(&self, encoding: u8, packet: &PacketInfo) -> Option<Rewritten> {
        let sequence = packet.sequence.0;
        let mut newest_first = self.segments.iter().rev();
        let segment = newest_first.find(|segment| segment.holds(encoding, sequence))?;
        let (picture_id, tl0_picture_index) = packet.picture_ids();
        // A packet without ids, padding for one, leaves them where they are.
        let picture_id = picture_id.map_or(self.last.picture_id, |id| {
            id.wrapping_add(segment.picture_id_offset) & 0x7fff
        });
        let tl0_picture_index = tl0_picture_index.map_or(self.last.tl0_picture_index, |index| {
            index.wrapping_add(segment.tl0_offset)
        });
        let frame_number = packet.dependency.map_or(self.last.frame_number, |frame| {
            frame.number.wrapping_add(segment.frame_number_offset)
        });
        Some(Rewritten {
            sequence: ExtendedSequenceNumber(segment.out(sequence)),
            rtp_timestamp: packet.rtp_timestamp.wrapping_add(segment.timestamp_offset),
            picture_id,
            tl0_picture_index,
            frame_number,
            marker: packet.marker,
            told_targets: None,
        })
    }

    /// Note that a packet went out with these numbers.
    pub fn handle_written(&mut self, now: Instant, packet: ExtendedSequenceNumber, written: &Rewritten) {
        if self.has_written && written.sequence.0 <= self.last.sequence {
            return;
        }
        self.highest = self.highest.max(packet.0);
        self.has_written = true;
        self.last = Written {
            sequence: written.sequence.0,
            rtp_timestamp: written.rtp_timestamp,
            picture_id: written.picture_id,
            tl0_picture_index: written.tl0_picture_index,
            frame_number: written.frame_number,
            at: now,
        };
    }

    /// The outgoing time of the last packet.
    #[must_use]
    pub fn last_timestamp(&self) -> u32 {
        self.last.rtp_timestamp
    }

    /// The encoding and its number behind a number of this slot, for answering a NACK.
    #[must_use]
    pub fn original(&self, sequence_number: u16) -> Option<(u8, ExtendedSequenceNumber)> {
        let out = ExtendedSequenceNumber(self.last.sequence)
            .nearest(sequence_number)
            .0;
        let after = self.segments.partition_point(|segment| segment.out_from <= out);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        let sequence = segment.from + (out - segment.out_from);
        (sequence < segment.until).then_some((segment.encoding, ExtendedSequenceNumber(sequence)))
    }

    /// A timestamp of what is carried now on the slot's timeline.
    #[must_use]
    pub fn timestamp(&self, rtp_timestamp: u32) -> Option<u32> {
        self.segments
            .back()
            .map(|segment| rtp_timestamp.wrapping_add(segment.timestamp_offset))
    }
}

#[cfg(test)]
#[path = "rewriter_tests.rs"]
mod tests;
