use super::layer_tests::Simulcast;
use super::tests::{Client, assign, drain, interframe, keyframe, ms};
use super::*;
use crate::codec::MediaKind;
use crate::rtcp::{GOODBYE, goodbye, receiver_report};

fn bye(ssrcs: &[u32]) -> Vec<u8> {
    let mut compound = Vec::new();
    receiver_report::write(1, &[], &mut compound);
    goodbye::write(ssrcs, &mut compound);
    compound
}

/// A meeting in which the viewer sees the largest of three sizes, the last of which came at 34 ms.
fn simulcast() -> Simulcast {
    let mut meeting = Simulcast::new();
    for layer in 0..3 {
        meeting.send(1, layer, &keyframe(1));
    }
    (0..3).for_each(|layer| drop(meeting.send(34, layer, &interframe(2))));
    assert_eq!(meeting.slot().current.map(|layer| layer.spatial), Some(2));
    meeting
}

#[test]
fn a_layer_that_says_goodbye_is_left_at_once() {
    let mut meeting = simulcast();
    meeting.say(40, &bye(&[102]));
    assert_eq!(meeting.asked(501), [101]);
    assert_eq!(meeting.send(502, 1, &keyframe(3)).len(), 1);
    assert_eq!(meeting.slot().current.map(|layer| layer.spatial), Some(1));
    // It may begin again.
    meeting.send(510, 2, &interframe(4));
    assert_eq!(meeting.asked(1_020), [102]);
}

#[test]
fn what_a_goodbye_overtook_brings_no_layer_back_and_what_follows_does() {
    for is_resent in [false, true] {
        let mut meeting = simulcast();
        let late = meeting.packet(35, 2, &interframe(3));
        let resent = {
            let payload = [&65_532u16.to_be_bytes()[..], &interframe(3)].concat();
            meeting.seal((112, 97), (5, "f"), 1, 0, &payload)
        };
        meeting.send(36, 2, &interframe(4));
        meeting.say(40, &bye(&[102]));
        assert_eq!(meeting.asked(501), [101]);
        meeting.arrive(502, if is_resent { &resent } else { &late });
        assert_eq!(
            meeting.plane.counters.drops.of(DropReason::Ended),
            1,
            "{is_resent}"
        );
        // The layer below is awaited still, and no other.
        assert_eq!(meeting.asked(1_010), [101], "{is_resent}");
        assert_eq!(meeting.send(1_020, 1, &keyframe(5)).len(), 1);
        meeting.send(1_030, 2, &interframe(6));
        assert_eq!(meeting.asked(1_540), [102], "{is_resent}");
    }
}

#[test]
fn a_picture_that_its_sender_never_mended_is_asked_for_no_more_once_that_has_gone() {
    let mut plane = Plane::default();
    let mut publisher = Client::join(&mut plane, ms(0), 1);
    let mut viewer = Client::join(&mut plane, ms(0), 2);
    publisher.publish(&mut plane, ms(0), 11, MediaKind::Video, "cam");
    viewer.add_slot(&mut plane, ms(0), 21, MediaKind::Video);
    assign(&mut plane, ms(0), 21, Some(11));
    publisher.send(&mut plane, ms(1_001), 100, "cam", 60_000, &keyframe(7));
    drain(&mut plane, ms(1_001), &viewer);
    let mut request = Vec::new();
    crate::rtcp::pli::write(1, 0x5000 + 21, &mut request);
    viewer.send_rtcp(&mut plane, ms(1_600), &request);
    let mut asked = |plane: &mut Plane, from: u64, to: u64| {
        let asks = (from..to).step_by(100).filter(|at| {
            plane.handle_timeout(ms(*at));
            let (_, datagrams) = drain(plane, ms(*at), &publisher);
            let compound = publisher.open_rtcp(&datagrams);
            crate::rtcp::packets(&compound).flatten().any(|packet| {
                (packet.packet_type, packet.count)
                    == (crate::rtcp::PAYLOAD_FEEDBACK, crate::rtcp::pli::FORMAT)
            })
        });
        asks.count()
    };
    assert!(asked(&mut plane, 1_700, 11_000) >= 15);
    assert_eq!(asked(&mut plane, 12_000, 28_000), 0);
}

#[test]
fn a_camera_that_has_ended_in_whatever_order_is_asked_for_nothing() {
    for ssrcs in [[102, 101, 100], [100, 101, 102], [101, 102, 100]] {
        let mut meeting = simulcast();
        // One packet of each is missing, too.
        (0..3).for_each(|layer| drop(meeting.packet(35, layer, &interframe(3))));
        (0..3).for_each(|layer| drop(meeting.send(36, layer, &interframe(4))));
        ssrcs.iter().for_each(|ssrc| meeting.say(40, &bye(&[*ssrc])));
        let asked: Vec<u32> = (501..5_000)
            .step_by(100)
            .flat_map(|at| meeting.asked(at))
            .collect();
        assert!(asked.is_empty(), "{ssrcs:?}: {asked:?}");
    }
}

