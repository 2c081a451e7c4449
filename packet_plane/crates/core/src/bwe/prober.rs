//! Short bursts at a higher rate than the estimate, to see whether the path carries them.
//!
//! Source: the probe controller and probe estimator of libwebrtc, described in its pacing and congestion documents;
//! there is no RFC. A probe is padding on a retransmission stream, and whatever else is sent meanwhile.

use std::time::Duration;

use super::sent_history::Acknowledged;
use crate::quantities::Instant;

/// A probe lasts this long and has this many packets at least.
const DURATION: Duration = Duration::from_millis(25);
const MIN_PACKETS: u32 = 5;
/// A probe that takes longer, on a slow link, ends.
const MAX_DURATION: Duration = Duration::from_millis(300);
/// Shares of a probe that have to arrive for it to count.
const MIN_ARRIVED: f64 = 0.8;
/// Where less arrived than was sent, the path was full: a little less than what it took.
const FULL: f64 = 0.9;
const KEPT: f64 = 0.95;
/// A rate of arrival this much above that of sending comes from a queue that let go, not from the path.
const MAX_RATIO: f64 = 2.0;
const MAX_SPAN_US: i64 = 1_000_000;
/// Where packets are held for a while each half of a probe has to be as long, so that one in it is not. Longer ones would
/// fill the queue of a path that does not carry them.
const MAX_HELD: Duration = Duration::from_millis(60);

/// The probe that is being sent, and what came back of it.
#[derive(Debug, Default)]
pub struct Prober {
    number: u8,
    sending: Option<Sending>,
    result: Option<Arrivals>,
}

#[derive(Clone, Copy, Debug)]
struct Sending {
    bps: f64,
    from: Instant,
    lasts: Duration,
    bytes: usize,
    packets: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Arrivals {
    bps: f64,
    packets_sent: u32,
    bytes_sent: usize,
    is_sent: bool,
    packets: u32,
    bytes: usize,
    first_len: usize,
    last_sent_len: usize,
    sent_us: (i64, i64),
    arrived_us: (i64, i64),
    /// Where the path is uneven: when the second half of the probe begins.
    half_us: Option<i64>,
    /// Least delay in each half.
    least_us: [Option<i64>; 2],
}

/// What a probe found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProbeResult {
    /// Bits per second that were tried.
    pub tried_bps: f64,
    /// Bits per second that the path carries at least.
    pub bps: f64,
}

impl Prober {
    /// Begin a probe on a path that holds packets for so long; one that runs goes on.
    pub fn start(&mut self, now: Instant, bps: f64, held: Duration) {
        if self.sending.is_some() {
            return;
        }
        let lasts = DURATION + held.min(MAX_HELD) * 2;
        let half_us = (now + lasts / 2).micros() as i64;
        self.number = self.number.wrapping_add(1).max(1);
        self.sending = Some(Sending {
            bps,
            from: now,
            lasts,
            bytes: 0,
            packets: 0,
        });
        self.result = Some(Arrivals {
            bps,
            half_us: (!held.is_zero()).then_some(half_us),
            ..Arrivals::default()
        });
    }

    #[must_use]
    pub fn is_sending(&self) -> bool {
        self.sending.is_some()
    }

    /// The number of the probe that packets sent now belong to, 0 for none.
    #[must_use]
    pub fn cluster(&self) -> u8 {
        self.sending.map_or(0, |_| self.number)
    }

    /// Bytes of padding that the probe needs now to keep its rate.
    #[must_use]
    pub fn wanted_bytes(&self, now: Instant) -> usize {
        let Some(sending) = self.sending else {
            return 0;
        };
        // A probe begins with its first packet: nothing is measured before.
        let due = sending.bps / 8.0 * now.since(sending.from).as_secs_f64() + 1.0;
        (due as usize).saturating_sub(sending.bytes)
    }

    /// Note a packet that went out while the probe runs.
    pub fn handle_sent(&mut self, now: Instant, len: usize) {
        let (Some(sending), Some(result)) = (self.sending.as_mut(), self.result.as_mut()) else {
            return;
        };
        sending.bytes += len;
        sending.packets += 1;
        (result.packets_sent, result.bytes_sent) = (sending.packets, sending.bytes);
        let lasted = now.since(sending.from);
        if lasted >= MAX_DURATION || (lasted >= sending.lasts && sending.packets >= MIN_PACKETS) {
            result.is_sent = true;
            self.sending = None;
        }
    }

    /// Take a packet that arrived; returns the result when that was enough of the probe.
    pub fn handle_packet(&mut self, packet: &Acknowledged, inherent_loss: f64) -> Option<ProbeResult> {
        if packet.probe == 0 || packet.probe != self.number {
            return None;
        }
        let result = self.result.as_mut()?;
        result.add(packet);
        let found = result.rate(MIN_ARRIVED * (1.0 - inherent_loss))?;
        let tried_bps = result.bps;
        self.result = None;
        Some(ProbeResult {
            tried_bps,
            bps: found,
        })
    }
}

