//! From the wire into a track: which stream a packet belongs to, its decryption into the history, its figures.

use rustc_hash::FxHashMap;

use super::Plane;
use super::commands::detach;
use crate::codec::{CodecName, MediaKind};
use crate::drop_reason::DropReason;
use crate::event::Event;
use crate::history::PacketInfo;
use crate::nack_generator::Gap;
use crate::quantities::{ExtendedSequenceNumber, Instant, Ssrc};
use crate::rtp::audio_level::AudioLevel;
use crate::rtp::header::{RtpHeader, unpadded_len};
use crate::rtp::{h264, vp8::Vp8Descriptor};
use crate::srtp::{SrtpReceiver, StreamState};
use crate::track::{IngressStream, Track};
use crate::transport::{MAX_ROUTES, StreamRoute, Transport};

/// A publisher that starts a new SSRC for a track has left the old one silent for this long.
const TAKE_OVER_AFTER_US: u64 = 500_000;

/// Streams of the connection that no track carries now.
type Parked = FxHashMap<Ssrc, StreamState>;

impl Plane {
    pub(super) fn handle_rtp(&mut self, now: Instant, index: usize, packet: &[u8]) -> Result<(), DropReason> {
        let header = RtpHeader::parse(packet)?;
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
        let stream_before = track.stream.as_ref().map(|stream| stream.ssrc);
        let is_other = !route.is_rtx && stream_before != Some(header.ssrc);
        let stepping_down = if is_other { track.states() } else { Vec::new() };
        let parked = &transport.parked;
        let arrived = if route.is_rtx {
            track.receive_rtx(receiver, parked, &header, packet, &mut self.scratch.packet)
        } else {
            track.receive_media(now, receiver, parked, &header, packet)
        };
        // A retransmission is authentic even when it repeats what is here: congestion control wants to know.
        if matches!(arrived, Ok(_) | Err(DropReason::Duplicate | DropReason::Padding)) {
            note_transport_wide(now, transport, track, &header, packet);
            if transport.routes.len() < MAX_ROUTES {
                transport.routes.entry(header.ssrc).or_insert(route);
            }
        }
        let sequence = arrived?;
        let is_fresh = stream_before != track.stream.as_ref().map(|stream| stream.ssrc);
        if is_fresh {
            transport.parked.remove(&header.ssrc);
            transport.park(stepping_down);
            // Numbers of the stream before mean nothing here.
            track.forget_pending();
            detach(&mut self.slots, &track.subscribers);
            let event = Event::TrackStarted {
                track: track.id,
                ssrc: header.ssrc,
                payload_type: header.payload_type,
            };
            self.tell(event);
        }
        self.take_in(now, route.track, sequence);
        Ok(())
    }

    /// Put a stored packet on the way to its subscribers.
    fn take_in(&mut self, now: Instant, index: usize, sequence: ExtendedSequenceNumber) {
        let Some(track) = self.tracks.get_mut(index) else {
            return;
        };
        if track.is_muted {
            self.counters.drops.count(DropReason::Muted);
            return;
        }
        if track.pending.is_empty() {
            self.touched.push(index);
        }
        track.pending.push(sequence);
        if track.kind == MediaKind::Audio {
            let id = track.id;
            let level = track
                .stream
                .as_mut()
                .and_then(|s| s.history.packet_mut(sequence)?.info.audio_level);
            let meeting = self
                .transports
                .get(track.transport)
                .map(|transport| transport.meeting);
            let meeting = meeting.and_then(|meeting| self.meetings.index_of(meeting));
            if let Some(meeting) = meeting.and_then(|meeting| self.meetings.get_mut(meeting)) {
                let level = level
                    .and_then(|value| AudioLevel::parse(&[value]))
                    .map(|level| level.level);
                meeting.loudest.handle_level(now, id, level);
            }
        }
    }

    /// The track of a stream not seen before: by MID, or by the only track that takes its payload type.
    fn find_route(&self, index: usize, header: &RtpHeader, packet: &[u8]) -> Option<StreamRoute> {
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
        let has_mid = tracks().any(|(_, track)| track.extensions.mid != 0 && mid_of(track).is_some());
        let (found, track) = match by_mid {
            Some(found) => found,
            None if has_mid => return None,
            None => {
                let takes = |track: &Track| {
                    track.codec_of(header.payload_type).is_some() || track.is_rtx(header.payload_type)
                };
                let mut candidates = tracks().filter(|(_, track)| takes(track));
                let only = candidates.next()?;
                if candidates.next().is_some() {
                    return None;
                }
                only
            }
        };
        Some(StreamRoute {
            track: found,
            is_rtx: track.is_rtx(header.payload_type),
        })
    }
}

fn note_transport_wide(
    now: Instant,
    transport: &mut Transport,
    track: &Track,
    header: &RtpHeader,
    packet: &[u8],
) {
    let id = track.extensions.transport_wide_cc;
    if let Some([high, low]) = (id != 0).then(|| header.extension(packet, id)).flatten() {
        transport
            .recorder
            .handle_packet(now, u16::from_be_bytes([*high, *low]), header.ssrc.0);
    }
}

