//! How much one receiver's path carries: delay, loss and probes over the feedback that it gives.
//!
//! [`Estimator`] holds the parts together. Everything that is sent to the receiver gets a transport-wide number from
//! it; the receiver tells what arrived when. Source: draft-ietf-rmcat-gcc-02, with what browsers changed since; each
//! part names its own.

pub mod acknowledged_rate;
pub mod arrival_groups;
pub mod carried_rate;
pub mod jitter;
pub mod loss_control;
pub mod path_loss;
pub mod prober;
pub mod rate_control;
pub mod sent_history;
pub mod sent_rate;
pub mod standing_queue;
pub mod trendline;

use std::time::Duration;

use acknowledged_rate::AcknowledgedRate;
use arrival_groups::ArrivalGroups;
use carried_rate::CarriedRate;
use jitter::Jitter;
use loss_control::{Circumstances, Counts, LossControl};
use path_loss::PathLoss;
use prober::{ProbeResult, Prober};
use rate_control::{Observed, RateControl};
use sent_history::SentHistory;
use sent_rate::SentRate;
use standing_queue::StandingQueue;
use trendline::{Trendline, Usage};

use crate::quantities::Instant;
use crate::rtcp::transport_cc::TransportFeedback;

/// Bits per second before anything is known: a small picture and a voice.
const START_BPS: f64 = 500_000.0;
/// Less than a voice needs, so that the queue of the slowest path can empty. Audio is sent all the same.
const MIN_BPS: f64 = 15_000.0;
const MAX_BPS: f64 = 1e9;
/// A sender that uses less than this share does not find out what the path carries.
const LIMITED_SHARE: f64 = 0.75;
/// How far a probe reaches ahead, and beyond what is wanted: headroom for a frame that is larger than others.
const PROBE_STEP: f64 = 2.0;
const FIRST_PROBE_STEP: f64 = 4.0;
/// While all that is carried is used, others may share the path: a short burst passes between their packets, so that
/// it finds too much. The step is small and what it found is used before the next.
const FULL_PROBE_STEP: f64 = 1.5;
/// On an uneven path a probe is longer, and would fill more of a queue.
const UNEVEN_PROBE_STEP: f64 = 1.5;
const AFTER_DECREASE_FULL: Duration = Duration::from_secs(3);
const PROBE_HEADROOM: f64 = 1.1;
/// A probe that found this share of what it tried is followed by the next at once.
const PROBE_CARRIED: f64 = 0.8;
/// Probes that find nothing come ever more rarely.
const FIRST_PROBE_INTERVAL: Duration = Duration::from_millis(500);
const MAX_PROBE_INTERVAL: Duration = Duration::from_secs(5);
/// Where the path loses so much by itself that a probe, or what is told of it, often gets lost, none is given up for long.
const LOSSY: f64 = 0.1;
const MAX_PROBE_INTERVAL_LOSSY: Duration = Duration::from_secs(1);
/// After the queue has grown it has to be empty before a probe can say anything.
const AFTER_DECREASE: Duration = Duration::from_millis(1_000);
/// Feedback comes every 50 to 250 ms while anything is sent.
const SILENCE: Duration = Duration::from_millis(1_500);
/// Receivers say a REMB at least each second while they get what they estimate by.
const REMB_SILENCE: Duration = Duration::from_secs(2);
const REMB_STEP: Duration = Duration::from_secs(1);

/// What is known of one receiver's path.
#[derive(Debug)]
pub struct Estimator {
    sent: SentHistory,
    groups: ArrivalGroups,
    jitter: Jitter,
    trendline: Trendline,
    queue: StandingQueue,
    acknowledged: AcknowledgedRate,
    carried: CarriedRate,
    rate: RateControl,
    loss: LossControl,
    path_loss: PathLoss,
    prober: Prober,
    wanted_bps: f64,
    has_feedback: bool,
    heard_at: Option<Instant>,
    was_limited: bool,
    sent_rate: SentRate,
    probe_interval: Duration,
    probe_due: Instant,
    is_first_probe: bool,
    /// When a REMB that is not followed by another holds no longer.
    remb_due: Option<Instant>,
    /// Bytes that were told lost, less those that came late, and not asked for yet.
    bytes_lost: i64,
}

