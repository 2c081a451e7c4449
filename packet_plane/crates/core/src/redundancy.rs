//! How much redundancy a receiver's audio gets: none where nothing is lost, more where more is.
//!
//! Levels rise with the first report that asks for it and fall one by one after several that do not, because loss
//! comes in bursts. Source: RFC 2198 for the form; the bounds are measured against concealment of Opus.

/// Blocks of earlier packets in one packet at most.
pub const MAX_REDUNDANT: usize = 2;
/// Loss from which a level is taken, in 1/256: 3 % and 10 %. One block makes 0.1 % of 3 %, two make 0.1 % of 10 %.
const BOUNDS: [u8; MAX_REDUNDANT] = [8, 26];
/// Reports below a level's bound before it is left; a receiver sends about one a second.
const CALM_REPORTS: u8 = 5;

/// The redundancy of one slot.
#[derive(Clone, Copy, Debug, Default)]
pub struct Redundancy {
    level: usize,
    calm: u8,
}

impl Redundancy {
    /// How many earlier packets go with each, at most.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.level
    }

    /// Take the loss that a receiver reports of this stream, in 1/256.
    pub fn handle_report(&mut self, fraction_lost: u8) {
        let wanted = BOUNDS.iter().filter(|bound| fraction_lost >= **bound).count();
        if wanted >= self.level {
            (self.level, self.calm) = (wanted, 0);
            return;
        }
        self.calm += 1;
        if self.calm >= CALM_REPORTS {
            (self.level, self.calm) = (self.level - 1, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_at_once_and_falls_step_by_step() {
        let mut redundancy = Redundancy::default();
        redundancy.handle_report(7);
        assert_eq!(redundancy.blocks(), 0);
        redundancy.handle_report(40);
        assert_eq!(redundancy.blocks(), 2);
        let levels: Vec<_> = (0..11)
            .map(|_| {
                redundancy.handle_report(0);
                redundancy.blocks()
            })
            .collect();
        assert_eq!(levels, [2, 2, 2, 2, 1, 1, 1, 1, 1, 0, 0]);
    }

    #[test]
    fn one_bad_report_among_good_ones_keeps_the_level() {
        let mut redundancy = Redundancy::default();
        for report in [10, 0, 0, 0, 10, 0, 0, 0, 0] {
            redundancy.handle_report(report);
            assert_eq!(redundancy.blocks(), 1);
        }
    }
}
