//! What a tap hands over, as bytes: a length of four bytes, a kind, fields in little-endian order.
//!
//! Writer and reader are of one build; what does not parse ends the reading.

use crate::codec::CodecName;

/// A record is shorter than this: a packet, or a label.
pub const MAX_RECORD_LEN: usize = 1 << 16;
const LENGTH_LEN: usize = 4;
/// Sequence numbers and microseconds are added to and subtracted from each other as signed numbers.
pub(crate) const MAX_COUNTABLE: u64 = 1 << 60;

const BEGIN: u8 = 1;
const END: u8 = 2;
const PACKET: u8 = 3;
const REPORT: u8 = 4;
const MUTED: u8 = 5;
const OVERFLOWED: u8 = 6;

const CODECS: [CodecName; 6] = [
    CodecName::Opus,
    CodecName::Vp8,
    CodecName::Vp9,
    CodecName::H264,
    CodecName::H265,
    CodecName::Av1,
];

/// One happening of a tapped track; times are microseconds since the Unix epoch on the node's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// A track is handed over from here on.
    Begin {
        track: u64,
        is_video: bool,
        /// The caller's, as it was given.
        label: &'a [u8],
    },
    /// No more of a track, and why, in the caller's words.
    End {
        track: u64,
        at_us: u64,
        reason: &'a [u8],
    },
    Packet(PacketRecord<'a>),
    /// When a stream's sender sent what has a timestamp, by its reports (RFC 3550 section 6.4.1).
    Report {
        track: u64,
        ssrc: u32,
        rtp_timestamp: u32,
        at_us: u64,
    },
    Muted {
        track: u64,
        muted: bool,
        at_us: u64,
    },
    /// So many records found no room since the last one.
    Overflowed {
        records: u64,
        at_us: u64,
    },
}

/// A packet in clear, without padding and redundancy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketRecord<'a> {
    pub track: u64,
    pub encoding: u8,
    pub codec: CodecName,
    pub marker: bool,
    pub starts_keyframe: bool,
    pub clock_rate: u32,
    pub ssrc: u32,
    /// Extended sequence number.
    pub sequence: u64,
    pub rtp_timestamp: u32,
    pub at_us: u64,
    pub payload: &'a [u8],
}

/// A record that cannot be read: nothing behind it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedRecordError;

impl std::fmt::Display for MalformedRecordError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a record of a tap has another form than this build writes")
    }
}

impl std::error::Error for MalformedRecordError {}

impl<'a> Record<'a> {
    /// Bytes that it takes, its length included.
    #[must_use]
    pub fn len(&self) -> usize {
        let body = match self {
            Record::Begin { label, .. } => 9 + label.len(),
            Record::End { reason, .. } => 16 + reason.len(),
            Record::Packet(packet) => 39 + packet.payload.len(),
            Record::Report { .. } => 24,
            Record::Muted { .. } => 17,
            Record::Overflowed { .. } => 16,
        };
        LENGTH_LEN + 1 + body
    }

    /// Never: a record has a length at least.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Append it.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.reserve(self.len());
        out.extend_from_slice(&((self.len() - LENGTH_LEN) as u32).to_le_bytes());
        match self {
            Record::Begin {
                track,
                is_video,
                label,
            } => {
                out.push(BEGIN);
                out.extend_from_slice(&track.to_le_bytes());
                out.push(u8::from(*is_video));
                out.extend_from_slice(label);
            }
            Record::End { track, at_us, reason } => {
                out.push(END);
                out.extend_from_slice(&track.to_le_bytes());
                out.extend_from_slice(&at_us.to_le_bytes());
                out.extend_from_slice(reason);
            }
            Record::Packet(packet) => packet.write(out),
            Record::Report {
                track,
                ssrc,
                rtp_timestamp,
                at_us,
            } => {
                out.push(REPORT);
                out.extend_from_slice(&track.to_le_bytes());
                out.extend_from_slice(&ssrc.to_le_bytes());
                out.extend_from_slice(&rtp_timestamp.to_le_bytes());
                out.extend_from_slice(&at_us.to_le_bytes());
            }
            Record::Muted { track, muted, at_us } => {
                out.push(MUTED);
                out.extend_from_slice(&track.to_le_bytes());
                out.push(u8::from(*muted));
                out.extend_from_slice(&at_us.to_le_bytes());
            }
            Record::Overflowed { records, at_us } => {
                out.push(OVERFLOWED);
                out.extend_from_slice(&records.to_le_bytes());
                out.extend_from_slice(&at_us.to_le_bytes());
            }
        }
    }

    /// The record that `bytes` begin with and its length; `None` while more of it has to come.
    ///
    /// # Errors
    /// `MalformedRecordError` where a length or a field cannot be one that was written.
    pub fn parse(bytes: &'a [u8]) -> Result<Option<(Self, usize)>, MalformedRecordError> {
        let Some(length) = bytes.first_chunk::<LENGTH_LEN>() else {
            return Ok(None);
        };
        let len = u32::from_le_bytes(*length) as usize;
        if len == 0 || len > MAX_RECORD_LEN {
            return Err(MalformedRecordError);
        }
        let Some(body) = bytes.get(LENGTH_LEN..LENGTH_LEN + len) else {
            return Ok(None);
        };
        let record = parse_body(body).ok_or(MalformedRecordError)?;
        Ok(Some((record, LENGTH_LEN + len)))
    }
}

