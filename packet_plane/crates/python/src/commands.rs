//! Commands as Python objects, checked when they are made.

use std::net::SocketAddr;

use packet_plane_core::codec::{self, CodecName, MediaKind};
use packet_plane_core::command::{Command, MasterKey, SlotParameters, TrackParameters};
use packet_plane_core::layer_selector::LayerTarget;
use packet_plane_core::quantities::{MeetingId, PayloadType, SlotId, Ssrc, TapId, TrackId, TransportId};
use packet_plane_core::rtp::extension::ExtensionIds;
use packet_plane_core::srtp::SrtpProfile;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Codec>()?;
    module.add_class::<Extension>()?;
    module.add_class::<AddTransport>()?;
    module.add_class::<RestartIce>()?;
    module.add_class::<ConnectTransport>()?;
    module.add_class::<RemoveTransport>()?;
    module.add_class::<SendDtls>()?;
    module.add_class::<SetSrtpKeys>()?;
    module.add_class::<AddTrack>()?;
    module.add_class::<RemoveTrack>()?;
    module.add_class::<SetTrackMuted>()?;
    module.add_class::<AddSlot>()?;
    module.add_class::<RemoveSlot>()?;
    module.add_class::<AssignSlot>()?;
    module.add_class::<SelectLayer>()?;
    module.add_class::<SetSendCeiling>()?;
    module.add_class::<SetAudioSlots>()?;
    module.add_class::<TapTrack>()?;
    module.add_class::<UntapTrack>()?;
    #[cfg(feature = "rehearsal")]
    module.add_class::<Break>()?;
    module.add_class::<CloseTap>()
}

/// Turn a Python command into the plane's.
pub fn convert(object: &Bound<'_, PyAny>) -> PyResult<Command> {
    macro_rules! try_each {
        ($($kind:ty),*) => {
            $(if let Ok(command) = object.cast::<$kind>() {
                return Ok(command.get().to_command());
            })*
        };
    }
    try_each!(
        SendDtls,
        AssignSlot,
        SelectLayer,
        SetSendCeiling,
        AddTransport,
        AddTrack,
        AddSlot,
        SetSrtpKeys,
        SetTrackMuted,
        SetAudioSlots,
        RemoveTrack,
        RemoveSlot,
        RemoveTransport,
        RestartIce,
        ConnectTransport,
        TapTrack,
        UntapTrack,
        CloseTap
    );
    #[cfg(feature = "rehearsal")]
    try_each!(Break);
    Err(PyTypeError::new_err(format!(
        "not a command: {}",
        object.get_type().name()?
    )))
}

fn parse_kind(kind: &str) -> PyResult<MediaKind> {
    match kind {
        "audio" => Ok(MediaKind::Audio),
        "video" => Ok(MediaKind::Video),
        other => Err(PyValueError::new_err(format!(
            "kind is \"audio\" or \"video\", not {other:?}"
        ))),
    }
}

#[pyclass(frozen, skip_from_py_object, module = "packet_plane")]
#[derive(Clone)]
pub struct Codec(codec::Codec);

#[pymethods]
impl Codec {
    #[new]
    #[pyo3(signature = (*, payload_type, name, clock_rate, fmtp = "", rtx_payload_type = None, nack = false,
                        pli = false, transport_cc = false))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of one Python object")]
    fn new(
        payload_type: u8,
        name: &str,
        clock_rate: u32,
        fmtp: &str,
        rtx_payload_type: Option<u8>,
        nack: bool,
        pli: bool,
        transport_cc: bool,
    ) -> PyResult<Self> {
        let known = CodecName::from_name(name)
            .ok_or_else(|| PyValueError::new_err(format!("a codec that is not forwarded: {name:?}")))?;
        let mut codec = codec::Codec::new(payload_type, known, clock_rate, fmtp);
        codec.rtx_payload_type = rtx_payload_type.map(|number| PayloadType(number & 0x7f));
        codec.nack = nack;
        codec.pli = pli;
        codec.transport_cc = transport_cc;
        Ok(Codec(codec))
    }
}

#[pyclass(frozen, skip_from_py_object, module = "packet_plane")]
#[derive(Clone)]
pub struct Extension {
    id: u8,
    uri: String,
}

#[pymethods]
impl Extension {
    #[new]
    #[pyo3(signature = (*, id, uri))]
    fn new(id: u8, uri: String) -> Self {
        Extension { id, uri }
    }
}

