//! What a slot changes in each packet so that switching tracks looks like one unbroken stream.
//!
//! Sequence numbers, timestamps and VP8 picture ids continue where the track before left off; gaps and
//! disorder inside a track stay as they are, so that the receiver's NACKs can be answered.

use crate::history::PacketInfo;
use crate::quantities::{ExtendedSequenceNumber, Instant};

/// Ids of the last packet written, from which the next track continues.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    sequence: u64,
    rtp_timestamp: u32,
    picture_id: u16,
    tl0_picture_index: u8,
    at: Instant,
}

/// The differences between a track's numbers and the slot's.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    sequence_in: ExtendedSequenceNumber,
    sequence_out: u64,
    timestamp_offset: u32,
    picture_id_offset: u16,
    tl0_offset: u8,
}

/// The numbers that a packet gets on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewritten {
    pub sequence: ExtendedSequenceNumber,
    pub rtp_timestamp: u32,
    pub picture_id: u16,
    pub tl0_picture_index: u8,
}

/// The numbering of one slot.
#[derive(Debug)]
pub struct Rewriter {
    anchor: Option<Anchor>,
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
            anchor: None,
            last,
            has_written: false,
        }
    }

    /// Forget the track; the next one is taken up with [`Rewriter::start`].
    pub fn detach(&mut self) {
        self.anchor = None;
    }

    #[must_use]
    pub fn is_attached(&self) -> bool {
        self.anchor.is_some()
    }

    /// Begin with `packet` as the first of another track (or after a pause of the same).
    pub fn start(&mut self, now: Instant, packet: &PacketInfo, clock_rate: u32) {
        let elapsed_ticks = now.since(self.last.at).as_micros() * u128::from(clock_rate) / 1_000_000;
        let rtp_timestamp = if self.has_written {
            self.last
                .rtp_timestamp
                .wrapping_add((elapsed_ticks as u32).max(1))
        } else {
            packet.rtp_timestamp
        };
        let descriptor = packet.vp8.unwrap_or_default();
        let picture_id = descriptor.picture_id.map_or(0, |id| id.value);
        self.anchor = Some(Anchor {
            sequence_in: packet.sequence,
            sequence_out: self.last.sequence + 1,
            timestamp_offset: rtp_timestamp.wrapping_sub(packet.rtp_timestamp),
            picture_id_offset: self.last.picture_id.wrapping_add(1).wrapping_sub(picture_id),
            tl0_offset: self
                .last
                .tl0_picture_index
                .wrapping_add(1)
                .wrapping_sub(descriptor.tl0_picture_index.unwrap_or(0)),
        });
    }

    /// The numbers of a packet, `None` when it is older than the track's first here.
    #[must_use]
    pub fn rewrite(&self, packet: &PacketInfo) -> Option<Rewritten> {
        let anchor = self.anchor?;
        let offset = packet.sequence.0.checked_sub(anchor.sequence_in.0)?;
        let descriptor = packet.vp8.unwrap_or_default();
        // A packet without ids, padding for one, leaves them where they are.
        let picture_id = descriptor.picture_id.map_or(self.last.picture_id, |id| {
            id.value.wrapping_add(anchor.picture_id_offset) & 0x7fff
        });
        let tl0_picture_index = descriptor
            .tl0_picture_index
            .map_or(self.last.tl0_picture_index, |index| {
                index.wrapping_add(anchor.tl0_offset)
            });
        Some(Rewritten {
            sequence: ExtendedSequenceNumber(anchor.sequence_out + offset),
            rtp_timestamp: packet.rtp_timestamp.wrapping_add(anchor.timestamp_offset),
            picture_id,
            tl0_picture_index,
        })
    }

    /// Note that a packet with these numbers went out.
    pub fn handle_written(&mut self, now: Instant, written: &Rewritten) {
        if self.has_written && written.sequence.0 <= self.last.sequence {
            return;
        }
        self.has_written = true;
        self.last = Written {
            sequence: written.sequence.0,
            rtp_timestamp: written.rtp_timestamp,
            picture_id: written.picture_id,
            tl0_picture_index: written.tl0_picture_index,
            at: now,
        };
    }

    /// The track's number behind a number of this slot, for answering a NACK.
    #[must_use]
    pub fn original(&self, sequence_number: u16) -> Option<ExtendedSequenceNumber> {
        let anchor = self.anchor?;
        let sequence = ExtendedSequenceNumber(self.last.sequence).nearest(sequence_number);
        let offset = sequence.0.checked_sub(anchor.sequence_out)?;
        Some(ExtendedSequenceNumber(anchor.sequence_in.0 + offset))
    }

    /// A timestamp of the track on the slot's timeline.
    #[must_use]
    pub fn timestamp(&self, rtp_timestamp: u32) -> Option<u32> {
        self.anchor
            .map(|anchor| rtp_timestamp.wrapping_add(anchor.timestamp_offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
                prop_assert!(rewriter.rewrite(&packet(base, timestamp)).is_none());
                rewriter.start(now, &packet(base, timestamp), 90_000);
                let mut track_highest = highest;
                for (offset, lost) in packets {
                    let incoming = packet(base + offset, timestamp.wrapping_add((offset * 3_000) as u32));
                    let outgoing = rewriter.rewrite(&incoming).expect("attached");
                    if highest > 0 { prop_assert!(outgoing.sequence.0 > highest); }
                    if !lost {
                        rewriter.handle_written(now, &outgoing);
                        track_highest = track_highest.max(outgoing.sequence.0);
                        prop_assert_eq!(rewriter.original(outgoing.sequence.sequence_number()), Some(incoming.sequence));
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
                rewriter.start(Instant::ZERO, info, 90_000);
            }
            let rewritten = rewriter.rewrite(info).expect("attached");
            rewriter.handle_written(Instant::ZERO, &rewritten);
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
        rewriter.start(Instant::ZERO, &packet(100, 0), 90_000);
        assert!(rewriter.rewrite(&packet(99, 0)).is_none());
        assert_eq!(rewriter.rewrite(&packet(100, 0)).map(|r| r.sequence.0), Some(1));
    }

    #[test]
    fn the_timeline_advances_by_the_time_that_passed_between_tracks() {
        let mut rewriter = Rewriter::new(0);
        rewriter.start(Instant::ZERO, &packet(1, 1_000), 90_000);
        let first = rewriter.rewrite(&packet(1, 1_000)).expect("attached");
        rewriter.handle_written(Instant::ZERO, &first);
        rewriter.start(Instant::from_millis(100), &packet(9, 77), 90_000);
        let second = rewriter.rewrite(&packet(9, 77)).expect("attached");
        assert_eq!(second.rtp_timestamp, 1_000 + 9_000);
    }
}
