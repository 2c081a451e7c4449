//! How often a publisher is asked for a keyframe, however many subscribers want one.
//!
//! Keyframes are many times larger than other frames: two a second is what a sender can afford.

use std::time::Duration;

use crate::quantities::Instant;

const INTERVAL: Duration = Duration::from_millis(500);
/// A stream of which nothing came for so long answers no more. One that is alive sends a still picture once a second; one
/// that sends none at all answers the request of whoever comes to see it.
const GONE: Duration = Duration::from_secs(10);

/// What a keyframe is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A picture that is shown or recorded misses something, or is to begin.
    Picture,
    /// A slot waits for a way into this stream. It may find another, or come to wait for another stream.
    WayIn,
}

/// The requests toward one ingress stream.
#[derive(Debug, Default)]
pub struct KeyframeThrottle {
    is_wanted: bool,
    /// Whether it is wanted for a picture.
    is_firm: bool,
    wanted_since: Option<Instant>,
    /// What it was wanted for when the stream had gone.
    left: Option<Why>,
    asked_at: Option<Instant>,
}

impl KeyframeThrottle {
    /// Somebody wants a keyframe.
    pub fn request(&mut self, why: Why) {
        self.is_wanted = true;
        self.is_firm |= why == Why::Picture;
    }

    /// Whether nothing but a way in is wanted.
    #[must_use]
    pub fn is_way_in(&self) -> bool {
        self.is_wanted && !self.is_firm
    }

    /// A keyframe has begun to arrive: everybody's wish is met. One that comes late repairs pictures, and is no way in.
    pub fn handle_keyframe(&mut self, comes_late: bool) {
        (self.is_firm, self.left) = (false, None);
        self.is_wanted &= comes_late;
    }

    /// End a wish that a stream has not answered before it went, and make it again when the stream lives again.
    pub fn handle_timeout(&mut self, now: Instant, last_packet_at: Instant) {
        if !self.is_wanted {
            self.wanted_since = None;
            if now.since(last_packet_at) < INTERVAL {
                self.left.take().into_iter().for_each(|why| self.request(why));
            }
            return;
        }
        let since = *self.wanted_since.get_or_insert(now);
        if now.since(since.max(last_packet_at)) >= GONE {
            let why = if self.is_firm { Why::Picture } else { Why::WayIn };
            self.forget();
            self.left = Some(why);
        }
    }

    /// What was wished is not wished any more: the stream has stopped, or nobody waits for it.
    pub fn forget(&mut self) {
        (self.is_wanted, self.is_firm, self.left) = (false, false, None);
        self.wanted_since = None;
    }

    /// When the next request may go out, `None` while nobody wants one.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.is_wanted
            .then(|| self.asked_at.map_or(Instant::ZERO, |at| at + INTERVAL))
    }

    /// Whether to send a request now; it then counts as sent.
    pub fn poll(&mut self, now: Instant) -> bool {
        let is_due = self.poll_timeout().is_some_and(|due| due <= now);
        if is_due {
            self.asked_at = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_at_most_twice_a_second_and_until_a_keyframe_comes() {
        let mut throttle = KeyframeThrottle::default();
        let mut asked = 0;
        for ms in (1_000..3_000).step_by(10) {
            throttle.request(Why::Picture);
            asked += u32::from(throttle.poll(Instant::from_millis(ms)));
        }
        assert_eq!(asked, 4);
        throttle.handle_keyframe(false);
        assert!(!throttle.poll(Instant::from_millis(9_000)));
    }

    /// How often is asked from one time to another, in milliseconds.
    fn asked(throttle: &mut KeyframeThrottle, from: u64, to: u64, last_packet_ms: u64) -> usize {
        let ticks = (from..to).step_by(10).map(Instant::from_millis);
        let asks = |now: &Instant| {
            throttle.handle_timeout(*now, Instant::from_millis(last_packet_ms));
            throttle.poll(*now)
        };
        ticks.filter(asks).count()
    }

    #[test]
    fn a_stream_that_has_gone_is_asked_no_more_until_it_lives_again() {
        for why in [Why::Picture, Why::WayIn] {
            let mut throttle = KeyframeThrottle::default();
            throttle.request(why);
            assert_eq!(asked(&mut throttle, 1_000, 11_000, 900), 20);
            assert_eq!(asked(&mut throttle, 11_000, 60_000, 900), 0);
            assert_eq!(asked(&mut throttle, 60_000, 61_000, 60_000), 2);
            assert_eq!(throttle.is_way_in(), why == Why::WayIn);
            throttle.handle_keyframe(false);
            assert_eq!(asked(&mut throttle, 61_000, 90_000, 89_000), 0);
        }
    }

    #[test]
    fn who_comes_to_see_a_stream_that_is_silent_has_it_asked_for_a_while() {
        let mut throttle = KeyframeThrottle::default();
        throttle.request(Why::Picture);
        asked(&mut throttle, 1_000, 40_000, 900);
        throttle.request(Why::WayIn);
        assert_eq!(asked(&mut throttle, 40_000, 80_000, 900), 20);
    }

    #[test]
    fn a_stream_that_goes_on_without_a_keyframe_is_asked_on() {
        let mut throttle = KeyframeThrottle::default();
        throttle.request(Why::Picture);
        let asks = (1..60).map(|second| {
            asked(
                &mut throttle,
                second * 1_000,
                second * 1_000 + 1_000,
                second * 1_000,
            )
        });
        assert_eq!(asks.sum::<usize>(), 2 * 59);
    }

    #[test]
    fn the_first_request_goes_out_at_once() {
        let mut throttle = KeyframeThrottle::default();
        assert!(!throttle.poll(Instant::from_millis(5)));
        throttle.request(Why::WayIn);
        assert!(throttle.poll(Instant::from_millis(5)));
    }
}
