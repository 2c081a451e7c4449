use proptest::prelude::*;

use super::tests::{Client, assign, drain, extensions, ms, slot_of};
use super::*;
use crate::codec::{Codec, CodecName, MediaKind};
use crate::command::{Command, TrackParameters};
use crate::layer_selector::LayerTarget;
use crate::quantities::{ExtendedSequenceNumber, PayloadType, Ssrc};
use crate::rtp::dependency_descriptor::tests::{Frame, frame, write};
use crate::rtp::dependency_descriptor::{Descriptor, URI};
use crate::rtp::dependency_structure::Structure;
use crate::rtp::header::{OutgoingHeader, write_header};

const SLOT: u64 = 21;
const DESCRIPTOR: u8 = 9;

/// Three spatial layers over one another; the second picture of each pair is in a temporal layer of its own.
fn templates() -> Vec<Frame> {
    vec![
        frame(0, 0, "SSSSSS", &[]),
        frame(0, 0, "SSRRRR", &[6]),
        frame(0, 1, "-D-R-R", &[3]),
        frame(1, 0, "--SSSS", &[1]),
        frame(1, 0, "--SSRR", &[6, 1]),
        frame(1, 1, "---D-R", &[3, 1]),
        frame(2, 0, "----SS", &[1]),
        frame(2, 0, "----SS", &[6, 1]),
        frame(2, 1, "-----D", &[3, 1]),
    ]
}

/// Templates of a picture's frames: of a keyframe, or by turns.
fn picture(position: u64) -> [u8; 3] {
    match position {
        0 => [0, 3, 6],
        odd if odd % 2 == 1 => [2, 5, 8],
        _ => [1, 4, 7],
    }
}

/// A frame as the viewer gets it.
struct Seen {
    sequence: u64,
    ticks: u32,
    marker: bool,
    payload: Vec<u8>,
    descriptor: Option<Descriptor>,
}

struct Meeting {
    plane: Plane,
    publisher: Client,
    viewer: Client,
    structure: Structure,
    sequence: [u64; 2],
    number: [u16; 2],
}

fn av1(extended: bool) -> Codec {
    let mut codec = Codec::new(45, CodecName::Av1, 90_000, "");
    codec.rtx_payload_type = extended.then_some(PayloadType(46));
    (codec.nack, codec.pli) = (true, true);
    codec
}

impl Meeting {
    /// Two cameras, the first of which the viewer's slot carries.
    fn new(reads_descriptors: bool) -> Self {
        let mut plane = Plane::default();
        let publisher = Client::join(&mut plane, ms(0), 1);
        let viewer = Client::join(&mut plane, ms(0), 2);
        let mut ids = extensions();
        ids.set(URI, DESCRIPTOR);
        for (track, mid) in [(11, "a"), (12, "b")] {
            let parameters = TrackParameters {
                track: TrackId(track),
                transport: TransportId(1),
                kind: MediaKind::Video,
                mid: Some(mid.into()),
                rids: Vec::new(),
                ssrcs: vec![],
                codecs: vec![av1(true)],
                extensions: ids,
            };
            plane.handle_command(ms(0), Command::AddTrack(parameters));
        }
        let mut slot = slot_of(2, SLOT, MediaKind::Video);
        slot.codecs = vec![av1(true)];
        if reads_descriptors {
            slot.extensions = ids;
        }
        plane.handle_command(ms(0), Command::AddSlot(slot));
        assign(&mut plane, ms(0), SLOT, Some(11));
        let key = write(60, 0, Some(&templates()), None, None);
        let structure = Descriptor::parse(&key, None).expect("parses").structure;
        Meeting {
            plane,
            publisher,
            viewer,
            structure: structure.expect("comes with it"),
            sequence: [65_000, 9],
            number: [65_500, 3],
        }
    }

    fn select(&mut self, spatial: u8, temporal: u8) {
        let command = Command::SelectLayer {
            slot: SlotId(SLOT),
            target: Some(LayerTarget { spatial, temporal }),
        };
        self.plane.handle_command(ms(0), command);
    }

