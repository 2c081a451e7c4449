//! The RTP streams of a track: one encoding each, with what is kept of it and what waits to be forwarded.
//!
//! An encoding has its place for the life of the track; the stream in it begins with its first packet and may be
//! replaced by one of another SSRC.

use std::time::Duration;

use crate::history::{History, MAX_CAPACITY};
use crate::keyframe_throttle::KeyframeThrottle;
use crate::layer_meter::LayerMeter;
use crate::nack_generator::NackGenerator;
use crate::quantities::{ExtendedSequenceNumber, Instant, Ssrc};
use crate::receive_statistics::ReceiveStatistics;
use crate::rtcp::sender_report::SenderReport;
use crate::rtp::dependency_descriptor::{Descriptor, FrameDependency};
use crate::rtp::dependency_structure::Structure;
use crate::sender_clock::StreamClock;
use crate::srtp::StreamState;
use crate::transmit::APPENDS_BEYOND_FULL;

/// Packets that go to one subscriber after the other.
pub(crate) const APPENDS_AT_ONCE: usize = APPENDS_BEYOND_FULL;
/// Packets that wait for a worker with too much to do, at most; then the older half is given up, which is more than
/// those that some of the subscribers have.
const MAX_PENDING: usize = MAX_CAPACITY / 2;
const _: () = assert!(MAX_PENDING / 2 >= APPENDS_AT_ONCE);
/// Losses of sound that are thought to be like what follows them.
const FEW_LOST: u32 = 2;

/// One encoding of a track: the only one, or a simulcast layer (RFC 8853).
#[derive(Default)]
pub(crate) struct Encoding {
    pub stream: Option<IngressStream>,
    pub keyframe: KeyframeThrottle,
    /// Arrived in this batch and not yet forwarded.
    pub pending: Vec<ExtendedSequenceNumber>,
    /// Of these, how many every subscriber has got.
    pub forwarded: usize,
    /// Subscribers that have got the next few after those.
    pub served: usize,
    /// Whether a keyframe begins among these: then none need be asked for.
    pub has_pending_keyframe: bool,
    pub meter: LayerMeter,
}

/// The RTP stream of an encoding, and its retransmission stream.
pub(crate) struct IngressStream {
    pub ssrc: Ssrc,
    pub codec: usize,
    pub state: StreamState,
    pub rtx: Option<(Ssrc, StreamState)>,
    pub history: History,
    pub nack: NackGenerator,
    pub statistics: ReceiveStatistics,
    pub sender_report: Option<(Instant, SenderReport)>,
    pub clock: StreamClock,
    /// When its first packet came.
    pub began_at: Instant,
    pub last_packet_at: Instant,
    /// The highest number that had come when its sender said that it ends, until a newer one comes.
    pub ended_after: Option<ExtendedSequenceNumber>,
    /// What a packet of sound holds, by the last two that followed each other.
    pub sound_ms: Option<u32>,
    /// Layers as the last keyframe's Dependency Descriptor told them.
    pub structure: Option<Box<Structure>>,
    /// The frame that it came with.
    structure_number: u16,
}

impl Encoding {
    /// Let a packet wait to be forwarded; returns how many others are given up for it.
    pub fn push_pending(&mut self, sequence: ExtendedSequenceNumber) -> usize {
        if self.forwarded >= MAX_PENDING {
            self.pending.drain(..self.forwarded);
            self.forwarded = 0;
        }
        self.pending.push(sequence);
        if self.pending.len() - self.forwarded <= MAX_PENDING {
            return 0;
        }
        (self.forwarded, self.served) = (self.forwarded + MAX_PENDING / 2, 0);
        self.has_pending_keyframe = false;
        MAX_PENDING / 2
    }

    /// Forget what has arrived and was not forwarded.
    pub fn forget_pending(&mut self) {
        self.pending.clear();
        self.has_pending_keyframe = false;
        (self.forwarded, self.served) = (0, 0);
    }

    /// Whether a keyframe begins with a packet that has just arrived, and its spatial layer within the encoding.
    pub fn start_and_layer(&self, sequence: ExtendedSequenceNumber) -> (bool, u8) {
        let stream = self.stream.as_ref();
        let packet = stream.and_then(|stream| stream.history.packet(sequence));
        packet.map_or((false, 0), |packet| {
            (packet.info.starts_keyframe, packet.info.spatial)
        })
    }

    /// Take in when a packet that has just arrived was captured, where it tells.
    pub fn note_capture(&mut self, sequence: ExtendedSequenceNumber) {
        let Some(stream) = self.stream.as_mut() else {
            return;
        };
        let info = stream.history.packet(sequence).map(|packet| &packet.info);
        if let Some((info, time)) = info.and_then(|info| Some((info, info.capture_time?))) {
            stream.clock.handle_capture(info.rtp_timestamp, time);
        }
    }

