//! The workers as one Python object.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use packet_plane_core::quantities::TapId;
use packet_plane_worker::{EventQueue, Worker};
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;

use crate::snapshots::WorkerSnapshot;
use crate::{QueueFullError, commands, events, snapshots};

const EVENTS_AT_ONCE: usize = 4_096;

#[pyclass(frozen, module = "packet_plane")]
pub struct PacketPlane {
    /// Empty after `close`. The lock guards the vector; a snapshot holds it while the workers answer.
    workers: Mutex<Vec<Worker>>,
    ports: Vec<u16>,
    events: Arc<EventQueue>,
}

impl PacketPlane {
    fn workers(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ipv4_only(addresses: Vec<IpAddr>) -> PyResult<Vec<Ipv4Addr>> {
    let one = |address| match address {
        IpAddr::V4(address) => Ok(address),
        IpAddr::V6(_) => Err(PyValueError::new_err(format!("not an IPv4 address: {address}"))),
    };
    addresses.into_iter().map(one).collect()
}

#[pymethods]
impl PacketPlane {
    #[new]
    #[pyo3(signature = (*, host, port = 0, workers = 1, sources = None))]
    fn new(host: &str, port: u16, workers: usize, sources: Option<Vec<IpAddr>>) -> PyResult<Self> {
        let ip: IpAddr = host
            .parse()
            .map_err(|_| PyValueError::new_err(format!("not an IP address: {host:?}")))?;
        let sources = sources.map(ipv4_only).transpose()?;
        let events = Arc::new(EventQueue::new()?);
        let mut started = Vec::with_capacity(workers);
        for number in 0..workers.max(1) {
            // Each worker has the next port; port 0 lets the kernel choose for each.
            let own = if port == 0 {
                0
            } else {
                port.saturating_add(number as u16)
            };
            started.push(Worker::start(
                number,
                SocketAddr::from((ip, own)),
                sources.as_deref(),
                Arc::clone(&events),
            )?);
        }
        let ports = started
            .iter()
            .map(|worker| worker.local_address().port())
            .collect();
        Ok(PacketPlane {
            workers: Mutex::new(started),
            ports,
            events,
        })
    }

    #[getter]
    fn local_ports(&self) -> Vec<u16> {
        self.ports.clone()
    }

    fn event_fd(&self) -> i32 {
        self.events.fd()
    }

    fn submit(&self, worker: usize, commands: Vec<Bound<'_, PyAny>>) -> PyResult<()> {
        let commands = commands
            .iter()
            .map(commands::convert)
            .collect::<PyResult<Vec<_>>>()?;
        let workers = self.workers();
        let worker = workers
            .get(worker)
            .ok_or_else(|| PyIndexError::new_err("no such worker"))?;
        worker
            .submit(commands)
            .map_err(|error| QueueFullError::new_err(error.to_string()))
    }

    /// The descriptor is duplicated: the caller's stays the caller's.
    fn open_tap(&self, worker: usize, tap: u64, descriptor: i32) -> PyResult<()> {
        // SAFETY: the descriptor is only looked at to be duplicated; one that is none gives an error.
        let socket = unsafe { BorrowedFd::borrow_raw(descriptor.max(0)) }.try_clone_to_owned()?;
        let workers = self.workers();
        let worker = workers
            .get(worker)
            .ok_or_else(|| PyIndexError::new_err("no such worker"))?;
        worker.open_tap(TapId(tap), socket);
        Ok(())
    }

    fn drain_events(&self, py: Python<'_>) -> PyResult<Vec<Py<PyAny>>> {
        let taken = py.detach(|| self.events.take(EVENTS_AT_ONCE));
        taken
            .into_iter()
            .map(|event| events::convert(py, event))
            .collect()
    }

    fn snapshot(&self, py: Python<'_>) -> PyResult<Vec<Option<WorkerSnapshot>>> {
        let taken: Vec<_> = py.detach(|| self.workers().iter().map(Worker::snapshot).collect());
        taken
            .into_iter()
            .map(|snapshot| snapshot.map(|of| snapshots::convert(py, of)).transpose())
            .collect()
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| self.workers().clear());
    }
}