    /// One frame of a camera as a datagram; each is one packet.
    fn datagram(&mut self, camera: usize, at: u64, template: u8, is_last: bool, payload: &[u8]) -> Vec<u8> {
        let structure = (template == 0).then(templates);
        let mut value = write(
            (60 + template) % 64,
            self.number[camera],
            structure.as_deref(),
            None,
            None,
        );
        value[0] |= 0xc0;
        self.number[camera] = self.number[camera].wrapping_add(1);
        let ssrc = Ssrc(100 + camera as u32);
        let header = OutgoingHeader {
            marker: is_last,
            padding: false,
            payload_type: PayloadType(45),
            sequence_number: self.sequence[camera] as u16,
            rtp_timestamp: at as u32 * 90,
            ssrc,
        };
        let mut block = ExtensionBlock::default();
        block.begin(value.len());
        block.push(1, [b"a", b"b"][camera]);
        block.push(DESCRIPTOR, &value);
        let mut out = vec![0; 1_500];
        let header_len = write_header(&header, block.finish(), &mut out);
        let sequence = ExtendedSequenceNumber(self.sequence[camera]);
        self.sequence[camera] += 1;
        let sender = &self.publisher.sender;
        let len = sender.protect_rtp(ssrc, sequence, header_len, payload, &[], &mut out);
        out.truncate(len.expect("seals"));
        out
    }

    /// Send a camera's picture; what the viewer gets of it.
    fn send(&mut self, camera: usize, at: u64, position: u64, payload: &[u8]) -> Vec<Seen> {
        for (index, template) in picture(position).into_iter().enumerate() {
            let datagram = self.datagram(camera, at, template, index == 2, payload);
            let source = self.publisher.address;
            self.plane.handle_datagram(ms(at), source, &datagram);
        }
        let (rtp, _) = drain(&mut self.plane, ms(at), &self.viewer);
        rtp.iter().map(|datagram| self.open(datagram)).collect()
    }

    fn open(&mut self, datagram: &[u8]) -> Seen {
        let received = self.viewer.open(datagram);
        let value = received.header.extension(datagram, DESCRIPTOR);
        Seen {
            sequence: received.sequence,
            ticks: received.header.rtp_timestamp,
            marker: received.header.marker,
            descriptor: value.map(|value| Descriptor::parse(value, Some(&self.structure)).expect("sound")),
            payload: received.payload,
        }
    }
}

fn layers(seen: &[Seen]) -> Vec<(u8, u8)> {
    let frames = seen.iter().filter_map(|one| one.descriptor.as_ref());
    frames
        .map(|descriptor| (descriptor.frame.spatial, descriptor.frame.temporal))
        .collect()
}

#[test]
fn a_receiver_gets_its_layers_and_learns_which_they_are() {
    let mut meeting = Meeting::new(true);
    // All layers have to be there before one can be chosen among them.
    meeting.select(1, 0);
    meeting.send(0, 1, 0, b"x");
    let key = meeting.send(0, 34, 0, b"x");
    assert_eq!(layers(&key), [(0, 0), (1, 0)]);
    assert_eq!(
        key.iter().map(|one| one.marker).collect::<Vec<_>>(),
        [false, true]
    );
    let told = key[0].descriptor.as_ref().expect("there");
    assert!(told.structure.as_ref() == Some(&meeting.structure));
    // Of six targets, three spatial times two temporal, the first and the third.
    assert_eq!(told.active_targets, Some(0b000101));
    assert!(meeting.send(0, 67, 1, b"x").is_empty());
    let base = meeting.send(0, 100, 2, b"x");
    assert_eq!(layers(&base), [(0, 0), (1, 0)]);
    assert_eq!(base[0].sequence, key[1].sequence + 1);
    assert_eq!(
        meeting.plane.snapshot().slots[0].current,
        Some(LayerTarget {
            spatial: 1,
            temporal: 0
        })
    );
}

