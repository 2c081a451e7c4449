//! Pictures as a client sends them: those of a camera in three sizes, each a stream of its own, and those of a share in one.
//!
//! They are VP8 in three temporal layers as far as anybody outside a decoder looks; the rest of a packet says whose it is.

use std::collections::BTreeMap;
use std::time::Duration;

use packet_plane_core::quantities::Instant;

pub const RIDS: [&str; 3] = ["q", "h", "f"];
/// The number by which a share's pictures are told from the three sizes of a camera.
pub const SHARE: u8 = 3;
const CAMERA_FROM: u32 = 100;
const RTX_BEYOND: u32 = 10;
/// Temporal layers of four pictures in a row.
const TEMPORAL: [u8; 4] = [0, 2, 1, 2];
/// Where the words about a picture begin: behind the descriptor and the header of a keyframe.
const WORDS_AT: usize = 16;
/// Packets of an encoding that can be sent again.
const KEPT: u64 = 400;
/// Widths and heights of the sizes of a camera and of a share.
const SHAPES: [[u16; 2]; 4] = [[320, 180], [640, 360], [1_280, 720], [1_920, 1_080]];
/// What the best size becomes when it is asked for smaller: its shape, and its share of the bits in per cent.
const BEST: u8 = 2;
const SMALLER: ([u16; 2], usize) = ([854, 480], 55);

/// How much a client sends: bytes of a packet of each size of its camera and of a share, and packets of a picture.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub lens: [usize; 4],
    pub packets: u8,
    pub keyframe_packets: u8,
}

impl Default for Sizes {
    /// Little of everything, where it matters what arrives and not how much.
    fn default() -> Self {
        Sizes {
            lens: [400, 500, 600, 400],
            packets: 3,
            keyframe_packets: 3,
        }
    }
}

/// What a packet says of the picture that it is a part of.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    pub publisher: u8,
    pub picture: u64,
    /// The picture of the lowest temporal layer that this one is drawn upon.
    pub base: u64,
    pub part: u8,
    pub parts: u8,
    pub size: u8,
    pub temporal: u8,
    pub is_keyframe: bool,
}

/// Bytes of a packet, and width and height of the picture.
type Look = (usize, [u16; 2]);

impl Part {
    /// Read a payload of `Encoding::next_picture`, whatever the plane has written over its ids.
    pub fn parse(payload: &[u8]) -> Part {
        let words = &payload[WORDS_AT..];
        let long = |at: usize| u64::from_be_bytes(words[at..at + 8].try_into().expect("eight bytes"));
        Part {
            publisher: words[0],
            picture: long(1),
            base: long(9),
            part: words[17],
            parts: words[18],
            size: words[19],
            temporal: payload[5] >> 6,
            is_keyframe: payload[6] & 1 == 0,
        }
    }

    fn write(&self, picture_id: u16, (len, shape): Look) -> Vec<u8> {
        let [high, low] = (0x8000 | picture_id).to_be_bytes();
        let start = if self.part == 0 { 0x90 } else { 0x80 };
        let mut payload = vec![start, 0xe0, high, low, 5, self.temporal << 6 | 0x20];
        payload.extend([0x10 | u8::from(!self.is_keyframe), 0, 0, 0x9d, 0x01, 0x2a]);
        payload.extend(shape.iter().flat_map(|pixels| pixels.to_le_bytes()));
        payload.push(self.publisher);
        payload.extend(self.picture.to_be_bytes());
        payload.extend(self.base.to_be_bytes());
        payload.extend([self.part, self.parts, self.size]);
        // Parts differ in length, so that runs are padded and closed early.
        payload.resize(len - usize::from(self.part) * 7, self.part);
        payload
    }
}

/// A packet before it is sealed.
pub struct Packet {
    pub number: u64,
    pub is_last: bool,
    pub payload: Vec<u8>,
}