impl Default for Estimator {
    fn default() -> Self {
        Estimator {
            sent: SentHistory::default(),
            groups: ArrivalGroups::default(),
            jitter: Jitter::default(),
            trendline: Trendline::default(),
            queue: StandingQueue::default(),
            acknowledged: AcknowledgedRate::default(),
            carried: CarriedRate::default(),
            rate: RateControl::new(START_BPS),
            loss: LossControl::default(),
            path_loss: PathLoss::default(),
            prober: Prober::default(),
            wanted_bps: 0.0,
            has_feedback: false,
            heard_at: None,
            was_limited: false,
            sent_rate: SentRate::default(),
            probe_interval: FIRST_PROBE_INTERVAL,
            probe_due: Instant::ZERO,
            is_first_probe: true,
            remb_due: None,
            bytes_lost: 0,
        }
    }
}

impl Estimator {
    /// Bits per second that the path carries, `None` before the receiver has said anything.
    #[must_use]
    pub fn estimate_bps(&self) -> Option<u64> {
        self.has_feedback.then(|| self.bounded() as u64)
    }

    fn bounded(&self) -> f64 {
        let bound = self.loss.bound().unwrap_or(MAX_BPS);
        self.rate.bps().min(bound).clamp(MIN_BPS, MAX_BPS)
    }

    /// Bits per second that arrive, `None` before they were measured.
    #[must_use]
    pub fn acknowledged_bps(&self) -> Option<u64> {
        self.acknowledged.bps().map(|bps| bps as u64)
    }

    /// Share of packets that were lost lately.
    #[must_use]
    pub fn loss(&self) -> f64 {
        self.loss.loss()
    }

    /// Share of packets that the path loses whatever is sent.
    #[must_use]
    pub fn inherent_loss(&self) -> f64 {
        self.loss.inherent()
    }

    /// Whether what is sent fills the path.
    #[must_use]
    pub fn is_full(&self, now: Instant) -> bool {
        self.sent_rate.bps(now) >= self.bounded()
    }

    /// Whether less is sent than the path carries, so that only probes find out more.
    #[must_use]
    pub fn is_application_limited(&self, now: Instant) -> bool {
        self.sent_rate.bps(now) < self.bounded() * LIMITED_SHARE
    }

    /// Whether the receiver tells, packet by packet, what arrives.
    #[must_use]
    pub fn has_arrivals(&self) -> bool {
        self.heard_at.is_some()
    }

    /// Bits per second that the receiver could use: how far probes reach.
    pub fn set_wanted(&mut self, now: Instant, bps: u64) {
        let bps = bps as f64;
        if bps > self.wanted_bps {
            // Something new to win: the last failure does not count any more.
            self.probe_interval = FIRST_PROBE_INTERVAL;
            self.probe_due = self.probe_due.min(now + FIRST_PROBE_INTERVAL);
        }
        self.wanted_bps = bps;
    }

    /// The transport-wide number of the next packet.
    #[must_use]
    pub fn next_number(&self) -> u16 {
        self.sent.next_number()
    }

    /// Note that the packet with the next number went out.
    pub fn handle_sent(&mut self, now: Instant, len: usize) {
        self.sent.handle_sent(now, len, self.prober.cluster());
        self.sent_rate.handle_sent(now, len);
        if self.prober.is_sending() {
            self.prober.handle_sent(now, len);
        }
    }

    /// The receiver is back after it heard nothing for a while: what was lost meanwhile tells of no rate. Its path begins
    /// as a new one does; where it is found at the same address, with no more than was known before.
    pub fn handle_return(&mut self, now: Instant, is_elsewhere: bool) {
        self.bytes_lost += self.sent.give_up() as i64;
        if !self.has_feedback || self.remb_due.is_some() {
            return;
        }
        let known = if is_elsewhere { START_BPS } else { self.bounded() };
        let bps = known.min(START_BPS);
        self.rate = RateControl::new(bps);
        self.loss.begin_again();
        self.acknowledged = AcknowledgedRate::default();
        self.prober = Prober::default();
        self.heard_at = Some(now);
        self.forget_the_queue();
        (self.probe_interval, self.probe_due, self.is_first_probe) = (FIRST_PROBE_INTERVAL, now, true);
    }

    /// Bytes that were told lost since this was asked last; fewer than none where more came late.
    pub fn take_lost(&mut self) -> i64 {
        std::mem::take(&mut self.bytes_lost)
    }

