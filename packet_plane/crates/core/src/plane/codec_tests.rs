//! Layers of H.265 and VP9 through a whole plane, as their own headers tell them.

use super::layer_tests::{SLOT, Simulcast};
use super::tests::{Client, Received, assign, drain, extensions, ms, slot_of};
use super::*;
use crate::codec::{Codec, CodecName, MediaKind};
use crate::command::{Command, SlotParameters, TrackParameters};
use crate::layer_selector::LayerTarget;
use crate::rtp::vp9::Vp9Descriptor;

fn codec(name: CodecName) -> Codec {
    let mut codec = Codec::new(96, name, 90_000, "");
    codec.rtx_payload_type = Some(crate::quantities::PayloadType(97));
    (codec.nack, codec.pli) = (true, true);
    codec
}

/// Parameter sets and an IDR picture in one packet (RFC 7798 section 4.4.2).
const H265_KEYFRAME: [u8; 14] = [96, 1, 0, 2, 64, 1, 0, 2, 66, 1, 0, 2, 38, 1];

/// A picture of a temporal layer, which can be entered there or not (TSA).
fn h265_picture(temporal: u8, is_switch: bool) -> [u8; 3] {
    let kind = if is_switch { 3 } else { 1 };
    [kind << 1, temporal + 1, 0xaa]
}

#[test]
fn h265_in_several_sizes_goes_from_one_to_another_at_keyframes_and_leaves_out_temporal_layers() {
    let mut meeting = Simulcast::of(codec(CodecName::H265));
    meeting.select(0, Some((1, 0)));
    let mut seen = meeting.send(1, 0, &H265_KEYFRAME);
    assert!(meeting.send(2, 1, &h265_picture(0, false)).is_empty());
    seen.extend(meeting.send(34, 0, &h265_picture(0, false)));
    seen.extend(meeting.send(35, 1, &H265_KEYFRAME));
    assert_eq!(seen.len(), 3);
    assert!(meeting.send(67, 0, &h265_picture(0, false)).is_empty());
    assert!(meeting.send(68, 1, &h265_picture(1, true)).is_empty());
    seen.extend(meeting.send(101, 1, &h265_picture(0, false)));
    // From a picture on that depends on lower layers alone.
    meeting.select(102, Some((1, 1)));
    assert!(meeting.send(134, 1, &h265_picture(1, false)).is_empty());
    seen.extend(meeting.send(167, 1, &h265_picture(1, true)));
    seen.extend(meeting.send(200, 1, &h265_picture(1, false)));
    let numbers: Vec<u64> = seen.iter().map(|one| one.sequence - seen[0].sequence).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
    assert_eq!(
        meeting.slot().current,
        Some(LayerTarget {
            spatial: 1,
            temporal: 1
        })
    );
}

/// Two cameras in VP9 with three spatial layers, told by payload descriptors; a viewer of the first.
struct Vp9Cameras {
    plane: Plane,
    publisher: Client,
    viewer: Client,
    sequence: [u64; 2],
    picture: [u16; 2],
}

impl Vp9Cameras {
    fn new() -> Self {
        let mut plane = Plane::default();
        let publisher = Client::join(&mut plane, ms(0), 1);
        let viewer = Client::join(&mut plane, ms(0), 2);
        for (track, mid) in [(11, "a"), (12, "b")] {
            let parameters = TrackParameters {
                track: TrackId(track),
                transport: TransportId(1),
                kind: MediaKind::Video,
                mid: Some(mid.into()),
                rids: Vec::new(),
                ssrcs: vec![],
                codecs: vec![codec(CodecName::Vp9)],
                extensions: extensions(),
            };
            plane.handle_command(ms(0), Command::AddTrack(parameters));
        }
        let slot = SlotParameters {
            codecs: vec![codec(CodecName::Vp9)],
            ..slot_of(2, SLOT.0, MediaKind::Video)
        };
        plane.handle_command(ms(0), Command::AddSlot(slot));
        assign(&mut plane, ms(0), SLOT.0, Some(11));
        Vp9Cameras {
            plane,
            publisher,
            viewer,
            sequence: [65_530, 9],
            picture: [0x7ffd, 40],
        }
    }

    fn select(&mut self, spatial: u8) {
        let target = Some(LayerTarget { spatial, temporal: 0 });
        let command = Command::SelectLayer { slot: SLOT, target };
        self.plane.handle_command(ms(0), command);
    }

