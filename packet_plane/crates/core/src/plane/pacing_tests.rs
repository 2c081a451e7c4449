use super::tests::{Client, PROFILE, assign, drain, interframe, key, keyframe, ms};
use super::*;
use crate::codec::MediaKind;
use crate::command::Command;
use crate::rtcp;
use crate::rtcp::transport_cc;
use crate::srtp::SrtpSender;

/// A camera and a viewer that reports every arrival after 50 ms, or says that its link is as narrow as this.
pub(super) struct Watched {
    pub plane: Plane,
    pub publisher: Client,
    pub viewer: Client,
    next: u64,
}

impl Watched {
    pub fn new() -> Self {
        let mut plane = Plane::default();
        let publisher = Client::join(&mut plane, ms(0), 1);
        let viewer = Client::join(&mut plane, ms(0), 2);
        publisher.publish(&mut plane, ms(0), 11, MediaKind::Video, "cam");
        viewer.add_slot(&mut plane, ms(0), 21, MediaKind::Video);
        assign(&mut plane, ms(0), 21, Some(11));
        Watched {
            plane,
            publisher,
            viewer,
            next: 1,
        }
    }

    /// A frame of so many packets of a thousand bytes.
    pub fn frame(&mut self, at: u64, packets: usize, is_key: bool) {
        let start = if is_key { keyframe(1) } else { interframe(2) };
        for part in 0..packets {
            let mut payload = start.clone();
            payload[0] = if part == 0 { 0x90 } else { 0x80 };
            payload.resize(1_000, 0);
            let publisher = &self.publisher;
            publisher.send(&mut self.plane, ms(at), 100, "cam", self.next, &payload);
            self.next += 1;
        }
    }

    /// How many packets the viewer gets at this moment.
    fn receive(&mut self, at: u64) -> usize {
        self.plane.handle_timeout(ms(at));
        drain(&mut self.plane, ms(at), &self.viewer).0.len()
    }

    pub fn say_estimate(&mut self, at: u64, bps: u32) {
        // REMB with an exponent of 10 (draft-alvestrand-rmcat-remb-03 section 2.2).
        let word = 1 << 24 | 10 << 18 | bps >> 10;
        let mut packet = vec![0x8f, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0];
        packet.extend_from_slice(b"REMB");
        packet.extend_from_slice(&word.to_be_bytes());
        packet.extend_from_slice(&[0, 0, 0x50, 21]);
        let mut compound = Vec::new();
        rtcp::receiver_report::write(1, &[], &mut compound);
        compound.extend_from_slice(&packet);
        self.viewer.send_rtcp(&mut self.plane, ms(at), &compound);
    }

    pub fn estimates(&mut self) -> Vec<u64> {
        let events = std::iter::from_fn(|| self.plane.poll_event());
        let estimates = events.filter_map(|event| match event {
            Event::EstimateChanged { estimate_bps, .. } => Some(estimate_bps),
            _ => None,
        });
        estimates.collect()
    }
}

#[test]
fn before_anything_is_known_of_a_path_nothing_waits() {
    let mut meeting = Watched::new();
    meeting.frame(1, 200, true);
    assert_eq!(meeting.receive(1), 200);
}

#[test]
fn a_large_frame_leaves_at_the_pace_of_a_narrow_path_and_whole() {
    let mut meeting = Watched::new();
    meeting.say_estimate(1, 1_000_000);
    assert_eq!(meeting.estimates(), [999_424]);
    meeting.frame(10, 40, true);
    let first = meeting.receive(10);
    assert!((8..=12).contains(&first), "{first}");
    let later: Vec<usize> = (11..200).map(|at| meeting.receive(at)).collect();
    assert_eq!(first + later.iter().sum::<usize>(), 40);
    assert!(later.iter().all(|packets| *packets <= 3), "{later:?}");
    // Thirty packets more than the burst, at 2.5 Mbit/s.
    let last = later.iter().rposition(|packets| *packets > 0).expect("some");
    assert!((70..=140).contains(&last), "{last}");
}

