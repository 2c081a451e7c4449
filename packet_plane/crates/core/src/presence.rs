//! Whether a receiver hears what it is sent: who has said nothing for far longer than it ever takes to answer is away.
//!
//! Pictures sent into an outage are lost, and what a player is missing afterwards keeps it from the next keyframe. Source:
//! RFC 8083 section 4.2 (a sender stops where reports stay away), here with a bound that each receiver sets itself.

use std::time::Duration;

use crate::quantities::Instant;

/// Nobody is away for less.
const LEAST_SILENCE: Duration = Duration::from_secs(1);
/// How many times its longest answer of late a receiver may take.
const PATIENCE: u32 = 3;
/// The longest answer that is believed to be usual: reports come each second or so, or each five (RFC 3550 section 6.2).
const MOST_USUAL: Duration = Duration::from_secs(5);
/// How often a sign of life that is no answer is believed: a path may be dead in one direction alone.
const BELIEVED_EACH: Duration = Duration::from_secs(5);

/// What a receiver says of what it gets, as far as its times go.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    /// When the first packet left that nothing has been said since.
    unanswered_since: Option<Instant>,
    /// The longest answer of late; `None` before the first one.
    usual: Option<Duration>,
    /// Whether arrivals are told packet by packet: then reports of other kinds are no answer.
    tells_arrivals: bool,
    is_away: bool,
    /// When a sign that was no answer ended an absence last.
    believed_at: Option<Instant>,
}

impl Presence {
    /// A packet has left; of a receiver that tells arrivals it is one with a number.
    pub fn handle_sent(&mut self, now: Instant, is_numbered: bool) {
        if self.unanswered_since.is_none() && (is_numbered || !self.tells_arrivals) {
            self.unanswered_since = Some(now);
        }
    }

    /// A report of what was sent has come, arrivals packet by packet or a report block. Returns whether the receiver was away till now.
    pub fn handle_feedback(&mut self, now: Instant, tells_arrivals: bool) -> bool {
        self.tells_arrivals |= tells_arrivals;
        if tells_arrivals != self.tells_arrivals {
            return self.handle_sign(now);
        }
        if let Some(since) = self.unanswered_since.take() {
            let took = now.since(since).min(MOST_USUAL);
            self.usual = Some(took.max(self.usual.unwrap_or_default() * 15 / 16));
        }
        std::mem::take(&mut self.is_away)
    }

    /// A sign of life has come that says nothing of what is sent. Returns whether it ends an absence: then a second is
    /// waited again for an answer.
    pub fn handle_sign(&mut self, now: Instant) -> bool {
        let is_believed = self.believed_at.is_none_or(|at| now.since(at) >= BELIEVED_EACH);
        if !self.is_away || !is_believed {
            return false;
        }
        (self.is_away, self.unanswered_since, self.believed_at) = (false, None, Some(now));
        true
    }

    /// The receiver has gone to another address: what it did not answer says nothing of that. Returns whether it has ever
    /// answered; if so, what was on its way is lost.
    pub fn handle_move(&mut self) -> bool {
        (self.is_away, self.unanswered_since) = (false, None);
        self.usual.is_some()
    }

    /// Whether the receiver has just gone away; true once.
    pub fn poll(&mut self, now: Instant) -> bool {
        let (Some(since), Some(usual), false) = (self.unanswered_since, self.usual, self.is_away) else {
            return false;
        };
        self.is_away = now.since(since) >= LEAST_SILENCE.max(usual * PATIENCE);
        self.is_away
    }

    /// Whether nothing is to be sent that can wait for the receiver's return.
    pub fn is_away(&self) -> bool {
        self.is_away
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    /// Feedback of that kind each so many milliseconds for ten seconds, then none; how long until that is an outage.
    fn patience_ms(tells_arrivals: bool, interval_ms: u64) -> Option<u64> {
        let mut presence = Presence::default();
        (0..30_000).step_by(10).find_map(|at| {
            presence.handle_sent(ms(at), true);
            if at < 10_000 && at % interval_ms == interval_ms - 10 {
                assert!(!presence.handle_feedback(ms(at), tells_arrivals));
            }
            presence.poll(ms(at)).then(|| at - 10_000)
        })
    }

    #[test]
    fn who_answers_quickly_is_away_after_a_second_and_who_reports_seldom_after_three_reports() {
        assert_eq!(patience_ms(true, 50), Some(1_000));
        assert_eq!(patience_ms(true, 250), Some(1_000));
        assert_eq!(patience_ms(false, 1_000), Some(2_970));
        assert!(patience_ms(false, 5_000).is_some_and(|patience| patience > 10_000));
    }

    #[test]
    fn who_never_said_anything_and_who_is_sent_nothing_is_not_away() {
        let mut silent = Presence::default();
        silent.handle_sent(ms(1), true);
        assert!(!silent.poll(ms(60_000)));

        let mut idle = Presence::default();
        idle.handle_sent(ms(1), true);
        idle.handle_feedback(ms(51), true);
        assert!(!idle.poll(ms(60_000)));
        // A picture a minute is answered as quickly as thirty a second.
        idle.handle_sent(ms(60_000), true);
        assert!(!idle.poll(ms(60_900)) && idle.poll(ms(61_000)));
    }

    #[test]
    fn of_who_tells_arrivals_reports_are_no_answer_but_a_sign_ends_an_absence_now_and_then() {
        let mut presence = Presence::default();
        presence.handle_sent(ms(0), true);
        presence.handle_feedback(ms(50), true);
        presence.handle_sent(ms(100), true);
        assert!(!presence.handle_feedback(ms(900), false));
        assert!(presence.poll(ms(1_100)) && presence.is_away() && !presence.poll(ms(1_110)));
        assert!(presence.handle_sign(ms(2_000)) && !presence.is_away());
        assert!(!presence.handle_sign(ms(2_010)) && !presence.poll(ms(4_000)));
        // It still says nothing of what it is sent: its path is dead in one direction.
        presence.handle_sent(ms(4_000), true);
        assert!(presence.poll(ms(5_000)));
        assert!(!presence.handle_sign(ms(5_010)) && !presence.handle_feedback(ms(5_020), false));
        assert!(presence.handle_feedback(ms(5_030), true) && !presence.is_away());
        presence.handle_sent(ms(5_040), true);
        assert!(presence.poll(ms(9_000)) && presence.handle_sign(ms(9_010)));
    }

    #[test]
    fn at_another_address_a_receiver_is_there_at_once() {
        let mut presence = Presence::default();
        assert!(
            !presence.handle_move(),
            "nothing was lost of who has heard nothing yet"
        );
        presence.handle_sent(ms(0), true);
        presence.handle_feedback(ms(50), true);
        presence.handle_sent(ms(100), true);
        assert!(presence.poll(ms(1_100)) && presence.handle_move() && !presence.is_away());
        presence.handle_sent(ms(1_200), true);
        assert!(!presence.poll(ms(2_100)) && presence.poll(ms(2_200)));
    }

    #[test]
    fn who_begins_to_answer_late_is_given_more_time() {
        let mut presence = Presence::default();
        let mut absences = 0;
        for at in (0..120_000).step_by(10) {
            presence.handle_sent(ms(at), true);
            if at % 1_500 == 0 {
                presence.handle_feedback(ms(at), true);
            }
            absences += u32::from(presence.poll(ms(at)));
        }
        assert!(absences <= 1, "{absences}");
    }
}
