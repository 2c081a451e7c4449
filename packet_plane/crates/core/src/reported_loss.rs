//! What a receiver's reports tell lost of one stream, by what it has counted in all: what a report told that got lost
//! itself is in the next one. Source: RFC 3550 sections 6.4.1 and A.3.

use crate::rtcp::receiver_report::{MAX_LOST, ReportBlock};

/// A report that is so many packets behind the one before was overtaken by it; one that is further, counts anew.
const OVERTAKEN: u32 = 3_000;
/// More packets than a stream has between two reports: the receiver counts anew.
const TOO_MANY: u32 = 1 << 20;

/// Packets that a share is taken to be of where nobody can tell of how many.
const UNKNOWN: u32 = 256;

/// Packets of one stream, or of several, and how many of them were lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    lost: u32,
    expected: u32,
}

impl Reported {
    fn share_of_unknown(fraction_lost: u8) -> Self {
        Reported {
            lost: fraction_lost.into(),
            expected: UNKNOWN,
        }
    }

    pub fn add(&mut self, other: Reported) {
        self.lost = self.lost.saturating_add(other.lost);
        self.expected = self.expected.saturating_add(other.expected);
    }

    /// In 1/256; `None` where nothing was expected.
    pub fn share(&self) -> Option<u8> {
        let share = (u64::from(self.lost) * 256).checked_div(self.expected.into())?;
        Some(share.min(255) as u8)
    }
}

/// The reports of one slot.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReportedLoss {
    /// Highest number and packets lost in all, of the newest block.
    newest: Option<(u32, i32)>,
}

impl ReportedLoss {
    /// What was lost between the block before and this one; `None` where it tells nothing that is new.
    pub fn handle_block(&mut self, block: &ReportBlock) -> Option<Reported> {
        let unknown = Some(Reported::share_of_unknown(block.fraction_lost));
        let counted = (block.extended_highest, block.packets_lost);
        let Some((highest, lost)) = self.newest else {
            self.newest = Some(counted);
            return unknown;
        };
        if highest.wrapping_sub(block.extended_highest) < OVERTAKEN {
            return None;
        }
        self.newest = Some(counted);
        let expected = block.extended_highest.wrapping_sub(highest);
        // The count has 24 bits and a sign, and stays at its bounds.
        let lost = block.packets_lost.wrapping_sub(lost);
        let counts_on = expected < TOO_MANY && i64::from(lost) <= i64::from(expected);
        if !counts_on || block.packets_lost.abs() >= MAX_LOST {
            return unknown;
        }
        let lost = u32::try_from(lost).unwrap_or(0);
        Some(Reported { lost, expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block(extended_highest: u32, packets_lost: i32, fraction_lost: u8) -> ReportBlock {
        ReportBlock {
            extended_highest,
            packets_lost,
            fraction_lost,
            ..ReportBlock::default()
        }
    }

    fn shares(blocks: &[ReportBlock]) -> Vec<Option<u8>> {
        let mut loss = ReportedLoss::default();
        let share = |block: &ReportBlock| loss.handle_block(block)?.share();
        blocks.iter().map(share).collect()
    }

    #[test]
    fn what_a_lost_report_told_is_in_the_next_one() {
        // Of a hundred packets a quarter was lost, and none of the hundred after them.
        let reports = [block(1_000, 10, 3), block(1_200, 35, 0)];
        assert_eq!(shares(&reports), [Some(3), Some(32)]);
    }

    #[test]
    fn repeated_and_overtaken_reports_tell_nothing() {
        let reports = [block(1_000, 0, 0), block(1_100, 50, 128), block(1_100, 50, 128)];
        assert_eq!(shares(&reports), [Some(0), Some(128), None]);
        let reports = [block(1_100, 50, 128), block(1_000, 0, 0), block(1_200, 50, 0)];
        assert_eq!(shares(&reports), [Some(128), None, Some(0)]);
    }

    #[test]
    fn a_receiver_that_counts_anew_is_believed_its_own_share() {
        let reports = [block(70_000, 900, 9), block(100, 1, 7), block(200, 26, 0)];
        assert_eq!(shares(&reports), [Some(9), Some(7), Some(64)]);
        let impossible = [block(100, 0, 9), block(200, 5_000, 7)];
        assert_eq!(shares(&impossible), [Some(9), Some(7)]);
        let at_the_bound = [block(100, MAX_LOST, 9), block(200, MAX_LOST, 7)];
        assert_eq!(shares(&at_the_bound), [Some(9), Some(7)]);
    }

    proptest! {
        /// Whichever reports arrive, and whatever wraps: all that was lost up to the last one is told, once.
        #[test]
        fn all_that_is_lost_is_told_once(
            first in any::<u32>(),
            intervals in proptest::collection::vec((1u32..400, 0u32..400, any::<bool>()), 1..50),
        ) {
            let (mut highest, mut lost, mut newest) = (first, 0u32, (first, 0u32));
            let (mut loss, mut told) = (ReportedLoss::default(), Reported::default());
            loss.handle_block(&block(highest, 0, 0));
            for (sent, missing, arrives) in intervals {
                highest = highest.wrapping_add(sent);
                lost += missing.min(sent);
                if arrives {
                    told.add(loss.handle_block(&block(highest, lost as i32, 0)).expect("is newer"));
                    newest = (highest, lost);
                }
            }
            let expected = newest.0.wrapping_sub(first);
            prop_assert_eq!(told, Reported { lost: newest.1, expected });
        }

        #[test]
        fn whatever_is_reported_is_a_share(
            blocks in proptest::collection::vec((any::<u32>(), -0x80_0000..=0x7f_ffff, any::<u8>()), 0..30),
        ) {
            let mut loss = ReportedLoss::default();
            for (highest, lost, fraction) in blocks {
                let _ = loss.handle_block(&block(highest, lost, fraction));
            }
        }
    }
}
