//! A worker: one thread that owns one socket, one listener and one plane. The only clock and the only sockets of the plane.
//!
//! Others reach it through a bounded queue of commands and hear from it through a bounded queue of events,
//! each with an eventfd that is written once per batch. The thread never waits for them.

mod bell;
mod latency;
mod queue;
mod sources;
mod tap_sockets;
mod turn;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use packet_plane_core::command::Command;
use packet_plane_core::event::Event;
use packet_plane_core::plane::PlaneSnapshot;
use packet_plane_core::quantities::TapId;
use packet_plane_tcp::Streams;
use packet_plane_udp::Socket;

pub use bell::Bell;
pub use latency::Latency;
pub use queue::{EventQueue, QueueFullError};

use queue::CommandQueue;
use turn::Turns;

/// How long a snapshot may take: the worker answers between two batches.
const SNAPSHOT_PATIENCE: Duration = Duration::from_secs(2);

/// Tries to find a port number that is free for UDP and TCP, where the kernel chooses.
const PORT_TRIES: usize = 16;

/// What a worker tells: the plane's events, or that the plane was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkerEvent {
    Plane(Event),
    /// A broken invariant ended this worker's plane; it has begun again, empty.
    Restarted {
        worker: usize,
    },
}

/// Counters of a worker's thread and of its plane.
#[derive(Clone, Debug, Default)]
pub struct WorkerSnapshot {
    pub plane: PlaneSnapshot,
    /// CPU time of the thread since its start.
    pub cpu_ns: u64,
    pub restarts: u64,
    pub latency: Latency,
}

/// What thread and handle share.
pub(crate) struct Shared {
    commands: CommandQueue,
    snapshots: std::sync::Mutex<Vec<mpsc::Sender<WorkerSnapshot>>>,
    /// Readers of taps that have come.
    taps: std::sync::Mutex<Vec<(TapId, OwnedFd)>>,
    is_closing: AtomicBool,
    restarts: AtomicU64,
    /// A broken invariant to order: none of the plane's own can be reached from outside.
    #[cfg(test)]
    breaks: AtomicBool,
}

/// A running worker; dropping it ends the thread.
pub struct Worker {
    shared: Arc<Shared>,
    local_address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Bind the socket and start the thread; with sources, nothing is heard that others send.
    ///
    /// # Errors
    /// As `bind(2)`, for too many sources, or when the system has no thread or descriptor left.
    pub fn start(
        number: usize,
        address: SocketAddr,
        sources: Option<&[Ipv4Addr]>,
        events: Arc<EventQueue>,
    ) -> io::Result<Self> {
        let (socket, streams) = bind_both(address)?;
        if let Some(sources) = sources {
            sources::hear_only(&socket, sources)?;
            sources::hear_only(streams.listener(), sources)?;
        }
        let local_address = socket.local_address()?;
        let shared = Arc::new(Shared {
            commands: CommandQueue::new()?,
            snapshots: std::sync::Mutex::default(),
            taps: std::sync::Mutex::default(),
            is_closing: AtomicBool::new(false),
            restarts: AtomicU64::new(0),
            #[cfg(test)]
            breaks: AtomicBool::new(false),
        });
        let turns = Turns::new(number, (socket, streams), Arc::clone(&shared), events);
        let thread = std::thread::Builder::new()
            .name(format!("plane-{number}"))
            .spawn(move || turns.run())?;
        Ok(Worker {
            shared,
            local_address,
            thread: Some(thread),
        })
    }

    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.local_address
    }

    /// Hand over commands; they are carried out in order, in the worker's next turn.
    ///
    /// # Errors
    /// `QueueFullError` when too many wait; none of these is then taken.
    pub fn submit(&self, commands: Vec<Command>) -> Result<(), QueueFullError> {
        self.shared.commands.push(commands)
    }

    /// Let a tap be read at the other end of a stream socket, before commands that are submitted later.
    ///
    /// A tap that is open already goes on with this reader, which is told of its tracks again.
    pub fn open_tap(&self, tap: TapId, socket: OwnedFd) {
        queue::lock(&self.shared.taps).push((tap, socket));
        self.shared.commands.ring();
    }

    /// Counters as they are now; `None` when the worker does not answer in two seconds.
    #[must_use]
    pub fn snapshot(&self) -> Option<WorkerSnapshot> {
        let (sender, receiver) = mpsc::channel();
        queue::lock(&self.shared.snapshots).push(sender);
        self.shared.commands.ring();
        receiver.recv_timeout(SNAPSHOT_PATIENCE).ok()
    }

    /// End the thread and close the socket; doing it again does nothing.
    pub fn close(&mut self) {
        self.shared.is_closing.store(true, Ordering::Release);
        self.shared.commands.ring();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked outside a turn has nothing left to close.
            let _ = thread.join();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.close();
    }
}

