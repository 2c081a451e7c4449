//! How many bytes one receiver may have sent again: a fifth of what it is sent, and what its path is shown to lose.
//!
//! Who asks for more asks for what it has got. What gets lost is told by feedback for congestion control, which makes a
//! receiver that invents losses get less of everything. Source: docs/decisions/0033-what-may-be-asked-for-again.md.

/// A fifth of what is sent, and no more than a fifth of what the path carries.
const SHARE: usize = 5;
/// A small keyframe, on the slowest path and where little is sent.
const LEAST_BYTES: usize = 6_000;
/// Twice what a link of 10 Mbit/s carries: more is no recovery but a client that lets the node send for nothing.
const MOST_BYTES: usize = 2_500_000;

/// What is left to one receiver until the next second.
#[derive(Debug)]
pub(crate) struct RepairAllowance {
    earned: usize,
    earned_since: usize,
    /// What the path has room for in this second, and how much of it is used.
    room: usize,
    used: usize,
}

impl Default for RepairAllowance {
    fn default() -> Self {
        RepairAllowance {
            earned: LEAST_BYTES,
            earned_since: 0,
            room: MOST_BYTES,
            used: 0,
        }
    }
}

impl RepairAllowance {
    /// A packet has left for the first time.
    pub fn handle_sent(&mut self, len: usize) {
        self.earn(len / SHARE);
    }

    /// So many bytes are told lost; fewer than none where some come late that were told so.
    pub fn handle_lost(&mut self, bytes: i64) {
        let count = bytes.unsigned_abs() as usize;
        if bytes < 0 {
            self.earned = self.earned.saturating_sub(count);
        } else {
            self.earn(count);
        }
    }

    fn earn(&mut self, bytes: usize) {
        self.earned += bytes;
        self.earned_since += bytes;
    }

    /// The path carries so much now: what was there for a wider one is not there any more.
    pub fn handle_estimate(&mut self, bps: u64) {
        self.room = (bps as usize / SHARE / 8).clamp(LEAST_BYTES, MOST_BYTES);
    }

    /// A second has passed: what was not asked for is kept for one more.
    pub fn renew(&mut self) {
        self.earned = self.earned.min(self.earned_since).max(LEAST_BYTES);
        (self.earned_since, self.used) = (0, 0);
    }

    /// Bytes that may be sent again now.
    #[must_use]
    pub fn left(&self) -> usize {
        self.earned.min(self.room.saturating_sub(self.used))
    }

    /// So many were; the last packet may go beyond.
    pub fn spend(&mut self, bytes: usize) {
        self.earned = self.earned.saturating_sub(bytes);
        self.used += bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that are sent again in ten seconds to who asks all the time, of as many a second that leave and are told lost.
    fn resent(sent: usize, lost: i64, estimate_bps: Option<u64>) -> usize {
        let mut allowance = RepairAllowance::default();
        let mut resent = 0;
        for _ in 0..10 {
            allowance.renew();
            estimate_bps
                .into_iter()
                .for_each(|bps| allowance.handle_estimate(bps));
            (0..100).for_each(|_| {
                allowance.handle_sent(sent / 100);
                allowance.handle_lost(lost / 100);
                let left = allowance.left();
                allowance.spend(left);
                resent += left;
            });
        }
        resent
    }

    #[test]
    fn it_is_a_fifth_of_what_is_sent_and_what_is_told_lost() {
        assert_eq!(resent(1_000_000, 0, None), 10 * 200_000 + 6_000 * 10);
        assert_eq!(resent(1_000_000, 300_000, None), 10 * 500_000 + 6_000 * 10);
    }

    #[test]
    fn it_is_no_more_than_a_fifth_of_what_the_path_carries_and_a_small_keyframe_at_least() {
        assert_eq!(resent(1_000_000, 300_000, Some(1_000_000)), 10 * 25_000);
        assert_eq!(resent(0, 0, Some(30_000)), 10 * 6_000);
    }

    #[test]
    fn what_it_has_room_for_follows_the_path_at_once_and_what_was_used_of_it_stays_so() {
        let mut allowance = RepairAllowance::default();
        allowance.handle_estimate(2_500_000);
        allowance.handle_lost(200_000);
        assert_eq!(allowance.left(), 62_500);
        allowance.handle_estimate(400_000);
        assert_eq!(allowance.left(), 10_000);
        allowance.spend(4_000);
        assert_eq!(allowance.left(), 6_000);
        allowance.handle_estimate(2_500_000);
        assert_eq!(allowance.left(), 58_500);
        allowance.handle_estimate(30_000);
        assert_eq!(allowance.left(), 2_000);
        allowance.renew();
        assert_eq!(allowance.left(), 6_000);
    }

    #[test]
    fn what_was_not_asked_for_is_kept_for_a_second_and_what_came_late_was_not_lost() {
        let mut allowance = RepairAllowance::default();
        allowance.handle_lost(50_000);
        allowance.renew();
        assert_eq!(allowance.left(), 50_000);
        allowance.handle_lost(-20_000);
        assert_eq!(allowance.left(), 30_000);
        allowance.renew();
        assert_eq!(allowance.left(), 6_000);
    }
}
