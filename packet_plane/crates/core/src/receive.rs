//! A packet's way into its track: decryption into the history, retransmissions unwrapped, its frame described.

use std::time::Duration;

use rustc_hash::FxHashMap;

use crate::codec::{CodecName, MediaKind};
use crate::drop_reason::DropReason;
use crate::history::PacketInfo;
use crate::ingress_stream::IngressStream;
use crate::keyframe_throttle::Why;
use crate::nack_generator::Gap;
use crate::quantities::{ExtendedSequenceNumber, Instant, PayloadType, Ssrc};
use crate::rtp::capture_time::CaptureTime;
use crate::rtp::extension::ExtensionIds;
use crate::rtp::h265::{self, H265Units};
use crate::rtp::header::{RtpHeader, unpadded_len};
use crate::rtp::parameter_sets::{h264_size, h265_size};
use crate::rtp::red::Blocks;
use crate::rtp::vp8::Vp8Descriptor;
use crate::rtp::vp9::{self, Vp9Descriptor};
use crate::rtp::{av1, h264};
use crate::srtp::{SrtpReceiver, StreamState};
use crate::track::Track;
use crate::transport::StreamRoute;

/// A publisher that starts a new SSRC for a track has left the old one silent for this long.
pub(crate) const TAKE_OVER_AFTER: Duration = Duration::from_millis(500);

/// A keyframe that comes later than this after newer pictures of its stream is no way into it: what came meanwhile would
/// be missing, or be seen in fast motion.
const LATEST_WAY_IN_MS: u64 = 300;

/// One packet on its way into a track.
pub(crate) struct Arrival<'a> {
    pub now: Instant,
    pub route: StreamRoute,
    pub receiver: &'a SrtpReceiver,
    /// Streams of the connection that no track carries now.
    pub parked: &'a FxHashMap<Ssrc, StreamState>,
    pub header: &'a RtpHeader,
    /// How far the plane's clock is behind the sender's, in microseconds.
    pub behind_us: Option<i64>,
    pub packet: &'a [u8],
}

/// The packet's extended number, and, where it began another stream, what is known of the one before.
pub(crate) type Arrived = (ExtendedSequenceNumber, Option<Vec<(Ssrc, StreamState)>>);

impl Track {
    /// Verify a media packet and keep it.
    pub fn receive_media(
        &mut self,
        arrival: &Arrival<'_>,
        scratch: &mut [u8],
    ) -> Result<Arrived, DropReason> {
        let header = arrival.header;
        let named = self.codec_of(header.payload_type).ok_or(DropReason::NoCodec)?;
        let codec = self.content_of(named).ok_or(DropReason::NoCodec)?;
        let mut fresh = self.fresh_stream(arrival, codec)?;
        let encoding = self
            .encodings
            .get_mut(usize::from(arrival.route.encoding))
            .ok_or(DropReason::UnknownStream)?;
        let stream = match fresh.as_mut().or(encoding.stream.as_mut()) {
            Some(stream) => stream,
            None => return Err(DropReason::UnknownStream),
        };
        let clock_rate = self.codecs[codec].clock_rate;
        let (sequence, len) = stream.receive(arrival, codec, clock_rate)?;
        if self.kind == MediaKind::Audio {
            let at_us = arrival.now.micros() as i64;
            stream
                .clock
                .handle_packet(at_us, header.rtp_timestamp, clock_rate);
            if named != codec {
                stream
                    .clock
                    .handle_redundant(sequence.0, header.rtp_timestamp, clock_rate);
            }
        }
        let stepping_down = fresh.map(|fresh| {
            let before = encoding.states().collect();
            encoding.stream = Some(fresh);
            encoding.keyframe.request(Why::Picture);
            before
        });
        if named == codec {
            self.keep(arrival, sequence, len);
        } else {
            self.keep_redundant(arrival, sequence, len, scratch)?;
        }
        Ok((sequence, stepping_down))
    }

    /// The codec that packets of a codec carry: itself, except of redundancy.
    fn content_of(&self, named: usize) -> Option<usize> {
        let red = self.codecs.get(named)?;
        if red.name != CodecName::Red {
            return Some(named);
        }
        self.codecs.iter().position(|codec| red.is_redundancy_of(codec))
    }

