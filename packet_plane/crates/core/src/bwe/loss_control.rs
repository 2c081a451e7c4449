//! What loss says of the path, where the delay says nothing: a policer's loss ends when less is sent, a radio's does not.
//!
//! A rise of loss is answered by sending no more than what arrived. If the loss stays as it was, it belongs to the path
//! whatever is sent: it is remembered, the old rate comes back, and only what exceeds it counts from then on. Browsers
//! tell inherent loss from congestion for the same reason (libwebrtc's second loss-based estimator); the draft's loss
//! controller (draft-ietf-rmcat-gcc-02 section 6), whose bounds of 2 and 10 % are kept, would fall without end.

use std::time::Duration;

use crate::quantities::Instant;

/// An interval has this many packets and lasts this long, but no longer than the last.
const MIN_PACKETS: usize = 40;
const MIN_INTERVAL: Duration = Duration::from_millis(300);
const MAX_INTERVAL: Duration = Duration::from_secs(1);
/// So much more than the path's own loss is no chance even where few packets are sent: the path has collapsed.
const DROUGHT: f64 = 0.5;
const DROUGHT_PACKETS: usize = 6;
/// Deviations of the normal distribution that make one in twenty: four of six packets are often lost by chance alone where
/// a third is lost on average.
const CERTAIN: f64 = 1.64;
/// One message that says so after such a silence is enough.
const COLLAPSE: Duration = Duration::from_millis(150);
/// What is kept then of the rate that arrives: the queue has to empty.
const DRAINING: f64 = 0.85;
/// Loss above what belongs to the path that is taken for chance, and from where it is answered.
const CHANCE: f64 = 0.02;
const ANSWERED: f64 = 0.10;
const DEVIATIONS: f64 = 2.5;
/// A path that loses so much by itself loses more in one second and less in another.
const LOSSY: f64 = 0.05;
/// Growth of the bound each second while there is no loss to speak of.
const GROWTH: f64 = 1.5;
/// After an answer the path needs this long, and a round trip, to show what changed.
const SETTLING: Duration = Duration::from_millis(200);
/// Loss that stays above this share of what it was, with so much less sent, does not come from sending.
const UNCHANGED: f64 = 0.7;
const LESS: f64 = 0.9;
/// How fast the path's own loss follows what is seen of it.
const FOLLOW: f64 = 0.15;
/// Where little is sent of what the path is thought to carry, loss below this is its own. One that loses more may carry
/// not even that little.
const OWN: f64 = 0.35;

#[derive(Clone, Copy, Debug)]
struct Interval {
    from: Instant,
    counts: Counts,
}

/// What feedback counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub received: usize,
    pub lost: usize,
    /// Bytes received.
    pub bytes: usize,
}

impl Counts {
    fn add(&mut self, other: &Counts) {
        self.received += other.received;
        self.lost += other.lost;
        self.bytes += other.bytes;
    }

    fn packets(&self) -> usize {
        self.received + self.lost
    }

    fn loss(&self) -> f64 {
        self.lost as f64 / self.packets().max(1) as f64
    }

    /// The loss that is there at least, by so few packets (Wilson's lower bound).
    fn certain_loss(&self) -> f64 {
        let (loss, packets) = (self.loss(), self.packets().max(1) as f64);
        let square = CERTAIN * CERTAIN / packets;
        let spread = (loss * (1.0 - loss) / packets + square / packets / 4.0).sqrt();
        (loss + square / 2.0 - CERTAIN * spread) / (1.0 + square)
    }
}

/// What else is known of the path when packets are counted.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    pub round_trip: Duration,
    /// Loss is of the queue's making then.
    pub is_queue_long: bool,
    /// Hardly anything was sent of what could have been.
    pub was_little: bool,
}

/// The answer to a rise of loss, and what it was given to.
#[derive(Clone, Copy, Debug)]
struct Answer {
    settled_at: Instant,
    bps_before: f64,
    loss_before: f64,
}

