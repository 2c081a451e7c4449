//! What a sender's probes do, and what they must not.

use super::tests::{Client, assign, drain, ms};
use super::{DropReason, Plane};
use crate::codec::MediaKind;
use crate::rtcp;

const PROBE: u32 = 0;

/// A voice that has probed but not spoken, and who listens to it.
fn a_microphone_that_probes() -> (Plane, Client, Client) {
    let mut plane = Plane::default();
    let publisher = Client::join(&mut plane, ms(0), 1);
    let listener = Client::join(&mut plane, ms(0), 2);
    publisher.publish(&mut plane, ms(0), 11, MediaKind::Audio, "mic");
    listener.add_slot(&mut plane, ms(0), 21, MediaKind::Audio);
    assign(&mut plane, ms(0), 21, Some(11));
    for sequence in 1..=3 {
        publisher.send(&mut plane, ms(1), PROBE, "mic", sequence, &[]);
    }
    (plane, publisher, listener)
}

#[test]
fn a_voice_is_heard_at_once_though_its_sender_probed_before() {
    let (mut plane, publisher, mut listener) = a_microphone_that_probes();
    assert!(drain(&mut plane, ms(1), &listener).0.is_empty());
    publisher.send(&mut plane, ms(2), 100, "mic", 7, b"hello");
    publisher.send(&mut plane, ms(3), PROBE, "mic", 4, &[]);
    publisher.send(&mut plane, ms(4), 100, "mic", 8, b"again");
    let (rtp, _) = drain(&mut plane, ms(4), &listener);
    let heard: Vec<_> = rtp.iter().map(|packet| listener.open(packet).payload).collect();
    assert_eq!(heard, [b"hello", b"again"]);
    let drops = plane.snapshot().counters.drops;
    assert_eq!(drops.of(DropReason::Padding), 4);
    assert_eq!(drops.of(DropReason::UnknownStream), 0);
}

#[test]
fn a_probe_is_acknowledged_once() {
    let (mut plane, mut publisher, _) = a_microphone_that_probes();
    publisher.send(&mut plane, ms(2), PROBE, "mic", 3, &[]);
    assert_eq!(plane.snapshot().counters.drops.of(DropReason::Replayed), 1);
    for step in 1..100 {
        plane.handle_timeout(ms(step));
    }
    let (_, control) = drain(&mut plane, ms(100), &publisher);
    let compound = publisher.open_rtcp(&control);
    let mut packets = rtcp::packets(&compound).flatten();
    let feedback = packets.find(|one| (one.packet_type, one.count) == (205, 15));
    let feedback = rtcp::transport_cc::parse(feedback.expect("feedback").body).expect("parses");
    assert_eq!((feedback.base_sequence_number, feedback.arrivals.len()), (1, 3));
}
