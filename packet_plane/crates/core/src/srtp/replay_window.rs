//! Which packet indices have been seen (RFC 3711 section 3.3.2).

/// Packets this far behind the newest are refused; wide enough for a second of reordered video.
const WINDOW: u64 = 512;
const WORDS: usize = (WINDOW / 64) as usize;

/// A sliding bitmap below the highest index seen.
#[derive(Clone, Debug, Default)]
pub struct ReplayWindow {
    highest: Option<u64>,
    seen: [u64; WORDS],
}

impl ReplayWindow {
    /// Highest index marked so far.
    #[must_use]
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// Whether a packet with this index may still be taken.
    #[must_use]
    pub fn accepts(&self, index: u64) -> bool {
        match self.highest {
            None => true,
            Some(highest) if index > highest => true,
            Some(highest) => highest - index < WINDOW && !self.bit(index),
        }
    }

    /// Note an authenticated packet; call only when `accepts` said so.
    pub fn mark(&mut self, index: u64) {
        if let Some(highest) = self.highest.filter(|highest| index > *highest) {
            let newly_covered = (index - highest).min(WINDOW);
            for offset in 0..newly_covered {
                self.clear_bit(index - offset);
            }
        }
        self.highest = Some(self.highest.map_or(index, |highest| highest.max(index)));
        self.seen[word(index)] |= 1 << (index % 64);
    }

    fn bit(&self, index: u64) -> bool {
        self.seen[word(index)] & (1 << (index % 64)) != 0
    }

    fn clear_bit(&mut self, index: u64) {
        self.seen[word(index)] &= !(1 << (index % 64));
    }
}

fn word(index: u64) -> usize {
    ((index % WINDOW) / 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        /// The bitmap agrees with a plain set of everything seen.
        #[test]
        fn accepts_each_index_once_within_the_window(steps in proptest::collection::vec(0u64..2_000, 1..400)) {
            let mut window = ReplayWindow::default();
            let mut seen = BTreeSet::new();
            for index in steps {
                let highest = seen.last().copied().unwrap_or(0);
                let expected = !seen.contains(&index) && index + WINDOW > highest;
                prop_assert_eq!(window.accepts(index), expected);
                if expected {
                    window.mark(index);
                    seen.insert(index);
                }
            }
        }
    }
}
