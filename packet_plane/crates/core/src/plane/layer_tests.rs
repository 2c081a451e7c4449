use super::tests::{Client, Received, assign, drain, extensions, interframe, keyframe, ms, slot_of, vp8};
use super::*;
use crate::codec::{Codec, MediaKind};
use crate::command::{Command, SlotParameters, TrackParameters};
use crate::layer_selector::LayerTarget;
use crate::quantities::{ExtendedSequenceNumber, PayloadType, Ssrc};
use crate::rtcp;
use crate::rtp::extension::ExtensionBlock;
use crate::rtp::header::{OutgoingHeader, write_header};

const RIDS: [&str; 3] = ["q", "h", "f"];
pub(super) const SLOT: SlotId = SlotId(21);

/// A publisher of one camera in three sizes, and a viewer of it.
pub(super) struct Simulcast {
    pub plane: Plane,
    pub publisher: Client,
    viewer: Client,
    sequence: [u64; 3],
}

impl Simulcast {
    pub fn new() -> Self {
        Simulcast::of(vp8())
    }

    pub fn of(codec: Codec) -> Self {
        let mut plane = Plane::default();
        let publisher = Client::join(&mut plane, ms(0), 1);
        let viewer = Client::join(&mut plane, ms(0), 2);
        let mut ids = extensions();
        ids.set("urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", 4);
        ids.set("urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id", 5);
        let parameters = TrackParameters {
            track: TrackId(11),
            transport: TransportId(1),
            kind: MediaKind::Video,
            mid: Some("cam".into()),
            rids: RIDS.map(String::from).to_vec(),
            ssrcs: vec![],
            codecs: vec![codec.clone()],
            extensions: ids,
        };
        plane.handle_command(ms(0), Command::AddTrack(parameters));
        let slot = SlotParameters {
            codecs: vec![codec],
            ..slot_of(2, SLOT.0, MediaKind::Video)
        };
        plane.handle_command(ms(0), Command::AddSlot(slot));
        assign(&mut plane, ms(0), SLOT.0, Some(11));
        let sequence = [10, 20_000, 65_530];
        Simulcast {
            plane,
            publisher,
            viewer,
            sequence,
        }
    }

    pub fn seal(
        &self,
        (ssrc, payload_type): (u32, u8),
        rid: (u8, &str),
        sequence: u64,
        ticks: u32,
        payload: &[u8],
    ) -> Vec<u8> {
        let mut block = ExtensionBlock::default();
        block.push(1, b"cam");
        block.push(rid.0, rid.1.as_bytes());
        let header = OutgoingHeader {
            marker: true,
            padding: false,
            payload_type: PayloadType(payload_type),
            sequence_number: sequence as u16,
            rtp_timestamp: ticks,
            ssrc: Ssrc(ssrc),
        };
        let mut out = vec![0; 1_500];
        let header_len = write_header(&header, block.finish(), &mut out);
        let number = ExtendedSequenceNumber(sequence);
        let sender = &self.publisher.sender;
        let len = sender.protect_rtp(Ssrc(ssrc), number, header_len, payload, &[], &mut out);
        out.truncate(len.expect("seals"));
        out
    }

    /// The next packet of a layer; each layer's clock has an offset of its own.
    pub fn packet(&mut self, at: u64, layer: usize, payload: &[u8]) -> Vec<u8> {
        let number = self.sequence[layer];
        self.sequence[layer] += 1;
        let ticks = at as u32 * 90 + layer as u32 * 1_000_000;
        self.seal((100 + layer as u32, 96), (4, RIDS[layer]), number, ticks, payload)
    }

    /// Send one packet; what the viewer gets of it.
    pub fn send(&mut self, at: u64, layer: usize, payload: &[u8]) -> Vec<Received> {
        let datagram = self.packet(at, layer, payload);
        self.arrive(at, &datagram);
        self.receive(at)
    }

