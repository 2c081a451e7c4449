//! The latest packets of one ingress stream, decrypted and stored once for all subscribers.
//!
//! A place's buffer keeps its capacity, and the ring grows only until it holds what came in two seconds, a slow stream's
//! in eight: a stream that has run for a while allocates no more.

use std::time::Duration;

use crate::quantities::{ExtendedSequenceNumber, Instant};
use crate::rtp::capture_time::CaptureTime;
use crate::rtp::dependency_descriptor::FrameDependency;
use crate::rtp::vp8::Vp8Descriptor;
use crate::rtp::vp9::Vp9Descriptor;

/// Room for the largest datagram that a path of 1,500 bytes carries.
pub const MAX_PACKET_LEN: usize = 1_500;

/// Places of a new stream: enough for a small picture of 30 packets a second.
/// The longest packet of Opus (RFC 6716 section 3.2).
const MAX_SOUND_MS: u32 = 120;
const FIRST_CAPACITY: usize = 64;
/// Places at most: a second of 9 Mbit/s in packets of 1,180 bytes, or half of that of 18.
pub const MAX_CAPACITY: usize = 1_024;
/// How long a packet is kept while the ring may grow. Receivers ask for a second from when they see a gap, which may be
/// only after a pause of the slot.
const KEPT_FOR: Duration = Duration::from_secs(2);
/// How long, while the ring has no more places than this: after an outage, players that give up nothing ask for what left
/// before it was noticed.
const KEPT_LONGER_FOR: Duration = Duration::from_secs(8);
const SLOW_CAPACITY: usize = 256;

/// What is known of one packet as its publisher sent it.
#[derive(Clone, Copy, Debug, Default)]
pub struct PacketInfo {
    pub sequence: ExtendedSequenceNumber,
    pub received_at: Instant,
    pub marker: bool,
    pub starts_keyframe: bool,
    /// Whether pictures of its stream came long before it that are newer: who is shown something else stays with that.
    pub comes_late: bool,
    /// Layers within the encoding, 0 where the codec has none.
    pub spatial: u8,
    pub temporal: u8,
    /// Whether this is the last packet of its layer's frame.
    pub ends_frame: bool,
    /// Whether this frame depends on lower temporal layers alone, so that its own can be entered here.
    pub is_temporal_switch: bool,
    /// Clock ticks.
    pub rtp_timestamp: u32,
    pub payload_type: u8,
    /// Values of the extensions that travel on, empty when absent.
    pub audio_level: Option<u8>,
    pub playout_delay: Option<[u8; 3]>,
    /// As it is passed on.
    pub capture_time: Option<CaptureTime>,
    pub vp8: Option<Vp8Descriptor>,
    pub vp9: Option<Vp9Descriptor>,
    pub dependency: Option<FrameDependency>,
    /// Width and height in pixels, where a keyframe tells them.
    pub size: Option<(u16, u16)>,
}

impl PacketInfo {
    /// Picture id and index of the lowest temporal layer, of VP8 or VP9.
    #[must_use]
    pub fn picture_ids(&self) -> (Option<u16>, Option<u8>) {
        match (&self.vp8, &self.vp9) {
            (Some(vp8), _) => (vp8.picture_id.map(|id| id.value), vp8.tl0_picture_index),
            (_, Some(vp9)) => (vp9.picture_id.map(|id| id.value), vp9.tl0_picture_index),
            _ => (None, None),
        }
    }

    /// Whether it has layers beyond temporal ones of VP8 or H.265: then its header may differ from time to time.
    #[must_use]
    pub fn is_scalable(&self) -> bool {
        self.vp9.is_some() || self.dependency.is_some()
    }
}

/// A packet with its payload in clear and padding removed.
#[derive(Debug, Default)]
pub struct StoredPacket {
    pub info: PacketInfo,
    payload: Vec<u8>,
    payload_len: usize,
    /// Length of the Dependency Descriptor, which stands behind the payload.
    descriptor_len: usize,
    is_filled: bool,
}

