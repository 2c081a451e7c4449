//! A plane as the client of another one: checks, consent, media in clear at the far end.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV6};

use super::tests::{Client, assign, drain, keyframe, ms, slot_of};
use super::*;
use crate::codec::MediaKind;
use crate::command::Command;
use crate::stun;
use crate::transmit::TransmitBatch;

const PASSWORD: &str = "a password of the session";

fn server_address() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 4_000))
}

fn client_of(plane: &mut Plane, now: Instant) {
    plane.handle_command(
        now,
        Command::AddTransport {
            transport: TransportId(7),
            meeting: MeetingId(1),
            local_ufrag: "us".into(),
            local_password: "ours".into(),
        },
    );
    plane.handle_command(
        now,
        Command::ConnectTransport {
            transport: TransportId(7),
            address: server_address(),
            remote_ufrag: "user1".into(),
            remote_password: PASSWORD.into(),
        },
    );
}

fn sent(plane: &mut Plane, now: Instant) -> Vec<(SocketAddr, Vec<u8>)> {
    let mut batch = TransmitBatch::default();
    let mut all = Vec::new();
    while plane.poll_transmit(now, &mut batch) {
        for run in batch.runs() {
            let datagrams = batch.bytes(run).chunks(run.segment_len.max(1));
            all.extend(datagrams.map(|datagram| (run.destination, datagram.to_vec())));
        }
        batch.clear();
    }
    all
}

fn events(plane: &mut Plane) -> Vec<Event> {
    std::iter::from_fn(|| plane.poll_event()).collect()
}

/// The answer of a server with this password to a check.
fn answer(check: &[u8], password: &str) -> Vec<u8> {
    let mut response = Vec::new();
    let request = stun::parse_binding_request(check).expect("a check");
    let ours = SocketAddr::from(([192, 0, 2, 2], 5_000));
    request.write_success(ours, &stun::integrity_key(password), &mut response);
    response
}

#[test]
fn checks_its_server_until_it_answers_and_then_keeps_its_consent() {
    let mut plane = Plane::default();
    client_of(&mut plane, ms(0));
    let mut checks = 0;
    let mut last = Vec::new();
    for at in (10..1_000).step_by(10) {
        plane.handle_timeout(ms(at));
        for (to, check) in sent(&mut plane, ms(at)) {
            assert_eq!(to, server_address());
            checks += 1;
            last = check;
        }
    }
    assert!((9..=11).contains(&checks), "{checks}");
    let request = stun::parse_binding_request(&last).expect("a check");
    assert_eq!((request.username, request.use_candidate), ("user1:us", true));
    assert!(events(&mut plane).is_empty());

    plane.handle_datagram(ms(1_000), server_address(), &answer(&last, PASSWORD));
    assert!(matches!(
        events(&mut plane)[..],
        [Event::TransportConnected { address, .. }] if address == server_address()
    ));
    let mut checks = Vec::new();
    for at in (1_010..13_000).step_by(10) {
        plane.handle_timeout(ms(at));
        for (_, check) in sent(&mut plane, ms(at)) {
            plane.handle_datagram(ms(at), server_address(), &answer(&check, PASSWORD));
            checks.push(at);
        }
    }
    assert!((3..=4).contains(&checks.len()), "{checks:?}");
    assert!(events(&mut plane).is_empty());
    // Nobody answers any more.
    for at in (13_000..30_000).step_by(10) {
        plane.handle_timeout(ms(at));
    }
    assert!(matches!(
        events(&mut plane)[..],
        [Event::TransportTimedOut { .. }]
    ));
}

#[test]
fn a_server_is_known_at_a_socket_that_marks_where_its_answer_came_to() {
    let mut plane = Plane::default();
    client_of(&mut plane, ms(0));
    plane.handle_timeout(ms(10));
    let check = sent(&mut plane, ms(10)).pop().expect("a check").1;
    let marked = SocketAddr::V6(SocketAddrV6::new(
        Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped(),
        4_000,
        0,
        1 << 24,
    ));
    plane.handle_datagram(ms(20), marked, &answer(&check, PASSWORD));
    assert!(matches!(
        events(&mut plane)[..],
        [Event::TransportConnected { address, .. }] if address == marked
    ));
}

#[test]
fn believes_no_answer_of_another_place_another_password_or_another_check() {
    let mut plane = Plane::default();
    client_of(&mut plane, ms(0));
    plane.handle_timeout(ms(10));
    let (_, check) = sent(&mut plane, ms(10)).remove(0);
    let elsewhere = SocketAddr::from(([192, 0, 2, 9], 4_000));
    plane.handle_datagram(ms(11), elsewhere, &answer(&check, PASSWORD));
    plane.handle_datagram(ms(11), server_address(), &answer(&check, "a guess"));
    let mut request = Vec::new();
    let (key, mut other) = (stun::integrity_key(PASSWORD), [0; 12]);
    for (transport, number) in [(7u64, 9u32), (7, 0), (8, 1)] {
        other[..8].copy_from_slice(&transport.to_be_bytes());
        other[8..].copy_from_slice(&number.to_be_bytes());
        stun::write_binding_request("user1:us", &key, other, &mut request);
        plane.handle_datagram(ms(11), server_address(), &answer(&request, PASSWORD));
    }
    assert!(events(&mut plane).is_empty());
    assert!(sent(&mut plane, ms(11)).is_empty());
    plane.handle_datagram(ms(12), server_address(), &answer(&check, PASSWORD));
    assert_eq!(events(&mut plane).len(), 1);
}

#[test]
fn a_server_carries_to_it_each_track_that_a_slot_is_given_audio_as_well() {
    let mut server = Plane::default();
    let publisher = Client::join(&mut server, ms(0), 2);
    publisher.publish(&mut server, ms(0), 12, MediaKind::Audio, "mic");
    let mut recorder = Client::join(&mut server, ms(0), 1);
    let slot = slot_of(1, 31, MediaKind::Audio);
    server.handle_command(ms(0), Command::AddSlot(slot));
    assign(&mut server, ms(0), 31, Some(12));
    publisher.send(&mut server, ms(5), 100, "mic", 1, &keyframe(1));
    let (rtp, _) = drain(&mut server, ms(5), &recorder);
    assert_eq!(recorder.open(&rtp[0]).header.ssrc.0, 0x5000 + 31);
}