    /// What is known of each SSRC of the running stream.
    pub fn states(&self) -> impl Iterator<Item = (Ssrc, StreamState)> {
        self.stream.iter().flat_map(|stream| {
            let media = (stream.ssrc, stream.state.clone());
            std::iter::once(media).chain(stream.rtx.clone())
        })
    }

    /// What came since the last keyframe and was handed on, when that is no older and no more than this and nothing of it
    /// is missing.
    pub fn since_keyframe(
        &self,
        now: Instant,
        recent: Duration,
        max_bytes: usize,
    ) -> Option<impl Iterator<Item = ExtendedSequenceNumber> + use<>> {
        let stream = self.stream.as_ref()?;
        // What has just come goes to all who are subscribed by then.
        let pending = self.pending.get(self.forwarded..).unwrap_or_default();
        let newest = match pending.iter().min() {
            Some(first) => first.0.checked_sub(1)?,
            None => stream.statistics.highest().0,
        };
        let (mut number, mut bytes) = (newest, 0);
        loop {
            let packet = stream.history.packet(ExtendedSequenceNumber(number))?;
            bytes += packet.payload().len();
            if bytes > max_bytes || now.since(packet.info.received_at) > recent {
                return None;
            }
            if packet.info.starts_keyframe {
                let is_way_in = !packet.info.comes_late;
                return is_way_in.then(|| (number..=newest).map(ExtendedSequenceNumber));
            }
            number = number.checked_sub(1)?;
        }
    }
}

impl IngressStream {
    pub fn new(now: Instant, ssrc: Ssrc, codec: usize) -> Self {
        IngressStream {
            ssrc,
            codec,
            state: StreamState::default(),
            rtx: None,
            history: History::default(),
            nack: NackGenerator::default(),
            statistics: ReceiveStatistics::default(),
            sender_report: None,
            clock: StreamClock::default(),
            began_at: now,
            last_packet_at: now,
            ended_after: None,
            sound_ms: None,
            structure: None,
            structure_number: 0,
        }
    }

    /// Milliseconds of sound that a packet which has just come holds; behind a loss or a pause, as much as those before.
    pub fn note_sound(&mut self, sequence: ExtendedSequenceNumber, clock_rate: u32) -> Option<u32> {
        self.sound_ms = self.history.sound_ms(sequence, clock_rate).or(self.sound_ms);
        self.sound_ms
    }

    /// How many packets are missing just before one, where they are few.
    pub fn lost_before(&self, sequence: ExtendedSequenceNumber) -> u32 {
        let has_come = |back: &u32| {
            let before = sequence
                .0
                .checked_sub(u64::from(*back))
                .map(ExtendedSequenceNumber);
            before.is_some_and(|before| self.history.packet(before).is_some())
        };
        (1..=FEW_LOST + 1).find(has_come).map_or(0, |back| back - 1)
    }

    /// What a Dependency Descriptor says of its frame. A structure that comes with it holds from now on, unless a
    /// newer one is here already.
    pub fn read_descriptor(&mut self, value: &[u8]) -> Option<FrameDependency> {
        let Some(descriptor) = Descriptor::parse(value, self.structure.as_deref()) else {
            return FrameDependency::parse_unknown(value);
        };
        if let Some(structure) = descriptor.structure {
            let number = descriptor.frame.number;
            let is_newer = number.wrapping_sub(self.structure_number) < u16::MAX / 2;
            if self.structure.is_none() || is_newer {
                self.structure_number = number;
                if self.structure.as_deref() != Some(&structure) {
                    self.structure = Some(Box::new(structure));
                }
            }
        }
        Some(descriptor.frame)
    }

    /// A timestamp of another encoding of the same track on this one's timeline, by the sender reports of both
    /// (RFC 3550 section 6.4.1).
    pub fn timestamp_from(&self, other: &IngressStream, rtp_timestamp: u32, clock_rate: u32) -> Option<u32> {
        let ((_, here), (_, there)) = (self.sender_report?, other.sender_report?);
        let apart = here.ntp_time.wrapping_sub(there.ntp_time) as i64;
        let apart_ticks = (i128::from(apart) * i128::from(clock_rate)) >> 32;
        let since_report = rtp_timestamp.wrapping_sub(there.rtp_timestamp);
        Some(
            here.rtp_timestamp
                .wrapping_add(since_report)
                .wrapping_sub(apart_ticks as u32),
        )
    }
}