    pub fn arrive(&mut self, at: u64, datagram: &[u8]) {
        let source = self.publisher.address;
        self.plane.handle_datagram(ms(at), source, datagram);
    }

    /// What the publisher says in RTCP.
    pub fn say(&mut self, at: u64, compound: &[u8]) {
        self.publisher.send_rtcp(&mut self.plane, ms(at), compound);
    }

    pub fn receive(&mut self, at: u64) -> Vec<Received> {
        let (rtp, _) = drain(&mut self.plane, ms(at), &self.viewer);
        rtp.iter().map(|datagram| self.viewer.open(datagram)).collect()
    }

    pub fn select(&mut self, at: u64, target: Option<(u8, u8)>) {
        let target = target.map(|(spatial, temporal)| LayerTarget { spatial, temporal });
        self.plane
            .handle_command(ms(at), Command::SelectLayer { slot: SLOT, target });
    }

    /// SSRCs of which the publisher is asked for a keyframe.
    pub fn asked(&mut self, at: u64) -> Vec<u32> {
        self.plane.handle_timeout(ms(at));
        let (_, datagrams) = drain(&mut self.plane, ms(at), &self.publisher);
        let compound = self.publisher.open_rtcp(&datagrams);
        rtcp::packets(&compound)
            .flatten()
            .filter(|packet| {
                (packet.packet_type, packet.count) == (rtcp::PAYLOAD_FEEDBACK, rtcp::pli::FORMAT)
            })
            .map(|packet| rtcp::pli::parse(packet.body).expect("sound"))
            .collect()
    }

    /// The viewer asks for a packet of what it has been sent; returns whether that is sent again.
    fn is_resent(&mut self, at: u64, lost: &Received) -> bool {
        let mut request = Vec::new();
        rtcp::nack::write(
            1,
            0x5000 + SLOT.0 as u32,
            &[lost.header.sequence_number],
            &mut request,
        );
        self.viewer.send_rtcp(&mut self.plane, ms(at), &request);
        !self.receive(at).is_empty()
    }

    /// The viewer's own request for a keyframe.
    pub fn viewer_asks(&mut self, at: u64) {
        let mut request = Vec::new();
        rtcp::pli::write(1, 0x5000 + SLOT.0 as u32, &mut request);
        self.viewer.send_rtcp(&mut self.plane, ms(at), &request);
    }

    pub fn slot(&self) -> SlotSnapshot {
        self.plane.snapshot().slots.remove(0)
    }
}

pub(super) fn picture_of(received: &Received) -> u16 {
    u16::from_be_bytes([received.payload[2] & 0x7f, received.payload[3]])
}

#[test]
fn layers_are_told_apart_by_rid_and_the_best_allowed_goes_out() {
    let mut meeting = Simulcast::new();
    meeting.select(0, Some((1, 9)));
    assert_eq!(meeting.send(1, 0, &keyframe(1)).len(), 1);
    assert!(meeting.send(1, 1, &interframe(1)).is_empty());
    assert_eq!(meeting.send(34, 0, &interframe(2)).len(), 1);
    assert_eq!(meeting.send(35, 1, &keyframe(2)).len(), 1);
    assert!(meeting.send(36, 0, &interframe(3)).is_empty());
    assert!(meeting.send(37, 2, &keyframe(9)).is_empty());
    assert_eq!(meeting.slot().current.map(|layer| layer.spatial), Some(1));
}

#[test]
fn only_the_layer_that_is_wanted_is_asked_for_a_keyframe() {
    let mut meeting = Simulcast::new();
    for layer in 0..3 {
        meeting.send(1, layer, &keyframe(1));
    }
    assert_eq!(meeting.slot().current.map(|layer| layer.spatial), Some(2));
    assert!(meeting.asked(300).is_empty());
    (0..3).for_each(|layer| drop(meeting.send(601, layer, &interframe(2))));
    meeting.select(610, Some((0, 9)));
    assert_eq!(meeting.asked(620), [100]);
    // Until it comes, the viewer sees on what it saw.
    assert_eq!(meeting.send(634, 2, &interframe(3)).len(), 1);
    assert_eq!(meeting.send(635, 0, &keyframe(3)).len(), 1);
    assert!(meeting.send(667, 2, &interframe(4)).is_empty());
}

