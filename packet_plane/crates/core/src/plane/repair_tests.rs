//! Pictures over paths that lose much: what goes out twice, and what is promised of the path.

use std::collections::{BTreeMap, BTreeSet};

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

/// A viewer that tells of each arrival or reports each second, and asks for what it lacks, or for everything.
struct Asking {
    meeting: Watched,
    random: Random,
    loss: f64,
    tells_arrivals: bool,
    is_greedy: bool,
    /// Frames of so many packets of a thousand bytes, each 40 ms.
    packets: usize,
    wide_number: u16,
    /// Of the last second, and what of all is lacking.
    latest: Vec<u16>,
    lacking: BTreeSet<u16>,
    /// Bytes sent the first time and again, in the last ten seconds.
    first: usize,
    again: usize,
}

impl Asking {
    fn new(tells_arrivals: bool, loss: f64, packets: usize) -> Self {
        let mut meeting = Watched::new();
        want(&mut meeting, 6_000_000);
        Asking {
            meeting,
            random: Random::new(5),
            loss,
            tells_arrivals,
            is_greedy: loss == 0.0,
            packets,
            wide_number: 0,
            latest: Vec::new(),
            lacking: BTreeSet::new(),
            first: 0,
            again: 0,
        }
    }

    /// Twenty seconds on a path that carries so much.
    fn run(&mut self, estimate_bps: u32) {
        for at in (10..20_000).step_by(10) {
            if at % 1_000 == 10 && !self.tells_arrivals {
                self.meeting.say_estimate(at, estimate_bps);
            }
            if at % FRAME_MS == 10 {
                self.meeting.frame(at, self.packets, at % 1_000 == 10);
            }
            let arrivals = self.receive(at);
            self.say(at, &arrivals);
        }
    }

    fn receive(&mut self, at: u64) -> Vec<Option<Instant>> {
        self.meeting.plane.handle_timeout(ms(at));
        let datagrams = drain(&mut self.meeting.plane, ms(at), &self.meeting.viewer).0;
        let mut arrivals = Vec::new();
        for datagram in datagrams {
            let received = self.meeting.viewer.open(&datagram);
            let arrives = self.random.fraction() >= self.loss;
            arrivals.push(arrives.then(|| Instant::from_millis(at + 20)));
            let is_media = received.header.ssrc == Ssrc(0x5000 + 21);
            let number = match received.payload.first_chunk() {
                _ if is_media => received.header.sequence_number,
                Some(number) => u16::from_be_bytes(*number),
                // A probe.
                None => continue,
            };
            if arrives {
                self.lacking.remove(&number);
            } else if is_media {
                self.lacking.insert(number);
            }
            self.latest.extend(is_media.then_some(number));
            if at >= 10_000 {
                *(if is_media {
                    &mut self.first
                } else {
                    &mut self.again
                }) += datagram.len();
            }
        }
        self.latest
            .drain(..self.latest.len().saturating_sub(25 * self.packets));
        arrivals
    }

    fn say(&mut self, at: u64, arrivals: &[Option<Instant>]) {
        let block = ReportBlock {
            ssrc: 0x5000 + 21,
            fraction_lost: (self.loss * 256.0) as u8,
            ..ReportBlock::default()
        };
        let is_report_due = at % 1_000 == 500 && !self.tells_arrivals;
        let mut compound = Vec::new();
        rtcp::receiver_report::write(1, &[block][..usize::from(is_report_due)], &mut compound);
        if self.tells_arrivals && !arrivals.is_empty() {
            transport_cc::write((1, 2), self.wide_number, 0, arrivals, &mut compound);
            self.wide_number = self.wide_number.wrapping_add(arrivals.len() as u16);
        }
        let asked: Vec<u16> = match self.is_greedy {
            true => self.latest.clone(),
            false => self.lacking.iter().copied().collect(),
        };
        rtcp::nack::write(1, 0x5000 + 21, &asked, &mut compound);
        let plane = &mut self.meeting.plane;
        self.meeting.viewer.send_rtcp(plane, ms(at), &compound);
    }
}

#[test]
fn who_loses_nothing_gets_no_more_than_a_fifth_again() {
    for tells_arrivals in [true, false] {
        // A megabit, on a path of eight.
        let mut greedy = Asking::new(tells_arrivals, 0.0, 5);
        greedy.run(8_000_000);
        let share = greedy.again as f64 / greedy.first as f64;
        println!("arrivals {tells_arrivals}: {share:.2} of what is sent again");
        assert!((0.15..0.22).contains(&share), "{share}");
    }
}

#[test]
fn who_loses_a_third_gets_all_of_it_again() {
    for tells_arrivals in [true, false] {
        let mut losing = Asking::new(tells_arrivals, 0.3, 1);
        losing.run(1_000_000);
        let share = losing.again as f64 / losing.first as f64;
        let lacking = losing.lacking.len();
        println!("arrivals {tells_arrivals}: {share:.2} of what is sent again, {lacking} are lacking");
        // A third, a third of that, and so on; the latest are on their way.
        assert!(share > 0.38, "{share}");
        assert!(lacking < 10, "{lacking}");
    }
}

#[test]
fn what_is_sent_again_takes_no_more_than_a_fifth_of_a_narrow_path_and_a_small_keyframe_on_the_slowest() {
    for (estimate_bps, bytes_per_second, packets) in [(1_000_000, 25_000, 8), (100_000, 6_000, 1)] {
        let mut greedy = Asking::new(false, 0.0, packets);
        greedy.run(estimate_bps);
        let again = greedy.again / 10;
        println!(
            "{estimate_bps}: {again} bytes a second again, {} the first time",
            greedy.first / 10
        );
        assert!(again < bytes_per_second * 11 / 10, "{again}");
    }
}

#[test]
fn who_claims_that_its_round_trip_is_nothing_gets_no_packet_more_often_than_browsers_ask() {
    let mut meeting = Watched::new();
    meeting.frame(10, 1, true);
    let first = drain(&mut meeting.plane, ms(10), &meeting.viewer).0.remove(0);
    let number = meeting.viewer.open(&first).header.sequence_number;
    let mut sent = 0;
    for at in 100..200 {
        let compact = (((3_900_000_000 + ms(at).micros() / 1_000_000) << 16) as u32)
            .wrapping_add(((ms(at).micros() % 1_000_000) * 65_536 / 1_000_000) as u32);
        let block = ReportBlock {
            ssrc: 0x5000 + 21,
            last_sender_report: compact,
            ..ReportBlock::default()
        };
        let mut compound = Vec::new();
        rtcp::receiver_report::write(1, &[block], &mut compound);
        rtcp::nack::write(1, 0x5000 + 21, &[number], &mut compound);
        meeting.viewer.send_rtcp(&mut meeting.plane, ms(at), &compound);
        sent += drain(&mut meeting.plane, ms(at), &meeting.viewer).0.len();
    }
    assert!((4..=5).contains(&sent), "{sent}");
}