#[test]
fn what_waits_too_long_is_given_up_and_a_keyframe_is_asked_for() {
    let mut meeting = Watched::new();
    meeting.say_estimate(1, 60_000);
    meeting.frame(10, 60, true);
    let sent: usize = (10..400).map(|at| meeting.receive(at)).sum();
    assert!((10..40).contains(&sent), "{sent}");
    assert!(meeting.plane.snapshot().counters.drops.of(DropReason::TooLate) > 0);
    meeting.frame(500, 1, false);
    assert_eq!(meeting.receive(500), 0);
    meeting.frame(1_500, 1, true);
    assert_eq!((1_500..1_600).map(|at| meeting.receive(at)).sum::<usize>(), 1);
}

#[test]
fn what_waits_of_a_stream_that_is_over_gives_no_number_of_the_viewers_key_to_a_second_packet() {
    let mut meeting = Watched::new();
    meeting.say_estimate(1, 1_000_000);
    let mut sealed = std::collections::BTreeMap::<(u32, u16), Vec<u8>>::new();
    let mut receive = |meeting: &mut Watched, at: u64| {
        meeting.plane.handle_timeout(ms(at));
        for datagram in drain(&mut meeting.plane, ms(at), &meeting.viewer).0 {
            let header = crate::rtp::RtpHeader::parse(&datagram).expect("a header");
            let before = sealed.insert((header.ssrc.0, header.sequence_number), datagram.clone());
            assert!(
                before.is_none_or(|before| before == datagram),
                "{} again",
                header.sequence_number
            );
        }
        sealed.len()
    };
    let send = |meeting: &mut Watched, at: u64| {
        meeting.next = 1;
        meeting.frame(at, 20, true);
        meeting.frame(at, 20, true);
    };
    send(&mut meeting, 10);
    let first = receive(&mut meeting, 10);
    assert!(first < 20, "the second keyframe waits: {first}");
    // Another handshake: other keys, and the same numbers again.
    let (local, remote) = (key(7, 1), key(7, 2));
    let sender = SrtpSender::new(PROFILE, &remote.key, &remote.salt).expect("lengths fit");
    meeting.plane.handle_command(
        ms(11),
        Command::SetSrtpKeys {
            transport: TransportId(1),
            profile: PROFILE,
            local,
            remote,
        },
    );
    meeting.publisher.sender = sender;
    send(&mut meeting, 11);
    let all = (11..240).map(|at| receive(&mut meeting, at)).last();
    assert_eq!(all, Some(first + 40));
}

#[test]
fn what_waits_of_a_picture_that_was_paused_is_forgotten() {
    let mut meeting = Watched::new();
    meeting.say_estimate(1, 1_000_000);
    meeting.frame(10, 40, true);
    let sent = meeting.receive(10);
    let mute = |muted| Command::SetTrackMuted {
        track: TrackId(11),
        muted,
    };
    meeting.plane.handle_command(ms(11), mute(true));
    assert!(sent < 20);
    let waits = |meeting: &Watched| {
        let viewer = meeting.plane.transports.get(1).expect("the viewer");
        !viewer.congestion.pacer.is_empty()
    };
    assert!(!waits(&meeting));
    meeting.plane.handle_command(ms(12), mute(false));
    meeting.frame(20, 5, true);
    let rest: usize = (20..60).map(|at| meeting.receive(at)).sum();
    assert_eq!(rest, 5);
}

/// Let the viewer report what it gets, each packet this much later than the one before, until `until`.
fn report(
    meeting: &mut Watched,
    number: &mut u16,
    (from, until): (u64, u64),
    later_us: u64,
    sends: bool,
) -> usize {
    let (mut waiting, mut late, mut received) = (Vec::new(), 0, 0);
    for at in (from..until).step_by(10) {
        if sends && at % 30 == 10 {
            meeting.frame(at, 2, at == 10);
        }
        for _ in 0..meeting.receive(at) {
            (late, received) = (late + later_us, received + 1);
            waiting.push(Some(Instant(ms(at + 20).micros() + late)));
        }
        if at % 50 == 0 && !waiting.is_empty() {
            let mut compound = Vec::new();
            rtcp::receiver_report::write(1, &[], &mut compound);
            transport_cc::write((1, 2), *number, 0, &waiting, &mut compound);
            *number = number.wrapping_add(waiting.len() as u16);
            waiting.clear();
            meeting.viewer.send_rtcp(&mut meeting.plane, ms(at), &compound);
        }
    }
    received
}