/// A viewer of the smallest size who waits for the largest, whose keyframe has not come and pictures after it have.
fn keyframe_on_its_way(until: u64) -> (Simulcast, Vec<u8>) {
    let mut meeting = Simulcast::new();
    meeting.send(1, 0, &keyframe(1));
    meeting.send(2, 2, &interframe(1));
    let late = meeting.packet(34, 2, &keyframe(2));
    for at in (67..=until).step_by(33) {
        let picture = (at / 33 + 1) as u16;
        assert_eq!(meeting.send(at, 0, &interframe(picture)).len(), 1);
        assert!(meeting.send(at, 2, &interframe(picture)).is_empty());
    }
    (meeting, late)
}

#[test]
fn a_keyframe_that_comes_a_little_late_is_a_way_in() {
    let (mut meeting, late) = keyframe_on_its_way(133);
    meeting.arrive(150, &late);
    assert_eq!(meeting.receive(150).len(), 1);
    assert_eq!(meeting.slot().current.map(|layer| layer.spatial), Some(2));
}

#[test]
fn a_keyframe_that_comes_long_after_newer_pictures_is_no_way_in_and_another_is_asked_for() {
    let (mut meeting, late) = keyframe_on_its_way(397);
    assert_eq!(meeting.asked(400), [102]);
    meeting.arrive(420, &late);
    assert!(meeting.receive(420).is_empty());
    assert_eq!(meeting.send(430, 0, &interframe(14)).len(), 1);
    assert_eq!(meeting.asked(900), [102]);
    assert_eq!(meeting.send(950, 2, &keyframe(15)).len(), 1);
    assert_eq!(meeting.slot().current.map(|layer| layer.spatial), Some(2));
    assert!(meeting.asked(1_450).is_empty());
}

#[test]
fn a_keyframe_that_comes_late_is_enough_for_whoever_sees_its_stream() {
    let mut meeting = Simulcast::new();
    for layer in 0..3 {
        meeting.send(1, layer, &keyframe(1));
    }
    meeting.viewer_asks(10);
    assert_eq!(meeting.asked(20), [102]);
    let late = meeting.packet(34, 2, &keyframe(2));
    for at in (67..500).step_by(33) {
        meeting.send(at, 2, &interframe((at / 33 + 1) as u16));
    }
    meeting.arrive(500, &late);
    assert_eq!(meeting.receive(500).len(), 1);
    assert!(meeting.asked(1_000).is_empty());
}

#[test]
fn a_layer_that_its_sender_has_stopped_is_asked_for_nothing() {
    let mut meeting = Simulcast::new();
    meeting.select(0, Some((1, 9)));
    meeting.send(1, 0, &keyframe(1));
    meeting.send(2, 1, &interframe(1));
    assert_eq!(meeting.asked(10), [101]);
    let mut asked = Vec::new();
    for at in (34..4_000).step_by(33) {
        let picture = (at / 33) as u16;
        assert_eq!(meeting.send(at, 0, &interframe(picture)).len(), 1);
        asked.extend(meeting.asked(at).into_iter().map(|ssrc| (at, ssrc)));
    }
    // It may have been late for half a second; what it is asked for then makes its sender begin all layers anew.
    assert!(asked.iter().all(|(at, _)| *at < 600), "{asked:?}");
    // It is asked again once it is there again.
    meeting.send(4_000, 1, &interframe(1));
    assert_eq!(meeting.asked(4_010), [101]);
}

