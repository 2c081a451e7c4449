//! What a client and its node have agreed: names, secrets, formats, and the commands by which the plane learns of it.

use packet_plane_core::codec::{Codec, CodecName, MediaKind};
use packet_plane_core::command::{Command, MasterKey, SlotParameters, TrackParameters};
use packet_plane_core::quantities::{MeetingId, PayloadType, SlotId, Ssrc, TrackId, TransportId};
use packet_plane_core::rtp::extension::ExtensionIds;
use packet_plane_core::srtp::SrtpProfile;
use packet_plane_core::stun;

use crate::camera::RIDS;
use crate::client::Client;

const PASSWORD: &str = "a password of the session";
const PROFILES: [SrtpProfile; 3] = [
    SrtpProfile::AeadAes128Gcm,
    SrtpProfile::AeadAes256Gcm,
    SrtpProfile::Aes128CmSha1_80,
];
pub(crate) const CAMERA_TYPE: u8 = 96;
pub(crate) const RTX_TYPE: u8 = 97;
pub(crate) const MICROPHONE_TYPE: u8 = 111;
pub(crate) const SLOTS_FROM: u32 = 0x5000;
pub(crate) const RTX_FROM: u32 = 0x9000;
pub(crate) const AUDIO_FROM: u32 = 0xa000;

pub fn camera_of(client: u64) -> TrackId {
    TrackId(client * 100 + 1)
}

pub fn microphone_of(client: u64) -> TrackId {
    TrackId(client * 100 + 2)
}

pub fn slot_of(client: u64, number: u64) -> SlotId {
    SlotId(client * 100 + 10 + number)
}

/// Each client has a profile of its own.
pub(crate) fn profile_of(client: u64) -> SrtpProfile {
    PROFILES[client as usize % PROFILES.len()]
}

pub(crate) fn master(profile: SrtpProfile, client: u64, direction: u8) -> MasterKey {
    MasterKey {
        key: vec![client as u8 ^ (direction << 4); profile.key_len()],
        salt: vec![direction; profile.salt_len()],
    }
}

fn vp8() -> Codec {
    let mut codec = Codec::new(CAMERA_TYPE, CodecName::Vp8, 90_000, "");
    codec.rtx_payload_type = Some(PayloadType(RTX_TYPE));
    (codec.nack, codec.pli) = (true, true);
    codec
}

fn opus() -> Codec {
    Codec::new(MICROPHONE_TYPE, CodecName::Opus, 48_000, "")
}

fn extensions() -> ExtensionIds {
    let mut ids = ExtensionIds::default();
    ids.set("urn:ietf:params:rtp-hdrext:sdes:mid", 1);
    ids.set("urn:ietf:params:rtp-hdrext:ssrc-audio-level", 2);
    ids.set("urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", 4);
    ids.set("urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id", 5);
    ids
}

/// SSRC and RTX SSRC by which a client knows a video slot.
#[must_use]
pub fn video_ssrcs(slot: u64) -> (u32, u32) {
    (SLOTS_FROM + slot as u32, RTX_FROM + slot as u32)
}

/// SSRC by which a client knows an audio slot.
#[must_use]
pub fn audio_ssrc(slot: u64) -> u32 {
    AUDIO_FROM + slot as u32
}

impl Client {
    /// What the node tells the plane when this client joins.
    pub fn join_commands(&self) -> Vec<Command> {
        let transport = TransportId(self.id);
        let mut commands = vec![
            Command::AddTransport {
                transport,
                meeting: MeetingId(1),
                local_ufrag: format!("user{}", self.id),
                local_password: PASSWORD.into(),
            },
            Command::SetSrtpKeys {
                transport,
                profile: self.profile,
                local: master(self.profile, self.id, 1),
                remote: master(self.profile, self.id, 2),
            },
            self.camera_command(),
            Command::AddTrack(TrackParameters {
                track: microphone_of(self.id),
                transport,
                kind: MediaKind::Audio,
                mid: Some("mic".into()),
                rids: Vec::new(),
                ssrcs: vec![],
                codecs: vec![opus()],
                extensions: extensions(),
            }),
        ];
        commands.extend((0..self.views.len() as u64).map(|number| {
            self.slot_command(
                slot_of(self.id, number),
                MediaKind::Video,
                SLOTS_FROM + number as u32,
            )
        }));
        let audio = (0..4).map(|number| slot_of(self.id, 50 + number));
        commands.extend(
            audio
                .clone()
                .zip(AUDIO_FROM..)
                .map(|(slot, ssrc)| self.slot_command(slot, MediaKind::Audio, ssrc)),
        );
        commands.push(Command::SetAudioSlots {
            transport,
            slots: audio.collect(),
        });
        commands
    }

    pub fn camera_command(&self) -> Command {
        Command::AddTrack(TrackParameters {
            track: camera_of(self.id),
            transport: TransportId(self.id),
            kind: MediaKind::Video,
            mid: Some("cam".into()),
            rids: RIDS.map(String::from).to_vec(),
            ssrcs: vec![],
            codecs: vec![vp8()],
            extensions: extensions(),
        })
    }

    fn slot_command(&self, slot: SlotId, kind: MediaKind, ssrc: u32) -> Command {
        let is_video = kind == MediaKind::Video;
        Command::AddSlot(SlotParameters {
            slot,
            transport: TransportId(self.id),
            kind,
            mid: "s".into(),
            ssrc: Ssrc(ssrc),
            rtx_ssrc: is_video.then_some(Ssrc(ssrc - SLOTS_FROM + RTX_FROM)),
            codecs: vec![if is_video { vp8() } else { opus() }],
            extensions: extensions(),
            cname: "node".into(),
        })
    }

    #[must_use]
    pub fn credentials(&self) -> (String, &'static str) {
        (format!("user{}", self.id), PASSWORD)
    }

    /// Profile, and the node's key and the client's.
    #[must_use]
    pub fn keys(&self) -> (SrtpProfile, MasterKey, MasterKey) {
        (
            self.profile,
            master(self.profile, self.id, 1),
            master(self.profile, self.id, 2),
        )
    }

    /// Proof that the client has the password of its session.
    pub fn proof(&self) -> Vec<u8> {
        let mut request = Vec::new();
        let username = format!("user{}:them", self.id);
        stun::write_binding_request(&username, &stun::integrity_key(PASSWORD), [9; 12], &mut request);
        request
    }
}
