//! What a test asks of this client, and what the client says: one JSON object a line, on its input and its output.

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use str0m::media::MediaKind;

/// The first line of the input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// Names as in SDP, in lower case; `red` wraps Opus.
    pub codecs: Vec<String>,
    #[serde(default)]
    pub sends: Vec<Sending>,
    #[serde(default)]
    pub receives: Vec<Kind>,
    /// After this the frames of each stream begin anew.
    #[serde(default)]
    pub length_ms: u64,
    /// Every so many outgoing RTP packets one is lost; none where it is zero.
    #[serde(default)]
    pub lose_outgoing_every: u64,
    #[serde(default)]
    pub lose_incoming_every: u64,
}

/// One m-line with the frames that go over it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sending {
    pub kind: Kind,
    pub layers: Vec<Layer>,
}

/// One RTP stream; the only one of an m-line needs no RID.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    #[serde(default)]
    pub rid: Option<String>,
    /// In order of time; the first is a keyframe.
    pub frames: Vec<Frame>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Frame {
    pub at_ms: u64,
    #[serde(deserialize_with = "from_base64")]
    pub data: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Audio,
    Video,
}

impl From<Kind> for MediaKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Audio => MediaKind::Audio,
            Kind::Video => MediaKind::Video,
        }
    }
}

/// The second line of the input.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub answer: String,
}

/// A line of the output.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Said {
    Offer(String),
    Connected,
    /// A whole frame that arrived on the m-line of this number, counted from zero.
    Frame {
        line: usize,
        codec: String,
        is_keyframe: bool,
        /// Nothing is missing between the frame before and this one.
        is_contiguous: bool,
        rtp_seconds: f64,
        #[serde(serialize_with = "as_base64")]
        data: Vec<u8>,
    },
    KeyframeRequested {
        line: usize,
        rid: Option<String>,
    },
    /// What the other side's transport-wide feedback lets this side send.
    Estimate {
        bps: u64,
    },
    Sent(Counts),
    Received(Counts),
    Ended(String),
}

/// Of one RTP stream since its start.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    pub line: usize,
    pub rid: Option<String>,
    pub packets: u64,
    pub nacks: u64,
    pub plis: u64,
    /// From the receiver reports of the other side, or in the answers to ours.
    pub rtt_ms: Option<f64>,
    /// Whether the other side has reported on the stream: receiver reports for what is sent, sender reports for the rest.
    pub is_reported: bool,
}

fn from_base64<'de, D: Deserializer<'de>>(told: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(told)?;
    Base64::decode_vec(&text).map_err(serde::de::Error::custom)
}

fn as_base64<S: Serializer>(data: &[u8], output: S) -> Result<S::Ok, S::Error> {
    output.serialize_str(&Base64::encode_string(data))
}
