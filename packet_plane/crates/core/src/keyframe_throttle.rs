//! How often a publisher is asked for a keyframe, however many subscribers want one.
//!
//! Keyframes are many times larger than other frames: two a second is what a sender can afford.

use std::time::Duration;

use crate::quantities::Instant;

const INTERVAL: Duration = Duration::from_millis(500);

/// The requests toward one ingress stream.
#[derive(Debug, Default)]
pub struct KeyframeThrottle {
    is_wanted: bool,
    asked_at: Option<Instant>,
}

impl KeyframeThrottle {
    /// Somebody wants a keyframe.
    pub fn request(&mut self) {
        self.is_wanted = true;
    }

    /// A keyframe has begun to arrive: everybody's wish is met.
    pub fn handle_keyframe(&mut self) {
        self.is_wanted = false;
    }

    /// The stream has stopped: what was wished of it is wished of another, or again when it goes on.
    pub fn forget(&mut self) {
        self.is_wanted = false;
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
            throttle.request();
            asked += u32::from(throttle.poll(Instant::from_millis(ms)));
        }
        assert_eq!(asked, 4);
        throttle.handle_keyframe();
        assert!(!throttle.poll(Instant::from_millis(9_000)));
    }

    #[test]
    fn the_first_request_goes_out_at_once() {
        let mut throttle = KeyframeThrottle::default();
        assert!(!throttle.poll(Instant::from_millis(5)));
        throttle.request();
        assert!(throttle.poll(Instant::from_millis(5)));
    }
}
