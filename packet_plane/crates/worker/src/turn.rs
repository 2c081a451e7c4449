//! The worker's loop: read a batch, carry out commands, do what is due, write batches.

use std::collections::VecDeque;
use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use packet_plane_core::Plane;
use packet_plane_core::command::Command;
use packet_plane_core::drop_reason::DropReason;
use packet_plane_core::quantities::Instant;
use packet_plane_core::transmit::TransmitBatch;
use packet_plane_tcp::{Streams, is_stream};
use packet_plane_udp::{Message, ReceiveBatch, Socket};

use crate::queue::{EventQueue, lock};
use crate::{Shared, WorkerEvent, WorkerSnapshot};

/// Longest sleep; commands and datagrams end it early.
const MAX_SLEEP: Duration = Duration::from_millis(500);

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
            packets_refused: 0,
            events_refused: 0,
        }
    }

    pub fn run(mut self) {
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
                self.shared.restarts.fetch_add(1, Ordering::Relaxed);
                self.told.clear();
                self.told.push(WorkerEvent::Restarted { worker: self.number });
                self.events.push(&mut self.told);
            }
        }
    }

    fn turn(&mut self) {
        let received = self.socket.receive(&mut self.incoming).unwrap_or(0);
        let now = self.now();
        for (source, datagram) in self.incoming.datagrams() {
            self.plane.handle_datagram(now, source, datagram);
        }
        let plane = &mut self.plane;
        let streamed = self
            .streams
            .receive(|source, datagram| plane.handle_datagram(now, source, datagram));
        // What has arrived leaves first, by the table as it was when it arrived.
        self.transmit(now);
        let commands = self.shared.commands.take();
        #[cfg(test)]
        assert!(
            !self.shared.breaks.swap(false, Ordering::AcqRel),
            "a broken invariant"
        );
        let is_idle = received == 0 && streamed == 0 && commands.is_empty() && self.waiting.is_empty();
        self.waiting.extend(commands);
        // One that breaks its meeting has been taken out; those behind it wait for the next turn.
        while let Some(command) = self.waiting.pop_front() {
            self.plane.handle_command(now, command);
        }
        self.plane.handle_timeout(now);
        self.transmit(now);
        self.tell();
        self.answer_snapshots();
        if is_idle {
            self.sleep(now);
        }
    }

    fn transmit(&mut self, now: Instant) {
        while self.plane.poll_transmit(now, &mut self.outgoing) {
            let batch = &self.outgoing;
            let mut refused = 0;
            let mut messages = Vec::with_capacity(batch.runs().len());
            for run in batch.runs() {
                let bytes = batch.bytes(run);
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
        }
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
            });
        }
    }

    fn sleep(&self, now: Instant) {
        let until_due = self
            .plane
            .poll_timeout()
            .map_or(MAX_SLEEP, |due| due.since(now))
            .min(MAX_SLEEP);
        let timeout = libc::timespec {
            tv_sec: until_due.as_secs() as libc::time_t,
            tv_nsec: libc::c_long::from(until_due.subsec_nanos() as i32),
        };
        let wait = |fd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        let mut waiting = [
            wait(self.socket.as_raw_fd()),
            wait(self.streams.as_raw_fd()),
            wait(self.shared.commands.fd()),
        ];
        // SAFETY: three pollfd and a timespec on this frame.
        unsafe { libc::ppoll(waiting.as_mut_ptr(), 3, &raw const timeout, std::ptr::null()) };
    }

    /// Time since the start, and one second: the plane takes zero for "never".
    fn now(&self) -> Instant {
        Instant(self.started.elapsed().as_micros() as u64 + 1_000_000)
    }
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
