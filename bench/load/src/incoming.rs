//! A stream that a client receives: what came, what is missing, and what has to be told to the sender.

use packet_plane_core::codec::MediaKind;
use packet_plane_core::nack_generator::NackGenerator;
use packet_plane_core::quantities::{ExtendedSequenceNumber, Instant};
use packet_plane_core::receive_statistics::ReceiveStatistics;
use packet_plane_core::srtp::StreamState;

pub struct Incoming {
    pub kind: MediaKind,
    pub state: StreamState,
    pub rtx_state: StreamState,
    pub nack: NackGenerator,
    pub statistics: ReceiveStatistics,
    /// Each packet once.
    pub received: u64,
    pub bytes: u64,
    pub duplicates: u64,
    pub recovered: u64,
    /// Since the last [`Incoming::begin`].
    since: (u64, Option<u64>),
}

impl Incoming {
    pub fn new(kind: MediaKind) -> Self {
        Incoming {
            kind,
            state: StreamState::default(),
            rtx_state: StreamState::default(),
            nack: NackGenerator::default(),
            statistics: ReceiveStatistics::default(),
            received: 0,
            bytes: 0,
            duplicates: 0,
            recovered: 0,
            since: (0, None),
        }
    }

    /// Note a packet that is new.
    pub fn note(
        &mut self,
        now: Instant,
        sequence: ExtendedSequenceNumber,
        rtp_timestamp: u32,
        len: usize,
    ) {
        self.received += 1;
        self.bytes += len as u64;
        self.nack.handle_packet(now, sequence);
        let clock = if self.kind == MediaKind::Video {
            90_000
        } else {
            48_000
        };
        self.statistics
            .handle_packet(now, sequence, rtp_timestamp, clock, len);
    }

    /// Count loss from here on.
    pub fn begin(&mut self) {
        self.since = (self.received, self.state.highest().map(|highest| highest.0));
    }

    /// Received and missing since `begin`: numbers that were passed over and did not come later.
    pub fn since_begin(&self) -> (u64, u64) {
        let received = self.received - self.since.0;
        let span = match (self.state.highest(), self.since.1) {
            (Some(now), Some(before)) => now.0.saturating_sub(before),
            _ => received,
        };
        (received, span.saturating_sub(received))
    }
}