#[test]
fn frame_numbers_continue_over_a_change_of_track() {
    let mut meeting = Meeting::new(true);
    meeting.send(0, 1, 0, b"x");
    let before = meeting.send(0, 34, 1, b"x");
    assign(&mut meeting.plane, ms(35), SLOT, Some(12));
    let after = meeting.send(1, 67, 0, b"y");
    let number = |seen: &Seen| seen.descriptor.as_ref().expect("there").frame.number;
    let last = before.last().expect("there");
    assert_eq!(number(&after[0]), number(last).wrapping_add(1));
    assert_eq!(after[0].sequence, last.sequence + 1);
    assert_eq!(after[0].ticks, last.ticks.wrapping_add(33 * 90));
    assert_eq!(after[0].payload, b"y");
}

#[test]
fn a_receiver_without_descriptors_gets_the_same_layers_in_short_headers() {
    let mut meeting = Meeting::new(false);
    meeting.select(0, 0);
    meeting.send(0, 1, 0, b"x");
    let key = meeting.send(0, 34, 0, b"x");
    assert_eq!((key.len(), key[0].marker), (1, true));
    assert!(key[0].descriptor.is_none());
}

#[test]
fn a_higher_spatial_layer_is_asked_for_and_a_lower_one_is_not() {
    let mut meeting = Meeting::new(true);
    meeting.send(0, 1, 0, b"x");
    meeting.send(0, 34, 1, b"x");
    let asked = |meeting: &Meeting| meeting.plane.snapshot().tracks[0].keyframes_requested;
    meeting.plane.handle_timeout(ms(600));
    let before = asked(&meeting);
    meeting.select(0, 1);
    meeting.plane.handle_timeout(ms(620));
    assert_eq!(asked(&meeting), before);
    assert_eq!(layers(&meeting.send(0, 630, 2, b"x")), [(0, 0)]);
    meeting.select(2, 1);
    meeting.plane.handle_timeout(ms(640));
    assert_eq!(asked(&meeting), before + 1);
}

#[test]
fn slow_pictures_whose_layers_come_one_by_one_are_asked_for_no_keyframe() {
    let mut meeting = Meeting::new(true);
    meeting.send(0, 1, 0, b"x");
    let asked = |meeting: &Meeting| meeting.plane.snapshot().tracks[0].keyframes_requested;
    let before = asked(&meeting);
    for position in 1..10u64 {
        for (index, template) in picture(position).into_iter().enumerate() {
            let at = position * 1_000 + index as u64 * 3;
            let datagram = meeting.datagram(0, position * 1_000, template, index == 2, b"x");
            let source = meeting.publisher.address;
            meeting.plane.handle_datagram(ms(at), source, &datagram);
            drain(&mut meeting.plane, ms(at), &meeting.viewer);
        }
        for at in (position * 1_000 + 10..(position + 1) * 1_000).step_by(10) {
            meeting.plane.handle_timeout(ms(at));
        }
    }
    assert_eq!(asked(&meeting), before);
    assert_eq!(
        meeting.plane.snapshot().slots[0]
            .current
            .map(|layer| layer.spatial),
        Some(2)
    );
}

proptest! {
    /// What a payload holds plays no part: with other bytes in every packet the same frames go out, as they came.
    #[test]
    fn payloads_may_be_encrypted(
        steps in proptest::collection::vec((0u8..3, 0u8..2, 0u8..10), 1..30),
        noise in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 30),
    ) {
        let run = |payloads: &dyn Fn(usize) -> Vec<u8>| {
            let mut meeting = Meeting::new(true);
            let (mut decisions, mut position) = (Vec::new(), 0);
            for (step, (spatial, temporal, key)) in steps.iter().enumerate() {
                meeting.select(*spatial, *temporal);
                position = if *key == 0 { 0 } else { position + 1 };
                let payload = payloads(step);
                for seen in meeting.send(0, 1 + step as u64 * 33, if step == 0 { 0 } else { position }, &payload) {
                    assert_eq!(seen.payload, payload);
                    let frame = seen.descriptor.expect("there").frame;
                    decisions.push((seen.sequence, seen.marker, frame.number, frame.spatial, frame.temporal));
                }
            }
            decisions
        };
        let clear = run(&|_| b"\x08clear".to_vec());
        prop_assert!(clear.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1), "no gap of our making");
        prop_assert_eq!(run(&|step| noise[step].clone()), clear);
    }
}
