//! What the clients of a program have in common: keys, addresses, formats and header extensions.

use std::net::SocketAddr;

use packet_plane_core::codec::{Codec, CodecName, MediaKind};
use packet_plane_core::command::MasterKey;
use packet_plane_core::quantities::PayloadType;
use packet_plane_core::rtp::dependency_descriptor;
use packet_plane_core::rtp::extension::ExtensionIds;
use packet_plane_core::srtp::SrtpProfile;

pub const CLIENTS: u8 = 4;
pub const PASSWORD: &str = "a password of the session";
pub const PROFILES: [SrtpProfile; 3] = [
    SrtpProfile::AeadAes128Gcm,
    SrtpProfile::AeadAes256Gcm,
    SrtpProfile::Aes128CmSha1_80,
];
const EXTENSIONS: [(&str, u8); 9] = [
    ("urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", 4),
    ("urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id", 5),
    ("urn:ietf:params:rtp-hdrext:ssrc-audio-level", 2),
    ("urn:ietf:params:rtp-hdrext:sdes:mid", 1),
    (
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        3,
    ),
    ("http://www.webrtc.org/experiments/rtp-hdrext/playout-delay", 6),
    (dependency_descriptor::URI, 7),
    ("http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time", 8),
    ("http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time", 9),
];

/// Keys of a client, one pair for each time that they change.
pub fn remote_key(profile: SrtpProfile, client: u8, change: u8) -> MasterKey {
    master_key(profile, client | change << 2, 2)
}

pub fn local_key(profile: SrtpProfile, client: u8, change: u8) -> MasterKey {
    master_key(profile, client | change << 2, 1)
}

fn master_key(profile: SrtpProfile, key: u8, salt: u8) -> MasterKey {
    MasterKey {
        key: vec![key; profile.key_len()],
        salt: vec![salt; profile.salt_len()],
    }
}

pub fn address(choice: u8) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 10_000 + u16::from(choice % 8)))
}

pub fn kind_of(choice: u8) -> MediaKind {
    if choice & 1 == 0 {
        MediaKind::Video
    } else {
        MediaKind::Audio
    }
}

/// All but those that a mask of six bits leaves out, from the last one backwards.
pub fn extensions(left_out: u8) -> ExtensionIds {
    let mut ids = ExtensionIds::default();
    for (position, (uri, id)) in EXTENSIONS.iter().rev().enumerate() {
        if left_out >> position.min(6) & 1 == 0 {
            ids.set(uri, *id);
        }
    }
    ids
}

pub fn codecs(kind: MediaKind) -> Vec<Codec> {
    let formats: &[(&str, u8)] = match kind {
        MediaKind::Video => &[
            ("VP8", 96),
            ("H264", 98),
            ("VP9", 100),
            ("AV1", 102),
            ("H265", 104),
        ],
        MediaKind::Audio => &[("opus", 111), ("red", 63)],
    };
    let known = formats
        .iter()
        .filter_map(|(name, payload_type)| Some((CodecName::from_name(name)?, *payload_type)));
    known
        .map(|(name, payload_type)| {
            let is_video = kind == MediaKind::Video;
            let mut codec = Codec::new(payload_type, name, if is_video { 90_000 } else { 48_000 }, "");
            codec.rtx_payload_type = is_video.then_some(PayloadType(payload_type + 1));
            (codec.nack, codec.pli, codec.transport_cc) = (is_video, is_video, true);
            codec
        })
        .collect()
}
