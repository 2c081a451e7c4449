//! The worker's loop: wait, read what has come, write for a moment, carry out commands, do what is due.
//!
//! However much there is to write, what comes is read every millisecond: under overload the plane then chooses
//! what is given up, and not the kernel, to which a voice is a datagram like others.

use std::collections::VecDeque;
use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use packet_plane_core::Plane;
use packet_plane_core::command::Command;
use packet_plane_core::drop_reason::DropReason;
use packet_plane_core::quantities::Instant;
use packet_plane_core::transmit::TransmitBatch;
use packet_plane_tcp::{Streams, is_stream};
use packet_plane_udp::{Message, ReceiveBatch, Socket};

use crate::queue::{EventQueue, lock};
use crate::tap_sockets::TapSockets;
use crate::{Latency, Shared, WorkerEvent, WorkerSnapshot};

/// Longest sleep; commands and datagrams end it early.
const MAX_SLEEP: Duration = Duration::from_millis(500);
/// How long is written before what has come is read.
const WRITING: Duration = Duration::from_millis(1);
/// Calls that read datagrams before something is written.
const READS: usize = 8;
/// How often streams are looked at that nothing comes from.
const STREAMS_INTERVAL: Duration = Duration::from_secs(1);

pub(crate) struct Turns {
    number: usize,
    socket: Socket,
    streams: Streams,
    shared: Arc<Shared>,
    events: Arc<EventQueue>,
    plane: Plane,
    started: std::time::Instant,
    incoming: ReceiveBatch,
    outgoing: TransmitBatch,
    told: Vec<WorkerEvent>,
    waiting: VecDeque<Command>,
    taps: TapSockets,
    /// Whether the plane holds packets that could be written now.
    has_more: bool,
    latency: Latency,
    streams_due: Instant,
    packets_refused: u64,
    events_refused: u64,
}

impl Turns {
    pub fn new(
        number: usize,
        (socket, streams): (Socket, Streams),
        shared: Arc<Shared>,
        events: Arc<EventQueue>,
    ) -> Self {
        Turns {
            number,
            socket,
            streams,
            shared,
            events,
            plane: Plane::default(),
            started: std::time::Instant::now(),
            incoming: ReceiveBatch::default(),
            outgoing: TransmitBatch::default(),
            told: Vec::new(),
            waiting: VecDeque::new(),
            taps: TapSockets::default(),
            has_more: false,
            latency: Latency::default(),
            streams_due: Instant::ZERO,
            packets_refused: 0,
            events_refused: 0,
        }
    }

    pub fn run(mut self) {
        self.say_time();
        while !self.shared.is_closing.load(Ordering::Acquire) {
            // A broken invariant ends the meeting that it was met in; the others go on.
            if catch_unwind(AssertUnwindSafe(|| self.turn())).is_ok() {
                continue;
            }
            self.outgoing.clear();
            let now = self.now();
            let recovered = catch_unwind(AssertUnwindSafe(|| self.plane.recover(now)));
            if !matches!(recovered, Ok(Some(_))) {
                // Met outside any meeting, or again on the way out: nothing of this plane can be trusted.
                self.plane = Plane::default();
                self.say_time();
                self.taps.clear();
                self.shared.restarts.fetch_add(1, Ordering::Relaxed);
                self.told.clear();
                self.told.push(WorkerEvent::Restarted { worker: self.number });
                self.events.push(&mut self.told);
            }
        }
    }

    fn say_time(&mut self) {
        self.plane.set_wallclock(self.now(), wallclock_us());
    }

    fn turn(&mut self) {
        let ready = self.wait();
        self.take_in(&ready);
        // What has arrived leaves first, by the table as it was when it arrived.
        self.transmit();
        self.carry_out(ready.has_bell);
        let now = self.now();
        self.plane.handle_timeout(now);
        if !self.has_more {
            self.transmit();
        }
        let now = self.now();
        self.taps.write(now, &mut self.plane);
        self.tell();
    }

    fn take_in(&mut self, ready: &Ready) {
        for _ in 0..if ready.has_datagrams { READS } else { 0 } {
            let received = self.socket.receive(&mut self.incoming).unwrap_or(0);
            let now = self.now();
            for (source, datagram) in self.incoming.datagrams() {
                self.plane.handle_datagram(now, source, datagram);
            }
            if received < ReceiveBatch::MESSAGES {
                break;
            }
        }
        let now = self.now();
        if ready.has_streams || now >= self.streams_due {
            self.streams_due = now + STREAMS_INTERVAL;
            let plane = &mut self.plane;
            self.streams
                .receive(|source, datagram| plane.handle_datagram(now, source, datagram));
        }
    }