/// One stream of pictures.
pub struct Encoding {
    pub ssrc: u32,
    pub mid: &'static str,
    /// Empty where the track has this stream alone.
    pub rid: &'static str,
    pub size: u8,
    is_wanted: bool,
    is_smaller: bool,
    next_number: u64,
    next_rtx: u64,
    wants_keyframe: bool,
    /// The last picture of the lowest temporal layer.
    base: u64,
    /// Payloads of the latest packets, for retransmission, and when each was last sent again.
    sent: BTreeMap<u64, (Vec<u8>, Option<Instant>)>,
    /// When each of its pictures was taken.
    pub taken: Vec<Instant>,
}

impl Encoding {
    pub fn new(size: u8) -> Self {
        let rid = RIDS.get(usize::from(size)).copied();
        Encoding {
            ssrc: CAMERA_FROM + u32::from(size),
            mid: if rid.is_some() { "cam" } else { "scr" },
            rid: rid.unwrap_or_default(),
            size,
            is_wanted: true,
            is_smaller: false,
            // Close below the wrap, so that every run crosses it.
            next_number: 65_300,
            next_rtx: 1,
            wants_keyframe: true,
            base: 0,
            sent: BTreeMap::new(),
            taken: Vec::new(),
        }
    }

    pub fn rtx_ssrc(&self) -> u32 {
        self.ssrc + RTX_BEYOND
    }

    pub fn want_keyframe(&mut self) {
        self.wants_keyframe = true;
    }

    /// Be sent from now on, or no longer; returns whether it begins.
    pub fn want(&mut self, is_wanted: bool) -> bool {
        !std::mem::replace(&mut self.is_wanted, is_wanted) && is_wanted
    }

    /// Be sent smaller from now on, or no longer, where it is the best of its camera.
    pub fn want_smaller(&mut self, is_smaller: bool) {
        let is_smaller = is_smaller && self.size == BEST;
        self.wants_keyframe |= is_smaller != self.is_smaller;
        self.is_smaller = is_smaller;
    }

    fn look(&self, sizes: &Sizes) -> Look {
        let size = usize::from(self.size);
        if self.is_smaller {
            (sizes.lens[size] * SMALLER.1 / 100, SMALLER.0)
        } else {
            (sizes.lens[size], SHAPES[size])
        }
    }

    /// The packets of the picture that is taken now: `picture` in all and by its id.
    pub fn next_picture(
        &mut self,
        now: Instant,
        publisher: u8,
        (picture, id): (u64, u16),
        sizes: &Sizes,
    ) -> Vec<Packet> {
        if !self.is_wanted {
            return Vec::new();
        }
        self.taken.push(now);
        let is_keyframe = std::mem::take(&mut self.wants_keyframe);
        let temporal = if is_keyframe {
            0
        } else {
            TEMPORAL[usize::from(id % 4)]
        };
        let base = self.base;
        if temporal == 0 {
            self.base = picture;
        }
        let parts = if is_keyframe {
            sizes.keyframe_packets
        } else {
            sizes.packets
        };
        (0..parts)
            .map(|part| {
                let words = Part {
                    publisher,
                    picture,
                    base,
                    part,
                    parts,
                    size: self.size,
                    temporal,
                    is_keyframe,
                };
                let payload = words.write(id, self.look(sizes));
                let number = self.next_number;
                self.next_number += 1;
                self.sent.insert(number, (payload.clone(), None));
                self.sent.retain(|kept, _| kept + KEPT > number);
                Packet {
                    number,
                    is_last: part + 1 == parts,
                    payload,
                }
            })
            .collect()
    }

    /// The number that a request of 16 bits means.
    pub fn newest(&self) -> u64 {
        self.next_number
    }

    /// A packet that was sent before, unless it was sent again less than a round trip ago; with the number of its own.
    pub fn retransmission(&mut self, now: Instant, number: u64, round_trip: Duration) -> Option<Packet> {
        let (kept, resent_at) = self.sent.get_mut(&number)?;
        if resent_at.is_some_and(|at| now.since(at) < round_trip) {
            return None;
        }
        *resent_at = Some(now);
        let mut payload = (number as u16).to_be_bytes().to_vec();
        payload.extend_from_slice(kept);
        let number = self.next_rtx;
        self.next_rtx += 1;
        Some(Packet {
            number,
            is_last: false,
            payload,
        })
    }
}