impl Arrivals {
    fn add(&mut self, packet: &Acknowledged) {
        let sent = packet.sent_at.micros() as i64;
        if self.packets == 0 {
            self.first_len = packet.len;
            (self.sent_us, self.arrived_us) = ((sent, sent), (packet.arrived_us, packet.arrived_us));
        }
        self.packets += 1;
        self.bytes += packet.len;
        if sent >= self.sent_us.1 {
            self.last_sent_len = packet.len;
        }
        self.sent_us = (self.sent_us.0.min(sent), self.sent_us.1.max(sent));
        self.arrived_us.1 = self.arrived_us.1.max(packet.arrived_us);
        let half = usize::from(self.half_us.is_some_and(|half| sent >= half));
        let delay = packet.arrived_us - sent;
        self.least_us[half] = Some(self.least_us[half].map_or(delay, |least| least.min(delay)));
    }

    /// By how much the least delay of the second half is above that of the first.
    fn queued_us(&self) -> Option<i64> {
        let (before, after) = self.least_us[0].zip(self.least_us[1])?;
        Some((after - before).max(0))
    }

    /// Bits per second, once enough has arrived and the times make sense.
    fn rate(&self, share: f64) -> Option<f64> {
        let has_enough = f64::from(self.packets) >= f64::from(self.packets_sent) * share
            && self.bytes as f64 >= self.bytes_sent as f64 * share;
        let (sent, arrived) = (
            self.sent_us.1 - self.sent_us.0,
            self.arrived_us.1 - self.arrived_us.0,
        );
        let is_sound = |span: i64| (1..MAX_SPAN_US).contains(&span);
        if !self.is_sent || !has_enough || !is_sound(sent) || !is_sound(arrived) {
            return None;
        }
        let rate = |bytes: usize, span: i64| bytes as f64 * 8e6 / span as f64;
        let sent_bps = rate(self.bytes - self.last_sent_len, sent);
        let arrived_bps = match self.half_us {
            None => rate(self.bytes - self.first_len, arrived),
            // When single packets arrive says little there. What the queue grew by from one half to the other does.
            Some(_) => sent_bps * sent as f64 / (sent + 2 * self.queued_us()?) as f64,
        };
        if arrived_bps > sent_bps * MAX_RATIO {
            return None;
        }
        let is_full = arrived_bps < sent_bps * FULL;
        Some(if is_full {
            arrived_bps * KEPT
        } else {
            sent_bps.min(arrived_bps)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Send a probe over a link of this rate, which holds packets up to the end of each such span, and return what it finds.
    fn probe(prober: &mut Prober, bps: f64, link_bps: f64, held: Duration) -> Option<ProbeResult> {
        let mut now = Instant::from_millis(1_007);
        let held_us = (held.as_micros() as i64).max(1);
        prober.start(now, bps, held);
        let (mut free_at, mut arrivals) = (0.0f64, Vec::new());
        while prober.is_sending() {
            while prober.wanted_bytes(now) > 0 {
                let probe = prober.cluster();
                prober.handle_sent(now, 300);
                free_at = free_at.max(now.micros() as f64) + 300.0 * 8e6 / link_bps;
                arrivals.push(Acknowledged {
                    sent_at: now,
                    arrived_us: (free_at as i64 / held_us + 1) * held_us + 20_000,
                    len: 300,
                    probe,
                });
            }
            now = now + Duration::from_millis(2);
        }
        arrivals
            .iter()
            .find_map(|packet| prober.handle_packet(packet, 0.0))
    }

    #[test]
    fn finds_the_rate_that_was_tried_on_a_path_that_carries_it() {
        let mut prober = Prober::default();
        for bps in [150e3, 1e6, 8e6] {
            let found = probe(&mut prober, bps, 100e6, Duration::ZERO).expect("a result");
            assert!((0.7..1.3).contains(&(found.bps / bps)), "{bps}: {found:?}");
        }
    }

    #[test]
    fn finds_the_rate_of_a_path_that_does_not() {
        let found = probe(&mut Prober::default(), 4e6, 1e6, Duration::ZERO).expect("a result");
        assert!((0.8e6..1.05e6).contains(&found.bps), "{found:?}");
    }

    #[test]
    fn finds_the_rate_of_a_path_that_holds_packets_for_a_while() {
        for held_ms in [15, 30, 60] {
            let held = Duration::from_millis(held_ms);
            let found = probe(&mut Prober::default(), 2e6, 100e6, held).expect("a result");
            assert!((1.5e6..2.1e6).contains(&found.bps), "{held_ms} ms: {found:?}");
            let found = probe(&mut Prober::default(), 2e6, 1e6, held).expect("a result");
            assert!((0.7e6..1.5e6).contains(&found.bps), "{held_ms} ms: {found:?}");
        }
    }

    #[test]
    fn a_probe_that_is_lost_says_nothing() {
        let mut prober = Prober::default();
        prober.start(Instant::ZERO, 1e6, Duration::ZERO);
        for number in 0..20 {
            prober.handle_sent(Instant::from_millis(number * 2), 250);
        }
        assert!(!prober.is_sending());
        let packet = Acknowledged {
            sent_at: Instant::ZERO,
            arrived_us: 5,
            len: 250,
            probe: 1,
        };
        assert_eq!(prober.handle_packet(&packet, 0.0), None);
        assert_eq!(
            prober.handle_packet(&Acknowledged { probe: 9, ..packet }, 0.0),
            None
        );
    }
}
