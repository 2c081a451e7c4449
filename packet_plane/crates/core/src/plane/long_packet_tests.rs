//! Voices whose packets hold up to 120 ms, in meetings: noticed as soon as others, and never waiting for more.

use super::redundancy_tests::{hear, meeting, narrow, send_long};
use super::tests::{Client, drain, ms};
use super::*;
use crate::codec::MediaKind;

const LENGTHS_MS: [u64; 3] = [20, 60, 120];

/// Speak for a second in packets of one length, numbered from `first` on, of which each `lost`-th gets lost; returns how
/// many milliseconds after the first sample it was told who speaks.
fn told_after(plane: &mut Plane, client: &Client, (from, first): (u64, u64), length: u64, lost: u64) -> u64 {
    let mut told = None;
    for at in (from..from + 1_000).step_by(20) {
        let passed = at - from;
        if passed > 0 && passed % length == 0 && (passed / length) % lost != 0 {
            let number = passed / length - 1;
            let rtp_timestamp = ((from + number * length) * 48) as u32;
            let datagram = client.packet_at(102, "mic", first + number, (111, rtp_timestamp), &[1; 40]);
            plane.handle_datagram(ms(at), client.address, &datagram);
        }
        plane.handle_timeout(ms(at));
        drain(plane, ms(at), client);
        while let Some(event) = plane.poll_event() {
            if matches!(event, Event::SpeakersChanged { ref speakers, .. } if !speakers.is_empty()) {
                told.get_or_insert(passed);
            }
        }
    }
    told.unwrap_or(u64::MAX)
}

#[test]
fn who_begins_to_speak_in_long_packets_is_told_within_300_ms_also_where_each_third_gets_lost() {
    for length in LENGTHS_MS {
        for lost in [u64::MAX, 3] {
            let mut plane = Plane::default();
            let client = Client::join(&mut plane, ms(0), 2);
            client.publish(&mut plane, ms(0), 2, MediaKind::Audio, "mic");
            told_after(&mut plane, &client, (1_000, 7), length, u64::MAX);
            let after = told_after(&mut plane, &client, (6_000, 100), length, lost);
            assert!(after <= 300, "{length} ms, each {lost}th lost: {after} ms");
        }
    }
}

#[test]
fn a_long_packet_behind_a_pause_or_a_loss_waits_for_no_other_on_a_narrow_path() {
    for length in [60, 120] {
        let (mut plane, publisher, mut listener) = meeting();
        for number in 7..9 {
            send_long(
                &mut plane,
                number * length,
                &publisher,
                number,
                (111, length as u32),
                b"sound",
            );
        }
        hear(&mut plane, 1_200, &mut listener);
        narrow(&mut plane, 1_201, &mut listener, 30_000);
        // The eleventh comes behind one that was lost.
        send_long(&mut plane, 1_320, &publisher, 11, (111, length as u32), b"sound");
        assert_eq!(hear(&mut plane, 1_320, &mut listener).len(), 1, "{length} ms");
        // Behind a pause the number is the next, and the time is not.
        let datagram = publisher.packet_at(100, "mic", 12, (111, 480_000), b"sound");
        plane.handle_datagram(ms(3_000), publisher.address, &datagram);
        assert_eq!(hear(&mut plane, 3_000, &mut listener).len(), 1, "{length} ms");
    }
}
