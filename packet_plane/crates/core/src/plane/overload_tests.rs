use std::collections::HashSet;

use super::tests::{Client, assign, keyframe, ms};
use super::*;
use crate::codec::MediaKind;
use crate::command::Command;
use crate::demux::{DatagramKind, classify};

/// Somebody with a microphone and a camera, and somebody else who hears and sees them.
fn heard_and_seen() -> (Plane, Client, Client) {
    let mut plane = Plane::default();
    let publisher = Client::join(&mut plane, ms(0), 1);
    let viewer = Client::join(&mut plane, ms(0), 2);
    publisher.publish(&mut plane, ms(0), 11, MediaKind::Video, "cam");
    publisher.publish(&mut plane, ms(0), 12, MediaKind::Audio, "mic");
    viewer.add_slot(&mut plane, ms(0), 21, MediaKind::Video);
    viewer.add_slot(&mut plane, ms(0), 22, MediaKind::Audio);
    let slots = vec![SlotId(22)];
    let transport = TransportId(2);
    plane.handle_command(ms(0), Command::SetAudioSlots { transport, slots });
    assign(&mut plane, ms(0), 21, Some(11));
    while plane.poll_transmit(ms(0), &mut TransmitBatch::default()) {}
    (plane, publisher, viewer)
}

fn film(plane: &mut Plane, publisher: &Client, sequences: std::ops::Range<u64>) {
    let mut picture = keyframe(1);
    picture.resize(1_000, 7);
    for sequence in sequences {
        publisher.send(plane, ms(1), 100, "cam", sequence, &picture);
        picture[6] |= 1;
    }
}

/// The media packets of the next batch, by payload type and sequence number.
fn next_batch(plane: &mut Plane, viewer: &mut Client) -> Vec<(u8, u16)> {
    let mut batch = TransmitBatch::default();
    plane.poll_transmit(ms(1), &mut batch);
    let media = batch
        .datagrams()
        .filter(|(_, bytes)| classify(bytes) == Some(DatagramKind::Rtp));
    let headers = media.map(|(_, bytes)| viewer.open(bytes).header);
    headers
        .map(|header| (header.payload_type.0, header.sequence_number))
        .collect()
}

#[test]
fn a_voice_passes_the_pictures_that_wait() {
    let (mut plane, publisher, mut viewer) = heard_and_seen();
    film(&mut plane, &publisher, 1..300);
    let before = next_batch(&mut plane, &mut viewer);
    assert!(!before.is_empty() && before.iter().all(|(payload_type, _)| *payload_type != 109));
    publisher.send(&mut plane, ms(1), 200, "mic", 1, &[1; 40]);
    let after = next_batch(&mut plane, &mut viewer);
    assert_eq!(after.first().map(|(payload_type, _)| *payload_type), Some(109));
    assert!(after.len() > 1);
}

#[test]
fn of_pictures_that_come_faster_than_they_leave_the_older_are_given_up_and_none_leaves_twice() {
    let (mut plane, publisher, mut viewer) = heard_and_seen();
    let mut seen = HashSet::new();
    let mut count = 0;
    for turn in 0..20 {
        film(&mut plane, &publisher, turn * 100 + 1..turn * 100 + 101);
        for (_, number) in next_batch(&mut plane, &mut viewer) {
            assert!(seen.insert(number), "{number} left twice");
            count += 1;
        }
    }
    let given_up = plane.snapshot().counters.drops.of(DropReason::TooLate);
    assert!(given_up > 0);
    loop {
        let batch = next_batch(&mut plane, &mut viewer);
        if batch.is_empty() {
            break;
        }
        count += batch.len() as u64;
    }
    assert_eq!(count + given_up, 2_000);
}
