//! Runs: the load that the clients of a world put on their server, and what of it came out again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use packet_plane_core::codec::MediaKind;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::peer::Frame;
use crate::tally::Tally;
use crate::world::World;

/// What has not come by then is lost.
const PATIENCE: Duration = Duration::from_millis(50);
/// After the last packet of a run, what is still on its way may come.
const DRAIN: Duration = Duration::from_millis(300);

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    Audio,
    Video,
}

impl From<Kind> for MediaKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Audio => MediaKind::Audio,
            Kind::Video => MediaKind::Video,
        }
    }
}

/// One burst after the other, as fast as the server forwards them.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lockstep {
    pub seconds: f64,
    pub kind: Kind,
    /// How many packets each sender's bursts have, in turn.
    pub bursts: Vec<usize>,
    pub packet_len: usize,
    /// Bursts under way at a time, of as many senders.
    #[serde(default = "one")]
    pub window: usize,
    /// The layers of a camera below the one that receivers get, lowest first: sent with each burst.
    #[serde(default)]
    pub below: Vec<Below>,
}

/// A layer that no receiver gets.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Below {
    pub bursts: Vec<usize>,
    pub packet_len: usize,
}

fn one() -> usize {
    1
}

/// Frames by the clock, whatever the server does.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Paced {
    pub seconds: f64,
    pub streams: Vec<Pattern>,
    #[serde(default)]
    pub latency: bool,
    /// Only the first so many senders send; all when absent.
    #[serde(default)]
    pub senders: Option<usize>,
}

/// What each sender sends of one stream: these frames in turn, one per interval.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pattern {
    pub kind: Kind,
    pub layer: Option<usize>,
    pub bursts: Vec<usize>,
    pub packet_len: usize,
    pub interval_us: u64,
}

/// When, the how-manieth frame, of which client, which of its streams, by which pattern.
type Due = Reverse<(u64, usize, usize, usize, usize)>;

#[derive(Default)]
struct Sent {
    frames: u64,
    packets: [u64; 2],
    /// `None` once it cannot be known who should receive what.
    expected: [Option<u64>; 2],
    latest_us: u64,
}

impl World {
    pub fn run_lockstep(&mut self, load: &Lockstep) -> Result<Value, String> {
        let kind = MediaKind::from(load.kind);
        let top = load.below.len();
        let senders = self.senders(kind, (top > 0).then_some(top));
        let fan_out = self
            .fan_out(kind)
            .ok_or("slots are too few to wait for every packet")?;
        if senders.is_empty() || fan_out == 0 {
            return Err("nobody sends, or nobody receives".into());
        }
        if senders.iter().any(|(_, stream)| *stream < top) {
            return Err("the server took no layers".into());
        }
        let largest = load.bursts.iter().max().copied().unwrap_or(1) as u64 * fan_out;
        let at = usize::from(kind == MediaKind::Video);
        let (mut tally, mut sent, mut lost) = (Tally::default(), Sent::default(), 0);
        let mut expected = 0u64;
        self.begin();
        let until = Instant::now() + Duration::from_secs_f64(load.seconds);
        loop {
            let under_way = expected.saturating_sub(tally.delivered[at] + lost);
            let is_over = Instant::now() >= until;
            if is_over && under_way == 0 {
                break;
            }
            if !is_over && under_way <= largest * (load.window as u64 - 1) {
                let turn = sent.frames as usize;
                let (peer, stream) = senders[turn % senders.len()];
                let packets = self.send_picture((peer, stream), load, turn / senders.len(), turn);
                sent.packets[at] += packets.0;
                expected += packets.1 * fan_out;
                sent.frames += 1;
                continue;
            }
            if !self.receive(PATIENCE, &mut tally) {
                lost += under_way;
            }
            self.tend();
        }
        sent.expected[at] = Some(expected);
        self.report_all();
        Ok(self.outcome(&tally, &sent))
    }

    /// One picture in all its layers; how many packets it has, and how many of them each receiver gets.
    fn send_picture(
        &mut self,
        (peer, stream): (usize, usize),
        load: &Lockstep,
        round: usize,
        burst: usize,
    ) -> (u64, u64) {
        let mut sum = 0;
        let layers = load
            .below
            .iter()
            .map(|below| (&below.bursts, below.packet_len));
        let layers = layers.chain([(&load.bursts, load.packet_len)]);
        let first = stream - load.below.len();
        let mut last = 0;
        for (number, (bursts, packet_len)) in layers.enumerate() {
            last = bursts[round % bursts.len()];
            let frame = Frame {
                packets: last,
                packet_len,
                burst: burst as u32,
            };
            self.peers[peer].send_frame(first + number, &frame);
            sum += last as u64;
        }
        (sum, last as u64)
    }

