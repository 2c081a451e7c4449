//! Carries packets between two TUN devices as a bad link would: `tunlink NEAR FAR SEED`.
//!
//! Says `ready` once both devices are there; whoever started it gives them addresses, and moves one into another
//! network namespace. Each line on its input sets what the link does from then on and is answered with `set`:
//! `{"up": {"lossPercent": 5, "delayMs": 20, "jitterMs": 0, "rateBps": 250000, "queueMs": 300}, "down": {}}`;
//! up is from FAR to NEAR. `"keepsOrder": true` lets none overtake another by jitter, `"pauses": {"lastMs": [20, 60],
//! "apartMs": [0, 0]}` holds all packets now and then. It ends with its input.

mod tun;

use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::os::fd::AsRawFd;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use packet_plane_netem::{Conditions, Link, Pauses};
use serde::Deserialize;

/// Changes of the conditions are looked for this often.
const TICK: Duration = Duration::from_millis(5);
const LARGEST_PACKET: usize = 65_536;

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Direction {
    #[serde(default)]
    loss_percent: f64,
    #[serde(default)]
    delay_ms: f64,
    #[serde(default)]
    jitter_ms: f64,
    #[serde(default)]
    keeps_order: bool,
    pauses: Option<Held>,
    rate_bps: Option<u64>,
    queue_ms: Option<f64>,
}

/// The least and the most of each.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Held {
    last_ms: (f64, f64),
    apart_ms: (f64, f64),
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Both {
    up: Direction,
    down: Direction,
}

impl From<Direction> for Conditions {
    fn from(told: Direction) -> Self {
        let duration = |ms: f64| Duration::from_secs_f64(ms.max(0.0) / 1_000.0);
        let both = |(least, most): (f64, f64)| (duration(least), duration(most.max(least)));
        Conditions {
            loss: told.loss_percent / 100.0,
            delay: duration(told.delay_ms),
            jitter: duration(told.jitter_ms),
            keeps_order: told.keeps_order,
            pauses: told.pauses.map(|held| Pauses {
                lasting: both(held.last_ms),
                apart: both(held.apart_ms),
            }),
            rate_bps: told.rate_bps,
            max_queue: told.queue_ms.map_or(Conditions::default().max_queue, duration),
        }
    }
}

/// One direction: packets from one device, late or never, to the other.
struct Way {
    from: File,
    to: File,
    link: Link<Vec<u8>>,
}

impl Way {
    fn take_in(&mut self, now: Duration, buffer: &mut [u8]) {
        while let Ok(len) = self.from.read(buffer) {
            self.link.send(now, len, buffer[..len].to_vec());
        }
    }

    fn let_out(&mut self, now: Duration) {
        while let Some(packet) = self.link.poll(now) {
            // A device that takes nothing, as while it is being set up, loses packets as any would.
            let _ = self.to.write(&packet);
        }
    }
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [near, far, seed] = arguments.as_slice() else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "usage: tunlink NEAR FAR SEED",
        ));
    };
    let seed = seed.parse::<u64>().map_err(io::Error::other)?;
    let (near, far) = (tun::open(near)?, tun::open(far)?);
    let way = |from: &File, to: &File, seed| -> io::Result<Way> {
        let (from, to) = (from.try_clone()?, to.try_clone()?);
        let link = Link::new(seed, Conditions::default());
        Ok(Way { from, to, link })
    };
    let ways = [way(&far, &near, seed)?, way(&near, &far, seed + 1)?];
    println!("ready");
    carry(ways, &told())
}

/// What is said on the input, by a thread of its own; the channel ends with the input.
fn told() -> Receiver<Both> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            match serde_json::from_str(&line) {
                Ok(both) if sender.send(both).is_ok() => {}
                Ok(_) => break,
                Err(error) => println!("refused: {error}"),
            }
        }
    });
    receiver
}

fn carry(mut ways: [Way; 2], told: &Receiver<Both>) -> io::Result<()> {
    let started = Instant::now();
    let mut buffer = vec![0; LARGEST_PACKET];
    loop {
        match told.try_recv() {
            Ok(both) => {
                ways[0].link.set_conditions(both.up.into());
                ways[1].link.set_conditions(both.down.into());
                println!("set");
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return Ok(()),
        }
        let next = ways.iter().filter_map(|way| way.link.poll_timeout()).min();
        let wait = next.map_or(TICK, |at| at.saturating_sub(started.elapsed()).min(TICK));
        wait_readable(&ways, wait)?;
        for way in &mut ways {
            way.take_in(started.elapsed(), &mut buffer);
            way.let_out(started.elapsed());
        }
    }
}

fn wait_readable(ways: &[Way; 2], wait: Duration) -> io::Result<()> {
    let mut files = [0, 1].map(|way| libc::pollfd {
        fd: ways[way].from.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    });
    let wait = libc::timespec {
        tv_sec: 0,
        tv_nsec: i64::from(wait.subsec_nanos()),
    };
    // SAFETY: both descriptors are open, and everything that is pointed at lives on this stack frame.
    let result = unsafe { libc::ppoll(files.as_mut_ptr(), 2, &raw const wait, std::ptr::null()) };
    let error = io::Error::last_os_error();
    if result < 0 && error.kind() != io::ErrorKind::Interrupted {
        return Err(error);
    }
    Ok(())
}