    /// Keep the own block of a redundant packet (RFC 2198), and those before it that never came.
    fn keep_redundant(
        &mut self,
        arrival: &Arrival<'_>,
        sequence: ExtendedSequenceNumber,
        len: usize,
        scratch: &mut [u8],
    ) -> Result<(), DropReason> {
        let stream = self
            .encodings
            .first_mut()
            .and_then(|encoding| encoding.stream.as_mut());
        let stream = stream.ok_or(DropReason::UnknownStream)?;
        let copy = scratch.get_mut(..len).ok_or(DropReason::TooLarge)?;
        copy.copy_from_slice(&stream.history.written(sequence)[..len]);
        let blocks = Blocks::parse(copy).ok_or(DropReason::Malformed)?;
        let (payload_type, nack) = {
            let codec = &self.codecs[stream.codec];
            (codec.payload_type, codec.nack)
        };
        let (own, before) = blocks.as_slice().split_last().ok_or(DropReason::Malformed)?;
        // Packets follow each other without gaps in their numbers: the nearest block is of the one before.
        for (block, back) in before.iter().rev().zip(1..) {
            let Some(missing) = sequence.0.checked_sub(back).map(ExtendedSequenceNumber) else {
                break;
            };
            if block.payload.is_empty()
                || block.payload_type != payload_type.0
                || !stream.state.accepts(missing)
            {
                continue;
            }
            let mut info = describe(arrival, &self.extensions, missing, payload_type);
            info.rtp_timestamp = info.rtp_timestamp.wrapping_sub(block.offset);
            (info.marker, info.ends_frame, info.capture_time) = (false, false, None);
            stream.store(info, block.payload);
            stream.state.mark(missing);
            if nack {
                stream.nack.handle_packet(Instant::ZERO, missing);
            }
            self.recovered.push(missing);
        }
        // The oldest goes out first.
        self.recovered.reverse();
        let info = describe(arrival, &self.extensions, sequence, payload_type);
        stream.store(info, own.payload);
        if nack {
            stream.nack.handle_packet(arrival.now, sequence);
        }
        Ok(())
    }

    /// A stream for an SSRC that the encoding does not have yet.
    fn fresh_stream(&self, arrival: &Arrival<'_>, codec: usize) -> Result<Option<IngressStream>, DropReason> {
        let ssrc = arrival.header.ssrc;
        match self.stream(arrival.route.encoding) {
            Some(stream) if stream.ssrc == ssrc => Ok(None),
            Some(stream) if arrival.now.since(stream.last_packet_at) < TAKE_OVER_AFTER => {
                Err(DropReason::UnknownStream)
            }
            _ => {
                let mut stream = IngressStream::new(arrival.now, ssrc, codec);
                stream.state = arrival.parked.get(&ssrc).cloned().unwrap_or_default();
                Ok(Some(stream))
            }
        }
    }

    /// Unwrap a retransmission (RFC 4588 section 4): the original number stands before the payload.
    pub fn receive_rtx(&mut self, arrival: &Arrival<'_>, scratch: &mut [u8]) -> Result<Arrived, DropReason> {
        let encoding = self.encodings.get_mut(usize::from(arrival.route.encoding));
        let stream = encoding
            .and_then(|encoding| encoding.stream.as_mut())
            .ok_or(DropReason::UnknownStream)?;
        let (sequence, payload_len) = stream.receive_rtx(arrival, scratch)?;
        self.keep(arrival, sequence, payload_len);
        Ok((sequence, None))
    }

    /// Describe what stands in the history's buffer and note its consequences.
    fn keep(&mut self, arrival: &Arrival<'_>, sequence: ExtendedSequenceNumber, len: usize) {
        let is_simulcast = self.is_simulcast();
        let Some(encoding) = self.encodings.get_mut(usize::from(arrival.route.encoding)) else {
            return;
        };
        let Some(stream) = encoding.stream.as_mut() else {
            return;
        };
        let codec = &self.codecs[stream.codec];
        let mut info = describe(arrival, &self.extensions, sequence, codec.payload_type);
        let descriptor = descriptor_of(arrival, &self.extensions);
        read_payload(&mut info, codec.name, &stream.history.written(sequence)[..len]);
        info.starts_keyframe = info.starts_keyframe && stream.is_complete_start(&info, codec.name, len);
        if !descriptor.is_empty() {
            read_descriptor(&mut info, stream, descriptor);
        }
        info.comes_late = stream.is_behind(&info, codec.clock_rate);
        let sizes = vp9::sizes(&stream.history.written(sequence)[..len]).filter(|_| info.vp9.is_some());
        stream.history.commit(info, len, descriptor);
        // A retransmission counts at once: what it repairs has waited long enough.
        let at = if arrival.route.is_rtx {
            Instant::ZERO
        } else {
            arrival.now
        };
        if codec.nack && stream.nack.handle_packet(at, sequence) == Gap::NeedsKeyframe {
            encoding.keyframe.request(Why::Picture);
        }
        if info.starts_keyframe {
            stream.nack.handle_keyframe(sequence);
            encoding.keyframe.handle_keyframe(info.comes_late);
        }
        if self.kind == MediaKind::Video {
            let ends_frame = info.ends_frame;
            // Layers within a simulcast encoding are not told apart.
            let spatial = if is_simulcast { 0 } else { info.spatial };
            encoding.meter.handle_packet(spatial, &info, arrival.packet.len());
            for (spatial, size) in sizes
                .iter()
                .flat_map(|(sizes, layers)| sizes[..*layers].iter().enumerate())
            {
                encoding.meter.note_size(spatial, *size);
            }
            let layer = self.spatial_layer(arrival.route.encoding, spatial);
            self.arrivals.handle_packet(arrival.now, layer, ends_frame);
        }
    }
}