    pub fn run_paced(&mut self, load: &Paced) -> Result<Value, String> {
        let mut tally = Tally::default();
        tally.wants_latency = load.latency;
        let mut sent = Sent {
            expected: [Some(0); 2],
            ..Sent::default()
        };
        let mut due = self.schedule(load);
        self.begin();
        let started = Instant::now();
        let until_us = (load.seconds * 1e6) as u64;
        while let Some(Reverse((at_us, turn, peer, stream, pattern))) = due.pop() {
            if at_us >= until_us {
                continue;
            }
            self.wait_until(started, at_us, &mut tally);
            let late_us = (started.elapsed().as_micros() as u64).saturating_sub(at_us);
            sent.latest_us = sent.latest_us.max(late_us);
            let pattern_of = &load.streams[pattern];
            let packets = pattern_of.bursts[turn % pattern_of.bursts.len()];
            let frame = Frame {
                packets,
                packet_len: pattern_of.packet_len,
                burst: sent.frames as u32,
            };
            self.peers[peer].send_frame(stream, &frame);
            self.count(pattern_of, packets as u64, &mut sent);
            due.push(Reverse((
                at_us + pattern_of.interval_us,
                turn + 1,
                peer,
                stream,
                pattern,
            )));
        }
        let drained = Instant::now() + DRAIN;
        while Instant::now() < drained {
            self.receive(Duration::from_millis(20), &mut tally);
            self.tend();
        }
        self.report_all();
        Ok(self.outcome(&tally, &sent))
    }

    /// Every sender's streams, their first frames spread over an interval.
    fn schedule(&self, load: &Paced) -> BinaryHeap<Due> {
        let mut due = BinaryHeap::new();
        for (number, pattern) in load.streams.iter().enumerate() {
            let senders = self.senders(pattern.kind.into(), pattern.layer);
            let count = load.senders.unwrap_or(senders.len()).min(senders.len());
            for (position, (peer, stream)) in senders[..count].iter().enumerate() {
                let first_us = pattern.interval_us * position as u64 / count as u64;
                due.push(Reverse((first_us, position, *peer, *stream, number)));
            }
        }
        due
    }

    fn count(&self, pattern: &Pattern, packets: u64, sent: &mut Sent) {
        let kind = MediaKind::from(pattern.kind);
        let at = usize::from(kind == MediaKind::Video);
        sent.frames += 1;
        sent.packets[at] += packets;
        // Of several layers each receiver gets one, and which is the server's choice.
        let fan_out = self.fan_out(kind).filter(|_| pattern.layer.is_none());
        sent.expected[at] = sent.expected[at]
            .zip(fan_out)
            .map(|(sum, fan_out)| sum + packets * fan_out);
    }

    fn wait_until(&mut self, started: Instant, at_us: u64, tally: &mut Tally) {
        self.tend();
        loop {
            let now_us = started.elapsed().as_micros() as u64;
            let wait = Duration::from_micros(at_us.saturating_sub(now_us));
            // Even when late, what has come is taken: a full buffer here would look like loss there.
            self.receive(wait, tally);
            if started.elapsed().as_micros() as u64 >= at_us {
                return;
            }
            self.tend();
        }
    }

    fn senders(&self, kind: MediaKind, layer: Option<usize>) -> Vec<(usize, usize)> {
        let stream_of =
            |(at, peer): (usize, &crate::peer::Peer)| Some((at, peer.stream_of(kind, layer)?));
        self.peers
            .iter()
            .enumerate()
            .filter_map(stream_of)
            .collect()
    }

    fn fan_out(&self, kind: MediaKind) -> Option<u64> {
        let is_video = kind == MediaKind::Video;
        let sender = self
            .shape
            .roles
            .iter()
            .find(|plan| if is_video { plan.video } else { plan.audio })?;
        let slots = if is_video {
            sender.video_slots
        } else {
            sender.audio_slots
        };
        self.shape.fan_out(kind, slots > 0)
    }

    fn begin(&mut self) {
        // What came while nobody measured is not part of the run.
        let mut before = Tally::default();
        self.receive(Duration::ZERO, &mut before);
        self.peers
            .iter_mut()
            .flat_map(|peer| peer.incoming.values_mut())
            .for_each(|one| one.begin());
    }

    fn outcome(&self, tally: &Tally, sent: &Sent) -> Value {
        let (mut missing, mut live) = ([0u64; 2], [0u64; 2]);
        for stream in self.peers.iter().flat_map(|peer| peer.incoming.values()) {
            let at = usize::from(stream.kind == MediaKind::Video);
            let (received, gaps) = stream.since_begin();
            missing[at] += gaps;
            live[at] += u64::from(received > 0);
        }
        let mut found = tally.to_json();
        found["sent"] =
            json!({"frames": sent.frames, "audio": sent.packets[0], "video": sent.packets[1]});
        found["expected"] = json!({"audio": sent.expected[0], "video": sent.expected[1]});
        found["missing"] = json!({"audio": missing[0], "video": missing[1]});
        found["liveStreams"] = json!({"audio": live[0], "video": live[1]});
        found["generatorLateUs"] = json!(sent.latest_us);
        found
    }
}
