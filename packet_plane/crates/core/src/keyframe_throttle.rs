//! How often a publisher is asked for a keyframe, however many subscribers want one.
//!
//! Keyframes are many times larger than other frames: two a second is what a sender can afford.

use std::time::Duration;

use crate::quantities::Instant;

const INTERVAL: Duration = Duration::from_millis(500);

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
        self.is_firm = false;
        self.is_wanted &= comes_late;
    }

    /// What was wished is not wished any more: the stream has stopped, or nobody waits for it.
    pub fn forget(&mut self) {
        (self.is_wanted, self.is_firm) = (false, false);
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

    #[test]
    fn the_first_request_goes_out_at_once() {
        let mut throttle = KeyframeThrottle::default();
        assert!(!throttle.poll(Instant::from_millis(5)));
        throttle.request(Why::WayIn);
        assert!(throttle.poll(Instant::from_millis(5)));
    }
}
