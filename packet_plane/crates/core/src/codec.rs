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
}

impl CodecName {
    /// The format that an encoding name of `a=rtpmap` means, in any case of letters.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [
            ("opus", CodecName::Opus),
            ("VP8", CodecName::Vp8),
            ("H264", CodecName::H264),
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
    variant: H264Variant,
}

/// What two H.264 sessions have to agree on (RFC 6184 section 8.2.2): profile and packetisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct H264Variant {
    profile_idc: u8,
    packetization_mode: u8,
}

impl H264Variant {
    fn parse(fmtp: &str) -> Self {
        // Baseline, 0x42, and mode 0 are what absence means (RFC 6184 section 8.1).
        let mut variant = H264Variant {
            profile_idc: 0x42,
            packetization_mode: 0,
        };
        for (name, value) in fmtp
            .split(';')
            .filter_map(|parameter| parameter.trim().split_once('='))
        {
            if name.eq_ignore_ascii_case("packetization-mode") {
                variant.packetization_mode = value.parse().unwrap_or(0);
            } else if name.eq_ignore_ascii_case("profile-level-id") {
                variant.profile_idc = value
                    .get(..2)
                    .and_then(|idc| u8::from_str_radix(idc, 16).ok())
                    .unwrap_or(0x42);
            }
        }
        variant
    }
}

impl Codec {
    /// A codec without feedback or retransmission; set those fields as negotiated.
    #[must_use]
    pub fn new(payload_type: u8, name: CodecName, clock_rate: u32, fmtp: &str) -> Self {
        let variant = if name == CodecName::H264 {
            H264Variant::parse(fmtp)
        } else {
            H264Variant::default()
        };
        Codec {
            payload_type: PayloadType(payload_type & 0x7f),
            name,
            clock_rate: clock_rate.max(1),
            rtx_payload_type: None,
            nack: false,
            pli: false,
            transport_cc: false,
            variant,
        }
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
    fn names_are_matched_in_any_case() {
        assert_eq!(CodecName::from_name("OPUS"), Some(CodecName::Opus));
        assert_eq!(CodecName::from_name("vp8"), Some(CodecName::Vp8));
        assert_eq!(CodecName::from_name("PCMU"), None);
    }
}
