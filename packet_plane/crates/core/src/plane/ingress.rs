//! From the wire into a track: which stream a packet belongs to, and what follows from its arrival.

use super::{Plane, probes};
use crate::codec::MediaKind;
use crate::drop_reason::DropReason;
use crate::event::Event;
use crate::quantities::{ExtendedSequenceNumber, Instant};
use crate::receive::Arrival;
use crate::rtp::audio_level::AudioLevel;
use crate::rtp::header::RtpHeader;
use crate::track::Track;
use crate::transport::{MAX_ROUTES, StreamRoute, Transport};

impl Plane {
    pub(super) fn handle_rtp(&mut self, now: Instant, index: usize, packet: &[u8]) -> Result<(), DropReason> {
        let header = RtpHeader::parse(packet)?;
        if probes::is_probe(&header) {
            return self.handle_probe(now, index, &header, packet);
        }
        let route = match self.route_of(index, header.ssrc) {
            Some(route) => route,
            None => self
                .find_route(index, &header, packet)
                .ok_or(DropReason::UnknownStream)?,
        };
        let transport = self.transports.get_mut(index).ok_or(DropReason::Stranger)?;
        let track = self
            .tracks
            .get_mut(route.track)
            .ok_or(DropReason::UnknownStream)?;
        let receiver = &transport.srtp.as_ref().ok_or(DropReason::NoKeys)?.receiver;
        let arrival = Arrival {
            now,
            route,
            receiver,
            parked: &transport.parked,
            header: &header,
            behind_us: transport
                .sender_clock
                .behind_us(self.wallclock.origin_us, transport.round_trip),
            packet,
        };
        let arrived = if route.is_rtx {
            track.receive_rtx(&arrival, &mut self.scratch.packet)
        } else {
            track.receive_media(&arrival, &mut self.scratch.packet)
        };
        // A retransmission is authentic even when it repeats what is here: congestion control wants to know.
        if matches!(
            arrived,
            Ok(_) | Err(DropReason::Duplicate | DropReason::Padding | DropReason::Ended)
        ) {
            let id = track.extensions.transport_wide_cc;
            note_transport_wide(now, transport, id, &header, packet);
            if transport.routes.len() < MAX_ROUTES {
                transport.routes.entry(header.ssrc).or_insert(route);
            }
            if let Some(answer) = track.take_answer(now, route) {
                transport.handle_answer(answer);
            }
        }
        let (sequence, stepping_down) = arrived?;
        if let Some(stepping_down) = stepping_down {
            transport.parked.remove(&header.ssrc);
            transport.park(stepping_down);
            self.begin_stream(route, &header);
        }
        self.take_in_recovered(now, route);
        self.take_in(now, route, sequence);
        Ok(())
    }

    /// A stream has taken its place in a track: who carried the one before waits for a keyframe of this.
    fn begin_stream(&mut self, route: StreamRoute, header: &RtpHeader) {
        let Some(track) = self.tracks.get_mut(route.track) else {
            return;
        };
        // Numbers of the stream before mean nothing here.
        if let Some(encoding) = track.encodings.get_mut(usize::from(route.encoding)) {
            encoding.forget_pending();
        }
        let event = Event::TrackStarted {
            track: track.id,
            ssrc: header.ssrc,
            payload_type: header.payload_type,
        };
        let carries = |slot: &usize| {
            let slot = self.slots.get(*slot);
            slot.is_some_and(|slot| slot.carried_encoding() == Some(route.encoding))
        };
        let carriers: Vec<usize> = track.subscribers.iter().copied().filter(carries).collect();
        self.detach(&carriers);
        self.tell(event);
    }

    /// Put packets on the way that came as redundancy of another.
    fn take_in_recovered(&mut self, now: Instant, route: StreamRoute) {
        let Some(track) = self.tracks.get_mut(route.track) else {
            return;
        };
        if track.recovered.is_empty() {
            return;
        }
        let mut recovered = std::mem::take(&mut track.recovered);
        recovered
            .drain(..)
            .for_each(|sequence| self.take_in(now, route, sequence));
        if let Some(track) = self.tracks.get_mut(route.track) {
            track.recovered = recovered;
        }
    }