#[test]
fn a_switch_of_layers_leaves_no_gap_and_keeps_the_publishers_time() {
    let mut meeting = Simulcast::new();
    let mut seen = Vec::new();
    for layer in 0..3u32 {
        // The same instant on the clock of each layer (RFC 3550 section 6.4.1).
        let mut report = Vec::new();
        let sender_report = rtcp::sender_report::SenderReport {
            ssrc: 100 + layer,
            ntp_time: 77 << 32,
            rtp_timestamp: 1_000_000 * layer,
            packets_sent: 0,
            bytes_sent: 0,
        };
        seen.extend(meeting.send(1, layer as usize, &keyframe(1)));
        sender_report.write(&mut report);
        meeting.publisher.send_rtcp(&mut meeting.plane, ms(2), &report);
    }
    meeting.select(10, Some((0, 9)));
    seen.extend(meeting.send(34, 2, &interframe(2)));
    // It arrives late, but was taken 66 ms after the first.
    let late = meeting.packet(67, 0, &keyframe(40));
    let source = meeting.publisher.address;
    meeting.plane.handle_datagram(ms(90), source, &late);
    seen.extend(meeting.receive(90));
    let numbers: Vec<u64> = seen.iter().map(|one| one.sequence - seen[0].sequence).collect();
    let pictures: Vec<u16> = seen
        .iter()
        .map(|one| picture_of(one) - picture_of(&seen[0]))
        .collect();
    assert_eq!((numbers, pictures), (vec![0, 1, 2, 3, 4], vec![0, 1, 2, 3, 4]));
    let last = seen.len() - 1;
    let step = seen[last].header.rtp_timestamp - seen[last - 1].header.rtp_timestamp;
    assert_eq!(step, 33 * 90);
}

#[test]
fn a_retransmission_stream_names_the_layer_that_it_repairs() {
    let mut meeting = Simulcast::new();
    for layer in 0..3 {
        meeting.send(1, layer, &keyframe(1));
    }
    let lost = meeting.packet(34, 1, &interframe(2));
    drop(lost);
    meeting.send(35, 1, &interframe(3));
    let number = meeting.sequence[1] - 2;
    let mut payload = (number as u16).to_be_bytes().to_vec();
    payload.extend(interframe(2));
    let repair = meeting.seal((201, 97), (5, "h"), 1, 34 * 90, &payload);
    let source = meeting.publisher.address;
    meeting.plane.handle_datagram(ms(50), source, &repair);
    let track = meeting.plane.snapshot().tracks.remove(0);
    assert_eq!(track.packets_lost, 1);
    let drops = meeting.plane.snapshot().counters.drops;
    assert_eq!(
        drops.of(DropReason::UnknownStream) + drops.of(DropReason::Duplicate),
        0
    );
    assert!(meeting.asked(60).is_empty());
}

#[test]
fn a_stream_without_a_known_rid_is_nobodys() {
    let mut meeting = Simulcast::new();
    let source = meeting.publisher.address;
    for rid in [(4, "x"), (5, "q"), (9, "q")] {
        let packet = meeting.seal((150, 96), rid, 1, 0, &keyframe(1));
        meeting.plane.handle_datagram(ms(1), source, &packet);
    }
    assert_eq!(
        meeting
            .plane
            .snapshot()
            .counters
            .drops
            .of(DropReason::UnknownStream),
        3
    );
}

#[test]
fn when_the_layer_that_is_shown_falls_silent_the_next_one_takes_over() {
    let mut meeting = Simulcast::new();
    for layer in 0..3 {
        meeting.send(1, layer, &keyframe(1));
    }
    let mut asked = Vec::new();
    for at in (34..1_500).step_by(33) {
        meeting.send(at, 0, &interframe(2));
        meeting.send(at, 1, &interframe(2));
        asked.extend(meeting.asked(at));
    }
    asked.dedup();
    assert_eq!(asked, [101]);
    assert_eq!(meeting.send(1_520, 1, &keyframe(60)).len(), 1);
    assert_eq!(meeting.slot().current.map(|layer| layer.spatial), Some(1));
}