    /// Send a picture of a camera, each layer in one packet; what the viewer gets of it. With K-SVC layers above the lowest
    /// are predicted from the one below at keyframes alone.
    fn send(
        &mut self,
        at: u64,
        camera: usize,
        is_key: bool,
        is_key_svc: bool,
    ) -> Vec<(Vp9Descriptor, Received)> {
        let picture = self.picture[camera];
        self.picture[camera] = (picture + 1) & 0x7fff;
        let [high, low] = (0x8000 | picture).to_be_bytes();
        for spatial in 0..3u8 {
            let is_unused_above = spatial == 2 || (is_key_svc && !is_key);
            let is_inter_layer = spatial > 0 && (is_key || !is_key_svc);
            let first = 0b1010_1100 | u8::from(!is_key) << 6 | u8::from(is_unused_above);
            let layer = 0x10 | spatial << 1 | u8::from(is_inter_layer);
            let payload = [first, high, low, layer, picture as u8, spatial];
            let (ssrc, mid) = [(100, "a"), (200, "b")][camera];
            let time = (96, at as u32 * 90);
            let datagram = self
                .publisher
                .packet_at(ssrc, mid, self.sequence[camera], time, &payload);
            self.sequence[camera] += 1;
            self.plane
                .handle_datagram(ms(at), self.publisher.address, &datagram);
        }
        let (rtp, _) = drain(&mut self.plane, ms(at), &self.viewer);
        let received = rtp.iter().map(|datagram| self.viewer.open(datagram));
        received
            .map(|one| (Vp9Descriptor::parse(&one.payload).expect("sound"), one))
            .collect()
    }
}

fn layers(seen: &[(Vp9Descriptor, Received)]) -> Vec<u8> {
    seen.iter().map(|(descriptor, _)| descriptor.spatial).collect()
}

#[test]
fn of_k_svc_the_chosen_layer_goes_out_alone_between_keyframes() {
    let mut meeting = Vp9Cameras::new();
    meeting.send(1, 0, true, true);
    let mut seen = meeting.send(34, 0, true, true);
    assert_eq!(layers(&seen), [0, 1, 2]);
    for at in [67, 100] {
        let next = meeting.send(at, 0, false, true);
        assert_eq!(layers(&next), [2]);
        seen.extend(next);
    }
    meeting.select(0);
    // A lower layer has gone out at keyframes alone: nothing leads there before the next one.
    let next = meeting.send(133, 0, false, true);
    assert_eq!(layers(&next), [2]);
    seen.extend(next);
    let next = meeting.send(166, 0, true, true);
    assert_eq!(layers(&next), [0]);
    assert!(next[0].1.header.marker);
    seen.extend(next);
    let steps: Vec<u64> = seen
        .iter()
        .map(|(_, one)| one.sequence - seen[0].1.sequence)
        .collect();
    assert_eq!(steps, [0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn of_vp9s_layers_those_up_to_the_chosen_one_go_out_and_picture_ids_continue_over_a_change_of_track() {
    let mut meeting = Vp9Cameras::new();
    meeting.select(1);
    meeting.send(1, 0, true, false);
    let mut seen = meeting.send(34, 0, true, false);
    // Over the end of the publisher's numbers and picture ids.
    for at in [67, 100, 133] {
        seen.extend(meeting.send(at, 0, false, false));
    }
    assign(&mut meeting.plane, ms(140), SLOT.0, Some(12));
    meeting
        .send(150, 1, true, false)
        .into_iter()
        .for_each(|one| seen.push(one));
    let last = seen.len() - 1;
    let picture = |(descriptor, _): &(Vp9Descriptor, Received)| descriptor.picture_id.expect("there").value;
    assert_eq!(layers(&seen[..8]), [0, 1, 0, 1, 0, 1, 0, 1]);
    let steps: Vec<u64> = seen
        .iter()
        .map(|(_, one)| one.sequence - seen[0].1.sequence)
        .collect();
    assert_eq!(steps, (0..=last as u64).collect::<Vec<_>>());
    for pair in seen.windows(2) {
        let step = picture(&pair[1]).wrapping_sub(picture(&pair[0])) & 0x7fff;
        let is_same_picture = pair[1].0.spatial > pair[0].0.spatial;
        assert_eq!(step, u16::from(!is_same_picture));
    }
    assert!(seen[last].0.spatial <= 1);
}