impl StoredPacket {
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload[..self.payload_len]
    }

    /// The Dependency Descriptor as the publisher wrote it, empty where there is none.
    #[must_use]
    pub fn descriptor(&self) -> &[u8] {
        &self.payload[self.payload_len..self.payload_len + self.descriptor_len]
    }

    /// Write the ids that one subscriber sees over those of the last; the payload is otherwise shared.
    pub fn rewrite_ids(&mut self, picture_id: u16, tl0_picture_index: u8) {
        let payload = &mut self.payload[..self.payload_len];
        match (&self.info.vp8, &self.info.vp9) {
            (Some(vp8), _) => vp8.rewrite(picture_id, tl0_picture_index, payload),
            (_, Some(vp9)) => vp9.rewrite(picture_id, tl0_picture_index, payload),
            _ => {}
        }
    }

    /// Let the payload be as the publisher sent it, for a subscriber that may be unable to read it.
    pub fn restore_ids(&mut self) {
        let (picture_id, tl0_picture_index) = self.info.picture_ids();
        self.rewrite_ids(picture_id.unwrap_or(0), tl0_picture_index.unwrap_or(0));
    }
}

/// A ring of packets by extended sequence number; its length is a power of two.
#[derive(Debug)]
pub struct History {
    slots: Vec<StoredPacket>,
}

impl Default for History {
    fn default() -> Self {
        History {
            slots: places(FIRST_CAPACITY),
        }
    }
}

fn places(capacity: usize) -> Vec<StoredPacket> {
    let mut places = Vec::new();
    places.resize_with(capacity, StoredPacket::default);
    places
}

impl History {
    /// `len` bytes that a packet with this number will take, to decrypt into; its old packet is gone.
    pub fn buffer(&mut self, now: Instant, sequence: ExtendedSequenceNumber, len: usize) -> &mut [u8] {
        while self.may_be_needed(now, sequence) {
            self.grow();
        }
        let slot = self.slot_mut(sequence);
        slot.is_filled = false;
        if slot.payload.len() < len {
            slot.payload.resize(len.min(MAX_PACKET_LEN), 0);
        }
        &mut slot.payload
    }

    /// Whether another packet that may still be asked for has the place of this number, and a larger ring would keep it.
    fn may_be_needed(&self, now: Instant, sequence: ExtendedSequenceNumber) -> bool {
        let kept_for = match self.slots.len() {
            ..SLOW_CAPACITY => KEPT_LONGER_FOR,
            SLOW_CAPACITY..MAX_CAPACITY => KEPT_FOR,
            _ => return false,
        };
        let slot = &self.slots[self.index(sequence)];
        let apart = slot.info.sequence.0.abs_diff(sequence.0);
        slot.is_filled
            && (1..MAX_CAPACITY as u64).contains(&apart)
            && now.since(slot.info.received_at) < kept_for
    }

    /// Twice as many places; numbers that had places of their own have them still.
    fn grow(&mut self) {
        let larger = places(self.slots.len() * 2);
        for packet in std::mem::replace(&mut self.slots, larger) {
            if packet.is_filled {
                let index = self.index(packet.info.sequence);
                self.slots[index] = packet;
            }
        }
    }

    /// The bytes that stand in the buffer of this number.
    #[must_use]
    pub fn written(&self, sequence: ExtendedSequenceNumber) -> &[u8] {
        &self.slots[self.index(sequence)].payload
    }

    /// Keep what was decrypted into the buffer of `info.sequence`, `payload_len` bytes of it.
    pub fn commit(&mut self, info: PacketInfo, payload_len: usize, descriptor: &[u8]) {
        let slot = self.slot_mut(info.sequence);
        slot.info = info;
        slot.payload_len = payload_len.min(slot.payload.len());
        slot.descriptor_len = descriptor.len();
        if !descriptor.is_empty() {
            let end = slot.payload_len + descriptor.len();
            if slot.payload.len() < end {
                slot.payload.resize(end, 0);
            }
            slot.payload[slot.payload_len..end].copy_from_slice(descriptor);
        }
        slot.is_filled = true;
    }

    /// The packet with this number, if it is still here.
    pub fn packet_mut(&mut self, sequence: ExtendedSequenceNumber) -> Option<&mut StoredPacket> {
        let slot = self.slot_mut(sequence);
        (slot.is_filled && slot.info.sequence == sequence).then_some(slot)
    }

    /// The same, to look at.
    #[must_use]
    pub fn packet(&self, sequence: ExtendedSequenceNumber) -> Option<&StoredPacket> {
        let slot = &self.slots[self.index(sequence)];
        (slot.is_filled && slot.info.sequence == sequence).then_some(slot)
    }

