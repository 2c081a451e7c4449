//! A published track: its encodings, and who receives it.

use crate::arriving::Arriving;
use crate::codec::{Codec, MediaKind};
use crate::command::TrackParameters;
use crate::ingress_stream::{Encoding, IngressStream};
use crate::keyframe_throttle::Why;
use crate::layer_meter::{LayerSnapshot, SPATIAL_LAYERS};
use crate::nack_generator::{Answer, NackGenerator};
use crate::quantities::{ExtendedSequenceNumber, Instant, PayloadType, Ssrc, TrackId};
use crate::receive::TAKE_OVER_AFTER;
use crate::rtp::extension::ExtensionIds;
use crate::sender_clock::StreamClock;
use crate::srtp::StreamState;
use crate::tap::Tapped;
use crate::transport::StreamRoute;

/// Simulcast layers of a track at most; a browser sends three.
pub const MAX_ENCODINGS: usize = 4;
/// A change of rate below this share is not worth telling.
const TOLD_CHANGE: f64 = 0.2;
/// Nor is any of what takes so little: cameras that nobody receives come as stamps, a few frames a second.
const LITTLE_BPS: f64 = 40_000.0;

pub(crate) struct Track {
    pub id: TrackId,
    pub transport: usize,
    pub kind: MediaKind,
    pub mid: Option<String>,
    pub rids: Vec<String>,
    pub codecs: Vec<Codec>,
    pub extensions: ExtensionIds,
    pub is_muted: bool,
    /// One for each simulcast layer, lowest quality first; without simulcast one.
    pub encodings: Vec<Encoding>,
    /// Bit n is set while spatial layer n arrives: an encoding, or a layer of the only one.
    pub arriving: u8,
    /// What that is known by.
    pub arrivals: Arriving,
    /// Slots that carry this track.
    pub subscribers: Vec<usize>,
    pub keyframes_requested: u64,
    pub nacks_sent: u64,
    /// Packets that never came and were found in the one that came last, oldest first.
    pub recovered: Vec<ExtendedSequenceNumber>,
    /// Where its packets are handed over in clear, while it is recorded.
    pub tapped: Option<Box<Tapped>>,
    told: Vec<LayerSnapshot>,
}

impl Track {
    pub fn new(parameters: TrackParameters, transport: usize) -> Self {
        let mut rids = parameters.rids;
        rids.truncate(MAX_ENCODINGS);
        let mut encodings = Vec::new();
        encodings.resize_with(rids.len().max(1), Encoding::default);
        Track {
            id: parameters.track,
            transport,
            kind: parameters.kind,
            mid: parameters.mid,
            rids,
            codecs: parameters.codecs,
            extensions: parameters.extensions,
            is_muted: false,
            encodings,
            arriving: 0,
            arrivals: Arriving::default(),
            subscribers: Vec::new(),
            keyframes_requested: 0,
            nacks_sent: 0,
            recovered: Vec::new(),
            tapped: None,
            told: Vec::new(),
        }
    }

    /// What is known of each SSRC of the running streams.
    pub fn states(&self) -> Vec<(Ssrc, StreamState)> {
        self.encodings.iter().flat_map(Encoding::states).collect()
    }

    pub fn stream(&self, encoding: u8) -> Option<&IngressStream> {
        self.encodings.get(usize::from(encoding))?.stream.as_ref()
    }

    pub fn streams(&self) -> impl Iterator<Item = &IngressStream> {
        self.encodings
            .iter()
            .filter_map(|encoding| encoding.stream.as_ref())
    }

    /// What was told of timestamps counts no more: a browser's microphone does not count on while it is muted.
    pub fn forget_clocks(&mut self) {
        for stream in self
            .encodings
            .iter_mut()
            .filter_map(|encoding| encoding.stream.as_mut())
        {
            stream.clock = StreamClock::default();
        }
    }

