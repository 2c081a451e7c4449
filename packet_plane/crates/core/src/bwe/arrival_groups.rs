//! Packets that were sent together, and how much later one group came after another than it was sent.
//!
//! Source: draft-ietf-rmcat-gcc-02 sections 5.2 and 5.3 (pre-filtering, arrival-time model).

use super::sent_history::Acknowledged;

/// Packets sent within this time are one group.
const BURST_US: i64 = 5_000;
/// A group that a queue has pressed together grows no longer than this.
const MAX_BURST_US: i64 = 100_000;

/// The difference between two groups, microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupDelta {
    pub sent_us: i64,
    pub arrived_us: i64,
    /// Arrival of the later group's last packet.
    pub at_us: i64,
    /// How long the later group was on its way, by clocks of any origins.
    pub delay_us: i64,
}

#[derive(Clone, Copy, Debug)]
struct Group {
    first_sent_us: i64,
    last_sent_us: i64,
    first_arrived_us: i64,
    last_arrived_us: i64,
}

/// The group that grows, and the one before it.
#[derive(Debug, Default)]
pub struct ArrivalGroups {
    previous: Option<Group>,
    current: Option<Group>,
}

impl ArrivalGroups {
    /// Take a packet in order of arrival; returns a difference when it begins another group.
    pub fn handle_packet(&mut self, packet: &Acknowledged) -> Option<GroupDelta> {
        let (sent_us, arrived_us) = (packet.sent_at.micros() as i64, packet.arrived_us);
        let alone = Group {
            first_sent_us: sent_us,
            last_sent_us: sent_us,
            first_arrived_us: arrived_us,
            last_arrived_us: arrived_us,
        };
        let Some(current) = self.current.as_mut() else {
            self.current = Some(alone);
            return None;
        };
        if sent_us < current.first_sent_us {
            return None;
        }
        if current.takes(sent_us, arrived_us) {
            current.last_sent_us = current.last_sent_us.max(sent_us);
            current.last_arrived_us = current.last_arrived_us.max(arrived_us);
            return None;
        }
        let ended = *current;
        self.current = Some(alone);
        let before = self.previous.replace(ended)?;
        let delta = GroupDelta {
            sent_us: ended.last_sent_us - before.last_sent_us,
            arrived_us: ended.last_arrived_us - before.last_arrived_us,
            at_us: ended.last_arrived_us,
            delay_us: ended.last_arrived_us - ended.last_sent_us,
        };
        (delta.arrived_us >= 0).then_some(delta)
    }
}

impl Group {
    fn takes(&self, sent_us: i64, arrived_us: i64) -> bool {
        let arrived_after = arrived_us - self.last_arrived_us;
        let was_pressed_together = arrived_after - (sent_us - self.last_sent_us) < 0
            && arrived_after <= BURST_US
            && arrived_us - self.first_arrived_us < MAX_BURST_US;
        was_pressed_together || sent_us - self.first_sent_us <= BURST_US
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantities::Instant;

    fn packet(sent_ms: u64, arrived_ms: i64) -> Acknowledged {
        Acknowledged {
            sent_at: Instant::from_millis(sent_ms),
            arrived_us: arrived_ms * 1_000,
            len: 1_000,
            probe: 0,
        }
    }

    #[test]
    fn frames_are_compared_and_not_their_packets() {
        let mut groups = ArrivalGroups::default();
        let packets = [(0, 50), (0, 51), (33, 83), (33, 90), (66, 120), (100, 160)];
        let deltas: Vec<_> = packets
            .iter()
            .filter_map(|(sent, arrived)| groups.handle_packet(&packet(*sent, *arrived)))
            .map(|delta| (delta.sent_us, delta.arrived_us))
            .collect();
        assert_eq!(deltas, [(33_000, 39_000), (33_000, 30_000)]);
    }

    #[test]
    fn what_a_queue_lets_go_at_once_is_one_group() {
        let mut groups = ArrivalGroups::default();
        let packets = [(0, 10), (20, 200), (40, 201), (60, 202), (300, 440), (400, 540)];
        let deltas: Vec<_> = packets
            .iter()
            .filter_map(|(sent, arrived)| groups.handle_packet(&packet(*sent, *arrived)))
            .map(|delta| (delta.sent_us, delta.arrived_us))
            .collect();
        assert_eq!(deltas, [(60_000, 192_000), (240_000, 238_000)]);
    }
}