fn codecs_of(codecs: &[PyRef<'_, Codec>]) -> Vec<codec::Codec> {
    codecs.iter().map(|codec| codec.0.clone()).collect()
}

fn ids_of(extensions: &[PyRef<'_, Extension>]) -> ExtensionIds {
    let mut ids = ExtensionIds::default();
    extensions
        .iter()
        .for_each(|extension| ids.set(&extension.uri, extension.id));
    ids
}

/// A command of plain fields: class, keyword constructor and conversion.
macro_rules! command {
    ($name:ident { $($field:ident: $kind:ty),* } => |$self:ident| $convert:expr) => {
        #[pyclass(frozen, skip_from_py_object, module = "packet_plane")]
        pub struct $name { $($field: $kind,)* }

        #[pymethods]
        impl $name {
            #[new]
            #[pyo3(signature = (*, $($field),*))]
            fn new($($field: $kind),*) -> Self {
                $name { $($field),* }
            }
        }

        impl $name {
            fn to_command(&self) -> Command {
                let $self = self;
                $convert
            }
        }
    };
}

command!(AddTransport { transport: u64, meeting: u64, local_ufrag: String, local_password: String } => |c| {
    Command::AddTransport {
        transport: TransportId(c.transport),
        meeting: MeetingId(c.meeting),
        local_ufrag: c.local_ufrag.clone(),
        local_password: c.local_password.clone(),
    }
});
command!(RestartIce { transport: u64, local_ufrag: String, local_password: String } => |c| Command::RestartIce {
    transport: TransportId(c.transport),
    local_ufrag: c.local_ufrag.clone(),
    local_password: c.local_password.clone(),
});
#[pyclass(frozen, skip_from_py_object, module = "packet_plane")]
pub struct ConnectTransport {
    transport: u64,
    address: SocketAddr,
    remote_ufrag: String,
    remote_password: String,
}

#[pymethods]
impl ConnectTransport {
    #[new]
    #[pyo3(signature = (*, transport, address, remote_ufrag, remote_password))]
    fn new(transport: u64, address: &str, remote_ufrag: String, remote_password: String) -> PyResult<Self> {
        let address = address
            .parse()
            .map_err(|_| PyValueError::new_err(format!("an address is \"ip:port\", not {address:?}")))?;
        Ok(ConnectTransport {
            transport,
            address,
            remote_ufrag,
            remote_password,
        })
    }
}

impl ConnectTransport {
    fn to_command(&self) -> Command {
        Command::ConnectTransport {
            transport: TransportId(self.transport),
            address: self.address,
            remote_ufrag: self.remote_ufrag.clone(),
            remote_password: self.remote_password.clone(),
        }
    }
}

command!(RemoveTransport { transport: u64 } => |c| {
    Command::RemoveTransport { transport: TransportId(c.transport) }
});
command!(SendDtls { transport: u64, datagram: Vec<u8> } => |c| {
    Command::SendDtls { transport: TransportId(c.transport), datagram: c.datagram.clone() }
});
#[cfg(feature = "rehearsal")]
command!(Break { transport: u64 } => |c| Command::Break { transport: TransportId(c.transport) });
command!(RemoveTrack { track: u64 } => |c| Command::RemoveTrack { track: TrackId(c.track) });
command!(SetTrackMuted { track: u64, muted: bool } => |c| {
    Command::SetTrackMuted { track: TrackId(c.track), muted: c.muted }
});
command!(RemoveSlot { slot: u64 } => |c| Command::RemoveSlot { slot: SlotId(c.slot) });
command!(AssignSlot { slot: u64, track: Option<u64> } => |c| {
    Command::AssignSlot { slot: SlotId(c.slot), track: c.track.map(TrackId) }
});
command!(SelectLayer { slot: u64, spatial: Option<u8>, temporal: Option<u8> } => |c| {
    // Both or neither: one alone leaves the other without limit.
    let target = (c.spatial.is_some() || c.temporal.is_some()).then(|| LayerTarget {
        spatial: c.spatial.unwrap_or(u8::MAX),
        temporal: c.temporal.unwrap_or(u8::MAX),
    });
    Command::SelectLayer { slot: SlotId(c.slot), target }
});
command!(SetSendCeiling { transport: u64, wanted_bps: u64 } => |c| Command::SetSendCeiling {
    transport: TransportId(c.transport),
    wanted_bps: c.wanted_bps,
});
command!(SetAudioSlots { transport: u64, slots: Vec<u64> } => |c| Command::SetAudioSlots {
    transport: TransportId(c.transport),
    slots: c.slots.iter().copied().map(SlotId).collect(),
});

command!(TapTrack { tap: u64, track: u64, label: Vec<u8> } => |c| Command::TapTrack {
    tap: TapId(c.tap),
    track: TrackId(c.track),
    label: c.label.clone(),
});
command!(UntapTrack { track: u64, reason: String } => |c| Command::UntapTrack {
    track: TrackId(c.track),
    reason: c.reason.clone(),
});
command!(CloseTap { tap: u64 } => |c| Command::CloseTap { tap: TapId(c.tap) });

#[pyclass(frozen, skip_from_py_object, module = "packet_plane")]
pub struct SetSrtpKeys {
    transport: u64,
    profile: SrtpProfile,
    local: (Vec<u8>, Vec<u8>),
    remote: (Vec<u8>, Vec<u8>),
}

#[pymethods]
impl SetSrtpKeys {
    #[new]
    #[pyo3(signature = (*, transport, profile, local_key, local_salt, remote_key, remote_salt))]
    fn new(
        transport: u64,
        profile: &str,
        local_key: Vec<u8>,
        local_salt: Vec<u8>,
        remote_key: Vec<u8>,
        remote_salt: Vec<u8>,
    ) -> PyResult<Self> {
        let profile = SrtpProfile::from_name(profile)
            .ok_or_else(|| PyValueError::new_err(format!("unknown SRTP profile: {profile:?}")))?;
        for (key, salt) in [(&local_key, &local_salt), (&remote_key, &remote_salt)] {
            if key.len() != profile.key_len() || salt.len() != profile.salt_len() {
                return Err(PyValueError::new_err(format!(
                    "keys have {} bytes and salts {} in this profile, not {} and {}",
                    profile.key_len(),
                    profile.salt_len(),
                    key.len(),
                    salt.len()
                )));
            }
        }
        Ok(SetSrtpKeys {
            transport,
            profile,
            local: (local_key, local_salt),
            remote: (remote_key, remote_salt),
        })
    }
}

impl SetSrtpKeys {
    fn to_command(&self) -> Command {
        let master = |(key, salt): &(Vec<u8>, Vec<u8>)| MasterKey {
            key: key.clone(),
            salt: salt.clone(),
        };
        Command::SetSrtpKeys {
            transport: TransportId(self.transport),
            profile: self.profile,
            local: master(&self.local),
            remote: master(&self.remote),
        }
    }
}

#[pyclass(frozen, skip_from_py_object, module = "packet_plane")]
pub struct AddTrack {
    track: u64,
    transport: u64,
    kind: MediaKind,
    codecs: Vec<codec::Codec>,
    extensions: ExtensionIds,
    mid: Option<String>,
    rids: Vec<String>,
    ssrcs: Vec<u32>,
}

#[pymethods]
impl AddTrack {
    #[new]
    #[pyo3(signature = (*, track, transport, kind, codecs, extensions = vec![], mid = None, rids = vec![],
                        ssrcs = vec![]))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of one Python object")]
    fn new(
        track: u64,
        transport: u64,
        kind: &str,
        codecs: Vec<PyRef<'_, Codec>>,
        extensions: Vec<PyRef<'_, Extension>>,
        mid: Option<String>,
        rids: Vec<String>,
        ssrcs: Vec<u32>,
    ) -> PyResult<Self> {
        let (codecs, extensions) = (codecs_of(&codecs), ids_of(&extensions));
        Ok(AddTrack {
            track,
            transport,
            kind: parse_kind(kind)?,
            codecs,
            extensions,
            mid,
            rids,
            ssrcs,
        })
    }
}