pub(super) fn want(meeting: &mut Watched, wanted_bps: u64) {
    let transport = TransportId(2);
    let command = Command::SetSendCeiling {
        transport,
        wanted_bps,
    };
    meeting.plane.handle_command(ms(1), command);
}

#[test]
fn feedback_on_what_was_sent_makes_an_estimate_and_a_ceiling_makes_probes() {
    let mut meeting = Watched::new();
    want(&mut meeting, 5_000_000);
    let received = report(&mut meeting, &mut 0, (10, 4_000), 0, true);
    assert!(received > 250, "{received}");
    // Two packets a frame are half a megabit; what is known beyond that comes from probes.
    let estimates = meeting.estimates();
    assert!(
        estimates.last().is_some_and(|bps| *bps > 2_000_000),
        "{estimates:?}"
    );
}

#[test]
fn a_path_known_to_carry_almost_what_is_wanted_is_probed_for_the_rest() {
    let mut meeting = Watched::new();
    want(&mut meeting, 1_000_000);
    let mut number = 0;
    report(&mut meeting, &mut number, (10, 4_010), 0, true);
    let known = meeting.estimates().last().copied().expect("an estimate");
    let wanted = known + known / 20;
    want(&mut meeting, wanted);
    report(&mut meeting, &mut number, (4_010, 12_010), 0, true);
    let found = meeting.estimates().last().copied().expect("another estimate");
    assert!(found >= wanted, "{found} of {wanted}");
}

#[test]
fn an_estimate_that_came_too_soon_after_another_is_told_a_little_later() {
    let mut meeting = Watched::new();
    meeting.say_estimate(10, 1_000_000);
    meeting.say_estimate(20, 2_000_000);
    assert_eq!(meeting.estimates(), [999_424]);
    meeting.receive(100);
    assert_eq!(meeting.estimates().len(), 1);
    meeting.receive(200);
    assert_eq!(meeting.estimates(), []);
}

#[test]
fn a_path_that_broke_down_and_gets_nothing_any_more_goes_on_being_probed() {
    let mut meeting = Watched::new();
    want(&mut meeting, 3_000_000);
    let mut number = 0;
    report(&mut meeting, &mut number, (10, 3_000), 8_000, true);
    let low = meeting.estimates().last().copied().expect("an estimate");
    assert!(low < 300_000, "{low}");
    // Nothing but probes leaves from here on: the video is paused, and there is no voice.
    let pause = Command::SelectLayer {
        slot: SlotId(21),
        target: None,
    };
    meeting.plane.handle_command(ms(3_000), pause);
    let mut known = low;
    for from in [3_000, 9_000, 15_000] {
        let probes = report(&mut meeting, &mut number, (from, from + 6_000), 0, false);
        // Once it is known to carry what is wanted there is nothing to find.
        assert!(
            probes >= 5 || known >= 2_900_000,
            "{probes} packets from {from} ms on, {known}"
        );
        known = meeting.estimates().last().copied().unwrap_or(known);
    }
    assert!(known >= 2_900_000, "{known}");
}

#[test]
fn a_receiver_that_said_little_and_is_silent_since_is_given_more_up_to_what_is_wanted() {
    let mut meeting = Watched::new();
    want(&mut meeting, 100_000);
    meeting.say_estimate(10, 20_480);
    (20..2_000).step_by(10).for_each(|at| {
        meeting.receive(at);
    });
    assert_eq!(meeting.estimates(), [20_480]);
    (2_000..8_000).step_by(10).for_each(|at| {
        meeting.receive(at);
    });
    assert_eq!(meeting.estimates(), [40_960, 81_920, 100_000]);
    // What it says next counts.
    meeting.say_estimate(8_010, 20_480);
    assert_eq!(meeting.estimates(), [20_480]);
}
