//! What a run counts, over all clients: arrivals by kind, and how long they were on their way.

use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use crate::outgoing::Stamp;

/// Samples that are kept for percentiles; a run that has more keeps the first.
const MAX_SAMPLES: usize = 4_000_000;

#[derive(Default)]
pub struct Tally {
    /// Audio, video.
    pub delivered: [u64; 2],
    pub bytes: u64,
    pub duplicates: u64,
    pub recovered: u64,
    pub padding: u64,
    /// Packets whose tag does not fit.
    pub unsound: u64,
    /// Datagrams of streams that nobody announced, and what is not RTP, RTCP or STUN.
    pub others: u64,
    pub reports: u64,
    pub nacks: u64,
    pub keyframe_requests: u64,
    pub wants_latency: bool,
    /// Audio, video: nanoseconds from send to the kernel's arrival stamp.
    latencies: [Vec<u32>; 2],
    /// First and last arrival of each video burst, over all its receivers.
    bursts: FxHashMap<u32, (u32, u32)>,
}

impl Tally {
    pub fn note_arrival(&mut self, is_video: bool, stamp: Stamp, arrived_ns: u64) {
        if !self.wants_latency {
            return;
        }
        let took_ns = u32::try_from(arrived_ns.saturating_sub(stamp.sent_ns)).unwrap_or(u32::MAX);
        let samples = &mut self.latencies[usize::from(is_video)];
        if samples.len() < MAX_SAMPLES {
            samples.push(took_ns);
        }
        if is_video {
            let burst = self.bursts.entry(stamp.burst).or_insert((took_ns, took_ns));
            *burst = (burst.0.min(took_ns), burst.1.max(took_ns));
        }
    }

    pub fn to_json(&self) -> Value {
        let mut found = json!({
            "delivered": {"audio": self.delivered[0], "video": self.delivered[1]},
            "bytes": self.bytes, "duplicates": self.duplicates, "recovered": self.recovered,
            "padding": self.padding, "unsound": self.unsound, "others": self.others,
            "reports": self.reports, "nacks": self.nacks, "keyframeRequests": self.keyframe_requests,
        });
        if self.wants_latency {
            let [audio, video] = &self.latencies;
            found["latencyUs"] = json!({
                "audio": percentiles(audio.clone()),
                "video": percentiles(video.clone()),
                "firstReceiver": percentiles(self.bursts.values().map(|burst| burst.0).collect()),
                "lastReceiver": percentiles(self.bursts.values().map(|burst| burst.1).collect()),
            });
        }
        found
    }
}

fn percentiles(mut samples_ns: Vec<u32>) -> Value {
    if samples_ns.is_empty() {
        return Value::Null;
    }
    samples_ns.sort_unstable();
    let at = |share: f64| {
        let index = ((samples_ns.len() - 1) as f64 * share).round() as usize;
        f64::from(samples_ns[index]) / 1_000.0
    };
    json!({"p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": at(1.0), "samples": samples_ns.len()})
}
