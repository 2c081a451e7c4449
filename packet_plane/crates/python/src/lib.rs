//! The binding: converts, releases the interpreter lock, maps errors. No logic.

mod commands;
mod events;
mod plane;
#[cfg(feature = "rehearsal")]
mod rehearsal;
mod segmenter;
mod snapshots;

use pyo3::create_exception;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

create_exception!(
    packet_plane,
    QueueFullError,
    PyRuntimeError,
    "Too many commands wait for a worker."
);

#[pymodule]
fn _packet_plane(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("QueueFullError", module.py().get_type::<QueueFullError>())?;
    module.add_class::<plane::PacketPlane>()?;
    segmenter::register(module)?;
    #[cfg(feature = "rehearsal")]
    rehearsal::register(module)?;
    commands::register(module)?;
    events::register(module)?;
    snapshots::register(module)
}
