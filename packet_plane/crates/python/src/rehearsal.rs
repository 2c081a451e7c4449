//! A plane without sockets or a clock, for tests of a node's policy: its clients and their paths are made up, time is what
//! the test says. Built with the feature `rehearsal` alone.

use std::time::Duration;

use packet_plane_clients::{Client, STEP, Sizes, World, audio_ssrc, video_ssrcs};
use packet_plane_core::event::Event;
use packet_plane_core::quantities::Instant;
use packet_plane_core::srtp::SrtpProfile;
use packet_plane_netem::Conditions;
use packet_plane_worker::{WorkerEvent, WorkerSnapshot};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;

use crate::{commands, events, snapshots};

/// What a browser sends at 720p, 360p and 180p, and for a share: 830, 310, 90 and 520 kbit/s of thirty pictures a second.
const SIZES: Sizes = Sizes {
    lens: [125, 430, 1_150, 720],
    packets: 3,
    keyframe_packets: 7,
};

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<VirtualPlane>()
}

/// When something happened, in microseconds, whose it was, and in which size.
type Seen = (u64, u8, u8);
/// Profile, then key and salt of the node and of the client.
type Keys = (&'static str, (Vec<u8>, Vec<u8>), (Vec<u8>, Vec<u8>));

/// One worker's plane, its clients and their paths.
#[pyclass(module = "packet_plane")]
pub struct VirtualPlane {
    world: World,
    told: Vec<Event>,
}

impl VirtualPlane {
    fn client(&self, client: usize) -> PyResult<&Client> {
        let clients = self.world.clients();
        clients
            .get(client)
            .ok_or_else(|| PyIndexError::new_err("no such client"))
    }

    fn change(&mut self, client: usize) -> PyResult<&mut Client> {
        self.client(client)?;
        Ok(self.world.client(client))
    }
}

fn path(delay_ms: u64, rate_bps: Option<u64>) -> Conditions {
    Conditions {
        delay: Duration::from_millis(delay_ms),
        jitter: Duration::from_millis(2),
        keeps_order: true,
        rate_bps,
        ..Conditions::default()
    }
}

#[pymethods]
impl VirtualPlane {
    #[new]
    fn new(seed: u64) -> Self {
        VirtualPlane {
            world: World::new(seed),
            told: Vec::new(),
        }
    }

    /// Microseconds.
    #[getter]
    fn now(&self) -> u64 {
        self.world.now().as_micros() as u64
    }

    fn submit(&mut self, _worker: usize, commands: Vec<Bound<'_, PyAny>>) -> PyResult<()> {
        for command in &commands {
            self.world.command(commands::convert(command)?);
        }
        Ok(())
    }

    fn drain_events(&mut self, py: Python<'_>) -> PyResult<Vec<Py<PyAny>>> {
        std::mem::take(&mut self.told)
            .into_iter()
            .map(|event| events::convert(py, WorkerEvent::Plane(event)))
            .collect()
    }

    fn snapshot(&self, py: Python<'_>) -> PyResult<Vec<Option<snapshots::WorkerSnapshot>>> {
        let taken = WorkerSnapshot {
            plane: self.world.plane.snapshot(),
            ..WorkerSnapshot::default()
        };
        Ok(vec![Some(snapshots::convert(py, taken)?)])
    }

    /// Let time go on until the plane has something to tell, until this moment at most.
    fn advance(&mut self, py: Python<'_>, until: u64) {
        let until = Duration::from_micros(until);
        py.detach(|| {
            while self.told.is_empty() && self.world.now() + STEP <= until {
                self.world.step(true);
                self.told
                    .extend(std::iter::from_fn(|| self.world.plane.poll_event()));
            }
        });
    }

    /// Let another client be there, with so many video slots; returns its number.
    fn add_client(&mut self, video_slots: u64, delay_ms: u64) -> usize {
        let number = self.world.clients().len();
        let mut client = Client::new(number as u64 + 1, video_slots);
        client.set_sizes(SIZES);
        client.speaks = false;
        self.world.add(client, path(delay_ms, None));
        number
    }

    /// Name and password of a client's ICE.
    fn credentials(&self, client: usize) -> PyResult<(String, &'static str)> {
        Ok(self.client(client)?.credentials())
    }

    fn keys(&self, client: usize) -> PyResult<Keys> {
        let (profile, local, remote) = self.client(client)?.keys();
        let name = match profile {
            SrtpProfile::AeadAes128Gcm => "AEAD_AES_128_GCM",
            SrtpProfile::AeadAes256Gcm => "AEAD_AES_256_GCM",
            SrtpProfile::Aes128CmSha1_80 => "AES128_CM_SHA1_80",
        };
        Ok((name, (local.key, local.salt), (remote.key, remote.salt)))
    }

    /// SSRC and RTX SSRC by which all clients know their video slot of this number.
    #[staticmethod]
    fn video_ssrcs(slot: u64) -> (u32, u32) {
        video_ssrcs(slot)
    }

    #[staticmethod]
    fn audio_ssrc(slot: u64) -> u32 {
        audio_ssrc(slot)
    }

    /// Let so much and no more come down to a client from now on.
    #[pyo3(signature = (client, delay_ms, rate_bps = None))]
    fn set_down(&mut self, client: usize, delay_ms: u64, rate_bps: Option<u64>) -> PyResult<()> {
        self.client(client)?;
        self.world.set_down(client, path(delay_ms, rate_bps));
        Ok(())
    }

    fn set_speaks(&mut self, client: usize, speaks: bool) -> PyResult<()> {
        self.change(client)?.speaks = speaks;
        Ok(())
    }

    fn share(&mut self, client: usize) -> PyResult<()> {
        self.change(client)?.share();
        Ok(())
    }

    /// Let a client send these streams of an m-line and no others, the best of them smaller; a share's is named "".
    fn send(&mut self, client: usize, mid: &str, rids: Vec<String>, is_smaller: bool) -> PyResult<()> {
        let is_wanted = |rid: &str| rids.iter().any(|wanted| wanted == rid);
        self.change(client)?.send(mid, is_smaller, is_wanted);
        Ok(())
    }

    /// The pictures that a client's slots showed, its clients numbered as `add_client` did.
    fn pictures(&self, client: usize) -> PyResult<Vec<Seen>> {
        let pictures = self.client(client)?.pictures();
        let seen = |picture: packet_plane_clients::Picture| {
            (picture.at.micros(), picture.publisher - 1, picture.size)
        };
        Ok(pictures.into_iter().map(seen).collect())
    }

    /// When packets of voices were heard, and whose.
    fn heard(&self, client: usize) -> PyResult<Vec<(u64, u8)>> {
        let heard = &self.client(client)?.heard;
        Ok(heard.iter().map(|(at, whose)| (at.micros(), whose - 1)).collect())
    }

    /// When a client sent pictures of a size.
    fn taken(&self, client: usize, size: u8) -> PyResult<Vec<u64>> {
        let taken = self.client(client)?.taken(size);
        Ok(taken.iter().copied().map(Instant::micros).collect())
    }
}
