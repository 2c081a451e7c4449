//! How many packets a core forwards: a worker as the media node runs it, beside an ideal loop, in one run.
//!
//! One publisher sends AES-128-GCM bursts over loopback, fifty viewers receive them. Both loops get the same
//! datagrams from the same generator; only CPU time of the forwarding thread counts, so that the generator
//! on the other core does not. Figures vary by some 15 %: rounds alternate, and their spread is printed.

mod generator;
mod ideal;
mod session;
mod worker;

use std::time::Duration;

use generator::{Generator, Load};

const VIEWERS: usize = 50;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(800);
/// RTP header and payload, as a browser packetises video, without the SRTP tag.
const PACKET_LEN: usize = 1_180;

/// CPU time of the forwarding thread for what its viewers got.
#[derive(Clone, Copy)]
pub struct Figure {
    pub cpu_ns: u64,
    pub delivered: u64,
    pub lost: u64,
}

impl Figure {
    fn ns_per_packet(&self) -> f64 {
        self.cpu_ns as f64 / self.delivered.max(1) as f64
    }

    fn packets_per_second(&self) -> f64 {
        1e9 / self.ns_per_packet()
    }
}

fn main() {
    println!(
        "Forwarding, one core, 1 to {VIEWERS}, AES-128-GCM, {PACKET_LEN} B packets; medians of {ROUNDS} rounds"
    );
    for burst in [8, 1] {
        let load = Load {
            burst,
            packet_len: PACKET_LEN,
            duration: ROUND,
        };
        compare(&load);
    }
}

fn compare(load: &Load) {
    let mut plane = worker::Forwarder::start(VIEWERS);
    let mut ideal = ideal::Forwarder::start(VIEWERS, load);
    let mut figures = Vec::with_capacity(ROUNDS);
    // One round each to fill caches and the history.
    plane.measure(load);
    ideal.measure(load);
    for _ in 0..ROUNDS {
        figures.push((ideal.measure(load), plane.measure(load)));
    }
    let ideal = median(figures.iter().map(|(ideal, _)| ideal.packets_per_second()));
    let plane = median(figures.iter().map(|(_, plane)| plane.packets_per_second()));
    let ratios: Vec<f64> = figures
        .iter()
        .map(|(ideal, plane)| plane.packets_per_second() / ideal.packets_per_second())
        .collect();
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    let lost: u64 = figures
        .iter()
        .map(|(ideal, plane)| ideal.lost + plane.lost)
        .sum();
    println!("bursts of {}", load.burst);
    println!("  ideal loop   {ideal:>9.0} packets/s per core");
    println!("  plane        {plane:>9.0} packets/s per core");
    println!(
        "  ratio        {:>9.2} ({least:.2} to {most:.2}); {lost} packets lost",
        median(ratios.iter().copied())
    );
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// CPU time of the calling thread.
pub fn thread_cpu_ns() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: one timespec on this frame.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