    /// Take a stream's end for a long silence; returns whether it is what an encoding carries.
    pub fn end_stream(&mut self, now: Instant, encoding: u8, ssrc: Ssrc) -> bool {
        let layer = self.is_simulcast().then_some(encoding);
        let Some(encoding) = self.encodings.get_mut(usize::from(encoding)) else {
            return false;
        };
        let Some(stream) = encoding.stream.as_mut().filter(|stream| stream.ssrc == ssrc) else {
            return false;
        };
        // Another may take its place at once, not more often than by silence.
        if now.since(stream.began_at) >= TAKE_OVER_AFTER {
            stream.last_packet_at = Instant::ZERO;
        }
        stream.ended_after = stream.state.highest();
        // What is missing of it never comes.
        stream.nack = NackGenerator::default();
        encoding.keyframe.forget();
        self.arrivals.handle_end(layer);
        true
    }

    /// The encoding that a stream with this RID carries.
    pub fn encoding_of(&self, rid: &[u8]) -> Option<u8> {
        let found = self.rids.iter().position(|known| known.as_bytes() == rid)?;
        u8::try_from(found).ok()
    }

    /// Index of the codec with this payload type.
    pub fn codec_of(&self, payload_type: PayloadType) -> Option<usize> {
        self.codecs
            .iter()
            .position(|codec| codec.payload_type == payload_type)
    }

    /// Whether this payload type marks retransmissions of one of the codecs.
    pub fn is_rtx(&self, payload_type: PayloadType) -> bool {
        self.codecs
            .iter()
            .any(|codec| codec.rtx_payload_type == Some(payload_type))
    }

    /// The codec of an encoding's running stream.
    pub fn codec(&self, encoding: u8) -> Option<&Codec> {
        self.codecs.get(self.stream(encoding)?.codec)
    }

    /// An encoding's codec and its stream.
    pub fn codec_and_stream(&mut self, encoding: u8) -> Option<(&Codec, &mut IngressStream)> {
        let stream = self.encodings.get_mut(usize::from(encoding))?.stream.as_mut()?;
        Some((self.codecs.get(stream.codec)?, stream))
    }

    /// Let a slot carry this no longer. Of who has got a part of a burst there is one less, so that nobody is passed over.
    pub fn unsubscribe(&mut self, slot: usize) {
        let Some(position) = self.subscribers.iter().position(|one| *one == slot) else {
            return;
        };
        self.subscribers.remove(position);
        for encoding in &mut self.encodings {
            encoding.served -= usize::from(position < encoding.served);
        }
    }

    /// Let another subscriber be the first of the next burst, so that none is always behind all others.
    pub fn rotate_subscribers(&mut self) {
        let is_between_bursts = self.encodings.iter().all(|encoding| encoding.served == 0);
        if is_between_bursts && !self.subscribers.is_empty() {
            self.subscribers.rotate_left(1);
        }
    }

    /// Ask for a keyframe of one encoding, unless one is on its way to the subscribers.
    pub fn request_keyframe(&mut self, encoding: u8, why: Why) {
        if let Some(encoding) = self.encodings.get_mut(usize::from(encoding)) {
            if !encoding.has_pending_keyframe {
                encoding.keyframe.request(why);
            }
        }
    }

    /// Whether its spatial layers are encodings of their own; else they are within the only one.
    pub fn is_simulcast(&self) -> bool {
        self.encodings.len() > 1
    }

    /// The spatial layer, as subscribers number them, that a packet belongs to.
    pub fn spatial_layer(&self, encoding: u8, layer: u8) -> u8 {
        if self.is_simulcast() {
            encoding
        } else {
            layer.min(SPATIAL_LAYERS as u8 - 1)
        }
    }

    /// Look which spatial layers arrive; returns whether that has changed.
    pub fn note_arriving(&mut self, now: Instant) -> bool {
        let arriving = self.arrivals.layers(now);
        std::mem::replace(&mut self.arriving, arriving) != arriving
    }

