//! A published track: its ingress stream, what is kept of it, and who receives it.

use crate::codec::{Codec, MediaKind};
use crate::command::TrackParameters;
use crate::history::History;
use crate::keyframe_throttle::KeyframeThrottle;
use crate::nack_generator::NackGenerator;
use crate::quantities::{ExtendedSequenceNumber, Instant, PayloadType, Ssrc, TrackId};
use crate::receive_statistics::ReceiveStatistics;
use crate::rtcp::sender_report::SenderReport;
use crate::rtp::extension::ExtensionIds;
use crate::srtp::StreamState;

/// At least a second of video at 5 Mbit/s; audio needs little.
const VIDEO_HISTORY: usize = 512;
const AUDIO_HISTORY: usize = 64;

pub(crate) struct Track {
    pub id: TrackId,
    pub transport: usize,
    pub kind: MediaKind,
    pub mid: Option<String>,
    pub codecs: Vec<Codec>,
    pub extensions: ExtensionIds,
    pub is_muted: bool,
    pub stream: Option<IngressStream>,
    pub keyframe: KeyframeThrottle,
    /// Slots that carry this track.
    pub subscribers: Vec<usize>,
    /// Arrived in this batch and not yet forwarded.
    pub pending: Vec<ExtendedSequenceNumber>,
    /// Of these, how many every subscriber has got.
    pub forwarded: usize,
    /// Subscribers that have got the next few after those.
    pub served: usize,
    pub keyframes_requested: u64,
    pub nacks_sent: u64,
}

/// The RTP stream of a track, and its retransmission stream.
pub(crate) struct IngressStream {
    pub ssrc: Ssrc,
    pub codec: usize,
    pub state: StreamState,
    pub rtx: Option<(Ssrc, StreamState)>,
    pub history: History,
    pub nack: NackGenerator,
    pub statistics: ReceiveStatistics,
    pub sender_report: Option<(Instant, SenderReport)>,
    pub last_packet_at: Instant,
}

impl Track {
    pub fn new(parameters: TrackParameters, transport: usize) -> Self {
        Track {
            id: parameters.track,
            transport,
            kind: parameters.kind,
            mid: parameters.mid,
            codecs: parameters.codecs,
            extensions: parameters.extensions,
            is_muted: false,
            stream: None,
            keyframe: KeyframeThrottle::default(),
            subscribers: Vec::new(),
            pending: Vec::with_capacity(64),
            forwarded: 0,
            served: 0,
            keyframes_requested: 0,
            nacks_sent: 0,
        }
    }

    /// What is known of each SSRC of the running stream.
    pub fn states(&self) -> Vec<(Ssrc, StreamState)> {
        let stream = self.stream.iter();
        stream
            .flat_map(|stream| {
                let media = (stream.ssrc, stream.state.clone());
                std::iter::once(media).chain(stream.rtx.clone())
            })
            .collect()
    }

    /// Forget what has arrived and was not forwarded.
    pub fn forget_pending(&mut self) {
        self.pending.clear();
        (self.forwarded, self.served) = (0, 0);
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

    /// The codec of the running stream.
    pub fn current_codec(&self) -> Option<&Codec> {
        self.codecs.get(self.stream.as_ref()?.codec)
    }
}

impl IngressStream {
    pub fn new(now: Instant, kind: MediaKind, ssrc: Ssrc, codec: usize) -> Self {
        let capacity = if kind == MediaKind::Video {
            VIDEO_HISTORY
        } else {
            AUDIO_HISTORY
        };
        IngressStream {
            ssrc,
            codec,
            state: StreamState::default(),
            rtx: None,
            history: History::new(capacity),
            nack: NackGenerator::default(),
            statistics: ReceiveStatistics::default(),
            sender_report: None,
            last_packet_at: now,
        }
    }
}
