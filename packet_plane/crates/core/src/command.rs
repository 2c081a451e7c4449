//! What the caller tells the plane to do. Each command may arrive twice: doing it again changes nothing.

use std::net::SocketAddr;

use crate::codec::{Codec, MediaKind};
use crate::layer_selector::LayerTarget;
use crate::quantities::{MeetingId, SlotId, Ssrc, TapId, TrackId, TransportId};
use crate::rtp::extension::ExtensionIds;
use crate::srtp::SrtpProfile;

/// One instruction; those that name something unknown do nothing.
#[derive(Debug)]
pub enum Command {
    AddTransport {
        transport: TransportId,
        meeting: MeetingId,
        local_ufrag: String,
        local_password: String,
    },
    /// Take new ICE credentials beside the last ones; validated addresses stay until the client moves.
    RestartIce {
        transport: TransportId,
        local_ufrag: String,
        local_password: String,
    },
    /// Be the client of a server: check its address until it answers, then as often as consent asks for.
    ConnectTransport {
        transport: TransportId,
        address: SocketAddr,
        remote_ufrag: String,
        remote_password: String,
    },
    RemoveTransport {
        transport: TransportId,
    },
    SendDtls {
        transport: TransportId,
        datagram: Vec<u8>,
    },
    SetSrtpKeys {
        transport: TransportId,
        profile: SrtpProfile,
        local: MasterKey,
        remote: MasterKey,
    },
    AddTrack(TrackParameters),
    RemoveTrack {
        track: TrackId,
    },
    /// Drop a track's media, whatever its publisher sends.
    SetTrackMuted {
        track: TrackId,
        muted: bool,
    },
    /// Hand a track's packets over to the reader of a tap, with a label of the caller's.
    TapTrack {
        tap: TapId,
        track: TrackId,
        label: Vec<u8>,
    },
    /// Hand them over no more; the reader is told why.
    UntapTrack {
        track: TrackId,
        reason: String,
    },
    /// End a tap once its reader has what waits.
    CloseTap {
        tap: TapId,
    },
    AddSlot(SlotParameters),
    RemoveSlot {
        slot: SlotId,
    },
    /// Send a video track through a slot, from its next keyframe on.
    AssignSlot {
        slot: SlotId,
        track: Option<TrackId>,
    },
    /// Send no higher layer of its track through a slot than this; `None` pauses it.
    SelectLayer {
        slot: SlotId,
        target: Option<LayerTarget>,
    },
    /// Break an invariant of the transport's meeting: none can be reached from outside, and tests want one.
    #[cfg(feature = "faults")]
    Break {
        transport: TransportId,
    },
    /// What a receiver could use in all, bits per second: its path is probed up to that.
    SetSendCeiling {
        transport: TransportId,
        wanted_bps: u64,
    },
    /// Let these slots carry the meeting's loudest microphones.
    SetAudioSlots {
        transport: TransportId,
        slots: Vec<SlotId>,
    },
}

/// Master key and salt of one direction, as the DTLS exporter gives them (RFC 5764 section 4.2).
#[derive(PartialEq, Eq)]
pub struct MasterKey {
    pub key: Vec<u8>,
    pub salt: Vec<u8>,
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MasterKey(..)")
    }
}

/// A track that a transport publishes.
#[derive(Debug)]
pub struct TrackParameters {
    pub track: TrackId,
    pub transport: TransportId,
    pub kind: MediaKind,
    pub mid: Option<String>,
    /// Names of its simulcast layers (RFC 8851), lowest quality first; empty without simulcast.
    pub rids: Vec<String>,
    /// SSRCs signalled in SDP; may be empty.
    pub ssrcs: Vec<Ssrc>,
    pub codecs: Vec<Codec>,
    pub extensions: ExtensionIds,
}

/// A receiving place of a transport.
#[derive(Debug)]
pub struct SlotParameters {
    pub slot: SlotId,
    pub transport: TransportId,
    pub kind: MediaKind,
    pub mid: String,
    pub ssrc: Ssrc,
    pub rtx_ssrc: Option<Ssrc>,
    pub codecs: Vec<Codec>,
    pub extensions: ExtensionIds,
    pub cname: String,
}
