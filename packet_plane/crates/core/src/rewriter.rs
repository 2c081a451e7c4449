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
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_comes_late_from_before_a_pause_has_no_number_of_what_came_after_it() {
        let (mut rewriter, now) = (Rewriter::new(0), Instant::from_millis(1));
        rewriter.start(now, 0, &packet(100, 0), 90_000, None);
        for number in 100..105 {
            let written = rewriter.rewrite(0, &packet(number, 0)).expect("attached");
            rewriter.handle_written(now, ExtendedSequenceNumber(number), &written);
        }
        // Five are missing before one that is left out, and then the slot waits for a keyframe.
        rewriter.skip(&packet(110, 3_000));
        rewriter.start(now, 0, &packet(115, 6_000), 90_000, None);
        let numbers = [105, 109, 115, 116].map(|number| {
            let written = rewriter.rewrite(0, &packet(number, 0)).expect("attached");
            written.sequence.0
        });
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
        for (number, out) in [105, 109, 115, 116].into_iter().zip(numbers) {
            assert_eq!(
                rewriter.original(out as u16),
                Some((0, ExtendedSequenceNumber(number)))
            );
        }
    }

    fn packet(sequence: u64, rtp_timestamp: u32) -> PacketInfo {
        PacketInfo {
            sequence: ExtendedSequenceNumber(sequence),
            rtp_timestamp,
            ..PacketInfo::default()
        }
    }

    proptest! {
        /// Whatever order the packets of several tracks come in, each track's numbers keep their distances,
        /// tracks never overlap, and time never goes backwards over a switch.
        #[test]
        fn tracks_continue_one_another(
            tracks in proptest::collection::vec(
                (0u64..1 << 20, any::<u32>(), proptest::collection::vec((0u64..200, any::<bool>()), 1..30)), 1..8),
        ) {
            let mut rewriter = Rewriter::new(40_000);
            let mut highest = 0u64;
            let mut now = Instant::from_millis(1);
            for (base, timestamp, packets) in tracks {
                rewriter.detach();
                prop_assert!(rewriter.rewrite(0, &packet(base, timestamp)).is_none());
                rewriter.start(now, 0, &packet(base, timestamp), 90_000, None);
                let mut track_highest = highest;
                for (offset, lost) in packets {
                    let incoming = packet(base + offset, timestamp.wrapping_add((offset * 3_000) as u32));
                    let outgoing = rewriter.rewrite(0, &incoming).expect("attached");
                    if highest > 0 { prop_assert!(outgoing.sequence.0 > highest); }
                    if !lost {
                        rewriter.handle_written(now, incoming.sequence, &outgoing);
                        track_highest = track_highest.max(outgoing.sequence.0);
                        prop_assert_eq!(rewriter.original(outgoing.sequence.sequence_number()), Some((0, incoming.sequence)));
                    }
                    now = now + std::time::Duration::from_millis(33);
                }
                highest = track_highest;
            }
        }
    }

    #[test]
    fn picture_ids_continue_over_a_switch_even_after_padding() {
        let with_ids = |sequence, picture_id: u16, tl0| {
            let [high, low] = (0x8000 | picture_id).to_be_bytes();
            PacketInfo {
                vp8: crate::rtp::vp8::Vp8Descriptor::parse(&[0x90, 0xe0, high, low, tl0, 0, 0]),
                ..packet(sequence, 0)
            }
        };
        let mut rewriter = Rewriter::new(0);
        let mut write = |info: &PacketInfo, is_first: bool| {
            if is_first {
                rewriter.start(Instant::ZERO, 0, info, 90_000, None);
            }
            let rewritten = rewriter.rewrite(0, info).expect("attached");
            rewriter.handle_written(Instant::ZERO, info.sequence, &rewritten);
            (rewritten.picture_id, rewritten.tl0_picture_index)
        };
        let (picture_id, tl0) = write(&with_ids(10, 0x7fff, 200), true);
        assert_eq!(
            write(&with_ids(11, 0, 201), false),
            ((picture_id + 1) & 0x7fff, tl0 + 1)
        );
        write(&packet(12, 0), false);
        assert_eq!(
            write(&with_ids(500, 77, 3), true),
            ((picture_id + 2) & 0x7fff, tl0 + 2)
        );
    }

    #[test]
    fn drops_what_is_older_than_the_keyframe_it_started_with() {
        let mut rewriter = Rewriter::new(0);
        rewriter.start(Instant::ZERO, 0, &packet(100, 0), 90_000, None);
        assert!(rewriter.rewrite(0, &packet(99, 0)).is_none());
        assert_eq!(
            rewriter.rewrite(0, &packet(100, 0)).map(|r| r.sequence.0),
            Some(1)
        );
    }

    #[test]
    fn the_timeline_advances_by_the_time_that_passed_between_tracks() {
        let mut rewriter = Rewriter::new(0);
        rewriter.start(Instant::ZERO, 0, &packet(1, 1_000), 90_000, None);
        let first = rewriter.rewrite(0, &packet(1, 1_000)).expect("attached");
        rewriter.handle_written(Instant::ZERO, ExtendedSequenceNumber(1), &first);
        rewriter.start(Instant::from_millis(100), 0, &packet(9, 77), 90_000, None);
        let second = rewriter.rewrite(0, &packet(9, 77)).expect("attached");
        assert_eq!(second.rtp_timestamp, 1_000 + 9_000);
    }

    proptest! {
        /// Frames of a track are left out at will, packets are lost and come late: no number goes to two packets,
        /// what arrives in order goes out without a gap of our making, and every number leads back to its packet.
        #[test]
        fn numbers_close_over_what_is_left_out_and_never_repeat(
            base in 0u64..1 << 20,
            frames in proptest::collection::vec((1u64..4, any::<bool>(), any::<u8>()), 1..60),
        ) {
            let mut rewriter = Rewriter::new(7);
            rewriter.start(Instant::ZERO, 0, &vp8(base, 0, 500), 90_000, None);
            let mut used = std::collections::BTreeMap::new();
            let (mut sequence, mut late, mut lost) = (base, Vec::new(), 0);
            let (mut expected, mut picture) = (8u64, None::<u16>);
            for (number, (packets, is_left_out, fate)) in frames.into_iter().enumerate() {
                let is_left_out = is_left_out && number > 0;
                for part in 0..packets {
                    let info = vp8(sequence, number as u32 * 3_000, 500 + number as u16);
                    sequence += 1;
                    // The first packet starts the slot; later ones may come after their successors, or never.
                    match fate.rotate_right(part as u32) % 5 {
                        0 if number > 0 => { lost += 1; late.push(info); continue }
                        _ => {}
                    }
                    if is_left_out {
                        rewriter.skip(&info);
                        continue;
                    }
                    let outgoing = rewriter.rewrite(0, &info).expect("carried");
                    prop_assert!(outgoing.sequence.0 >= expected && outgoing.sequence.0 <= expected + lost);
                    expected = outgoing.sequence.0 + 1;
                    lost = 0;
                    if let Some(before) = picture {
                        prop_assert!(outgoing.picture_id.wrapping_sub(before) <= 1 + late.len() as u16);
                    }
                    picture = Some(outgoing.picture_id);
                    prop_assert!(used.insert(outgoing.sequence.0, info.sequence).is_none());
                    rewriter.handle_written(Instant::ZERO, info.sequence, &outgoing);
                }
            }
            for info in late {
                if let Some(outgoing) = rewriter.rewrite(0, &info) {
                    prop_assert!(used.insert(outgoing.sequence.0, info.sequence).is_none());
                }
            }
            for (out, original) in used {
                if let Some(found) = rewriter.original(out as u16) {
                    prop_assert_eq!(found, (0, original));
                }
            }
        }
    }

    /// A packet with all ids: VP8's or VP9's picture id and TL0PICIDX, and a frame number.
    fn with_ids(is_vp9: bool, sequence: u64, (picture_id, tl0, frame): (u16, u8, u16)) -> PacketInfo {
        let [high, low] = (0x8000 | picture_id & 0x7fff).to_be_bytes();
        let [number_high, number_low] = frame.to_be_bytes();
        let vp8 = || crate::rtp::vp8::Vp8Descriptor::parse(&[0x90, 0xe0, high, low, tl0, 0, 0]);
        let vp9 = || crate::rtp::vp9::Vp9Descriptor::parse(&[0b1010_1100, high, low, 0, tl0, 0, 0]);
        let value = [0xc0, number_high, number_low];
        PacketInfo {
            vp8: if is_vp9 { None } else { vp8() },
            vp9: if is_vp9 { vp9() } else { None },
            dependency: crate::rtp::dependency_descriptor::FrameDependency::parse_unknown(&value),
            ..packet(sequence, (sequence * 3_000) as u32)
        }
    }

    proptest! {
        /// Tracks follow each other whose packets get lost, overtake each other, come twice, and whose ids wrap: within a
        /// track each id keeps its distance from the publisher's, and the next one's begin behind the newest that went out.
        #[test]
        fn ids_keep_their_distances_within_a_track_and_continue_over_a_switch(
            tracks in proptest::collection::vec(
                (any::<bool>(), 0u64..1 << 20, any::<(u16, u8, u16)>(),
                 proptest::collection::vec((0u16..40, 0u8..3), 1..40)), 1..6),
        ) {
            let mut rewriter = Rewriter::new(9);
            let ids = |of: &Rewritten| (of.picture_id, of.tl0_picture_index, of.frame_number);
            let mut newest = None::<Rewritten>;
            for (is_vp9, base, (picture_id, tl0, frame), steps) in tracks {
                let at = |ahead: u16| {
                    let ids = (
                        picture_id.wrapping_add(ahead),
                        tl0.wrapping_add(ahead as u8),
                        frame.wrapping_add(ahead),
                    );
                    with_ids(is_vp9, base + u64::from(ahead), ids)
                };
                rewriter.detach();
                rewriter.start(Instant::ZERO, 0, &at(0), 90_000, None);
                let first = rewriter.rewrite(0, &at(0)).expect("attached");
                if let Some(before) = newest {
                    let (picture, tl0, frame) = ids(&before);
                    prop_assert_eq!(
                        ids(&first),
                        (picture.wrapping_add(1) & 0x7fff, tl0.wrapping_add(1), frame.wrapping_add(1))
                    );
                }
                let mut write = |ahead: u16| {
                    let info = at(ahead);
                    let rewritten = rewriter.rewrite(0, &info).expect("attached");
                    rewriter.handle_written(Instant::ZERO, info.sequence, &rewritten);
                    if newest.is_none_or(|known| known.sequence < rewritten.sequence) {
                        newest = Some(rewritten);
                    }
                    rewritten
                };
                write(0);
                // Ahead or back by some packets; what comes twice goes out under the same ids.
                for (ahead, copies) in steps {
                    for _ in 0..copies {
                        let (picture, tl0, frame) = ids(&write(ahead));
                        let (first_picture, first_tl0, first_frame) = ids(&first);
                        prop_assert_eq!(picture.wrapping_sub(first_picture) & 0x7fff, ahead);
                        prop_assert_eq!(tl0.wrapping_sub(first_tl0), ahead as u8);
                        prop_assert_eq!(frame.wrapping_sub(first_frame), ahead);
                    }
                }
            }
        }
    }

    fn vp8(sequence: u64, rtp_timestamp: u32, picture_id: u16) -> PacketInfo {
        let [high, low] = (0x8000 | picture_id).to_be_bytes();
        PacketInfo {
            vp8: crate::rtp::vp8::Vp8Descriptor::parse(&[0x90, 0xe0, high, low, 0, 0, 0]),
            ..packet(sequence, rtp_timestamp)
        }
    }

    #[test]
    fn what_is_left_out_leaves_no_gap_and_is_never_sent() {
        let mut rewriter = Rewriter::new(0);
        rewriter.start(Instant::ZERO, 0, &vp8(10, 0, 1), 90_000, None);
        let write = |rewriter: &mut Rewriter, info: PacketInfo| {
            let rewritten = rewriter.rewrite(0, &info)?;
            rewriter.handle_written(Instant::ZERO, info.sequence, &rewritten);
            Some((rewritten.sequence.0, rewritten.picture_id))
        };
        let (first, picture) = write(&mut rewriter, vp8(10, 0, 1)).expect("carried");
        rewriter.skip(&vp8(11, 1, 2));
        rewriter.skip(&vp8(12, 1, 2));
        rewriter.skip(&vp8(13, 2, 3));
        assert_eq!(
            write(&mut rewriter, vp8(14, 3, 4)),
            Some((first + 1, picture + 1))
        );
        assert_eq!(rewriter.rewrite(0, &vp8(12, 1, 2)), None);
        assert_eq!(
            rewriter.original((first + 1) as u16),
            Some((0, ExtendedSequenceNumber(14)))
        );
    }

    #[test]
    fn a_nack_reaches_back_over_a_change_of_encoding() {
        let mut rewriter = Rewriter::new(0);
        rewriter.start(Instant::ZERO, 2, &packet(100, 0), 90_000, None);
        let first = rewriter.rewrite(2, &packet(101, 0)).expect("carried");
        rewriter.handle_written(Instant::ZERO, ExtendedSequenceNumber(101), &first);
        rewriter.start(Instant::ZERO, 0, &packet(7, 0), 90_000, None);
        let second = rewriter.rewrite(0, &packet(7, 0)).expect("carried");
        assert_eq!(second.sequence.0, first.sequence.0 + 1);
        assert_eq!(
            rewriter.original(first.sequence.0 as u16),
            Some((2, ExtendedSequenceNumber(101)))
        );
        assert_eq!(rewriter.rewrite(2, &packet(102, 0)), None);
    }

    #[test]
    fn the_timeline_follows_the_publishers_clock_where_it_is_known() {
        let step = |known: u32| {
            let mut rewriter = Rewriter::new(0);
            rewriter.start(Instant::ZERO, 0, &packet(1, 1_000), 90_000, None);
            let first = rewriter.rewrite(0, &packet(1, 1_000)).expect("attached");
            rewriter.handle_written(Instant::ZERO, ExtendedSequenceNumber(1), &first);
            let now = Instant::from_millis(100);
            rewriter.start(now, 1, &packet(9, 77), 90_000, Some(known));
            rewriter
                .rewrite(1, &packet(9, 77))
                .expect("attached")
                .rtp_timestamp
                - 1_000
        };
        assert_eq!(step(1_000 + 6_000), 6_000);
        // The same picture in another size may not go back; what cannot be true is not believed.
        assert_eq!(step(1_000), 1);
        assert_eq!(step(1_000 + 90_000 * 60), 9_000);
    }

    #[test]
    fn a_nack_reaches_back_a_second_where_something_of_each_of_sixty_frames_is_left_out() {
        let mut rewriter = Rewriter::new(0);
        rewriter.start(Instant::ZERO, 0, &packet(0, 0), 90_000, None);
        let mut out = Vec::new();
        for frame in 0..60u64 {
            let kept = packet(frame * 2, frame as u32 * 1_500);
            let rewritten = rewriter.rewrite(0, &kept).expect("carried");
            rewriter.handle_written(Instant::ZERO, kept.sequence, &rewritten);
            out.push(rewritten.sequence.sequence_number());
            rewriter.skip(&packet(frame * 2 + 1, frame as u32 * 1_500));
        }
        for (number, frame) in out.into_iter().zip(0..) {
            let original = ExtendedSequenceNumber(frame * 2);
            assert_eq!(rewriter.original(number), Some((0, original)));
        }
    }
}
