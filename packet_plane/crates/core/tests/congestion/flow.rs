//! A video flow over one path: an encoder that follows the estimate, the pacer, and a receiver that reports arrivals.
//!
//! Estimator and pacer are the plane's own; encoder and receiver behave as a browser's do.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use packet_plane_core::bwe::Estimator;
use packet_plane_core::pacer::{Pacer, Waiting};
use packet_plane_core::quantities::{ExtendedSequenceNumber, Instant};
use packet_plane_core::rtcp::transport_cc::TransportFeedback;
use packet_plane_netem::{Conditions, Link, Random};

use crate::simulcast::Simulcast;

const FRAME: Duration = Duration::from_micros(33_333);
const PACKET: usize = 1_200;
const PROBE: usize = 300;
/// A voice's packet, with headers, each twenty milliseconds.
const VOICE: (usize, Duration) = (150, Duration::from_millis(20));
const FEEDBACK: Duration = Duration::from_millis(50);
/// For so long a receiver knows what has arrived, to tell it again with what comes late.
const KEPT: Duration = Duration::from_millis(500);

/// The direction in which a flow's media goes; its feedback goes the other way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Forward,
    Backward,
}

impl Way {
    pub fn other(self) -> Self {
        match self {
            Way::Forward => Way::Backward,
            Way::Backward => Way::Forward,
        }
    }
}

/// A packet of a flow on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Packet {
    pub flow: usize,
    pub number: u16,
    pub sent_at: Duration,
    pub len: usize,
    /// How long it waited at the bottleneck, once it has passed that.
    pub queued: Duration,
}

/// What a flow did in one tenth of a second.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tenth {
    pub sent: usize,
    pub arrived: usize,
    pub estimate_bps: u64,
}

pub struct Flow {
    pub number: usize,
    pub way: Way,
    estimator: Estimator,
    pacer: Pacer,
    /// Highest rate of the encoder.
    max_bps: u64,
    held_bps: Option<u64>,
    pub simulcast: Option<Simulcast>,
    next_voice: Duration,
    /// When the application sends.
    active: Vec<std::ops::Range<Duration>>,
    next_frame: Duration,
    random: Random,
    lengths: VecDeque<usize>,
    forward: Link<Packet>,
    back: Link<TransportFeedback>,
    delay: Duration,
    arrivals: BTreeMap<u64, u64>,
    /// The first number that the next report tells of.
    untold: Option<u64>,
    next_feedback: Duration,
    pub delays: Vec<(Duration, Duration)>,
    pub tenths: Vec<Tenth>,
}

fn instant(now: Duration) -> Instant {
    Instant(now.as_micros() as u64 + 1_000_000)
}

impl Flow {
    pub fn new(
        (seed, number): (u64, usize),
        max_bps: u64,
        delay: Duration,
        active: Vec<std::ops::Range<Duration>>,
    ) -> Self {
        let path = Conditions {
            delay,
            ..Conditions::default()
        };
        let mut estimator = Estimator::default();
        estimator.set_wanted(instant(Duration::ZERO), max_bps);
        Flow {
            number,
            way: Way::Forward,
            estimator,
            pacer: Pacer::default(),
            max_bps,
            held_bps: None,
            simulcast: None,
            next_voice: Duration::ZERO,
            next_frame: active[0].start,
            active,
            random: Random::new(number as u64 + seed * 100),
            lengths: VecDeque::new(),
            forward: Link::new(number as u64 + seed * 100, path),
            back: Link::new(number as u64 + 50 + seed * 100, path),
            delay,
            arrivals: BTreeMap::new(),
            untold: None,
            next_feedback: Duration::ZERO,
            delays: Vec::new(),
            tenths: Vec::new(),
        }
    }

    /// Let the application send this and no more, whatever the estimate, although it could use what it was made for: voices.
    pub fn hold(&mut self, bps: u64) {
        self.held_bps = Some(bps);
    }

    /// Send a voice and sizes of a camera, the next of which begins so long after it was asked for.
    pub fn send_sizes(&mut self, keyframe_after: Duration) {
        self.simulcast = Some(Simulcast::new(keyframe_after));
        self.estimator
            .set_wanted(instant(Duration::ZERO), Simulcast::wanted_bps());
    }

    /// Lose this share of packets and of reports on the flow's own path from now on, whatever is sent, and delay the others.
    pub fn lose(&mut self, share: f64, delay: Duration) {
        self.travel(Conditions {
            delay,
            loss: share,
            ..Conditions::default()
        });
    }

    /// Let the flow's own path do this to packets and reports from now on; the bottleneck stays what it is.
    pub fn travel(&mut self, path: Conditions) {
        self.delay = path.delay;
        self.forward.set_conditions(path);
        self.back.set_conditions(path);
    }

