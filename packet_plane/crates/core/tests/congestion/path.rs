//! Flows that share a bottleneck, or one each way, stepped through virtual time by plans of capacities.

use std::time::Duration;

use packet_plane_core::rtcp::transport_cc::TransportFeedback;
use packet_plane_netem::{Conditions, Link};

use crate::flow::{Flow, Packet, Way};
use crate::tcp::{SEGMENT, Tcp};

const STEP: Duration = Duration::from_millis(1);
/// A report of fifty milliseconds, encrypted.
const FEEDBACK_LEN: usize = 100;

/// What crosses a bottleneck.
enum Carried {
    Media(Packet),
    /// Of a flow that goes the other way.
    Feedback(usize, TransportFeedback),
    /// Of a TCP sender.
    Segment(usize, u64),
}

/// The narrow link of one way, and its capacity from each moment on.
struct Bottleneck {
    plan: Vec<(Duration, u64)>,
    queue: Duration,
    link: Link<Carried>,
}

impl Bottleneck {
    /// A link with this plan of seconds and kbit/s; without one, its capacity has no limit.
    fn new(plan: &[(u64, u64)], queue: Duration) -> Self {
        Bottleneck {
            plan: plan
                .iter()
                .map(|(seconds, kbps)| (Duration::from_secs(*seconds), kbps * 1_000))
                .collect(),
            queue,
            link: Link::new(5, Conditions::default()),
        }
    }

    fn follow_plan(&mut self, now: Duration) {
        if let Some(bps) = self.capacity(now) {
            self.link.set_conditions(Conditions {
                rate_bps: Some(bps),
                max_queue: self.queue,
                ..Conditions::default()
            });
        }
    }

    fn capacity(&self, at: Duration) -> Option<u64> {
        let found = self.plan.iter().rev().find(|(from, _)| *from <= at);
        found.map(|(_, bps)| *bps)
    }
}

/// A run: flows, perhaps TCP senders, and a bottleneck each way.
pub struct Path {
    pub flows: Vec<Flow>,
    /// All of them send forward.
    pub tcps: Vec<Tcp>,
    /// By way.
    bottlenecks: [Bottleneck; 2],
    acks: Link<(usize, u64)>,
    now: Duration,
}

impl Path {
    /// A path whose way back has no limit.
    pub fn new(flows: Vec<Flow>, plan: &[(u64, u64)], queue: Duration) -> Self {
        Path {
            flows,
            tcps: Vec::new(),
            bottlenecks: [Bottleneck::new(plan, queue), Bottleneck::new(&[], queue)],
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

    /// Let the way back be narrow as well.
    pub fn narrow_back(&mut self, plan: &[(u64, u64)], queue: Duration) {
        self.bottlenecks[Way::Backward as usize] = Bottleneck::new(plan, queue);
    }

    pub fn run(&mut self, until: Duration) {
        while self.now < until {
            self.step();
            self.now += STEP;
        }
    }

    fn step(&mut self) {
        let now = self.now;
        self.bottlenecks.iter_mut().for_each(|link| link.follow_plan(now));
        let mut packets = Vec::new();
        self.flows
            .iter_mut()
            .for_each(|flow| flow.send(now, &mut packets));
        for packet in packets {
            let way = self.flows[packet.flow].way;
            self.link(way).send(now, packet.len, Carried::Media(packet));
        }
        self.step_tcp();
        self.carry();
        for number in 0..self.flows.len() {
            if let Some(feedback) = self.flows[number].receive(now) {
                let way = self.flows[number].way.other();
                let carried = Carried::Feedback(number, feedback);
                self.link(way).send(now, FEEDBACK_LEN, carried);
            }
        }
        self.carry();
    }

    fn link(&mut self, way: Way) -> &mut Link<Carried> {
        &mut self.bottlenecks[way as usize].link
    }

    /// Hand on what has crossed the bottlenecks.
    fn carry(&mut self) {
        let now = self.now;
        for way in [Way::Forward, Way::Backward] {
            while let Some(carried) = self.link(way).poll(now) {
                match carried {
                    Carried::Media(packet) => self.flows[packet.flow].carry(now, packet),
                    Carried::Feedback(flow, feedback) => self.flows[flow].carry_feedback(now, feedback),
                    Carried::Segment(tcp, number) => self.acks.send(now, 40, (tcp, number)),
                }
            }
        }
    }

    fn step_tcp(&mut self) {
        let now = self.now;
        while let Some((tcp, number)) = self.acks.poll(now) {
            self.tcps[tcp].handle_ack(now, number);
        }
        for tcp in 0..self.tcps.len() {
            for number in self.tcps[tcp].send(now) {
                self.link(Way::Forward)
                    .send(now, SEGMENT, Carried::Segment(tcp, number));
            }
        }
    }

    fn capacity(&self, way: Way, at: Duration) -> f64 {
        self.bottlenecks[way as usize].capacity(at).unwrap_or(0) as f64
    }

    fn flows_of(&self, way: Way) -> impl Iterator<Item = &Flow> {
        self.flows.iter().filter(move |flow| flow.way == way)
    }

    /// Share of the capacity of one way that arrived from `from` to `to`, all its flows together.
    pub fn utilisation(&self, way: Way, from: u64, to: u64) -> f64 {
        let arrived: f64 = self
            .flows_of(way)
            .map(|flow| self.rate(flow.number, from, to))
            .sum();
        let tenths = from * 10..to * 10;
        let capacity: f64 = tenths
            .map(|tenth| self.capacity(way, Duration::from_millis(tenth * 100)))
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

    /// The 95th percentile of the time in the queue, from `from` to `to` seconds, all flows of one way together.
    pub fn queue_p95(&self, way: Way, from: u64, to: u64) -> Duration {
        let range = Duration::from_secs(from)..Duration::from_secs(to);
        let mut delays: Vec<Duration> = self
            .flows_of(way)
            .flat_map(|flow| &flow.delays)
            .filter(|(at, _)| range.contains(at))
            .map(|(_, delay)| *delay)
            .collect();
        delays.sort_unstable();
        delays.get(delays.len() * 95 / 100).copied().unwrap_or_default()
    }

    /// How long after `from` seconds the flows of one way send no more than its capacity for half a second.
    pub fn reaction(&self, way: Way, from: u64) -> Duration {
        let sent = |tenth: usize| -> usize {
            self.flows_of(way)
                .filter_map(|f| f.tenths.get(tenth))
                .map(|t| t.sent)
                .sum()
        };
        let start = (from * 10) as usize;
        let limit = self.capacity(way, Duration::from_secs(from)) * 1.05 / 8.0 * 0.5;
        let settled =
            (start..start + 300).find(|tenth| (*tenth..*tenth + 5).map(sent).sum::<usize>() as f64 <= limit);
        Duration::from_millis((settled.unwrap_or(start + 300) - start) as u64 * 100)
    }
}