impl IngressStream {
    /// Whether nothing of a keyframe's picture stands before the packet that seems to start it. Parameter sets may do so in
    /// a packet of their own, and may have got lost: the picture is nothing without them.
    fn is_complete_start(&self, info: &PacketInfo, codec: CodecName, len: usize) -> bool {
        let payload = &self.history.written(info.sequence)[..len];
        let has_parameters = match codec {
            CodecName::H264 => h264::sequence_parameters(payload).is_some(),
            CodecName::H265 => h265::has_video_parameters(payload),
            _ => true,
        };
        let before = info.sequence.0.checked_sub(1).map(ExtendedSequenceNumber);
        let before = before.and_then(|before| self.history.packet(before));
        has_parameters || before.is_some_and(|before| before.info.rtp_timestamp != info.rtp_timestamp)
    }

    /// Whether a packet is of a picture that is too old to begin with.
    fn is_behind(&self, info: &PacketInfo, clock_rate: u32) -> bool {
        let highest = self.statistics.highest();
        let newest = (highest > info.sequence)
            .then(|| self.history.packet(highest))
            .flatten();
        let ticks = newest.map_or(0, |newest| {
            newest.info.rtp_timestamp.wrapping_sub(info.rtp_timestamp) as i32
        });
        i64::from(ticks) * 1_000 > LATEST_WAY_IN_MS as i64 * i64::from(clock_rate)
    }

    /// Keep a payload as the packet that `info` describes.
    fn store(&mut self, info: PacketInfo, payload: &[u8]) {
        let buffer = self
            .history
            .buffer(info.received_at, info.sequence, payload.len());
        buffer[..payload.len()].copy_from_slice(payload);
        self.history.commit(info, payload.len(), &[]);
    }

    /// Decrypt a media packet into the history; returns its number and the length of its payload.
    fn receive(
        &mut self,
        arrival: &Arrival<'_>,
        codec: usize,
        clock_rate: u32,
    ) -> Result<(ExtendedSequenceNumber, usize), DropReason> {
        let (header, packet) = (arrival.header, arrival.packet);
        let estimate = self.state.estimate(header.sequence_number);
        if !self.state.accepts(estimate) {
            return Err(DropReason::Replayed);
        }
        let buffer = self.history.buffer(arrival.now, estimate, packet.len());
        let (sequence, len) = arrival.receiver.unprotect_rtp(
            &mut self.state,
            header.ssrc,
            header.sequence_number,
            header.header_len,
            packet,
            buffer,
        )?;
        // Overtaken by the goodbye: taken in, it would be a sign of life.
        if self.ended_after.is_some_and(|last| sequence <= last) {
            return Err(DropReason::Ended);
        }
        self.codec = codec;
        self.statistics.handle_packet(
            arrival.now,
            sequence,
            header.rtp_timestamp,
            clock_rate,
            packet.len(),
        );
        (self.last_packet_at, self.ended_after) = (arrival.now, None);
        let len = unpadded_len(header.has_padding, &self.history.written(sequence)[..len])?;
        Ok((sequence, len))
    }

