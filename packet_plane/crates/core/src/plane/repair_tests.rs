//! Pictures over paths that lose much: what goes out twice, and what is promised of the path.

use std::collections::BTreeMap;

use packet_plane_netem::Random;

use super::pacing_tests::{Watched, want};
use super::tests::{drain, ms};
use crate::quantities::{Instant, Ssrc};
use crate::rtcp;
use crate::rtcp::receiver_report::ReportBlock;
use crate::rtcp::transport_cc;

const FRAME_MS: u64 = 40;
const SECONDS: u64 = 30;
/// By then the path's own loss is known.
const KNOWN_AFTER_MS: u64 = 10_000;

/// A viewer whose path loses a share of everything and takes this long there and back.
struct Far {
    meeting: Watched,
    random: Random,
    loss: f64,
    round_trip_ms: u64,
    wide_number: u16,
    waiting: Vec<Option<Instant>>,
    /// When packets left first, by their number, and the copies of each that arrived.
    left: BTreeMap<u16, (u64, usize)>,
    copies: usize,
}

impl Far {
    fn new(loss: f64, round_trip_ms: u64) -> Self {
        let mut meeting = Watched::new();
        want(&mut meeting, 1_000_000);
        Far {
            meeting,
            random: Random::new(3),
            loss,
            round_trip_ms,
            wide_number: 0,
            waiting: Vec::new(),
            left: BTreeMap::new(),
            copies: 0,
        }
    }

    fn run(&mut self) {
        for at in (10..SECONDS * 1_000).step_by(10) {
            if at % FRAME_MS == 10 {
                self.meeting.frame(at, 1, at == 10);
            }
            self.receive(at);
            if at % 200 == 0 {
                self.report(at);
            }
        }
    }

    fn receive(&mut self, at: u64) {
        self.meeting.plane.handle_timeout(ms(at));
        for datagram in drain(&mut self.meeting.plane, ms(at), &self.meeting.viewer).0 {
            let received = self.meeting.viewer.open(&datagram);
            let arrives = self.random.fraction() >= self.loss;
            let arrived_at = Instant::from_millis(at + self.round_trip_ms / 2);
            self.waiting.push(arrives.then_some(arrived_at));
            let is_media = received.header.ssrc == Ssrc(0x5000 + 21);
            let number = match received.payload.first_chunk() {
                _ if is_media => received.header.sequence_number,
                Some(number) => u16::from_be_bytes(*number),
                // A probe.
                None => continue,
            };
            self.copies += usize::from(at >= KNOWN_AFTER_MS);
            let (_, arrived) = self.left.entry(number).or_insert((at, 0));
            *arrived += usize::from(arrives);
        }
    }

    /// What has arrived, unless the report gets lost; and a round trip that a report block implies.
    fn report(&mut self, at: u64) {
        let compact = |at: u64| {
            (((3_900_000_000 + ms(at).micros() / 1_000_000) << 16) as u32)
                .wrapping_add(((ms(at).micros() % 1_000_000) * 65_536 / 1_000_000) as u32)
        };
        let block = ReportBlock {
            ssrc: 0x5000 + 21,
            last_sender_report: compact(at - at.min(self.round_trip_ms)).max(1),
            ..ReportBlock::default()
        };
        let mut compound = Vec::new();
        rtcp::receiver_report::write(1, &[block], &mut compound);
        transport_cc::write((1, 2), self.wide_number, 0, &self.waiting, &mut compound);
        self.wide_number = self.wide_number.wrapping_add(self.waiting.len() as u16);
        self.waiting.clear();
        if self.random.fraction() >= self.loss {
            self.meeting
                .viewer
                .send_rtcp(&mut self.meeting.plane, ms(at), &compound);
        }
    }

    /// Share of the packets that arrived without being asked for, and how often each left.
    fn figures(&self) -> (f64, f64) {
        let late = self.left.values().filter(|(at, _)| *at >= KNOWN_AFTER_MS);
        let packets = late.clone().count() as f64;
        let arrived = late.filter(|(_, copies)| *copies > 0).count() as f64;
        (arrived / packets, self.copies as f64 / packets)
    }
}

#[test]
fn of_pictures_on_a_long_path_that_loses_a_third_nine_packets_of_ten_arrive_unasked() {
    let mut far = Far::new(0.3, 300);
    far.run();
    let (arrived, sendings) = far.figures();
    println!("{arrived:.2} arrived, each left {sendings:.2} times");
    assert!(arrived > 0.87, "{arrived}");
    assert!((1.8..=2.05).contains(&sendings), "{sendings}");
    // Half the path is for second copies.
    let told = far.meeting.estimates().last().copied().expect("an estimate");
    let carried = far.meeting.plane.snapshot().transports[1]
        .estimate_bps
        .expect("an estimate");
    assert!(told <= carried / 2, "{told} of {carried}");
}

#[test]
fn nothing_goes_out_twice_where_asking_is_quick_or_little_is_lost() {
    for (loss, round_trip_ms) in [(0.3, 50), (0.03, 300)] {
        let mut far = Far::new(loss, round_trip_ms);
        far.run();
        let (_, sendings) = far.figures();
        assert!(sendings < 1.01, "{loss}, {round_trip_ms} ms: {sendings}");
    }
}

/// Bytes that go out again where a viewer with such an estimate asks for 45 packets of a thousand bytes at once.
fn resent_bytes(estimate_bps: u32) -> usize {
    let mut meeting = Watched::new();
    meeting.say_estimate(1, estimate_bps);
    let mut numbers = Vec::new();
    for at in (10..4_000).step_by(10) {
        if at % FRAME_MS == 10 {
            meeting.frame(at, 1, at == 10);
        }
        meeting.plane.handle_timeout(ms(at));
        for datagram in drain(&mut meeting.plane, ms(at), &meeting.viewer).0 {
            numbers.push(meeting.viewer.open(&datagram).header.sequence_number);
        }
    }
    let mut request = Vec::new();
    rtcp::nack::write(1, 0x5000 + 21, &numbers[numbers.len() - 45..], &mut request);
    meeting.viewer.send_rtcp(&mut meeting.plane, ms(4_001), &request);
    let sent = drain(&mut meeting.plane, ms(4_001), &meeting.viewer).0;
    sent.iter().map(Vec::len).sum()
}

#[test]
fn what_is_asked_for_takes_a_fifth_of_the_path_and_a_small_keyframe_on_the_slowest() {
    for (estimate_bps, bytes) in [(1_000_000, 25_000), (500_000, 12_500), (100_000, 6_000)] {
        let sent = resent_bytes(estimate_bps);
        // The last packet may go beyond.
        assert!(
            (bytes - 1_100..bytes + 1_100).contains(&sent),
            "{estimate_bps}: {sent}"
        );
    }
}
