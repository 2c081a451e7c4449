//! What making up for a path's own loss takes of it: how much is kept free for packets that go out again, and whether
//! those of pictures go out twice before anybody asks.
//!
//! A packet that is lost on a long path comes again after a round trip or two, and a player leaves out the frames that it
//! held up. Where the path loses much by itself, a second copy a moment after the first spares most of that wait; it is
//! sent only where the path carries both.

use std::time::Duration;

use crate::congestion::VOICE_BPS;

/// From this loss of the path's own on pictures go out twice, until it is below the second.
const MUCH_LOST: f64 = 0.10;
const LITTLE_LOST: f64 = 0.06;
/// On a shorter path what is asked for comes soon enough.
const LONG_PATH: Duration = Duration::from_millis(120);
/// The share of a path that packets sent again may take (`transport.rs`).
const REPAIR_SHARE: f64 = 0.2;
/// With two copies, this share of frames arrives whole at once: larger pictures than that allows are worse than small.
const WHOLE_FRAMES: f64 = 0.75;
const FRAMES_PER_SECOND: f64 = 25.0;
const PACKET_BITS: f64 = 1_100.0 * 8.0;
/// What the lowest layer of a camera takes with its headers and the margin that it begins with.
const SMALL_PICTURE_BPS: f64 = 200_000.0;

/// The repair of one receiver's path.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Repair {
    loss: f64,
    is_repeating: bool,
}

impl Repair {
    /// Take the share that the path loses whatever is sent, and its round trip.
    pub fn handle_path(&mut self, loss: f64, round_trip: Option<Duration>) {
        let bound = if self.is_repeating { LITTLE_LOST } else { MUCH_LOST };
        self.loss = loss;
        self.is_repeating = loss >= bound && round_trip.is_some_and(|round_trip| round_trip >= LONG_PATH);
    }

    /// Whether packets of pictures go out twice.
    #[must_use]
    pub fn is_repeating(&self) -> bool {
        self.is_repeating
    }

    /// The share of the path that is left for what is sent the first time.
    fn first_share(&self) -> f64 {
        let arrives = 1.0 - self.loss;
        let repaired = if self.is_repeating {
            0.5
        } else {
            REPAIR_SHARE * arrives / self.loss.max(0.01)
        };
        arrives.min(repaired).max(0.1)
    }

    /// Of an estimate, what may be promised to voices and so many pictures.
    #[must_use]
    pub fn promised(&self, estimate_bps: u64, pictures: usize) -> u64 {
        let estimate = estimate_bps as f64;
        let pictures = pictures.max(1) as f64;
        // The smallest pictures, lost ones late, are better than none.
        let least = estimate.min(VOICE_BPS as f64 + SMALL_PICTURE_BPS * pictures);
        let bps = (estimate * self.first_share()).max(least);
        if !self.is_repeating {
            return bps as u64;
        }
        let packets = WHOLE_FRAMES.ln() / (1.0 - self.loss * self.loss).ln();
        let useful = packets.max(1.0) * PACKET_BITS * FRAMES_PER_SECOND;
        bps.min(VOICE_BPS as f64 + useful * pictures).max(least) as u64
    }

    /// What the path has to carry so that this much can be promised.
    #[must_use]
    pub fn needed(&self, promised_bps: u64) -> u64 {
        (promised_bps as f64 / self.first_share()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repair(loss: f64, round_trip_ms: u64) -> Repair {
        let mut repair = Repair::default();
        repair.handle_path(loss, Some(Duration::from_millis(round_trip_ms)));
        repair
    }

    #[test]
    fn without_loss_all_is_promised() {
        assert_eq!(repair(0.0, 300).promised(2_000_000, 1), 2_000_000);
        assert_eq!(Repair::default().promised(2_000_000, 1), 2_000_000);
    }

    #[test]
    fn what_is_promised_and_what_is_lost_of_it_fits_into_the_path_with_a_fifth_for_repair() {
        for loss in [0.02, 0.05, 0.15, 0.3, 0.5] {
            let promised = repair(loss, 50).promised(2_000_000, 1) as f64;
            let again = promised * loss / (1.0 - loss);
            assert!(
                again <= 400_001.0 && promised + again <= 2_000_001.0,
                "{loss}: {promised}"
            );
            let needed = repair(loss, 50).needed(promised as u64);
            assert!(needed.abs_diff(2_000_000) < 10, "{needed}");
        }
    }

    #[test]
    fn pictures_go_out_twice_on_long_paths_alone_and_until_little_is_lost() {
        assert!(!repair(0.3, 100).is_repeating());
        assert!(!repair(0.09, 300).is_repeating());
        let mut repair = repair(0.3, 300);
        assert!(repair.is_repeating());
        for (loss, is_repeating) in [(0.07, true), (0.05, false), (0.07, false)] {
            repair.handle_path(loss, Some(Duration::from_millis(300)));
            assert_eq!(repair.is_repeating(), is_repeating, "{loss}");
        }
    }

    #[test]
    fn the_smallest_picture_is_promised_where_nothing_but_it_fits() {
        assert_eq!(repair(0.3, 300).promised(220_000, 1), 220_000);
        assert_eq!(repair(0.3, 50).promised(400_000, 1), 260_000);
        assert_eq!(repair(0.3, 300).promised(30_000, 2), 30_000);
    }

    #[test]
    fn the_more_is_lost_the_smaller_are_the_pictures_that_are_worth_sending() {
        let promised = |loss: f64, pictures| repair(loss, 300).promised(10_000_000, pictures);
        assert_eq!(promised(0.1, 1), 5_000_000);
        assert!(
            (600_000..900_000).contains(&promised(0.3, 1)),
            "{}",
            promised(0.3, 1)
        );
        assert!(promised(0.3, 4) > 2_400_000);
    }
}
