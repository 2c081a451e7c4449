//! How much of a voice a listener has to conceal on a path that loses or is narrow, in virtual time.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::redundancy_tests::{RED, hear, meeting, report, send};
use super::tests::{Client, ms};
use super::*;
use crate::rtcp::receiver_report;
use crate::rtcp::transport_cc;
use crate::rtp::red::Blocks;
use packet_plane_netem::{Conditions, Link};

/// How a listener tells of what gets lost.
#[derive(Clone, Copy, Debug)]
enum Word {
    /// A report each so many seconds.
    Reports(u64),
    /// What arrived, each tenth of a second, and a report each five seconds that says nothing.
    Arrivals,
}

/// One listener to a voice of so many bytes each 20 ms.
struct Listening {
    plane: Plane,
    publisher: Client,
    listener: Client,
    len: usize,
    word: Word,
    path: Link<Packet>,
    /// By transport-wide number, from the next on that is told: when it arrived.
    arrivals: VecDeque<Option<Instant>>,
    told: u16,
    sent: u16,
    had: BTreeSet<Vec<u8>>,
    /// Since the last report.
    sent_since: u64,
    arrived_since: u64,
}

struct Packet {
    number: u16,
    payload_type: u8,
    payload: Vec<u8>,
}

impl Listening {
    fn new((seed, len): (u64, usize), word: Word, path: Conditions) -> Self {
        let (plane, publisher, listener) = meeting();
        Listening {
            plane,
            publisher,
            listener,
            len,
            word,
            path: Link::new(seed, path),
            arrivals: VecDeque::new(),
            told: 0,
            sent: 0,
            had: BTreeSet::new(),
            sent_since: 0,
            arrived_since: 0,
        }
    }

    fn payload_of(&self, number: u64) -> Vec<u8> {
        let mut payload = vec![7; self.len];
        payload[..8].copy_from_slice(&number.to_be_bytes());
        payload
    }

    /// Say packets from one number to another; returns the share of them that did not arrive.
    fn concealed(&mut self, numbers: std::ops::Range<u64>) -> f64 {
        let count = numbers.end - numbers.start;
        for number in numbers.clone() {
            let at = number * 20;
            self.plane.handle_timeout(ms(at));
            let payload = self.payload_of(number);
            send(&mut self.plane, at, &self.publisher, number, 111, &payload);
            self.carry(at);
            self.tell(number, at);
        }
        let missing = numbers.filter(|number| !self.had.contains(&self.payload_of(*number)));
        missing.count() as f64 / count as f64
    }

    fn carry(&mut self, at: u64) {
        // Headers and tag of RTP, UDP and IPv4.
        const HEADERS: usize = 72;
        for (payload_type, _, _, payload) in hear(&mut self.plane, at, &mut self.listener) {
            let packet = Packet {
                number: self.sent,
                payload_type,
                payload,
            };
            self.path
                .send(Duration::from_millis(at), packet.payload.len() + HEADERS, packet);
            self.sent = self.sent.wrapping_add(1);
            self.arrivals.push_back(None);
            self.sent_since += 1;
        }
        while let Some(arrival) = self
            .path
            .poll_timeout()
            .filter(|due| due.as_millis() as u64 <= at)
        {
            let packet = self.path.poll(arrival).expect("it is due");
            self.arrived_since += 1;
            let behind = usize::from(packet.number.wrapping_sub(self.told));
            // What was told lost stays so.
            if let Some(place) = self.arrivals.get_mut(behind) {
                *place = Some(Instant(arrival.as_micros() as u64));
            }
            if packet.payload_type == RED {
                let blocks = Blocks::parse(&packet.payload).expect("parses");
                self.had
                    .extend(blocks.as_slice().iter().map(|block| block.payload.to_vec()));
            } else {
                self.had.insert(packet.payload);
            }
        }
    }

    fn tell(&mut self, number: u64, at: u64) {
        let seconds = match self.word {
            Word::Reports(seconds) => seconds,
            Word::Arrivals => 5,
        };
        if number % (50 * seconds) == 0 {
            let lost = self.sent_since.saturating_sub(self.arrived_since);
            let fraction_lost = match self.word {
                Word::Reports(_) => lost * 256 / self.sent_since.max(1),
                Word::Arrivals => 0,
            };
            report(&mut self.plane, at + 1, &mut self.listener, fraction_lost as u8);
            (self.sent_since, self.arrived_since) = (0, 0);
        }
        if matches!(self.word, Word::Arrivals) && number % 5 == 0 {
            self.tell_arrivals(at);
        }
        if number % 50 == 0 {
            self.publisher.prove(&mut self.plane, ms(at + 1));
            self.listener.prove(&mut self.plane, ms(at + 1));
        }
    }