    /// Put a stored packet on the way to its subscribers.
    fn take_in(&mut self, now: Instant, route: StreamRoute, sequence: ExtendedSequenceNumber) {
        let Some(track) = self.tracks.get_mut(route.track) else {
            return;
        };
        if track.is_muted {
            self.counters.drops.count(DropReason::Muted);
            return;
        }
        let Some(encoding) = track.encodings.get_mut(usize::from(route.encoding)) else {
            return;
        };
        if encoding.pending.is_empty() {
            self.touched.push(track.kind, (route.track, route.encoding));
        }
        let given_up = encoding.push_pending(sequence);
        self.counters.drops.add(DropReason::TooLate, given_up as u64);
        encoding.note_capture(sequence);
        let (starts_keyframe, layer) = encoding.start_and_layer(sequence);
        encoding.has_pending_keyframe |= starts_keyframe;
        let layer = track.spatial_layer(route.encoding, layer);
        match track.kind {
            MediaKind::Audio => self.hear(now, route.track, sequence),
            MediaKind::Video if track.arriving >> layer & 1 == 0 => {
                self.choose_layers(now, route.track);
            }
            MediaKind::Video => {}
        }
        if self
            .tracks
            .get(route.track)
            .is_some_and(|track| track.tapped.is_some())
        {
            self.tap_packet(now, route, sequence);
        }
    }

    /// Take the level of a microphone's packet into its meeting's choice of the loudest.
    fn hear(&mut self, now: Instant, track: usize, sequence: ExtendedSequenceNumber) {
        let Some(track) = self.tracks.get_mut(track) else {
            return;
        };
        let (level, frames) = (track.audio_level(sequence), track.frames_of(sequence));
        let (id, transport) = (track.id, track.transport);
        let meeting = self.transports.get(transport).map(|transport| transport.meeting);
        let meeting = meeting.and_then(|meeting| self.meetings.index_of(meeting));
        if let Some(meeting) = meeting.and_then(|meeting| self.meetings.get_mut(meeting)) {
            let level = level
                .and_then(|value| AudioLevel::parse(&[value]))
                .map(|level| level.level);
            meeting.loudest.handle_level(now, id, level, frames);
        }
    }

    /// The track and encoding of a stream not seen before: by MID and RID, or by the only track that takes its
    /// payload type.
    fn find_route(&self, index: usize, header: &RtpHeader, packet: &[u8]) -> Option<StreamRoute> {
        let (found, track) = self.find_track(index, header, packet)?;
        let is_rtx = track.is_rtx(header.payload_type);
        let encoding = if track.rids.is_empty() {
            0
        } else {
            // A retransmission stream names the stream that it repairs (RFC 8852 section 3.2).
            let ids = track.extensions;
            let id = if is_rtx { ids.repaired_rid } else { ids.rid };
            track.encoding_of(header.extension(packet, id).filter(|_| id != 0)?)?
        };
        Some(StreamRoute {
            track: found,
            encoding,
            is_rtx,
        })
    }

    pub(super) fn find_track(
        &self,
        index: usize,
        header: &RtpHeader,
        packet: &[u8],
    ) -> Option<(usize, &Track)> {
        let transport = self.transports.get(index)?;
        let tracks = || {
            transport
                .tracks
                .iter()
                .filter_map(|track| Some((*track, self.tracks.get(*track)?)))
        };
        let mid_of = |track: &Track| header.extension(packet, track.extensions.mid);
        let by_mid = tracks().find(|(_, track)| {
            track.extensions.mid != 0
                && track
                    .mid
                    .as_deref()
                    .is_some_and(|mid| mid_of(track) == Some(mid.as_bytes()))
        });
        if by_mid.is_some() {
            return by_mid;
        }
        let has_mid = tracks().any(|(_, track)| track.extensions.mid != 0 && mid_of(track).is_some());
        if has_mid {
            return None;
        }
        let takes = |track: &Track| {
            track.codec_of(header.payload_type).is_some() || track.is_rtx(header.payload_type)
        };
        let mut candidates = tracks().filter(|(_, track)| takes(track));
        let only = candidates.next()?;
        candidates.next().is_none().then_some(only)
    }
}

pub(super) fn note_transport_wide(
    now: Instant,
    transport: &mut Transport,
    id: u8,
    header: &RtpHeader,
    packet: &[u8],
) {
    if let Some([high, low]) = (id != 0).then(|| header.extension(packet, id)).flatten() {
        transport
            .recorder
            .handle_packet(now, u16::from_be_bytes([*high, *low]), header.ssrc.0);
    }
}