    /// What leaves the sender now.
    pub fn send(&mut self, now: Duration, out: &mut Vec<Packet>) {
        while let Some(feedback) = self.back.poll(now) {
            let round_trip = self.delay * 2;
            self.estimator
                .handle_feedback(instant(now), &feedback, round_trip);
            if let Some(bps) = self.estimator.estimate_bps() {
                self.pacer.set_estimate(bps.max(self.held_bps.unwrap_or(0)));
            }
        }
        let is_active = self.active.iter().any(|range| range.contains(&now));
        if is_active && now >= self.next_frame {
            // Neither are they taken quite evenly, so that no flow is for ever behind another's (RFC 8593 section 5).
            self.next_frame = now + FRAME.mul_f64(0.9 + self.random.fraction() / 5.0);
            self.encode(now);
        }
        if self.simulcast.is_some() && now >= self.next_voice {
            self.next_voice = now + VOICE.1;
            self.emit(now, VOICE.0, out);
        }
        self.pacer.drop_late(instant(now));
        while let Some(waiting) = self.pacer.pop(instant(now)) {
            let len = self.lengths[waiting.sequence.0 as usize];
            self.emit(now, len, out);
        }
        if is_active {
            self.estimator.handle_timeout(instant(now));
        }
        while self.estimator.probe_bytes(instant(now)) > 0 {
            self.emit(now, PROBE, out);
        }
    }

    fn encode(&mut self, now: Duration) {
        if let Some(simulcast) = self.simulcast.as_mut() {
            let estimate = self.estimator.estimate_bps().unwrap_or(500_000);
            let bytes = simulcast.next_frame(now, FRAME, estimate);
            self.queue(now, bytes);
            return;
        }
        let followed = || self.estimator.estimate_bps().unwrap_or(300_000).min(self.max_bps);
        let bps = self.held_bps.unwrap_or_else(followed);
        // Sizes of frames vary as an encoder's do.
        let noise = 0.75 + self.random.fraction() / 2.0;
        self.queue(now, (bps as f64 / 8.0 * FRAME.as_secs_f64() * noise) as usize);
    }

    fn queue(&mut self, now: Duration, mut left: usize) {
        while left > 0 {
            let len = left.min(PACKET);
            left -= len;
            self.lengths.push_back(len);
            self.pacer.push(Waiting {
                since: instant(now),
                slot: 0,
                track: 0,
                encoding: 0,
                sequence: ExtendedSequenceNumber(self.lengths.len() as u64 - 1),
            });
        }
    }

    fn emit(&mut self, now: Duration, len: usize, out: &mut Vec<Packet>) {
        let number = self.estimator.next_number();
        self.estimator.handle_sent(instant(now), len);
        self.pacer.handle_sent(len);
        self.tenth(now).sent += len;
        self.tenth(now).estimate_bps = self.estimator.estimate_bps().unwrap_or(0);
        out.push(Packet {
            flow: self.number,
            number,
            sent_at: now,
            len,
            queued: Duration::ZERO,
        });
    }

    /// A packet has passed the bottleneck.
    pub fn carry(&mut self, now: Duration, packet: Packet) {
        let queued = now - packet.sent_at;
        self.forward.send(now, packet.len, Packet { queued, ..packet });
    }

    /// A report of the receiver has passed the bottleneck of its way.
    pub fn carry_feedback(&mut self, now: Duration, feedback: TransportFeedback) {
        self.back.send(now, 0, feedback);
    }

    /// What the receiver does now; returns its report when one is due.
    pub fn receive(&mut self, now: Duration) -> Option<TransportFeedback> {
        while let Some(packet) = self.forward.poll(now) {
            self.tenth(now).arrived += packet.len;
            self.delays.push((now, packet.queued));
            let newest = ExtendedSequenceNumber(self.arrivals.keys().last().copied().unwrap_or(0));
            let number = newest.nearest(packet.number).0;
            self.arrivals.insert(number, now.as_micros() as u64);
            // What was overtaken by a report is told by the next, with all that follows.
            self.untold = Some(self.untold.map_or(number, |untold| untold.min(number)));
        }
        if now < self.next_feedback {
            return None;
        }
        self.next_feedback = now + FEEDBACK;
        self.report(now)
    }

    fn report(&mut self, now: Duration) -> Option<TransportFeedback> {
        let last = *self.arrivals.keys().last()?;
        let from = self.untold.filter(|untold| *untold <= last)?;
        self.untold = Some(last + 1);
        let arrivals = (from..=last).map(|number| self.arrivals.get(&number).copied());
        let report = TransportFeedback {
            media_ssrc: 1,
            base_sequence_number: from as u16,
            feedback_count: 0,
            arrivals: arrivals.collect(),
        };
        let kept_from = now.saturating_sub(KEPT).as_micros() as u64;
        while self.arrivals.len() > 1
            && self
                .arrivals
                .first_entry()
                .is_some_and(|first| *first.get() < kept_from)
        {
            self.arrivals.pop_first();
        }
        Some(report)
    }

    fn tenth(&mut self, now: Duration) -> &mut Tenth {
        let index = now.as_millis() as usize / 100;
        if self.tenths.len() <= index {
            self.tenths.resize(index + 1, Tenth::default());
        }
        &mut self.tenths[index]
    }
}