    /// Tell of all packets up to the newest that has arrived.
    fn tell_arrivals(&mut self, at: u64) {
        let Some(newest) = self.arrivals.iter().rposition(Option::is_some) else {
            return;
        };
        let told: Vec<_> = self.arrivals.drain(..=newest).collect();
        let mut compound = Vec::new();
        receiver_report::write(9, &[], &mut compound);
        transport_cc::write((1, 2), self.told, 0, &told, &mut compound);
        self.told = self.told.wrapping_add(told.len() as u16);
        self.listener.send_rtcp(&mut self.plane, ms(at + 20), &compound);
    }
}

fn losing(loss: f64) -> Conditions {
    Conditions {
        loss,
        delay: Duration::from_millis(10),
        ..Conditions::default()
    }
}

const EIGHT_SECONDS: u64 = 400;
const TWO_MINUTES: u64 = 6_000;

/// The share that is concealed in the first eight seconds, and in all of two minutes: means over some seeds.
fn concealed(len: usize, word: Word, path: Conditions) -> (f64, f64) {
    const SEEDS: u64 = 4;
    let mut sum = (0.0, 0.0);
    for seed in 1..=SEEDS {
        let mut listening = Listening::new((seed, len), word, path);
        let first = listening.concealed(1..EIGHT_SECONDS + 1);
        let later = listening.concealed(EIGHT_SECONDS + 1..TWO_MINUTES + 1);
        let share = EIGHT_SECONDS as f64 / TWO_MINUTES as f64;
        sum = (sum.0 + first, sum.1 + first * share + later * (1.0 - share));
    }
    (sum.0 / SEEDS as f64, sum.1 / SEEDS as f64)
}

#[test]
fn of_a_voice_on_a_bad_link_little_has_to_be_concealed() {
    for (loss, most) in [(0.05, 0.01), (0.15, 0.02), (0.30, 0.05)] {
        let (first, share) = concealed(120, Word::Reports(1), losing(loss));
        println!("of {loss} lost, {first:.4} concealed in eight seconds, {share:.4} in two minutes");
        assert!(share < most, "{loss}: {share}");
    }
}

#[test]
fn on_a_bad_link_redundancy_begins_as_soon_as_arrivals_tell_of_loss() {
    let late = concealed(120, Word::Reports(5), losing(0.05));
    let early = concealed(120, Word::Arrivals, losing(0.05));
    println!("concealed in eight seconds and two minutes: {late:.4?} by reports, {early:.4?} by arrivals");
    assert!(early.0 < late.0 / 2.0 && early.1 < 0.01, "{early:?}");
}

#[test]
fn a_voice_alone_is_repeated_soon_where_its_path_loses_and_does_not_take_it_for_narrow() {
    for (loss, most) in [(0.10, 0.025), (0.15, 0.03), (0.20, 0.04)] {
        for len in [40, 80, 120] {
            let (first, share) = concealed(len, Word::Arrivals, losing(loss));
            println!("of {loss} lost, {len} bytes, {first:.4} concealed in eight seconds, {share:.4} in all");
            assert!(first < most && share < 0.015, "{loss}, {len}: {first}, {share}");
        }
    }
}

#[test]
fn a_voice_on_a_narrow_path_is_not_made_larger_by_what_gets_lost() {
    // What is left of a voice that fits in bundles, and of one that does not fit at all: with a queue, and without.
    for (len, queue_ms, most) in [(40, 300, 0.03), (40, 0, 0.08), (80, 300, 0.34), (80, 0, 0.50)] {
        let path = Conditions {
            rate_bps: Some(30_000),
            max_queue: Duration::from_millis(queue_ms),
            ..losing(0.0)
        };
        let mut listening = Listening::new((1, len), Word::Arrivals, path);
        let first = listening.concealed(1..EIGHT_SECONDS + 1);
        let share = listening.concealed(EIGHT_SECONDS + 1..5 * EIGHT_SECONDS);
        println!(
            "30 kbit/s, {len} bytes, {queue_ms} ms: {first:.4} concealed in eight seconds, {share:.4} in all"
        );
        assert!(
            first < most && share < most,
            "{len}, {queue_ms}: {first}, {share}"
        );
    }
}