/// Pictures of these layers at these times, each layer's three milliseconds after the one below; what is asked for meanwhile.
fn slow_pictures(
    meeting: &mut Simulcast,
    times: impl Iterator<Item = u64>,
    interval: u64,
    layers: std::ops::Range<usize>,
) -> Vec<(u64, u32)> {
    let mut asked = Vec::new();
    for at in times {
        for layer in layers.clone() {
            let now = at + 3 * layer as u64;
            meeting.send(now, layer, &interframe(2));
            asked.extend(meeting.asked(now).into_iter().map(|ssrc| (now, ssrc)));
        }
        for now in (at + 20..at + interval).step_by(20) {
            asked.extend(meeting.asked(now).into_iter().map(|ssrc| (now, ssrc)));
        }
    }
    asked
}

#[test]
fn slow_pictures_of_all_layers_are_asked_for_no_keyframe() {
    for interval in [600, 1_000, 3_000] {
        let mut meeting = Simulcast::new();
        for layer in 0..3 {
            meeting.send(1, layer, &keyframe(1));
        }
        let times = (1..10).map(|number| 1 + number * interval);
        let asked = slow_pictures(&mut meeting, times, interval, 0..3);
        assert_eq!(meeting.slot().current.map(|layer| layer.spatial), Some(2));
        assert!(asked.is_empty(), "{interval}: {asked:?}");
    }
}

#[test]
fn a_pause_of_all_layers_is_followed_by_no_keyframe() {
    let mut meeting = Simulcast::new();
    for layer in 0..3 {
        meeting.send(1, layer, &keyframe(1));
    }
    let before = slow_pictures(&mut meeting, (34..1_000).step_by(33), 33, 0..3);
    let after = slow_pictures(&mut meeting, (1_700..3_000).step_by(33), 33, 0..3);
    assert!(before.is_empty() && after.is_empty(), "{before:?} {after:?}");
}

#[test]
fn a_layer_of_slow_pictures_that_stops_gives_way_to_the_next_one() {
    let mut meeting = Simulcast::new();
    for layer in 0..3 {
        meeting.send(1, layer, &keyframe(1));
    }
    slow_pictures(&mut meeting, (1..4).map(|number| number * 1_000), 1_000, 0..3);
    let asked = slow_pictures(&mut meeting, (4..9).map(|number| number * 1_000), 1_000, 0..2);
    assert!(
        asked.first().is_some_and(|(at, _)| (5_000..7_000).contains(at)),
        "{asked:?}"
    );
    assert!(asked.iter().all(|(_, ssrc)| *ssrc == 101), "{asked:?}");
}

#[test]
fn a_wish_for_another_layer_that_is_withdrawn_is_not_told() {
    let mut meeting = Simulcast::new();
    for layer in 0..3 {
        meeting.send(1, layer, &keyframe(1));
    }
    assert!(meeting.asked(300).is_empty());
    meeting.select(305, Some((0, 9)));
    meeting.select(306, Some((2, 9)));
    assert!(meeting.asked(310).is_empty());
}

#[test]
fn a_paused_slot_costs_nothing_and_comes_back_at_a_keyframe() {
    let mut meeting = Simulcast::new();
    meeting.send(1, 0, &keyframe(1));
    meeting.select(2, None);
    assert!(meeting.send(34, 0, &keyframe(2)).is_empty());
    assert!(meeting.asked(600).is_empty());
    meeting.send(601, 0, &interframe(3));
    meeting.select(610, Some((0, 0)));
    assert_eq!(meeting.asked(620), [100]);
    assert!(meeting.send(634, 0, &interframe(4)).is_empty());
    assert_eq!(meeting.send(667, 0, &keyframe(5)).len(), 1);
}