impl AddTrack {
    fn to_command(&self) -> Command {
        Command::AddTrack(TrackParameters {
            track: TrackId(self.track),
            transport: TransportId(self.transport),
            kind: self.kind,
            mid: self.mid.clone(),
            rids: self.rids.clone(),
            ssrcs: self.ssrcs.iter().copied().map(Ssrc).collect(),
            codecs: self.codecs.clone(),
            extensions: self.extensions,
        })
    }
}

#[pyclass(frozen, skip_from_py_object, module = "packet_plane")]
pub struct AddSlot {
    slot: u64,
    transport: u64,
    kind: MediaKind,
    mid: String,
    ssrc: u32,
    codecs: Vec<codec::Codec>,
    extensions: ExtensionIds,
    rtx_ssrc: Option<u32>,
    cname: String,
}

#[pymethods]
impl AddSlot {
    #[new]
    #[pyo3(signature = (*, slot, transport, kind, mid, ssrc, codecs, extensions = vec![], rtx_ssrc = None,
                        cname = String::new()))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of one Python object")]
    fn new(
        slot: u64,
        transport: u64,
        kind: &str,
        mid: String,
        ssrc: u32,
        codecs: Vec<PyRef<'_, Codec>>,
        extensions: Vec<PyRef<'_, Extension>>,
        rtx_ssrc: Option<u32>,
        cname: String,
    ) -> PyResult<Self> {
        let (codecs, extensions) = (codecs_of(&codecs), ids_of(&extensions));
        Ok(AddSlot {
            slot,
            transport,
            kind: parse_kind(kind)?,
            mid,
            ssrc,
            codecs,
            extensions,
            rtx_ssrc,
            cname,
        })
    }
}

impl AddSlot {
    fn to_command(&self) -> Command {
        Command::AddSlot(SlotParameters {
            slot: SlotId(self.slot),
            transport: TransportId(self.transport),
            kind: self.kind,
            mid: self.mid.clone(),
            ssrc: Ssrc(self.ssrc),
            rtx_ssrc: self.rtx_ssrc.map(Ssrc),
            codecs: self.codecs.clone(),
            extensions: self.extensions,
            cname: self.cname.clone(),
        })
    }
}
