//! A plane and its clients, with a path of two links to each, stepped through virtual time.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::time::Duration;

use packet_plane_core::Plane;
use packet_plane_core::command::Command;
use packet_plane_core::demux::{DatagramKind, classify};
use packet_plane_core::quantities::Instant;
use packet_plane_core::transmit::TransmitBatch;
use packet_plane_netem::{Conditions, Link};

use crate::client::Client;

/// Time goes on by so much at once.
pub const STEP: Duration = Duration::from_millis(1);
const SOUND_EVERY_MS: u64 = 20;
const PICTURE_EVERY_MS: u64 = 33;
const FEEDBACK_EVERY_MS: u64 = 10;
const PROOF_EVERY_MS: u64 = 100;

struct Path {
    up: Link<Vec<u8>>,
    down: Link<Vec<u8>>,
}

pub struct World {
    pub plane: Plane,
    seed: u64,
    clients: Vec<Client>,
    paths: Vec<Path>,
    now: Duration,
    /// Digest of the datagram by receiver, SSRC and sequence number.
    sent: BTreeMap<(SocketAddr, u32, u16), u64>,
    transcript: DefaultHasher,
}

impl World {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        World {
            plane: Plane::default(),
            seed,
            clients: Vec::new(),
            paths: Vec::new(),
            now: Duration::from_secs(1),
            sent: BTreeMap::new(),
            transcript: DefaultHasher::new(),
        }
    }

    /// Let a client be there, over a path of its own.
    pub fn add(&mut self, client: Client, conditions: Conditions) {
        let seed = self.seed * 1_000 + client.id;
        self.paths.push(Path {
            up: Link::new(seed, conditions),
            down: Link::new(seed + 500, conditions),
        });
        self.clients.push(client);
    }

    #[must_use]
    pub fn clients(&self) -> &[Client] {
        &self.clients
    }

    pub fn client(&mut self, at: usize) -> &mut Client {
        &mut self.clients[at]
    }

    /// Let the path of one client, counted from zero, be another.
    pub fn set_path(&mut self, client: usize, conditions: Conditions) {
        let path = &mut self.paths[client];
        path.up.set_conditions(conditions);
        path.down.set_conditions(conditions);
        self.clients[client].round_trip = conditions.delay * 2;
    }

    /// Let only what comes down to a client travel otherwise.
    pub fn set_down(&mut self, client: usize, conditions: Conditions) {
        self.paths[client].down.set_conditions(conditions);
    }

    pub fn command(&mut self, command: Command) {
        let now = self.instant();
        self.plane.handle_command(now, command);
    }

    #[must_use]
    pub fn now(&self) -> Duration {
        self.now
    }

    #[must_use]
    pub fn instant(&self) -> Instant {
        Instant(self.now.as_micros() as u64)
    }

    /// Let everybody do what is due, and time go on.
    pub fn step(&mut self, is_sending: bool) {
        let ms = self.now.as_millis() as u64;
        for at in 0..self.clients.len() {
            self.client_sends(at, ms, is_sending);
        }
        let now = self.instant();
        for (client, path) in self.clients.iter().zip(&mut self.paths) {
            while let Some(datagram) = path.up.poll(self.now) {
                self.plane.handle_datagram(now, client.address, &datagram);
            }
        }
        self.plane.handle_timeout(now);
        self.deliver(now);
        self.now += STEP;
    }

    fn client_sends(&mut self, at: usize, ms: u64, is_sending: bool) {
        let now = self.instant();
        let (client, path) = (&mut self.clients[at], &mut self.paths[at]);
        let mut datagrams = Vec::new();
        if ms % PROOF_EVERY_MS == 0 {
            datagrams.push(client.proof());
        }
        if is_sending && ms % PICTURE_EVERY_MS == 0 {
            datagrams.extend(client.picture(now));
        }
        if is_sending && ms % SOUND_EVERY_MS == 0 {
            datagrams.extend(client.sound());
        }
        if ms % FEEDBACK_EVERY_MS == 0 {
            datagrams.extend(client.feedback(now));
        }
        while let Some(datagram) = path.down.poll(self.now) {
            datagrams.extend(client.handle_datagram(now, &datagram));
        }
        for datagram in datagrams {
            path.up.send(self.now, datagram.len(), datagram);
        }
    }

    fn deliver(&mut self, now: Instant) {
        let mut batch = TransmitBatch::default();
        while self.plane.poll_transmit(now, &mut batch) {
            for (destination, bytes) in batch.datagrams() {
                note(&mut self.sent, &mut self.transcript, destination, bytes);
                let to = self
                    .clients
                    .iter()
                    .position(|client| client.address == destination);
                let to = to.expect("the plane sends to nobody else");
                self.paths[to].down.send(self.now, bytes.len(), bytes.to_vec());
            }
            batch.clear();
        }
    }

    #[must_use]
    pub fn lost(&self) -> u64 {
        self.paths.iter().map(|path| path.up.lost + path.down.lost).sum()
    }

    /// A digest of all that the plane sent, in order.
    #[must_use]
    pub fn transcript(&self) -> u64 {
        self.transcript.finish()
    }
}

/// A number of one stream under one key is given to one ciphertext only.
fn note(
    sent: &mut BTreeMap<(SocketAddr, u32, u16), u64>,
    transcript: &mut DefaultHasher,
    destination: SocketAddr,
    bytes: &[u8],
) {
    (destination, bytes).hash(transcript);
    if classify(bytes) != Some(DatagramKind::Rtp) {
        return;
    }
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let ssrc = u32::from_be_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
    let number = u16::from_be_bytes([bytes[2], bytes[3]]);
    let digest = hasher.finish();
    let before = *sent.entry((destination, ssrc, number)).or_insert(digest);
    assert_eq!(
        before, digest,
        "one nonce for two packets: {destination} {ssrc:#x} {number}"
    );
}