/// The loss-based bound of one path.
#[derive(Debug, Default)]
pub struct LossControl {
    bound: Option<f64>,
    inherent: f64,
    interval: Option<Interval>,
    answer: Option<Answer>,
    loss: f64,
    told_at: Option<Instant>,
    /// Whether the last interval had more loss than chance explains.
    is_much: bool,
}

impl LossControl {
    /// Bits per second, `None` while loss bounds nothing.
    #[must_use]
    pub fn bound(&self) -> Option<f64> {
        self.bound
    }

    /// The path is a new one, which loses by itself what the one before did as far as is known.
    pub fn begin_again(&mut self) {
        *self = LossControl {
            inherent: self.inherent,
            ..LossControl::default()
        };
    }

    /// A probe has arrived at this rate.
    pub fn raise(&mut self, bps: f64) {
        self.bound = self.bound.map(|bound| bound.max(bps));
    }

    /// Share of packets that the path loses whatever is sent.
    #[must_use]
    pub fn inherent(&self) -> f64 {
        self.inherent
    }

    /// Share of packets lost in the last interval.
    #[must_use]
    pub fn loss(&self) -> f64 {
        self.loss
    }

    /// Take the counts of one feedback message; `estimate` is the delay-based one, `acknowledged` what arrives.
    pub fn update(
        &mut self,
        now: Instant,
        counts: Counts,
        (estimate, acknowledged): (f64, Option<f64>),
        circumstances: Circumstances,
    ) {
        if self.answer.is_some_and(|answer| now < answer.settled_at) {
            return;
        }
        let Some((counts, lasted)) = self.count(now, &counts) else {
            return;
        };
        let is_drought = self.is_drought(&counts);
        let arrived = counts.bytes as f64 * 8.0 / lasted.as_secs_f64();
        self.loss = counts.loss();
        // With few packets chance looks large.
        let deviation = (self.loss * (1.0 - self.loss) / counts.packets() as f64).sqrt();
        let chance = CHANCE + deviation;
        let answered = ANSWERED.max(DEVIATIONS * deviation);
        let excess = self.loss - self.inherent;
        let current = self.bound.map_or(estimate, |bound| bound.min(estimate));
        if excess < answered {
            self.is_much = false;
        }
        if excess <= chance {
            self.relax(lasted, estimate);
        } else if excess < answered || self.may_be_chance(is_drought) {
            self.bound = Some(current);
        } else if self.is_own(&circumstances, is_drought) {
            self.inherent = self.loss;
        } else if let Some(acknowledged) = acknowledged {
            let acknowledged = if is_drought {
                acknowledged.min(arrived * DRAINING)
            } else {
                acknowledged
            };
            self.respond(now, current, acknowledged, circumstances);
        }
    }

    /// Add to the interval; returns its counts and how long it lasted once they mean something.
    fn count(&mut self, now: Instant, counts: &Counts) -> Option<(Counts, Duration)> {
        let told_at = self.told_at.replace(now).unwrap_or(now);
        if self.is_drought(counts) && now.since(told_at) >= COLLAPSE {
            self.interval = None;
            return Some((*counts, now.since(told_at)));
        }
        let interval = self.interval.get_or_insert(Interval {
            from: now,
            counts: Counts::default(),
        });
        interval.counts.add(counts);
        let Interval { from, counts } = *interval;
        let lasted = now.since(from);
        let is_enough = counts.packets() >= MIN_PACKETS || lasted >= MAX_INTERVAL || self.is_drought(&counts);
        let is_over = lasted >= MIN_INTERVAL && counts.packets() > 0 && is_enough;
        self.interval.take_if(|_| is_over).map(|_| (counts, lasted))
    }

    /// Whether so much loss is seen for the first time, on a path that loses by itself: it varies from second to second.
    fn may_be_chance(&mut self, is_drought: bool) -> bool {
        let was_seen = std::mem::replace(&mut self.is_much, true);
        !was_seen && !is_drought && self.inherent > LOSSY
    }