    /// Which simulcast layers do not come although others do, bit n for encoding n: their sender has stopped them, and
    /// asking for them would only make it begin the others anew.
    pub fn silent_encodings(&self) -> u8 {
        if self.is_simulcast() && self.arriving != 0 {
            !self.arriving
        } else {
            0
        }
    }

    /// All layers as measured last.
    pub fn layers(&self) -> Vec<LayerSnapshot> {
        let encodings = self.encodings.iter().zip(0..);
        encodings
            .flat_map(|(encoding, number)| encoding.meter.layers(number, self.arriving))
            .collect()
    }

    /// Measure the layers; returns them when they differ from what was told last.
    pub fn changed_layers(&mut self, now: Instant) -> Option<Vec<LayerSnapshot>> {
        for encoding in &mut self.encodings {
            encoding.meter.measure(now);
        }
        let layers = self.layers();
        let is_same = layers.len() == self.told.len()
            && layers
                .iter()
                .zip(&self.told)
                .all(|(now, told)| is_near(now, told));
        if is_same {
            return None;
        }
        self.told.clone_from(&layers);
        Some(layers)
    }

    /// The time of a packet of one encoding on the timeline of another.
    pub fn timestamp_between(&self, from: u8, to: u8, rtp_timestamp: u32) -> Option<u32> {
        let (there, here) = (self.stream(from)?, self.stream(to)?);
        here.timestamp_from(there, rtp_timestamp, self.codec(from)?.clock_rate)
    }

    /// How long the answer to a NACK took that has just come. What comes as media may be late and no answer.
    pub fn take_answer(&mut self, now: Instant, route: StreamRoute) -> Option<Answer> {
        let encoding = self.encodings.get_mut(usize::from(route.encoding))?;
        let answer = encoding.stream.as_mut()?.nack.take_answer(now);
        answer.filter(|_| route.is_rtx)
    }

    /// The audio level of a packet that has arrived.
    pub fn audio_level(&mut self, sequence: ExtendedSequenceNumber) -> Option<u8> {
        let stream = self.encodings.first_mut()?.stream.as_mut()?;
        stream.history.packet_mut(sequence)?.info.audio_level
    }

    /// How many frames of 20 ms a packet of sound that has just come holds, as far as it is known, with those of the few
    /// that got lost before it.
    pub fn frames_of(&mut self, sequence: ExtendedSequenceNumber) -> u32 {
        let Some((codec, stream)) = self.codec_and_stream(0) else {
            return 1;
        };
        let frames = stream
            .note_sound(sequence, codec.clock_rate)
            .map_or(1, |ms| ms / 20);
        frames.max(1) * (1 + stream.lost_before(sequence))
    }
}

fn is_near(now: &LayerSnapshot, told: &LayerSnapshot) -> bool {
    let rates = (now.bitrate_bps as f64, told.bitrate_bps as f64);
    now.is_active == told.is_active
        && (now.width, now.height) == (told.width, told.height)
        && (rates.0.max(rates.1) < LITTLE_BPS || (rates.0 - rates.1).abs() <= rates.1 * TOLD_CHANGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(bitrate_bps: u64) -> LayerSnapshot {
        LayerSnapshot {
            spatial: 0,
            temporal: 0,
            is_active: true,
            bitrate_bps,
            width: 80,
            height: 45,
            fps: 3,
        }
    }

    #[test]
    fn a_rate_is_told_once_it_has_changed_by_a_fifth() {
        assert!(is_near(&at(119_000), &at(100_000)));
        assert!(!is_near(&at(121_000), &at(100_000)));
    }

    #[test]
    fn what_takes_less_than_a_voice_is_told_no_change_of() {
        assert!(is_near(&at(10_000), &at(30_000)));
        assert!(!is_near(&at(50_000), &at(30_000)));
        assert!(!is_near(&at(30_000), &at(50_000)));
    }
}
