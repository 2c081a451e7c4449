//! Payload formats as a session negotiated them, and when two sessions mean the same one.

use crate::quantities::PayloadType;

/// A payload format that the plane forwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodecName {
    /// RFC 7587.
    Opus,
    /// RFC 7741.
    Vp8,
    /// RFC 6184.
    H264,
    /// RFC 7798.
    H265,
    /// RFC 9628.
    Vp9,
    /// RTP Payload Format For AV1.
    Av1,
    /// RFC 2198, of Opus: a form in which its packets come and go, no format of its own.
    Red,
}

impl CodecName {
    /// The format that an encoding name of `a=rtpmap` means, in any case of letters.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [
            ("opus", CodecName::Opus),
            ("VP8", CodecName::Vp8),
            ("H264", CodecName::H264),
            ("H265", CodecName::H265),
            ("VP9", CodecName::Vp9),
            ("AV1", CodecName::Av1),
            ("red", CodecName::Red),
        ]
        .into_iter()
        .find_map(|(known, codec)| known.eq_ignore_ascii_case(name).then_some(codec))
    }
}

/// Microphone, camera or screen: what a track or slot carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    Audio,
    Video,
}

/// One payload type of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codec {
    pub payload_type: PayloadType,
    pub name: CodecName,
    /// Clock ticks per second.
    pub clock_rate: u32,
    /// Payload type of its retransmissions (RFC 4588), if negotiated.
    pub rtx_payload_type: Option<PayloadType>,
    pub nack: bool,
    pub pli: bool,
    pub transport_cc: bool,
    variant: Variant,
}

/// What two sessions have to agree on: the profile, and H.264's packetisation (RFC 6184 section 8.2.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Variant {
    profile: u8,
    packetization_mode: u8,
}

impl Variant {
    fn parse(name: CodecName, fmtp: &str) -> Self {
        let parameters = fmtp
            .split(';')
            .filter_map(|parameter| parameter.trim().split_once('='));
        let value_of = |name: &str| {
            let mut found = parameters.clone();
            found.find_map(|(known, value)| known.eq_ignore_ascii_case(name).then_some(value))
        };
        let number_of = |name: &str, default: u8| {
            value_of(name).map_or(default, |value| value.parse().unwrap_or(default))
        };
        let plain = |profile: u8| Variant {
            profile,
            packetization_mode: 0,
        };
        match name {
            CodecName::Opus | CodecName::Vp8 => Variant::default(),
            CodecName::Vp9 => plain(number_of("profile-id", 0)),
            CodecName::Av1 => plain(number_of("profile", 0)),
            // The payload type of its blocks (RFC 2198 section 5).
            CodecName::Red => plain(
                fmtp.split('/')
                    .next()
                    .map_or(0, |first| first.trim().parse().unwrap_or(0)),
            ),
            CodecName::H265 => plain(number_of("profile-id", 1)),
            // Baseline, 0x42, and mode 0 are what absence means (RFC 6184 section 8.1).
            CodecName::H264 => Variant {
                profile: value_of("profile-level-id")
                    .and_then(|value| u8::from_str_radix(value.get(..2)?, 16).ok())
                    .unwrap_or(0x42),
                packetization_mode: number_of("packetization-mode", 0),
            },
        }
    }
}

impl Codec {
    /// A codec without feedback or retransmission; set those fields as negotiated.
    #[must_use]
    pub fn new(payload_type: u8, name: CodecName, clock_rate: u32, fmtp: &str) -> Self {
        Codec {
            payload_type: PayloadType(payload_type & 0x7f),
            name,
            clock_rate: clock_rate.max(1),
            rtx_payload_type: None,
            nack: false,
            pli: false,
            transport_cc: false,
            variant: Variant::parse(name, fmtp),
        }
    }

    /// Whether this carries blocks of `codec`.
    #[must_use]
    pub fn is_redundancy_of(&self, codec: &Codec) -> bool {
        self.name == CodecName::Red && self.variant.profile == codec.payload_type.0
    }

    /// Whether a receiver that negotiated `other` can decode this.
    #[must_use]
    pub fn is_same_format(&self, other: &Codec) -> bool {
        self.name == other.name && self.clock_rate == other.clock_rate && self.variant == other.variant
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h264_of_another_profile_or_packetisation_is_another_format() {
        let h264 = |fmtp| Codec::new(102, CodecName::H264, 90_000, fmtp);
        let constrained = h264("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f");
        assert!(constrained.is_same_format(&h264("profile-level-id=42001f; packetization-mode=1")));
        assert!(!constrained.is_same_format(&h264("profile-level-id=42e01f;packetization-mode=0")));
        assert!(!constrained.is_same_format(&h264("profile-level-id=640032;packetization-mode=1")));
    }

    #[test]
    fn another_profile_of_vp9_or_av1_is_another_format() {
        let vp9 = |fmtp| Codec::new(98, CodecName::Vp9, 90_000, fmtp);
        assert!(vp9("profile-id=0").is_same_format(&vp9("")));
        assert!(!vp9("profile-id=2").is_same_format(&vp9("profile-id=0")));
        let av1 = |fmtp| Codec::new(45, CodecName::Av1, 90_000, fmtp);
        assert!(av1("level-idx=5;profile=0;tier=0").is_same_format(&av1("")));
        assert!(!av1("profile=1").is_same_format(&av1("level-idx=5; profile=0")));
    }

    #[test]
    fn names_are_matched_in_any_case() {
        assert_eq!(CodecName::from_name("OPUS"), Some(CodecName::Opus));
        assert_eq!(CodecName::from_name("vp8"), Some(CodecName::Vp8));
        assert_eq!(CodecName::from_name("PCMU"), None);
    }
}
