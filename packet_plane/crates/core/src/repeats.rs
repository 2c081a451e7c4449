//! The packets of one slot that go out a second time, a moment after the first: what loses one may lose its neighbours.

use std::collections::VecDeque;
use std::time::Duration;

use crate::quantities::Instant;

/// Between the two: shorter than the time to the next frame, from which a receiver sees what is missing.
const LATER: Duration = Duration::from_millis(15);
/// More than a keyframe; what comes on top goes out once.
const MOST: usize = 128;

/// Numbers that wait for their second time.
#[derive(Debug, Default)]
pub(crate) struct Repeats {
    waiting: VecDeque<(Instant, u16)>,
}

impl Repeats {
    /// Note a packet that has just left.
    pub fn push(&mut self, now: Instant, sequence_number: u16) {
        if self.waiting.len() < MOST {
            self.waiting.push_back((now, sequence_number));
        }
    }

    /// Move the numbers whose time has come into `out`.
    pub fn poll(&mut self, now: Instant, out: &mut Vec<u16>) {
        let due = self.waiting.iter().take_while(|(at, _)| now.since(*at) >= LATER);
        let due = due.count();
        out.extend(self.waiting.drain(..due).map(|(_, number)| number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_comes_once_and_after_a_moment() {
        let (mut repeats, mut out) = (Repeats::default(), Vec::new());
        repeats.push(Instant::from_millis(1_000), 65_535);
        repeats.push(Instant::from_millis(1_005), 0);
        repeats.poll(Instant::from_millis(1_014), &mut out);
        assert_eq!(out, []);
        repeats.poll(Instant::from_millis(1_015), &mut out);
        repeats.poll(Instant::from_millis(1_030), &mut out);
        repeats.poll(Instant::from_millis(1_100), &mut out);
        assert_eq!(out, [65_535, 0]);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut repeats = Repeats::default();
        (0..10_000).for_each(|number| repeats.push(Instant::ZERO, number));
        assert_eq!(repeats.waiting.len(), MOST);
    }
}