    /// Carry out commands, and answer who asked for a snapshot.
    fn carry_out(&mut self, has_bell: bool) {
        #[cfg(test)]
        assert!(
            !self.shared.breaks.swap(false, Ordering::AcqRel),
            "a broken invariant"
        );
        if has_bell {
            // In this order: commands that come behind a reader find its tap open.
            let commands = self.shared.commands.take();
            self.open_taps();
            self.waiting.extend(commands);
        }
        let now = self.now();
        // One that breaks its meeting has been taken out; those behind it wait for the next turn.
        while let Some(command) = self.waiting.pop_front() {
            self.plane.handle_command(now, command);
        }
        if has_bell {
            self.answer_snapshots();
        }
    }

    fn open_taps(&mut self) {
        let opened = std::mem::take(&mut *lock(&self.shared.taps));
        for (tap, socket) in opened {
            let now = self.now();
            self.plane.open_tap(now, tap, wallclock_us());
            self.taps.open(tap, socket);
        }
    }

    /// Write what the plane has, for a moment at most.
    fn transmit(&mut self) {
        let mut now = self.now();
        let until = now + WRITING;
        loop {
            self.has_more = self.plane.poll_transmit(now, &mut self.outgoing);
            if !self.has_more {
                return;
            }
            let packets = self.write();
            now = self.now();
            if let Some(received_at) = self.plane.oldest_forwarded() {
                self.latency.add(received_at, now, packets);
            }
            if now >= until {
                return;
            }
        }
    }

    /// Returns how many packets those were.
    fn write(&mut self) -> u64 {
        let batch = &self.outgoing;
        let (mut refused, mut packets) = (0, 0);
        let mut messages = Vec::with_capacity(batch.runs().len());
        for run in batch.runs() {
            let bytes = batch.bytes(run);
            packets += bytes.len().div_ceil(run.segment_len.max(1)) as u64;
            if is_stream(run.destination) {
                refused += self.streams.send(run.destination, bytes, run.segment_len);
            } else {
                messages.push(Message {
                    destination: run.destination,
                    bytes,
                    segment_len: run.segment_len,
                });
            }
        }
        refused += self.socket.send(&messages);
        self.packets_refused += refused as u64;
        self.outgoing.clear();
        packets
    }

    fn tell(&mut self) {
        while let Some(event) = self.plane.poll_event() {
            self.told.push(WorkerEvent::Plane(event));
        }
        self.events_refused += self.events.push(&mut self.told) as u64;
    }

    fn answer_snapshots(&mut self) {
        let asking = std::mem::take(&mut *lock(&self.shared.snapshots));
        for answer in asking {
            let mut plane = self.plane.snapshot();
            let drops = &mut plane.counters.drops;
            drops.add(DropReason::SendFailed, self.packets_refused);
            drops.add(DropReason::QueueFull, self.events_refused);
            let restarts = self.shared.restarts.load(Ordering::Relaxed);
            // Whoever asked may have stopped waiting.
            let _ = answer.send(WorkerSnapshot {
                plane,
                cpu_ns: thread_cpu_ns(),
                restarts,
                latency: self.latency,
            });
        }
    }

    /// Sleep until something comes or is due; not at all where there is more to do.
    fn wait(&self) -> Ready {
        let has_work = self.has_more || !self.waiting.is_empty();
        let until_due = match self.plane.poll_timeout() {
            _ if has_work => Duration::ZERO,
            Some(due) => due.since(self.now()).min(MAX_SLEEP),
            None => MAX_SLEEP,
        };
        let timeout = libc::timespec {
            tv_sec: until_due.as_secs() as libc::time_t,
            tv_nsec: libc::c_long::from(until_due.subsec_nanos() as i32),
        };
        let watched = |fd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        let mut waiting = [
            watched(self.socket.as_raw_fd()),
            watched(self.streams.as_raw_fd()),
            watched(self.shared.commands.fd()),
        ];
        // SAFETY: three pollfd and a timespec on this frame. When it fails nothing is ready, and the next turn asks again.
        unsafe { libc::ppoll(waiting.as_mut_ptr(), 3, &raw const timeout, std::ptr::null()) };
        let [has_datagrams, has_streams, has_bell] = waiting.map(|one| one.revents != 0);
        Ready {
            has_datagrams,
            has_streams,
            has_bell,
        }
    }

    /// Time since the start, and one second: the plane takes zero for "never".
    fn now(&self) -> Instant {
        Instant(self.started.elapsed().as_micros() as u64 + 1_000_000)
    }
}

/// What there is to read.
struct Ready {
    has_datagrams: bool,
    has_streams: bool,
    has_bell: bool,
}

/// Microseconds since the Unix epoch.
fn wallclock_us() -> u64 {
    let wallclock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    wallclock.as_micros() as u64
}

fn thread_cpu_ns() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: one timespec on this frame.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
