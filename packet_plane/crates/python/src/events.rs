//! Events as Python objects.

use std::net::SocketAddr;

use packet_plane_core::event::Event;
use packet_plane_worker::WorkerEvent;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::snapshots::{Layer, objects};

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<DtlsReceived>()?;
    module.add_class::<TransportConnected>()?;
    module.add_class::<TransportTimedOut>()?;
    module.add_class::<TrackStarted>()?;
    module.add_class::<LayersChanged>()?;
    module.add_class::<EstimateChanged>()?;
    module.add_class::<MeetingLost>()?;
    module.add_class::<SpeakersChanged>()?;
    module.add_class::<WorkerRestarted>()
}

macro_rules! event {
    ($name:ident { $($field:ident: $kind:ty),* }) => {
        #[pyclass(frozen, skip_from_py_object, get_all, module = "packet_plane")]
        pub struct $name { $($field: $kind,)* }
    };
}

event!(DtlsReceived { transport: u64, datagram: Py<PyBytes> });
event!(TransportConnected {
    transport: u64,
    address: String
});
event!(TransportTimedOut { transport: u64 });
event!(TrackStarted {
    track: u64,
    ssrc: u32,
    payload_type: u8
});
event!(MeetingLost { meeting: u64 });
event!(EstimateChanged {
    transport: u64,
    estimate_bps: u64
});
event!(LayersChanged { track: u64, layers: Vec<Py<Layer>> });
event!(SpeakersChanged { meeting: u64, positions: Vec<Option<u64>>, speakers: Vec<(u64, u8)> });
event!(WorkerRestarted { worker: usize });

/// Turn an event into its Python object.
pub fn convert(py: Python<'_>, event: WorkerEvent) -> PyResult<Py<PyAny>> {
    let event = match event {
        WorkerEvent::Restarted { worker } => return Ok(Py::new(py, WorkerRestarted { worker })?.into_any()),
        WorkerEvent::Plane(event) => event,
    };
    Ok(match event {
        Event::DtlsReceived { transport, datagram } => {
            let datagram = PyBytes::new(py, &datagram).unbind();
            Py::new(
                py,
                DtlsReceived {
                    transport: transport.0,
                    datagram,
                },
            )?
            .into_any()
        }
        Event::TransportConnected { transport, address } => Py::new(
            py,
            TransportConnected {
                transport: transport.0,
                address: SocketAddr::new(address.ip().to_canonical(), address.port()).to_string(),
            },
        )?
        .into_any(),
        Event::TransportTimedOut { transport } => Py::new(
            py,
            TransportTimedOut {
                transport: transport.0,
            },
        )?
        .into_any(),
        Event::TrackStarted {
            track,
            ssrc,
            payload_type,
        } => Py::new(
            py,
            TrackStarted {
                track: track.0,
                ssrc: ssrc.0,
                payload_type: payload_type.0,
            },
        )?
        .into_any(),
        Event::MeetingLost { meeting } => Py::new(py, MeetingLost { meeting: meeting.0 })?.into_any(),
        Event::EstimateChanged {
            transport,
            estimate_bps,
        } => {
            let transport = transport.0;
            Py::new(
                py,
                EstimateChanged {
                    transport,
                    estimate_bps,
                },
            )?
            .into_any()
        }
        Event::LayersChanged { track, layers } => {
            let layers = objects::<_, Layer>(py, layers)?;
            Py::new(
                py,
                LayersChanged {
                    track: track.0,
                    layers,
                },
            )?
            .into_any()
        }
        Event::SpeakersChanged {
            meeting,
            positions,
            speakers,
        } => {
            let positions = positions
                .into_iter()
                .map(|track| track.map(|track| track.0))
                .collect();
            let speakers = speakers
                .into_iter()
                .map(|(track, level)| (track.0, level))
                .collect();
            Py::new(
                py,
                SpeakersChanged {
                    meeting: meeting.0,
                    positions,
                    speakers,
                },
            )?
            .into_any()
        }
    })
}