    /// Take a receiver's feedback; returns, once a second or so, the share of packets that the path loses, in 1/256.
    pub fn handle_feedback(
        &mut self,
        now: Instant,
        feedback: &TransportFeedback,
        round_trip: Duration,
    ) -> Option<u8> {
        let outcome = self.sent.handle_feedback(feedback);
        // Of what nothing is told as much gets lost as of the rest.
        let untold = outcome.bytes_untold as f64 * self.loss.loss();
        self.bytes_lost += (outcome.bytes_lost + untold as usize) as i64 - outcome.bytes_late as i64;
        if outcome.acknowledged.is_empty() && outcome.packets_lost == 0 {
            return None;
        }
        self.has_feedback = true;
        self.heard_at = Some(now);
        let mut probe = None;
        let credit = (outcome.bytes_untold as f64 * (1.0 - self.loss.loss())) as usize;
        self.acknowledged.credit(credit);
        let known_bps = self.bounded();
        for packet in &outcome.acknowledged {
            self.acknowledged.handle_packet(packet);
            self.carried.handle_packet(packet);
            self.jitter.handle_packet(packet, known_bps);
            if let Some(delta) = self.groups.handle_packet(packet) {
                let delta = self.jitter.smooth(&delta);
                self.queue.allow(self.jitter.allowed_ms());
                self.trendline.handle_delta(&delta);
                self.queue.handle_delta(&delta);
            }
            probe = self.prober.handle_packet(packet, self.loss.inherent()).or(probe);
        }
        let usage = self.usage(now, round_trip);
        if !outcome.acknowledged.is_empty() {
            self.follow_delay(now, usage, round_trip);
        }
        let counts = Counts {
            received: outcome.acknowledged.len(),
            lost: outcome.packets_lost,
            bytes: credit
                + outcome
                    .acknowledged
                    .iter()
                    .map(|packet| packet.len)
                    .sum::<usize>(),
        };
        let rates = (self.rate.bps(), self.acknowledged.bps());
        let circumstances = Circumstances {
            round_trip,
            is_queue_long: self.queue.is_long(),
            was_little: self.was_limited,
        };
        self.loss.update(now, counts, rates, circumstances);
        if let Some(result) = probe {
            self.handle_probe(now, usage, result);
        }
        self.sent_rate.handle_estimate(self.bounded());
        let packets = (
            outcome.acknowledged.len(),
            outcome.packets_lost,
            outcome.packets_late,
        );
        self.path_loss
            .handle_counts(now, packets, self.is_queue_ours(now))
    }

    /// Whether what gets lost is of a queue that sending less empties.
    fn is_queue_ours(&self, now: Instant) -> bool {
        let has_fallen = self
            .rate
            .decreased_at()
            .is_some_and(|at| now.since(at) < AFTER_DECREASE);
        has_fallen || (self.queue.is_long() && !self.queue.has_room())
    }

    fn follow_delay(&mut self, now: Instant, usage: Usage, round_trip: Duration) {
        // What the path loses whatever is sent says nothing against sending as much.
        let arrives = (1.0 - self.loss.inherent()).max(0.3);
        let observed = Observed {
            usage,
            is_queue_very_long: self.queue.is_very_long(),
            reached: self.acknowledged.bps().map(|bps| bps / arrives),
            fallen: self.fallen_bps().map(|bps| bps / arrives),
            round_trip,
        };
        self.rate.update(now, &observed);
    }

    /// Bits per second to fall to.
    fn fallen_bps(&self) -> Option<f64> {
        let arrived = self.acknowledged.fallen_bps()?;
        let carried = self.carried.bps().filter(|_| self.was_limited);
        Some(carried.map_or(arrived, |carried| carried.max(arrived)))
    }

    /// What the queue does: its slope first, its length where the slope says nothing.
    fn usage(&mut self, now: Instant, round_trip: Duration) -> Usage {
        let usage = self.trendline.usage();
        self.was_limited = self.sent_rate.was_little(now);
        // What little was sent tells of no rate to fall to, until enough of it has queued.
        if self.was_limited && self.carried.bps().is_none() && usage == Usage::Overusing {
            return Usage::Underusing;
        }
        if usage == Usage::Overusing && self.queue.is_short() {
            return Usage::Underusing;
        }
        if usage != Usage::Normal {
            return usage;
        }
        if self.queue.poll_long(round_trip.as_micros() as i64) {
            return Usage::Overusing;
        }
        if self.queue.has_room() {
            usage
        } else {
            Usage::Underusing
        }
    }

