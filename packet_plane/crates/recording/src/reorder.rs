//! Packets of one stream in the order of their numbers, each once; those that never come are told as lost.

use std::collections::BTreeMap;

/// How long a packet is waited for: the plane asks for a missing one for a second.
const PATIENCE_US: u64 = 1_200_000;
/// Packets that wait behind a missing one at most.
const MAX_WAITING: usize = 2_048;
/// A number farther from the last one than this begins another numbering.
const MAX_STEP: u64 = 10_000;

/// One packet, as the plane handed it over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Packet {
    pub sequence: u64,
    pub rtp_timestamp: u32,
    pub marker: bool,
    pub at_us: u64,
    pub payload: Vec<u8>,
}

/// What comes next in a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Packet(Packet),
    /// One or more packets will not come.
    Lost,
    /// The numbers begin anew: nothing is known of what lies between.
    Restarted,
}

#[derive(Debug, Default)]
pub(crate) struct Reorder {
    next: Option<u64>,
    waiting: BTreeMap<u64, Packet>,
}

impl Reorder {
    /// Take a packet in; what can go on is added to `out`.
    pub fn push(&mut self, packet: Packet, out: &mut Vec<Step>) {
        let next = *self.next.get_or_insert(packet.sequence);
        if packet.sequence < next {
            if next - packet.sequence <= MAX_STEP {
                // It came twice, or too late.
                return;
            }
            self.restart(packet.sequence, out);
        } else if packet.sequence - next > MAX_STEP {
            self.restart(packet.sequence, out);
        }
        if self.waiting.is_empty() && self.next == Some(packet.sequence) {
            self.next = Some(packet.sequence + 1);
            out.push(Step::Packet(packet));
            return;
        }
        let now_us = packet.at_us;
        self.waiting.entry(packet.sequence).or_insert(packet);
        self.release(out);
        self.handle_timeout(now_us, out);
    }

    /// Give up what has been waited for long enough.
    pub fn handle_timeout(&mut self, now_us: u64, out: &mut Vec<Step>) {
        while let Some((first, packet)) = self.waiting.first_key_value() {
            let is_patient = now_us.saturating_sub(packet.at_us) < PATIENCE_US;
            if is_patient && self.waiting.len() <= MAX_WAITING {
                return;
            }
            self.next = Some(*first);
            out.push(Step::Lost);
            self.release(out);
        }
    }

    /// Everything that waits, whatever is missing.
    pub fn flush(&mut self, out: &mut Vec<Step>) {
        while let Some(first) = self.waiting.keys().next().copied() {
            self.next = Some(first);
            out.push(Step::Lost);
            self.release(out);
        }
    }

    fn restart(&mut self, sequence: u64, out: &mut Vec<Step>) {
        self.flush(out);
        self.next = Some(sequence);
        out.push(Step::Restarted);
    }

    fn release(&mut self, out: &mut Vec<Step>) {
        while let Some(packet) = self.next.and_then(|next| self.waiting.remove(&next)) {
            self.next = Some(packet.sequence + 1);
            out.push(Step::Packet(packet));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(sequence: u64, at_us: u64) -> Packet {
        Packet {
            sequence,
            at_us,
            ..Packet::default()
        }
    }

    fn numbers(steps: &[Step]) -> Vec<Option<u64>> {
        let number = |step: &Step| match step {
            Step::Packet(packet) => Some(packet.sequence),
            Step::Lost | Step::Restarted => None,
        };
        steps.iter().map(number).collect()
    }

    #[test]
    fn a_missing_packet_is_waited_for_and_then_told_as_lost() {
        let (mut reorder, mut out) = (Reorder::default(), Vec::new());
        [1, 3, 4]
            .iter()
            .for_each(|n| reorder.push(packet(*n, 0), &mut out));
        assert_eq!(numbers(&out), [Some(1)]);
        reorder.handle_timeout(PATIENCE_US - 1, &mut out);
        assert_eq!(out.len(), 1);
        reorder.handle_timeout(PATIENCE_US, &mut out);
        assert_eq!(numbers(&out), [Some(1), None, Some(3), Some(4)]);
        reorder.push(packet(2, 0), &mut out);
        assert_eq!(out.len(), 4);
    }

    #[test]
    fn another_numbering_is_told_and_gone_on_with() {
        let (mut reorder, mut out) = (Reorder::default(), Vec::new());
        [1 << 20, 5, 6, 1 << 40]
            .iter()
            .for_each(|n| reorder.push(packet(*n, 0), &mut out));
        assert_eq!(
            numbers(&out),
            [Some(1 << 20), None, Some(5), Some(6), None, Some(1 << 40)]
        );
    }

    proptest! {
        #[test]
        fn whatever_is_lost_doubled_or_disordered_comes_out_in_order_and_once(
            numbers in proptest::collection::vec(0u64..400, 1..300),
        ) {
            let (mut reorder, mut out) = (Reorder::default(), Vec::new());
            for (at, number) in numbers.iter().enumerate() {
                reorder.push(packet(*number, at as u64 * 10_000), &mut out);
            }
            reorder.flush(&mut out);
            prop_assert!(reorder.waiting.is_empty());
            let came: Vec<u64> = super::tests::numbers(&out).into_iter().flatten().collect();
            prop_assert!(came.windows(2).all(|pair| pair[0] < pair[1]));
            // Between two that do not follow each other there is a mark.
            let mut last: Option<u64> = None;
            let mut is_marked = false;
            for step in super::tests::numbers(&out) {
                match (step, last) {
                    (None, _) => is_marked = true,
                    (Some(number), Some(before)) => {
                        prop_assert_eq!(number != before + 1, is_marked);
                        (last, is_marked) = (Some(number), false);
                    }
                    (Some(number), None) => last = Some(number),
                }
            }
        }
    }
}
