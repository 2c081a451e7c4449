//! Counters as Python objects.

use std::collections::BTreeMap;

use packet_plane_core::layer_meter::LayerSnapshot;
use packet_plane_core::plane;
use packet_plane_worker as worker;
use pyo3::prelude::*;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<WorkerSnapshot>()?;
    module.add_class::<Layer>()?;
    module.add_class::<TransportSnapshot>()?;
    module.add_class::<TrackSnapshot>()?;
    module.add_class::<SlotSnapshot>()
}

#[pyclass(frozen, skip_from_py_object, get_all, module = "packet_plane")]
pub struct TransportSnapshot {
    transport: u64,
    meeting: u64,
    packets_received: u64,
    bytes_received: u64,
    packets_sent: u64,
    bytes_sent: u64,
    fraction_lost: f64,
    round_trip_us: Option<u64>,
    estimate_bps: Option<u64>,
    acknowledged_bps: Option<u64>,
    loss: f64,
    is_application_limited: bool,
    queue_us: u64,
}

impl From<plane::TransportSnapshot> for TransportSnapshot {
    fn from(of: plane::TransportSnapshot) -> Self {
        TransportSnapshot {
            transport: of.transport.0,
            meeting: of.meeting.0,
            packets_received: of.counters.packets_received,
            bytes_received: of.counters.bytes_received,
            packets_sent: of.counters.packets_sent,
            bytes_sent: of.counters.bytes_sent,
            fraction_lost: f64::from(of.counters.fraction_lost) / 256.0,
            round_trip_us: of.round_trip_us,
            estimate_bps: of.estimate_bps,
            acknowledged_bps: of.acknowledged_bps,
            loss: of.loss,
            is_application_limited: of.is_application_limited,
            queue_us: of.queue_us,
        }
    }
}

#[pyclass(frozen, skip_from_py_object, get_all, module = "packet_plane")]
pub struct Layer {
    spatial: u8,
    temporal: u8,
    is_active: bool,
    bitrate_bps: u64,
    width: u16,
    height: u16,
    fps: u16,
}

impl From<LayerSnapshot> for Layer {
    fn from(of: LayerSnapshot) -> Self {
        Layer {
            spatial: of.spatial,
            temporal: of.temporal,
            is_active: of.is_active,
            bitrate_bps: of.bitrate_bps,
            width: of.width,
            height: of.height,
            fps: of.fps,
        }
    }
}

#[pyclass(frozen, skip_from_py_object, get_all, module = "packet_plane")]
pub struct TrackSnapshot {
    track: u64,
    packets_received: u64,
    bytes_received: u64,
    packets_lost: u64,
    jitter_us: u64,
    nacks_sent: u64,
    keyframes_requested: u64,
    subscribers: usize,
    layers: Vec<Py<Layer>>,
}

impl TrackSnapshot {
    fn new(py: Python<'_>, of: plane::TrackSnapshot) -> PyResult<Self> {
        Ok(TrackSnapshot {
            track: of.track.0,
            packets_received: of.packets_received,
            bytes_received: of.bytes_received,
            packets_lost: of.packets_lost,
            jitter_us: of.jitter_us,
            nacks_sent: of.nacks_sent,
            keyframes_requested: of.keyframes_requested,
            subscribers: of.subscribers,
            layers: objects::<_, Layer>(py, of.layers)?,
        })
    }
}

#[pyclass(frozen, skip_from_py_object, get_all, module = "packet_plane")]
pub struct SlotSnapshot {
    slot: u64,
    track: Option<u64>,
    /// `(spatial, temporal)`: forwarded now, and the highest that may be.
    current: Option<(u8, u8)>,
    target: Option<(u8, u8)>,
    packets_sent: u64,
    bytes_sent: u64,
    retransmissions_sent: u64,
    nacks_received: u64,
    plis_received: u64,
    frames_sent: u64,
    freezes: u64,
    frozen_us: u64,
}

impl From<plane::SlotSnapshot> for SlotSnapshot {
    fn from(of: plane::SlotSnapshot) -> Self {
        SlotSnapshot {
            slot: of.slot.0,
            track: of.track.map(|track| track.0),
            current: of.current.map(|layer| (layer.spatial, layer.temporal)),
            target: of.target.map(|layer| (layer.spatial, layer.temporal)),
            packets_sent: of.counters.packets_sent,
            bytes_sent: of.counters.bytes_sent,
            retransmissions_sent: of.counters.retransmissions_sent,
            nacks_received: of.counters.nacks_received,
            plis_received: of.counters.plis_received,
            frames_sent: of.frames_sent,
            freezes: of.freezes,
            frozen_us: of.frozen_us,
        }
    }
}

#[pyclass(frozen, skip_from_py_object, get_all, module = "packet_plane")]
pub struct WorkerSnapshot {
    packets_received: u64,
    bytes_received: u64,
    packets_sent: u64,
    bytes_sent: u64,
    cpu_ns: u64,
    restarts: u64,
    meetings_lost: u64,
    records_lost: u64,
    drops: BTreeMap<String, u64>,
    /// (upper bound in microseconds, packets), the last without a bound; not cumulative.
    latency: Vec<(Option<u64>, u64)>,
    latency_sum_us: u64,
    transports: Vec<Py<TransportSnapshot>>,
    tracks: Vec<Py<TrackSnapshot>>,
    slots: Vec<Py<SlotSnapshot>>,
}

/// Turn one worker's counters into Python objects.
pub fn convert(py: Python<'_>, of: worker::WorkerSnapshot) -> PyResult<WorkerSnapshot> {
    let plane::PlaneSnapshot {
        counters,
        transports,
        tracks,
        slots,
    } = of.plane;
    Ok(WorkerSnapshot {
        packets_received: counters.packets_received,
        bytes_received: counters.bytes_received,
        packets_sent: counters.packets_sent,
        bytes_sent: counters.bytes_sent,
        cpu_ns: of.cpu_ns,
        restarts: of.restarts,
        meetings_lost: counters.meetings_lost,
        records_lost: counters.records_lost,
        drops: counters
            .drops
            .iter()
            .map(|(label, count)| (label.to_owned(), count))
            .collect(),
        latency: of.latency.buckets().collect(),
        latency_sum_us: of.latency.sum_us,
        transports: objects::<_, TransportSnapshot>(py, transports)?,
        tracks: tracks
            .into_iter()
            .map(|track| Py::new(py, TrackSnapshot::new(py, track)?))
            .collect::<PyResult<_>>()?,
        slots: objects::<_, SlotSnapshot>(py, slots)?,
    })
}

pub fn objects<T, P>(py: Python<'_>, values: Vec<T>) -> PyResult<Vec<Py<P>>>
where
    P: From<T> + pyo3::PyClass + Into<pyo3::PyClassInitializer<P>>,
{
    values
        .into_iter()
        .map(|value| Py::new(py, P::from(value)))
        .collect()
}