    fn handle_probe(&mut self, now: Instant, usage: Usage, result: ProbeResult) {
        if usage == Usage::Overusing {
            return;
        }
        self.loss.raise(result.bps.min(result.tried_bps));
        if result.bps > self.rate.bps() {
            self.rate.set(now, result.bps.min(result.tried_bps));
        }
        if result.bps >= result.tried_bps * PROBE_CARRIED {
            self.probe_interval = FIRST_PROBE_INTERVAL;
            let is_limited = self.is_application_limited(now);
            let pause = if is_limited {
                Duration::ZERO
            } else {
                FIRST_PROBE_INTERVAL
            };
            self.probe_due = now + pause;
        }
    }

    /// A receiver without transport-wide feedback says its own estimate (REMB).
    pub fn handle_remb(&mut self, now: Instant, bps: u64) {
        if !self.has_feedback || self.acknowledged.bps().is_none() {
            self.has_feedback = true;
            self.rate.set(now, bps as f64);
            self.remb_due = Some(now + REMB_SILENCE);
        }
    }

    /// Try more where a receiver has gone silent that said its own estimate.
    ///
    /// One that estimates by pictures has nothing to say once it gets none, so that its last word would hold for ever.
    fn outgrow_remb(&mut self, now: Instant) {
        if self.remb_due.is_some_and(|due| now >= due) {
            self.remb_due = Some(now + REMB_STEP);
            let more = (self.bounded() * 2.0).min(self.wanted_bps);
            if more > self.rate.bps() {
                self.rate.set(now, more);
            }
        }
    }

    /// Begin a probe where one is due: more is wanted than is known to be carried, and the queue is empty.
    ///
    /// What is sent by itself finds out more only slowly, and nothing while less is sent than could be.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.forget_what_is_old(now);
        self.outgrow_remb(now);
        let current = self.bounded();
        let is_limited = self.is_application_limited(now);
        let has_room = self.has_feedback
            && (is_limited || self.rate.is_beyond_capacity())
            && self.wanted_bps > current
            && self.trendline.usage() == Usage::Normal
            && self.queue.has_room();
        let patience = if is_limited {
            AFTER_DECREASE
        } else {
            AFTER_DECREASE_FULL
        };
        let decreased = self.rate.decreased_at();
        let was_full = decreased.is_some_and(|at| now.since(at) < patience);
        if !has_room || was_full || now < self.probe_due || self.prober.is_sending() {
            return;
        }
        let held = self.jitter.held();
        let step = match (std::mem::take(&mut self.is_first_probe), is_limited) {
            _ if !held.is_zero() => UNEVEN_PROBE_STEP,
            (true, _) => FIRST_PROBE_STEP,
            (false, true) => PROBE_STEP,
            (false, false) => FULL_PROBE_STEP,
        };
        self.prober
            .start(now, (current * step).min(self.wanted_bps * PROBE_HEADROOM), held);
        self.probe_due = now + self.probe_interval;
        let longest = if self.loss.inherent() >= LOSSY {
            MAX_PROBE_INTERVAL_LOSSY
        } else {
            MAX_PROBE_INTERVAL
        };
        self.probe_interval = (self.probe_interval * 2).min(longest);
    }

    /// Where nothing is sent nothing is heard, and what was known of the queue says nothing of it now.
    fn forget_what_is_old(&mut self, now: Instant) {
        if self.heard_at.take_if(|at| now.since(*at) >= SILENCE).is_some() {
            self.forget_the_queue();
        }
    }

    fn forget_the_queue(&mut self) {
        self.groups = ArrivalGroups::default();
        self.trendline = Trendline::default();
        self.queue = StandingQueue::default();
        self.jitter.forget_the_queue();
    }

    /// Whether a probe is being sent.
    #[must_use]
    pub fn is_probing(&self) -> bool {
        self.prober.is_sending()
    }

    /// Bytes of padding that a probe needs now.
    #[must_use]
    pub fn probe_bytes(&self, now: Instant) -> usize {
        self.prober.wanted_bytes(now)
    }
}