    /// Whether it is no use to send less, as little is sent already: a voice alone fills no path that is not narrow, and what
    /// its path loses has to be made up for at once. If the path turns out to lose more of more, that is answered.
    fn is_own(&self, circumstances: &Circumstances, is_drought: bool) -> bool {
        circumstances.was_little && !circumstances.is_queue_long && !is_drought && self.loss < OWN
    }

    fn is_drought(&self, counts: &Counts) -> bool {
        counts.packets() >= DROUGHT_PACKETS && counts.certain_loss() - self.inherent > DROUGHT
    }

    fn relax(&mut self, lasted: Duration, estimate: f64) {
        self.answer = None;
        self.inherent += FOLLOW * (self.loss - self.inherent);
        self.bound = self
            .bound
            .map(|bound| bound * GROWTH.powf(lasted.as_secs_f64()))
            .filter(|bound| *bound < estimate);
    }

    fn respond(&mut self, now: Instant, current: f64, acknowledged: f64, circumstances: Circumstances) {
        let is_unchanged = |answer: &Answer| {
            !circumstances.is_queue_long
                && self.loss >= UNCHANGED * answer.loss_before
                && (acknowledged <= LESS * answer.bps_before || acknowledged > current)
        };
        if let Some(answer) = self.answer.take_if(|answer| is_unchanged(answer)) {
            self.inherent = self.loss;
            self.bound = Some(answer.bps_before.max(acknowledged));
            return;
        }
        self.answer = Some(Answer {
            settled_at: now + circumstances.round_trip + SETTLING,
            bps_before: current,
            loss_before: self.loss,
        });
        self.bound = Some(current.min(acknowledged));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circumstances(is_queue_long: bool) -> Circumstances {
        Circumstances {
            round_trip: Duration::from_millis(50),
            is_queue_long,
            was_little: false,
        }
    }

    /// Send at the bound for some seconds over a path that loses a share of what is sent at a rate.
    fn run(
        control: &mut LossControl,
        from_s: u64,
        seconds: u64,
        estimate: f64,
        loss: impl Fn(f64) -> f64,
    ) -> f64 {
        let mut sent = estimate;
        for at in (from_s * 1_000..(from_s + seconds) * 1_000).step_by(50) {
            sent = control.bound().map_or(estimate, |bound| bound.min(estimate));
            let share = loss(sent);
            let lost = (100.0 * share).round() as usize;
            let arrives = sent * (1.0 - share);
            let now = Instant::from_millis(at);
            let counts = Counts {
                received: 100 - lost,
                lost,
                bytes: (arrives / 8.0 * 0.05) as usize,
            };
            control.update(now, counts, (estimate, Some(arrives)), circumstances(false));
        }
        sent
    }

    #[test]
    fn no_loss_bounds_nothing() {
        let mut control = LossControl::default();
        assert_eq!(run(&mut control, 1, 10, 1e6, |_| 0.0), 1e6);
        assert_eq!(control.bound(), None);
    }

    #[test]
    fn loss_that_does_not_depend_on_the_rate_costs_no_rate() {
        for share in [0.05, 0.15, 0.3] {
            let mut control = LossControl::default();
            let sent = run(&mut control, 1, 20, 1e6, |_| share);
            assert!(sent >= 0.9e6, "{share}: {sent}");
        }
    }

    #[test]
    fn a_path_that_collapses_is_believed_at_the_first_message_after_a_silence() {
        let mut control = LossControl::default();
        run(&mut control, 1, 5, 250e3, |_| 0.0);
        let counts = Counts {
            received: 1,
            lost: 8,
            bytes: 1_200,
        };
        let rates = (250e3, Some(250e3));
        control.update(Instant::from_millis(6_300), counts, rates, circumstances(true));
        let bound = control.bound().expect("loss bounds it");
        assert!((15e3..35e3).contains(&bound), "{bound}");
    }

    /// A message of a path that loses a third by itself, or has collapsed; counts of received and lost packets.
    fn after_message(
        control: &mut LossControl,
        ms: u64,
        (received, lost): (usize, usize),
        is_queue_long: bool,
    ) -> f64 {
        let counts = Counts {
            received,
            lost,
            bytes: received * 1_000,
        };
        let rates = (250e3, Some(30e3));
        control.update(
            Instant::from_millis(ms),
            counts,
            rates,
            circumstances(is_queue_long),
        );
        control.bound().unwrap_or(250e3)
    }

    #[test]
    fn four_of_six_packets_are_lost_by_chance_and_eight_of_nine_are_not() {
        let mut control = LossControl::default();
        after_message(&mut control, 1_000, (1, 0), false);
        assert_eq!(after_message(&mut control, 1_300, (2, 4), false), 250e3);
        assert!(after_message(&mut control, 1_600, (1, 8), false) < 40e3);
    }

    #[test]
    fn loss_that_a_full_queue_makes_is_not_the_paths_own() {
        for (is_queue_long, inherent) in [(false, 0.8), (true, 0.0)] {
            let mut control = LossControl::default();
            for ms in (1_000..4_000).step_by(100) {
                after_message(&mut control, ms, (2, 8), is_queue_long);
            }
            assert_eq!(control.inherent(), inherent);
        }
    }

    #[test]
    fn loss_that_stays_while_more_arrives_than_the_bound_is_the_paths_own() {
        let mut control = LossControl::default();
        // Voices: they are sent whatever the bound.
        for ms in (1_000..6_000).step_by(100) {
            let counts = Counts {
                received: 7,
                lost: 3,
                bytes: 700,
            };
            let rates = (20e3, Some(56e3));
            control.update(Instant::from_millis(ms), counts, rates, circumstances(false));
        }
        assert!(control.inherent() > 0.25, "{}", control.inherent());
    }

    #[test]
    fn on_a_path_that_loses_by_itself_one_bad_second_bounds_nothing_and_two_do() {
        let mut control = LossControl::default();
        assert_eq!(run(&mut control, 1, 10, 250e3, |_| 0.3), 250e3);
        after_message(&mut control, 20_000, (16, 24), false);
        assert_eq!(after_message(&mut control, 20_400, (16, 24), false), 250e3);
        after_message(&mut control, 20_500, (16, 24), false);
        assert!(after_message(&mut control, 20_900, (16, 24), false) < 40e3);
    }

    #[test]
    fn loss_of_the_little_that_is_sent_is_the_paths_own_unless_it_is_much_or_a_queue_makes_it() {
        for (lost, is_queue_long, was_little, bounds) in [
            (15, false, true, false),
            (15, false, false, true),
            (15, true, true, true),
            (45, false, true, true),
        ] {
            let mut control = LossControl::default();
            let counts = Counts {
                received: 100 - lost,
                lost,
                bytes: 10_000,
            };
            let seen = Circumstances {
                was_little,
                ..circumstances(is_queue_long)
            };
            for ms in [1_000, 1_500] {
                control.update(Instant::from_millis(ms), counts, (500e3, Some(40e3)), seen);
            }
            assert_eq!(
                control.bound().is_some(),
                bounds,
                "{lost} {is_queue_long} {was_little}"
            );
        }
    }

    #[test]
    fn a_policer_gets_what_it_lets_through() {
        let mut control = LossControl::default();
        let policed = |limit: f64| move |sent: f64| (1.0 - limit / sent).max(0.0);
        let sent = run(&mut control, 1, 5, 4e6, policed(1e6));
        assert!((0.8e6..1.3e6).contains(&sent), "{sent}");
        let sent = run(&mut control, 6, 30, 4e6, policed(8e6));
        assert!(sent >= 3.9e6, "{sent}");
    }
}