    /// Milliseconds of sound that a packet holds, by the one before it: `None` where that is missing or a pause lies between.
    #[must_use]
    pub fn sound_ms(&self, sequence: ExtendedSequenceNumber, clock_rate: u32) -> Option<u32> {
        let before = self.packet(ExtendedSequenceNumber(sequence.0.checked_sub(1)?))?;
        let packet = self.packet(sequence)?;
        let ticks = packet.info.rtp_timestamp.wrapping_sub(before.info.rtp_timestamp);
        let ms = ticks / (clock_rate / 1_000).max(1);
        (ms <= MAX_SOUND_MS).then_some(ms)
    }

    /// Whether the packet with this number is here.
    #[must_use]
    pub fn contains(&self, sequence: ExtendedSequenceNumber) -> bool {
        self.packet(sequence).is_some()
    }

    fn index(&self, sequence: ExtendedSequenceNumber) -> usize {
        (sequence.0 as usize) & (self.slots.len() - 1)
    }

    fn slot_mut(&mut self, sequence: ExtendedSequenceNumber) -> &mut StoredPacket {
        let index = self.index(sequence);
        &mut self.slots[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(history: &mut History, at: Instant, number: u64, payload: &[u8]) {
        let sequence = ExtendedSequenceNumber(number);
        history.buffer(at, sequence, payload.len())[..payload.len()].copy_from_slice(payload);
        history.commit(
            PacketInfo {
                sequence,
                received_at: at,
                ..PacketInfo::default()
            },
            payload.len(),
            &[],
        );
    }

    /// Whether, in a stream of so many packets a second, each is there for so many seconds.
    fn keeps(history: &mut History, packets_per_second: u64, seconds: u64) -> bool {
        let at = |number: u64| Instant(1_000_000 + number * 1_000_000 / packets_per_second);
        (0..packets_per_second * 20).all(|number| {
            store(history, at(number), number, b"payload");
            let oldest = number.saturating_sub(packets_per_second * seconds - 1);
            history.contains(ExtendedSequenceNumber(oldest))
        })
    }

    #[test]
    fn finds_a_packet_for_two_seconds_a_slow_streams_for_eight_with_no_more_places_than_that_takes() {
        let cases = [
            (5, 8, 64),
            (15, 8, 128),
            (30, 8, 256),
            (50, 5, 256),
            (200, 2, 512),
            (500, 2, 1_024),
        ];
        for (packets_per_second, seconds, places) in cases {
            let mut history = History::default();
            assert!(
                keeps(&mut history, packets_per_second, seconds),
                "{packets_per_second}"
            );
            assert_eq!(history.slots.len(), places);
        }
        assert!(keeps(&mut History::default(), 1_000, 1));
    }

    #[test]
    fn a_keyframe_does_not_push_out_what_came_before_it() {
        let mut history = History::default();
        (0..30).for_each(|number| store(&mut history, Instant::from_millis(number * 33), number, b"small"));
        (30..300).for_each(|number| store(&mut history, Instant::from_millis(990), number, b"large"));
        assert!((0..300).all(|number| history.contains(ExtendedSequenceNumber(number))));
    }

    #[test]
    fn a_flood_takes_a_bounded_number_of_places_and_another_numbering_none() {
        let mut flooded = History::default();
        (0..100_000).for_each(|number| store(&mut flooded, Instant::from_millis(1), number, b""));
        assert_eq!(flooded.slots.len(), MAX_CAPACITY);
        assert!(flooded.contains(ExtendedSequenceNumber(99_999)));

        let mut begun_again = History::default();
        for number in (0..60).chain(30_016..30_076) {
            store(&mut begun_again, Instant::from_millis(1), number, b"");
        }
        assert_eq!(begun_again.slots.len(), FIRST_CAPACITY);
    }

    #[test]
    fn a_packet_that_comes_late_takes_no_newer_ones_place() {
        let mut history = History::default();
        store(&mut history, Instant::from_millis(1), 400, b"new");
        store(&mut history, Instant::from_millis(2), 400 - 128, b"late");
        assert!(
            [400, 272]
                .iter()
                .all(|number| history.contains(ExtendedSequenceNumber(*number)))
        );
    }

    #[test]
    fn a_buffer_taken_but_not_committed_holds_nothing() {
        let mut history = History::default();
        store(&mut history, Instant::ZERO, 1, b"one");
        let _ = history.buffer(Instant::from_millis(9_000), ExtendedSequenceNumber(65), 10);
        assert!(
            !history.contains(ExtendedSequenceNumber(1)) && !history.contains(ExtendedSequenceNumber(65))
        );
        assert!(!history.contains(ExtendedSequenceNumber(0)));
    }
}