    /// Decrypt a retransmission and put what it repeats into the history.
    fn receive_rtx(
        &mut self,
        arrival: &Arrival<'_>,
        scratch: &mut [u8],
    ) -> Result<(ExtendedSequenceNumber, usize), DropReason> {
        let header = arrival.header;
        // A copy, kept once the tag fits: a forgery under another SSRC must not cost the stream its rollover counter.
        let known = self.rtx.as_ref().filter(|(ssrc, _)| *ssrc == header.ssrc);
        let known = known.map(|(_, state)| state);
        let mut state = known
            .or_else(|| arrival.parked.get(&header.ssrc))
            .cloned()
            .unwrap_or_default();
        let (_, len) = arrival.receiver.unprotect_rtp(
            &mut state,
            header.ssrc,
            header.sequence_number,
            header.header_len,
            arrival.packet,
            scratch,
        )?;
        self.rtx = Some((header.ssrc, state));
        let len = unpadded_len(header.has_padding, &scratch[..len])?;
        let (original, payload) = scratch[..len]
            .split_first_chunk::<2>()
            .ok_or(DropReason::Padding)?;
        if self.ended_after.is_some() {
            return Err(DropReason::Ended);
        }
        let highest = self.state.highest().ok_or(DropReason::UnknownStream)?;
        let sequence = highest.nearest(u16::from_be_bytes(*original));
        // What was forwarded once goes out under its number again by NACK alone: two plaintexts under one
        // nonce would give the receiver's key away (RFC 7714 section 8.1).
        if sequence > highest || !self.state.accepts(sequence) {
            return Err(DropReason::Duplicate);
        }
        self.history
            .buffer(arrival.now, sequence, payload.len())
            .get_mut(..payload.len())
            .ok_or(DropReason::TooLarge)?
            .copy_from_slice(payload);
        self.state.mark(sequence);
        Ok((sequence, payload.len()))
    }
}

/// What the header says of a packet.
fn describe(
    arrival: &Arrival<'_>,
    extensions: &ExtensionIds,
    sequence: ExtendedSequenceNumber,
    payload_type: PayloadType,
) -> PacketInfo {
    let header = arrival.header;
    let capture_time = value_of(arrival, extensions.abs_capture_time).and_then(CaptureTime::parse);
    PacketInfo {
        sequence,
        received_at: arrival.now,
        marker: header.marker,
        ends_frame: header.marker,
        rtp_timestamp: header.rtp_timestamp,
        payload_type: payload_type.0,
        audio_level: value_of(arrival, extensions.audio_level).and_then(|value| value.first().copied()),
        playout_delay: value_of(arrival, extensions.playout_delay)
            .and_then(|value| value.first_chunk().copied()),
        capture_time: capture_time.map(|time| time.passed_on(arrival.behind_us)),
        ..PacketInfo::default()
    }
}

fn value_of<'a>(arrival: &Arrival<'a>, id: u8) -> Option<&'a [u8]> {
    (id != 0)
        .then(|| arrival.header.extension(arrival.packet, id))
        .flatten()
}

fn descriptor_of<'a>(arrival: &Arrival<'a>, extensions: &ExtensionIds) -> &'a [u8] {
    value_of(arrival, extensions.dependency_descriptor).unwrap_or_default()
}

/// What the payload says of its frame.
fn read_payload(info: &mut PacketInfo, codec: CodecName, payload: &[u8]) {
    match codec {
        CodecName::Vp8 => {
            info.vp8 = Vp8Descriptor::parse(payload);
            let descriptor = info.vp8.unwrap_or_default();
            info.starts_keyframe = descriptor.starts_keyframe;
            info.temporal = descriptor.temporal;
            info.is_temporal_switch = descriptor.is_layer_sync;
            info.size = descriptor.size;
        }
        CodecName::Vp9 => {
            info.vp9 = Vp9Descriptor::parse(payload);
            let descriptor = info.vp9.unwrap_or_default();
            info.starts_keyframe = info.vp9.is_some_and(|vp9| vp9.starts_keyframe());
            (info.spatial, info.temporal) = (descriptor.spatial, descriptor.temporal);
            info.ends_frame = descriptor.ends_frame;
        }
        CodecName::H265 => {
            let units = H265Units::parse(payload).unwrap_or_default();
            info.starts_keyframe = units.starts_keyframe;
            info.temporal = units.temporal;
            info.is_temporal_switch = units.is_temporal_switch;
            if units.starts_keyframe {
                info.size = h265::sequence_parameters(payload).and_then(h265_size);
            }
        }
        CodecName::H264 => {
            info.starts_keyframe = h264::starts_keyframe(payload);
            if info.starts_keyframe {
                info.size = h264::sequence_parameters(payload).and_then(h264_size);
            }
        }
        CodecName::Av1 => info.starts_keyframe = av1::starts_keyframe(payload),
        CodecName::Opus | CodecName::Red => {}
    }
}

/// What the Dependency Descriptor says, which stands above the payload: that may be encrypted.
fn read_descriptor(info: &mut PacketInfo, stream: &mut IngressStream, value: &[u8]) {
    info.dependency = stream.read_descriptor(value);
    let Some(frame) = &info.dependency else {
        return;
    };
    info.starts_keyframe = frame.starts_keyframe();
    (info.spatial, info.temporal) = (frame.spatial, frame.temporal);
    info.ends_frame = frame.is_last_packet;
    let structure = stream.structure.as_deref();
    if let Some(size) = structure.and_then(|structure| structure.size(frame.spatial)) {
        info.size = Some(size);
    }
}
