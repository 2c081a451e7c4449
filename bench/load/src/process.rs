//! CPU time and memory of a server, from the kernel: its own figures could leave something out.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

/// CPU time of a process so far, and of its threads by their names.
#[derive(Clone, Debug, Default)]
pub struct CpuTime {
    pub total_ns: u64,
    by_thread: BTreeMap<String, u64>,
}

impl CpuTime {
    /// Of another process; nothing when it is gone.
    pub fn of(pid: i32) -> Self {
        let mut by_thread = BTreeMap::new();
        for entry in fs::read_dir(format!("/proc/{pid}/task"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let path = entry.path();
            let name = fs::read_to_string(path.join("comm")).unwrap_or_default();
            let times = fs::read_to_string(path.join("schedstat")).unwrap_or_default();
            let run_ns: u64 = times
                .split(' ')
                .next()
                .and_then(|first| first.parse().ok())
                .unwrap_or(0);
            // Names that differ by a number or handle are one kind of thread.
            let kind = name
                .trim()
                .split([' ', ':'])
                .next()
                .unwrap_or_default()
                .to_owned();
            *by_thread.entry(kind).or_insert(0) += run_ns;
        }
        CpuTime {
            total_ns: process_clock_ns(pid),
            by_thread,
        }
    }

    /// What was used since `before`.
    pub fn since(&self, before: &CpuTime) -> Value {
        let threads: BTreeMap<&str, u64> = self
            .by_thread
            .iter()
            .map(|(name, ns)| {
                (
                    name.as_str(),
                    ns.saturating_sub(*before.by_thread.get(name).unwrap_or(&0)),
                )
            })
            .filter(|(_, ns)| *ns > 0)
            .collect();
        json!({"totalNs": self.total_ns.saturating_sub(before.total_ns), "threadsNs": threads})
    }

    pub fn of_total(total_ns: u64) -> Self {
        CpuTime {
            total_ns,
            by_thread: BTreeMap::new(),
        }
    }
}

/// The CPU clock of a whole process, threads that have ended included.
fn process_clock_ns(pid: i32) -> u64 {
    let (mut clock, mut time) = (
        0,
        libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        },
    );
    // SAFETY: a clock id and a timespec on this frame.
    let failed = unsafe {
        libc::clock_getcpuclockid(pid, &raw mut clock) != 0
            || libc::clock_gettime(clock, &raw mut time) != 0
    };
    if failed {
        0
    } else {
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }
}

/// Memory of a process that is its own, bytes.
pub fn resident_bytes(pid: i32) -> u64 {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    let pages: u64 = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .unwrap_or(0);
    // SAFETY: no arguments to get wrong.
    pages * unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as u64
}
