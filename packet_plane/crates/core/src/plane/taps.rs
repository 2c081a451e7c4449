//! Taps: recorded tracks' packets on their way out of the plane, and the keyframes that segments begin with.
//!
//! Of a track in several encodings one is handed over: the highest that arrives, from its next keyframe on.

use std::time::Duration;

use super::Plane;
use crate::codec::MediaKind;
use crate::keyframe_throttle::Why;
use crate::quantities::{ExtendedSequenceNumber, Instant, TapId, TrackId};
use crate::tap::record::{PacketRecord, Record};
use crate::tap::{Tap, Tapped};
use crate::track::Track;
use crate::transport::StreamRoute;

/// A segment begins with a keyframe and lasts about this long.
const KEYFRAME_INTERVAL: Duration = Duration::from_secs(2);

impl Plane {
    /// A reader is there for a tap, from the beginning or again; it is told of all the tap's tracks first.
    pub fn open_tap(&mut self, now: Instant, id: TapId, wallclock_us: u64) {
        self.set_wallclock(now, wallclock_us);
        let origin_us = self.wallclock.origin_us;
        let index = self.taps.insert_with(id, || Tap::new(id, origin_us));
        let Some(tap) = self.taps.get_mut(index) else {
            return;
        };
        tap.reopen(origin_us);
        for number in self.tracks.indices() {
            if self
                .tracks
                .get(number)
                .is_some_and(|track| track.is_tapped_by(index))
            {
                self.begin(now, number);
            }
        }
    }

    /// What waits for the reader of each tap.
    pub fn taps(&self) -> impl Iterator<Item = (TapId, &[u8])> {
        self.taps.iter().map(|tap| (tap.id, tap.unread()))
    }

    /// The reader of a tap has taken so many bytes; returns whether it will get no more.
    pub fn take_from_tap(&mut self, id: TapId, len: usize) -> bool {
        let Some(tap) = self.taps.index_of(id).and_then(|index| self.taps.get_mut(index)) else {
            return true;
        };
        tap.take(len);
        let is_over = tap.is_closing && tap.unread().is_empty();
        if is_over {
            self.remove_tap(id);
        }
        is_over
    }

    /// The reader of a tap is gone: nothing is kept for it until the tap is opened again.
    pub fn break_tap(&mut self, id: TapId) {
        let Some(tap) = self.taps.index_of(id).and_then(|index| self.taps.get_mut(index)) else {
            return;
        };
        tap.break_off();
        if tap.is_closing {
            self.remove_tap(id);
        }
    }

    fn remove_tap(&mut self, id: TapId) {
        if let Some((_, tap)) = self.taps.remove(id) {
            self.counters.records_lost += tap.records_lost;
        }
    }

    pub(super) fn close_tap(&mut self, now: Instant, id: TapId) {
        let Some(index) = self.taps.index_of(id) else {
            return;
        };
        for number in self.tracks.indices() {
            let track = self.tracks.get(number);
            if track.is_some_and(|track| track.is_tapped_by(index)) {
                self.end_tapping(now, number, b"stopped");
            }
        }
        if let Some(tap) = self.taps.get_mut(index) {
            tap.is_closing = true;
        }
    }

    pub(super) fn tap_track(&mut self, now: Instant, id: TapId, track: TrackId, label: Vec<u8>) {
        let (Some(index), Some(number)) = (self.taps.index_of(id), self.tracks.index_of(track)) else {
            return;
        };
        let (Some(tap), Some(track)) = (self.taps.get(index), self.tracks.get(number)) else {
            return;
        };
        if tap.is_closing || track.is_tapped_by(index) {
            return;
        }
        // Another reader that has it is told that it gets no more.
        self.end_tapping(now, number, b"stopped");
        let Some(track) = self.tracks.get_mut(number) else {
            return;
        };
        track.tapped = Some(Box::new(Tapped {
            tap: index,
            label,
            encoding: None,
            keyframe_at: Instant::ZERO,
        }));
        self.begin(now, number);
    }

    pub(super) fn untap_track(&mut self, now: Instant, track: TrackId, reason: &[u8]) {
        if let Some(number) = self.tracks.index_of(track) {
            self.end_tapping(now, number, reason);
        }
    }

    fn end_tapping(&mut self, now: Instant, number: usize, reason: &[u8]) {
        let Some(track) = self.tracks.get_mut(number) else {
            return;
        };
        let (id, tapped) = (track.id, track.tapped.take());
        if let Some(tapped) = tapped {
            self.tell_end(now, id, &tapped, reason);
        }
    }

    /// A track that is tapped has gone, or is handed over no more.
    pub(super) fn tell_end(&mut self, now: Instant, track: TrackId, tapped: &Tapped, reason: &[u8]) {
        if let Some(tap) = self.taps.get_mut(tapped.tap) {
            let at_us = tap.wallclock_us(now);
            let track = track.0;
            tap.write(now, &Record::End { track, at_us, reason });
        }
    }