impl Track {
    /// Verify a media packet and keep it; returns its extended number.
    fn receive_media(
        &mut self,
        now: Instant,
        receiver: &SrtpReceiver,
        parked: &Parked,
        header: &RtpHeader,
        packet: &[u8],
    ) -> Result<ExtendedSequenceNumber, DropReason> {
        let codec = self.codec_of(header.payload_type).ok_or(DropReason::NoCodec)?;
        let fresh = self.fresh_stream(now, parked, header.ssrc, codec)?;
        let is_fresh = fresh.is_some();
        let mut fresh = fresh;
        let stream = match fresh.as_mut().or(self.stream.as_mut()) {
            Some(stream) => stream,
            None => return Err(DropReason::UnknownStream),
        };
        let estimate = stream.state.estimate(header.sequence_number);
        if !stream.state.accepts(estimate) {
            return Err(DropReason::Replayed);
        }
        let buffer = stream.history.buffer(estimate);
        let (sequence, len) = receiver.unprotect_rtp(
            &mut stream.state,
            header.ssrc,
            header.sequence_number,
            header.header_len,
            packet,
            buffer,
        )?;
        stream.codec = codec;
        let clock_rate = self.codecs[codec].clock_rate;
        stream
            .statistics
            .handle_packet(now, sequence, header.rtp_timestamp, clock_rate, packet.len());
        stream.last_packet_at = now;
        let len = unpadded_len(header.has_padding, &stream.history.buffer(sequence)[..len])?;
        if is_fresh {
            self.stream = fresh;
            self.keyframe.request();
        }
        self.keep(now, header, packet, sequence, len);
        Ok(sequence)
    }

    /// A stream for an SSRC that the track does not have yet.
    fn fresh_stream(
        &self,
        now: Instant,
        parked: &Parked,
        ssrc: Ssrc,
        codec: usize,
    ) -> Result<Option<IngressStream>, DropReason> {
        match &self.stream {
            Some(stream) if stream.ssrc == ssrc => Ok(None),
            Some(stream) if now.micros() < stream.last_packet_at.micros() + TAKE_OVER_AFTER_US => {
                Err(DropReason::UnknownStream)
            }
            _ => {
                let mut stream = IngressStream::new(now, self.kind, ssrc, codec);
                stream.state = parked.get(&ssrc).cloned().unwrap_or_default();
                Ok(Some(stream))
            }
        }
    }

    /// Unwrap a retransmission (RFC 4588 section 4): the original number stands before the payload.
    fn receive_rtx(
        &mut self,
        receiver: &SrtpReceiver,
        parked: &Parked,
        header: &RtpHeader,
        packet: &[u8],
        scratch: &mut [u8],
    ) -> Result<ExtendedSequenceNumber, DropReason> {
        let stream = self.stream.as_mut().ok_or(DropReason::UnknownStream)?;
        if stream.rtx.as_ref().is_none_or(|(ssrc, _)| *ssrc != header.ssrc) {
            let state = parked.get(&header.ssrc).cloned().unwrap_or_default();
            stream.rtx = Some((header.ssrc, state));
        }
        let state = stream
            .rtx
            .as_mut()
            .map(|(_, state)| state)
            .ok_or(DropReason::UnknownStream)?;
        let sequence_number = header.sequence_number;
        let (_, len) = receiver.unprotect_rtp(
            state,
            header.ssrc,
            sequence_number,
            header.header_len,
            packet,
            scratch,
        )?;
        let len = unpadded_len(header.has_padding, &scratch[..len])?;
        let (original, payload) = scratch[..len]
            .split_first_chunk::<2>()
            .ok_or(DropReason::Padding)?;
        let highest = stream.state.highest().ok_or(DropReason::UnknownStream)?;
        let sequence = highest.nearest(u16::from_be_bytes(*original));
        // What was forwarded once goes out under its number again by NACK alone: two plaintexts under one
        // nonce would give the receiver's key away (RFC 7714 section 8.1).
        if sequence > highest || !stream.state.accepts(sequence) {
            return Err(DropReason::Duplicate);
        }
        let buffer = stream.history.buffer(sequence);
        buffer
            .get_mut(..payload.len())
            .ok_or(DropReason::TooLarge)?
            .copy_from_slice(payload);
        let payload_len = payload.len();
        stream.state.mark(sequence);
        self.keep(Instant::ZERO, header, packet, sequence, payload_len);
        Ok(sequence)
    }

    /// Describe what stands in the history's buffer and note its consequences.
    fn keep(
        &mut self,
        now: Instant,
        header: &RtpHeader,
        packet: &[u8],
        sequence: ExtendedSequenceNumber,
        len: usize,
    ) {
        let extensions = self.extensions;
        let byte_of = |id: u8| {
            (id != 0)
                .then(|| header.extension(packet, id)?.first().copied())
                .flatten()
        };
        let Some(stream) = self.stream.as_mut() else {
            return;
        };
        let codec = &self.codecs[stream.codec];
        let mut info = PacketInfo {
            sequence,
            marker: header.marker,
            rtp_timestamp: header.rtp_timestamp,
            payload_type: codec.payload_type.0,
            audio_level: byte_of(extensions.audio_level),
            video_orientation: byte_of(extensions.video_orientation),
            ..PacketInfo::default()
        };
        let payload = &stream.history.buffer(sequence)[..len];
        match codec.name {
            CodecName::Vp8 => info.vp8 = Vp8Descriptor::parse(payload),
            CodecName::H264 => info.starts_keyframe = h264::starts_keyframe(payload),
            CodecName::Opus => {}
        }
        info.starts_keyframe |= info.vp8.is_some_and(|descriptor| descriptor.starts_keyframe);
        stream.history.commit(info, len);
        let is_nacked = codec.nack;
        if is_nacked && stream.nack.handle_packet(now, sequence) == Gap::TooWide {
            self.keyframe.request();
        }
        if info.starts_keyframe {
            self.keyframe.handle_keyframe();
        }
    }
}