impl PacketRecord<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let codec = CODECS.iter().position(|codec| *codec == self.codec);
        out.push(PACKET);
        out.extend_from_slice(&self.track.to_le_bytes());
        out.push(self.encoding);
        out.push(codec.map_or(u8::MAX, |index| index as u8));
        out.push(u8::from(self.marker) | u8::from(self.starts_keyframe) << 1);
        out.extend_from_slice(&self.clock_rate.to_le_bytes());
        out.extend_from_slice(&self.ssrc.to_le_bytes());
        out.extend_from_slice(&self.sequence.to_le_bytes());
        out.extend_from_slice(&self.rtp_timestamp.to_le_bytes());
        out.extend_from_slice(&self.at_us.to_le_bytes());
        out.extend_from_slice(self.payload);
    }
}

fn parse_body(body: &[u8]) -> Option<Record<'_>> {
    let mut fields = Fields(body);
    Some(match fields.byte()? {
        BEGIN => Record::Begin {
            track: fields.u64()?,
            is_video: fields.flag()?,
            label: fields.0,
        },
        END => Record::End {
            track: fields.u64()?,
            at_us: fields.countable()?,
            reason: fields.0,
        },
        PACKET => Record::Packet(parse_packet(&mut fields)?),
        REPORT => Record::Report {
            track: fields.u64()?,
            ssrc: fields.u32()?,
            rtp_timestamp: fields.u32()?,
            at_us: fields.countable()?,
        },
        MUTED => Record::Muted {
            track: fields.u64()?,
            muted: fields.flag()?,
            at_us: fields.countable()?,
        },
        OVERFLOWED => Record::Overflowed {
            records: fields.countable()?,
            at_us: fields.countable()?,
        },
        _ => return None,
    })
}

fn parse_packet<'a>(fields: &mut Fields<'a>) -> Option<PacketRecord<'a>> {
    let (track, encoding) = (fields.u64()?, fields.byte()?);
    let codec = *CODECS.get(usize::from(fields.byte()?))?;
    let flags = fields.byte().filter(|flags| *flags < 4)?;
    let packet = PacketRecord {
        track,
        encoding,
        codec,
        marker: flags & 1 != 0,
        starts_keyframe: flags & 2 != 0,
        clock_rate: fields.u32().filter(|rate| *rate > 0)?,
        ssrc: fields.u32()?,
        sequence: fields.countable()?,
        rtp_timestamp: fields.u32()?,
        at_us: fields.countable()?,
        payload: fields.0,
    };
    Some(packet)
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }

    fn byte(&mut self) -> Option<u8> {
        self.bytes::<1>().map(|[byte]| byte)
    }

    fn flag(&mut self) -> Option<bool> {
        self.byte().filter(|byte| *byte < 2).map(|byte| byte == 1)
    }

    fn u32(&mut self) -> Option<u32> {
        self.bytes().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.bytes().map(u64::from_le_bytes)
    }

    /// A number that can be counted on from: no clock and no stream comes near the end of what fits.
    fn countable(&mut self) -> Option<u64> {
        self.u64().filter(|number| *number <= MAX_COUNTABLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_it_writes_and_waits_for_what_is_cut_off() {
        let records = [
            Record::Begin {
                track: 1,
                is_video: true,
                label: b"{}",
            },
            Record::End {
                track: 1,
                at_us: 9,
                reason: b"ended",
            },
            Record::Packet(PacketRecord {
                track: 3,
                encoding: 2,
                codec: CodecName::Av1,
                marker: true,
                starts_keyframe: true,
                clock_rate: 90_000,
                ssrc: 4,
                sequence: (1 << 48) + 5,
                rtp_timestamp: 6,
                at_us: 7,
                payload: b"payload",
            }),
            Record::Report {
                track: 1,
                ssrc: 2,
                rtp_timestamp: 4,
                at_us: 5,
            },
            Record::Muted {
                track: 1,
                muted: true,
                at_us: 2,
            },
            Record::Overflowed { records: 1, at_us: 2 },
        ];
        for record in records {
            let mut out = Vec::new();
            record.write(&mut out);
            assert_eq!(out.len(), record.len());
            assert_eq!(Record::parse(&out), Ok(Some((record, out.len()))));
            for cut in 0..out.len() {
                assert_eq!(Record::parse(&out[..cut]), Ok(None));
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_a_record_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..96)) {
            if let Ok(Some((record, len))) = Record::parse(&bytes) {
                let mut out = Vec::new();
                record.write(&mut out);
                prop_assert_eq!(&out, &bytes[..len]);
            }
        }
    }
}