/// A frame of a temporal layer; the Y bit tells that it depends on the lowest alone.
fn temporal(picture_id: u16, layer: u8, sync: bool) -> Vec<u8> {
    let mut payload = interframe(picture_id);
    payload[5] = layer << 6 | u8::from(sync) << 5;
    payload
}

#[test]
fn temporal_layers_above_the_target_leave_no_mark() {
    let mut meeting = Simulcast::new();
    meeting.select(0, Some((0, 1)));
    let mut seen = meeting.send(1, 0, &keyframe(100));
    let pattern = [
        (2, true),
        (1, true),
        (2, false),
        (0, false),
        (2, true),
        (1, false),
        (2, false),
        (0, false),
    ];
    for (number, (layer, sync)) in (1..).zip(pattern) {
        seen.extend(meeting.send(
            1 + u64::from(number) * 33,
            0,
            &temporal(100 + number, layer, sync),
        ));
    }
    let numbers: Vec<u64> = seen.iter().map(|one| one.sequence - seen[0].sequence).collect();
    let pictures: Vec<u16> = seen
        .iter()
        .map(|one| picture_of(one) - picture_of(&seen[0]))
        .collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
    assert_eq!(pictures, [0, 1, 2, 3, 4]);
    let times: Vec<u32> = seen
        .iter()
        .map(|one| one.header.rtp_timestamp - seen[0].header.rtp_timestamp)
        .collect();
    assert_eq!(times, [0, 66 * 90, 132 * 90, 198 * 90, 264 * 90]);
}

#[test]
fn tells_which_layers_arrive_and_what_they_cost() {
    let mut meeting = Simulcast::new();
    for at in (1..3_000u64).step_by(33) {
        meeting.send(at, 0, &keyframe(1));
        meeting.send(at, 1, &[&keyframe(1)[..], &[0; 900]].concat());
        meeting.plane.handle_timeout(ms(at));
    }
    let told = std::iter::from_fn(|| meeting.plane.poll_event()).filter_map(|event| match event {
        Event::LayersChanged { track, layers } => Some((track, layers)),
        _ => None,
    });
    let told: Vec<_> = told.collect();
    let (track, layers) = told.last().expect("told");
    assert_eq!(*track, TrackId(11));
    let active: Vec<_> = layers
        .iter()
        .map(|layer| (layer.spatial, layer.temporal, layer.is_active))
        .collect();
    assert_eq!(active, [(0, 0, true), (1, 0, true)]);
    assert!((200_000..280_000).contains(&layers[1].bitrate_bps), "{layers:?}");
    assert!((28..=33).contains(&layers[1].fps), "{layers:?}");
    assert!(told.len() <= 6, "{}", told.len());
}

/// A viewer that has just gone from the largest size to the smallest, after a second of a kilobyte each so many
/// milliseconds; the last of the one and the first of the other.
fn left_behind(every_ms: usize) -> (Simulcast, Received, Received) {
    let mut meeting = Simulcast::new();
    meeting.send(1, 2, &keyframe(1));
    let mut payload = interframe(2);
    payload.resize(1_000, 0);
    let large = (2..1_000)
        .step_by(every_ms)
        .flat_map(|at| meeting.send(at, 2, &payload))
        .last();
    meeting.select(1_002, Some((0, 9)));
    let small = meeting.send(1_003, 0, &keyframe(3)).pop();
    (meeting, large.expect("it went out"), small.expect("a way in"))
}

#[test]
fn of_a_layer_that_was_left_a_path_that_is_full_gets_nothing_again() {
    // Nothing is known of the path yet, and half a megabit assumed.
    for (every_ms, is_full) in [(5, true), (40, false)] {
        let (mut meeting, large, small) = left_behind(every_ms);
        assert_eq!(meeting.is_resent(1_004, &large), !is_full, "each {every_ms} ms");
        assert!(meeting.is_resent(1_005, &small));
    }
}