    /// Hand over a packet that has just arrived.
    pub(super) fn tap_packet(&mut self, now: Instant, route: StreamRoute, sequence: ExtendedSequenceNumber) {
        let Some(track) = self.tracks.get_mut(route.track) else {
            return;
        };
        let Some(mut tapped) = track.tapped.take() else {
            return;
        };
        if let Some(tap) = self.taps.get_mut(tapped.tap) {
            track.hand_over(now, (route.encoding, sequence), &mut tapped, tap);
        }
        track.tapped = Some(tapped);
    }

    /// Hand over what the senders' clocks say of all streams of a transport.
    pub(super) fn tap_reports(&mut self, now: Instant, transport: usize) {
        let tracks = self
            .transports
            .get(transport)
            .map_or_else(Vec::new, |transport| transport.tracks.clone());
        for track in tracks {
            self.tap_reports_of(now, track);
        }
    }

    fn tap_reports_of(&mut self, now: Instant, track: usize) {
        let encodings = self.tracks.get(track).map_or(0, |track| track.encodings.len());
        for encoding in 0..encodings {
            self.tap_report(now, track, encoding as u8);
        }
    }

    /// Hand over what a stream's sender says of its clock.
    pub(super) fn tap_report(&mut self, now: Instant, track: usize, encoding: u8) {
        let Some(track) = self.tracks.get(track) else {
            return;
        };
        let (Some(tapped), Some(stream)) = (track.tapped.as_ref(), track.stream(encoding)) else {
            return;
        };
        let Some(sent_at) = stream.clock.sent_at() else {
            return;
        };
        if let Some(tap) = self.taps.get_mut(tapped.tap) {
            tap.write_report(now, track.id.0, stream.ssrc.0, sent_at);
        }
    }

    /// Say that a track is muted, or no longer.
    pub(super) fn tap_muted(&mut self, now: Instant, track: TrackId, muted: bool) {
        let number = self.tracks.index_of(track);
        let tapped = number.and_then(|number| self.tracks.get(number)?.tapped.as_ref());
        if let Some(tap) = tapped.and_then(|tapped| self.taps.get_mut(tapped.tap)) {
            let at_us = tap.wallclock_us(now);
            let track = track.0;
            tap.write(now, &Record::Muted { track, muted, at_us });
        }
    }

    /// Tell a reader of a track, with what it takes to place it in time.
    fn begin(&mut self, now: Instant, number: usize) {
        let Some(track) = self.tracks.get_mut(number) else {
            return;
        };
        let (id, is_video, is_muted) = (track.id.0, track.kind == MediaKind::Video, track.is_muted);
        let Some(tapped) = track.tapped.as_mut() else {
            return;
        };
        // A reader that is new has no picture to go on from.
        (tapped.encoding, tapped.keyframe_at) = (None, Instant::ZERO);
        let Some(tap) = self.taps.get_mut(tapped.tap) else {
            return;
        };
        let record = Record::Begin {
            track: id,
            is_video,
            label: &tapped.label,
        };
        tap.write(now, &record);
        if is_muted {
            let record = Record::Muted {
                track: id,
                muted: true,
                at_us: tap.wallclock_us(now),
            };
            tap.write(now, &record);
        }
        self.tap_reports_of(now, number);
    }
}

impl Track {
    fn is_tapped_by(&self, tap: usize) -> bool {
        self.tapped.as_ref().is_some_and(|tapped| tapped.tap == tap)
    }

    /// Write a packet to the tap if it is of the encoding that is recorded, and ask for the keyframe that it takes
    /// to go on.
    fn hand_over(
        &mut self,
        now: Instant,
        (number, sequence): (u8, ExtendedSequenceNumber),
        tapped: &mut Tapped,
        tap: &mut Tap,
    ) {
        let (id, kind, is_simulcast) = (self.id.0, self.kind, self.is_simulcast());
        // Bit n of `arriving` is encoding n.
        let best = if is_simulcast {
            7u8.checked_sub(self.arriving.leading_zeros() as u8)
        } else {
            Some(number)
        };
        let Some((codec, stream)) = self.codec_and_stream(number) else {
            return;
        };
        let Some(packet) = stream.history.packet(sequence) else {
            return;
        };
        let starts_keyframe = packet.info.starts_keyframe;
        if !is_simulcast || (starts_keyframe && best == Some(number)) {
            tapped.encoding = Some(number);
        }
        if tapped.encoding == Some(number) {
            if starts_keyframe {
                tapped.keyframe_at = now;
            }
            let record = PacketRecord {
                track: id,
                encoding: number,
                codec: codec.name,
                marker: packet.info.marker,
                starts_keyframe,
                clock_rate: codec.clock_rate,
                ssrc: stream.ssrc.0,
                sequence: sequence.0,
                rtp_timestamp: packet.info.rtp_timestamp,
                at_us: tap.wallclock_us(packet.info.received_at),
                payload: packet.payload(),
            };
            tap.write(now, &Record::Packet(record));
        }
        let is_due = now.since(tapped.keyframe_at) >= KEYFRAME_INTERVAL || tapped.encoding != best;
        if kind == MediaKind::Video && is_due {
            self.request_keyframe(best.unwrap_or(number), Why::Picture);
        }
    }
}
