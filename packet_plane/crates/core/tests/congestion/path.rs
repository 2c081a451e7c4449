//! Flows that share a bottleneck, stepped through virtual time by a plan of capacities.

use std::time::Duration;

use packet_plane_netem::{Conditions, Link};

use crate::flow::{Flow, Packet};
use crate::tcp::Tcp;

const STEP: Duration = Duration::from_millis(1);

enum Carried {
    Media(Packet),
    Segment(u64),
}

/// A run: flows, perhaps a TCP transfer, and the capacity from each moment on.
pub struct Path {
    pub flows: Vec<Flow>,
    pub tcp: Option<(Duration, Tcp)>,
    plan: Vec<(Duration, u64)>,
    queue: Duration,
    bottleneck: Link<Carried>,
    acks: Link<u64>,
    now: Duration,
}

impl Path {
    pub fn new(flows: Vec<Flow>, plan: &[(u64, u64)], queue: Duration) -> Self {
        Path {
            flows,
            tcp: None,
            plan: plan
                .iter()
                .map(|(seconds, kbps)| (Duration::from_secs(*seconds), kbps * 1_000))
                .collect(),
            queue,
            bottleneck: Link::new(5, Conditions::default()),
            acks: Link::new(
                6,
                Conditions {
                    delay: Duration::from_millis(100),
                    ..Conditions::default()
                },
            ),
            now: Duration::ZERO,
        }
    }

    pub fn run(&mut self, until: Duration) {
        while self.now < until {
            self.step();
            self.now += STEP;
        }
    }

    fn step(&mut self) {
        let now = self.now;
        if let Some((_, bps)) = self.plan.iter().rev().find(|(from, _)| *from <= now) {
            self.bottleneck.set_conditions(Conditions {
                rate_bps: Some(*bps),
                max_queue: self.queue,
                ..Conditions::default()
            });
        }
        let mut packets = Vec::new();
        self.flows
            .iter_mut()
            .for_each(|flow| flow.send(now, &mut packets));
        for packet in packets {
            self.bottleneck.send(now, packet.len, Carried::Media(packet));
        }
        self.step_tcp();
        while let Some(carried) = self.bottleneck.poll(now) {
            match carried {
                Carried::Media(packet) => self.flows[packet.flow].carry(now, packet),
                Carried::Segment(number) => self.acks.send(now, 40, number),
            }
        }
        self.flows.iter_mut().for_each(|flow| flow.receive(now));
    }

    fn step_tcp(&mut self) {
        let now = self.now;
        let Some((from, tcp)) = self.tcp.as_mut() else {
            return;
        };
        if now < *from {
            return;
        }
        while let Some(number) = self.acks.poll(now) {
            tcp.handle_ack(now, number);
        }
        for number in tcp.send(now) {
            self.bottleneck.send(now, tcp.segment(), Carried::Segment(number));
        }
    }

    fn capacity(&self, at: Duration) -> f64 {
        let found = self.plan.iter().rev().find(|(from, _)| *from <= at);
        found.map_or(0.0, |(_, bps)| *bps as f64)
    }

    /// Share of the capacity that arrived from `from` to `to`, all flows together.
    pub fn utilisation(&self, from: u64, to: u64) -> f64 {
        let arrived: f64 = (0..self.flows.len()).map(|flow| self.rate(flow, from, to)).sum();
        let tenths = from * 10..to * 10;
        let capacity: f64 = tenths
            .map(|tenth| self.capacity(Duration::from_millis(tenth * 100)))
            .sum();
        arrived * ((to - from) * 10) as f64 / capacity
    }

    /// Bits per second of one flow that arrived from `from` to `to` seconds.
    pub fn rate(&self, flow: usize, from: u64, to: u64) -> f64 {
        let tenths = &self.flows[flow].tenths;
        let range = (from * 10) as usize..((to * 10) as usize).min(tenths.len());
        let bytes: usize = tenths
            .get(range)
            .map_or(0, |tenths| tenths.iter().map(|t| t.arrived).sum());
        bytes as f64 * 8.0 / (to - from) as f64
    }

    /// The 95th percentile of the time in the queue, from `from` to `to` seconds, all flows together.
    pub fn queue_p95(&self, from: u64, to: u64) -> Duration {
        let range = Duration::from_secs(from)..Duration::from_secs(to);
        let mut delays: Vec<Duration> = self
            .flows
            .iter()
            .flat_map(|flow| &flow.delays)
            .filter(|(at, _)| range.contains(at))
            .map(|(_, delay)| *delay)
            .collect();
        delays.sort_unstable();
        delays.get(delays.len() * 95 / 100).copied().unwrap_or_default()
    }

    /// How long after `from` seconds the flows together send no more than the capacity for half a second.
    pub fn reaction(&self, from: u64) -> Duration {
        let sent = |tenth: usize| -> usize {
            self.flows
                .iter()
                .filter_map(|f| f.tenths.get(tenth))
                .map(|t| t.sent)
                .sum()
        };
        let start = (from * 10) as usize;
        let limit = self.capacity(Duration::from_secs(from)) * 1.05 / 8.0 * 0.5;
        let settled =
            (start..start + 300).find(|tenth| (*tenth..*tenth + 5).map(sent).sum::<usize>() as f64 <= limit);
        Duration::from_millis((settled.unwrap_or(start + 300) - start) as u64 * 100)
    }
}
