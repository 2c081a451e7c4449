//! What the plane tells its caller.

use std::net::SocketAddr;

use crate::layer_meter::LayerSnapshot;
use crate::loudest::Speakers;
use crate::quantities::{MeetingId, PayloadType, Ssrc, TrackId, TransportId};

/// One happening, past tense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A DTLS record from an address that has proven itself.
    DtlsReceived {
        transport: TransportId,
        datagram: Vec<u8>,
    },
    /// The transport has an address to send to, or another one than before.
    TransportConnected {
        transport: TransportId,
        address: SocketAddr,
    },
    /// No authentic STUN for too long; told once.
    TransportTimedOut { transport: TransportId },
    /// The first packet of a track has been verified.
    TrackStarted {
        track: TrackId,
        ssrc: Ssrc,
        payload_type: PayloadType,
    },
    /// A layer of a video track has come, gone, or changed its rate by more than a fifth.
    LayersChanged {
        track: TrackId,
        layers: Vec<LayerSnapshot>,
    },
    /// A broken invariant has ended this meeting's media; its clients have to come again.
    MeetingLost { meeting: MeetingId },
    /// What a receiver's path carries, bits per second.
    EstimateChanged {
        transport: TransportId,
        estimate_bps: u64,
    },
    /// Who holds the meeting's audio positions, and who speaks: the speaker, then loudest first.
    SpeakersChanged {
        meeting: MeetingId,
        positions: Vec<Option<TrackId>>,
        speakers: Speakers,
    },
}
