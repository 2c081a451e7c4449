//! The recorder's core as a Python object.

use packet_plane_core::codec::CodecName;
use packet_plane_recording as recording;
use packet_plane_recording::Finding;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Segment>()?;
    module.add_class::<Gap>()?;
    module.add_class::<Segmenter>()
}

#[pyclass(frozen, skip_from_py_object, get_all, module = "packet_plane")]
pub struct Segment {
    label: Py<PyBytes>,
    codec: &'static str,
    start_us: u64,
    end_us: u64,
    width: Option<u16>,
    height: Option<u16>,
    data: Py<PyBytes>,
    lost: Vec<(u64, u64)>,
}

#[pyclass(frozen, skip_from_py_object, get_all, module = "packet_plane")]
pub struct Gap {
    label: Py<PyBytes>,
    start_us: u64,
    end_us: u64,
    reason: String,
}

/// Used by one thread.
#[pyclass(module = "packet_plane")]
pub struct Segmenter(recording::Segmenter);

#[pymethods]
impl Segmenter {
    #[new]
    fn new() -> Self {
        Segmenter(recording::Segmenter::default())
    }

    fn push(&mut self, py: Python<'_>, data: &[u8]) -> PyResult<Vec<Py<PyAny>>> {
        let pushed = py.detach(|| self.0.push(data));
        pushed.map_err(|error| PyValueError::new_err(error.to_string()))?;
        self.findings(py)
    }

    fn handle_timeout(&mut self, py: Python<'_>, now_us: u64) -> PyResult<Vec<Py<PyAny>>> {
        py.detach(|| self.0.handle_timeout(now_us));
        self.findings(py)
    }

    fn finish(&mut self, py: Python<'_>) -> PyResult<Vec<Py<PyAny>>> {
        py.detach(|| self.0.finish());
        self.findings(py)
    }

    #[getter]
    fn tracks(&self) -> usize {
        self.0.tracks()
    }

    #[getter]
    fn records_lost(&self) -> u64 {
        self.0.records_lost
    }

    #[getter]
    fn packets_malformed(&self) -> u64 {
        self.0.packets_malformed()
    }
}

impl Segmenter {
    fn findings(&mut self, py: Python<'_>) -> PyResult<Vec<Py<PyAny>>> {
        std::iter::from_fn(|| self.0.poll())
            .map(|finding| convert(py, finding))
            .collect()
    }
}

fn convert(py: Python<'_>, finding: Finding) -> PyResult<Py<PyAny>> {
    Ok(match finding {
        Finding::Segment(of) => {
            let segment = Segment {
                label: PyBytes::new(py, &of.label).unbind(),
                codec: name(of.codec),
                start_us: of.start_us,
                end_us: of.end_us,
                width: of.size.map(|(width, _)| width),
                height: of.size.map(|(_, height)| height),
                data: PyBytes::new(py, &of.data).unbind(),
                lost: of.lost,
            };
            Py::new(py, segment)?.into_any()
        }
        Finding::Gap(of) => {
            let gap = Gap {
                label: PyBytes::new(py, &of.label).unbind(),
                start_us: of.start_us,
                end_us: of.end_us,
                reason: of.reason,
            };
            Py::new(py, gap)?.into_any()
        }
    })
}

fn name(codec: CodecName) -> &'static str {
    match codec {
        CodecName::Opus | CodecName::Red => "opus",
        CodecName::Vp8 => "vp8",
        CodecName::Vp9 => "vp9",
        CodecName::H264 => "h264",
        CodecName::H265 => "h265",
        CodecName::Av1 => "av1",
    }
}
