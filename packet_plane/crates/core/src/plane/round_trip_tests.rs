use std::collections::BTreeMap;

use super::tests::{Client, drain, interframe, keyframe, ms};
use super::*;
use crate::codec::MediaKind;
use crate::rtcp::{self, nack};

/// How often each lost packet is asked for by a plane whose only client sends a camera over a path of so many
/// milliseconds there and back, loses every fiftieth packet and answers each request it gets.
fn requests(round_trip_ms: u64) -> BTreeMap<u16, usize> {
    let mut plane = Plane::default();
    let mut publisher = Client::join(&mut plane, ms(0), 1);
    publisher.publish(&mut plane, ms(0), 11, MediaKind::Video, "cam");
    let mut requests = BTreeMap::new();
    let (mut answers, mut repairs) = (Vec::new(), 0);
    for at in (10..8_000u64).step_by(10) {
        let number = at / 20;
        if at % 20 == 0 && number % 50 != 49 {
            let picture = if number == 1 {
                keyframe(1)
            } else {
                interframe(number as u16)
            };
            publisher.send(&mut plane, ms(at), 100, "cam", number, &picture);
        }
        answers.retain(|(due, lost): &(u64, u16)| {
            if *due == at {
                let payload = [&lost.to_be_bytes()[..], &interframe(*lost)].concat();
                let repair = publisher.packet(200, "cam", repairs, 97, &payload);
                repairs += 1;
                plane.handle_datagram(ms(at), publisher.address, &repair);
            }
            *due > at
        });
        publisher.prove(&mut plane, ms(at));
        plane.handle_timeout(ms(at));
        let (_, datagrams) = drain(&mut plane, ms(at), &publisher);
        let compound = publisher.open_rtcp(&datagrams);
        for packet in rtcp::packets(&compound).flatten() {
            if (packet.packet_type, packet.count) == (rtcp::TRANSPORT_FEEDBACK, nack::FORMAT) {
                for lost in nack::parse(packet.body).expect("sound").sequence_numbers {
                    *requests.entry(lost).or_default() += 1;
                    answers.push((at + round_trip_ms, lost));
                }
            }
        }
    }
    requests
}

#[test]
fn who_only_sends_is_asked_once_a_round_trip_as_soon_as_it_has_answered_once() {
    let far = requests(300);
    assert_eq!(far.len(), 7, "{far:?}");
    assert!(far.values().skip(1).all(|times| *times == 1), "{far:?}");
    // What is near is still asked soon again; nothing got lost on the way back here.
    assert!(requests(30).values().all(|times| *times == 1));
}

#[test]
fn the_path_of_who_only_sends_is_known_by_its_answers() {
    let mut transport =
        crate::transport::Transport::new(ms(0), TransportId(1), MeetingId(1), "u".into(), "p");
    let answer = |took_ms, is_sole| crate::nack_generator::Answer {
        took: Duration::from_millis(took_ms),
        is_sole,
    };
    assert_eq!(transport.assumed_round_trip(), Duration::from_millis(100));
    // The first request may have been answered, or a later one.
    transport.handle_answer(answer(400, false));
    assert_eq!(transport.round_trip, Some(Duration::from_millis(400)));
    transport.handle_answer(answer(900, false));
    assert_eq!(transport.round_trip, Some(Duration::from_millis(400)));
    transport.handle_answer(answer(240, true));
    assert_eq!(transport.round_trip, Some(Duration::from_millis(380)));
    // A report knows better.
    transport.handle_round_trip(Duration::from_millis(40));
    transport.handle_answer(answer(240, true));
    assert_eq!(transport.round_trip, Some(Duration::from_millis(40)));
}