/// A socket for datagrams and a listener for streams on the same port number (RFC 6544 section 5.2 lets them share it).
fn bind_both(address: SocketAddr) -> io::Result<(Socket, Streams)> {
    let tries = if address.port() == 0 { PORT_TRIES } else { 1 };
    let mut outcome = Err(io::ErrorKind::AddrInUse.into());
    for _ in 0..tries {
        let socket = Socket::bind(address)?;
        outcome = Streams::bind(socket.local_address()?).map(|streams| (socket, streams));
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use packet_plane_core::quantities::{MeetingId, TransportId};

    fn add(transport: u64) -> Command {
        Command::AddTransport {
            transport: TransportId(transport),
            meeting: MeetingId(1),
            local_ufrag: format!("user{transport}"),
            local_password: "password".into(),
        }
    }

    fn transports(worker: &Worker) -> usize {
        worker.snapshot().expect("it answers").plane.transports.len()
    }

    #[test]
    fn a_broken_invariant_of_no_meeting_ends_those_of_its_worker_and_nothing_else() {
        let events = Arc::new(EventQueue::new().expect("a descriptor"));
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let broken = Worker::start(3, address, None, Arc::clone(&events)).expect("starts");
        let other = Worker::start(4, address, None, Arc::clone(&events)).expect("starts");
        broken.submit(vec![add(1), add(2)]).expect("room");
        other.submit(vec![add(1)]).expect("room");
        assert_eq!((transports(&broken), transports(&other)), (2, 1));

        broken.shared.breaks.store(true, Ordering::Release);
        broken.shared.commands.ring();
        // The turn that breaks answers nobody; the next one does.
        let after = broken
            .snapshot()
            .or_else(|| broken.snapshot())
            .expect("it answers");
        assert_eq!((after.restarts, after.plane.transports.len()), (1, 0));
        assert_eq!(events.take(10), [WorkerEvent::Restarted { worker: 3 }]);
        assert_eq!(transports(&other), 1);
        broken.submit(vec![add(5)]).expect("room");
        assert_eq!(transports(&broken), 1);
    }

    #[test]
    fn a_broken_invariant_of_a_meeting_ends_that_meeting_and_the_others_go_on() {
        let events = Arc::new(EventQueue::new().expect("a descriptor"));
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let worker = Worker::start(1, address, None, Arc::clone(&events)).expect("starts");
        let join = |transport: u64, meeting: u64| Command::AddTransport {
            transport: TransportId(transport),
            meeting: MeetingId(meeting),
            local_ufrag: format!("user{transport}"),
            local_password: "password".into(),
        };
        let fault = Command::Break {
            transport: TransportId(1),
        };
        // What comes behind the broken one in the same batch is carried out all the same.
        worker
            .submit(vec![join(1, 7), join(2, 7), join(3, 8), fault, join(4, 8)])
            .expect("room");
        let lost = WorkerEvent::Plane(Event::MeetingLost {
            meeting: MeetingId(7),
        });
        let told = std::iter::repeat_with(|| worker.snapshot().map(|_| events.take(10)));
        assert_eq!(told.flatten().find(|told| !told.is_empty()), Some(vec![lost]));
        let after = worker.snapshot().expect("it answers");
        let mut left: Vec<u64> = after.plane.transports.iter().map(|one| one.transport.0).collect();
        left.sort_unstable();
        assert_eq!(left, [3, 4]);
        assert_eq!((after.restarts, after.plane.counters.meetings_lost), (0, 1));
        worker.submit(vec![join(1, 7)]).expect("room");
        assert_eq!(transports(&worker), 3);
    }
}