#[test]
fn streams_take_the_place_of_each_other_twice_a_second_at_most() {
    let mut meeting = simulcast();
    while meeting.plane.poll_event().is_some() {}
    let mut begun = 0;
    for at in 0..1_000 {
        let ssrc = [102, 112][at as usize % 2];
        let datagram = meeting.seal((ssrc, 96), (4, "f"), 1 + at, at as u32 * 90, &keyframe(at as u16));
        meeting.arrive(1_000 + at, &datagram);
        meeting.say(1_000 + at, &bye(&[ssrc]));
        while let Some(event) = meeting.plane.poll_event() {
            begun += u32::from(matches!(event, Event::TrackStarted { .. }));
        }
    }
    assert!((1..=3).contains(&begun), "{begun}");
}

#[test]
fn goodbyes_of_other_streams_and_broken_ones_end_nothing() {
    let mut meeting = simulcast();
    let mut stranger = Client::join(&mut meeting.plane, ms(35), 3);
    let mut cut = bye(&[102]);
    cut[8] += 1;
    for odd in [
        bye(&[]),
        bye(&[1, 7, 5_000]),
        cut,
        vec![0x81, GOODBYE, 0, 9, 0, 0, 0, 102],
    ] {
        meeting.say(40, &odd);
    }
    let mut sealed = vec![0; 100];
    let len = stranger.sender.protect_rtcp(&bye(&[102]), &mut sealed);
    let own = &sealed[..len.expect("seals")];
    // As another client of the meeting, and as one who only took a datagram of it.
    for source in [stranger.address, meeting.publisher.address] {
        meeting.plane.handle_datagram(ms(41), source, own);
    }
    assert!(meeting.asked(501).is_empty());
    assert_eq!(meeting.send(502, 2, &interframe(3)).len(), 1);
}

#[test]
fn the_stream_that_follows_one_that_said_goodbye_takes_its_place_at_once() {
    let mut plane = Plane::default();
    let mut publisher = Client::join(&mut plane, ms(0), 1);
    let viewer = Client::join(&mut plane, ms(0), 2);
    publisher.publish(&mut plane, ms(0), 11, MediaKind::Video, "cam");
    viewer.add_slot(&mut plane, ms(0), 21, MediaKind::Video);
    assign(&mut plane, ms(0), 21, Some(11));
    publisher.send(&mut plane, ms(1_001), 100, "cam", 60_000, &keyframe(7));
    assert_eq!(drain(&mut plane, ms(1_001), &viewer).0.len(), 1);
    publisher.send(&mut plane, ms(1_600), 100, "cam", 60_001, &interframe(8));
    assert_eq!(drain(&mut plane, ms(1_600), &viewer).0.len(), 1);
    publisher.send_rtcp(&mut plane, ms(1_602), &bye(&[100]));
    publisher.send(&mut plane, ms(1_610), 500, "cam", 5, &keyframe(9));
    assert_eq!(drain(&mut plane, ms(1_610), &viewer).0.len(), 1);
}

#[test]
fn a_voice_that_says_goodbye_speaks_no_more() {
    let mut plane = Plane::default();
    let mut client = Client::join(&mut plane, ms(0), 1);
    client.publish(&mut plane, ms(0), 1, MediaKind::Audio, "mic");
    let listener = Client::join(&mut plane, ms(0), 2);
    let mut speakers = Vec::new();
    let mut look = |plane: &mut Plane, at: u64| {
        plane.handle_timeout(ms(at));
        drain(plane, ms(at), &listener);
        while let Some(event) = plane.poll_event() {
            if let Event::SpeakersChanged { speakers: told, .. } = event {
                speakers = told;
            }
        }
        speakers.len()
    };
    for number in 1..=50 {
        let datagram = client.packet_at(101, "mic", number, (111, number as u32 * 960), &[1; 40]);
        plane.handle_datagram(ms(number * 20), client.address, &datagram);
        look(&mut plane, number * 20);
    }
    assert_eq!(look(&mut plane, 1_010), 1);
    client.send_rtcp(&mut plane, ms(1_011), &bye(&[101]));
    // Silence would be told 400 ms after the last packet.
    assert!((1_020..1_300).step_by(10).any(|at| look(&mut plane, at) == 0));
}
