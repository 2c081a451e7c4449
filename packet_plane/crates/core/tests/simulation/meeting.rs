//! A plane and its clients, with a path of two links to each, stepped through virtual time.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::time::Duration;

use packet_plane_core::Plane;
use packet_plane_core::command::Command;
use packet_plane_core::demux::{DatagramKind, classify};
use packet_plane_core::layer_selector::LayerTarget;
use packet_plane_core::quantities::{Instant, TransportId};
use packet_plane_core::transmit::TransmitBatch;
use packet_plane_netem::{Conditions, Link, Random};

use crate::client::{Client, camera_of, microphone_of, slot_of};

const STEP: Duration = Duration::from_millis(1);
const SOUND_EVERY_MS: u64 = 20;
const PICTURE_EVERY_MS: u64 = 33;
const FEEDBACK_EVERY_MS: u64 = 10;
const PROOF_EVERY_MS: u64 = 100;
const COMMAND_EVERY_MS: u64 = 70;
/// What is under way or missing when nobody sends any more arrives or is given up by then.
const QUIET: Duration = Duration::from_millis(1_500);

/// What happens besides the media.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Commands {
    None,
    Layers,
    All,
}

struct Path {
    up: Link<Vec<u8>>,
    down: Link<Vec<u8>>,
}

/// A video slot after a run.
#[derive(Debug)]
pub struct VideoView {
    pub packets: u64,
    /// Numbers between the first and the last that never came.
    pub missing: u64,
    /// Clients seen in the slot that should not have been.
    pub wrong_track: usize,
}

pub struct Meeting {
    plane: Plane,
    clients: Vec<Client>,
    paths: Vec<Path>,
    now: Duration,
    random: Random,
    pub commands: u64,
    /// Digest of the datagram by receiver, SSRC and sequence number.
    sent: BTreeMap<(SocketAddr, u32, u16), u64>,
    transcript: DefaultHasher,
}

impl Meeting {
    /// `size` clients that all publish, each with a video slot for every other.
    pub fn new(seed: u64, size: u64, conditions: Conditions) -> Self {
        let clients: Vec<Client> = (1..=size).map(|id| Client::new(id, size - 1)).collect();
        let path = |client: &Client| Path {
            up: Link::new(seed * 1_000 + client.id, conditions),
            down: Link::new(seed * 1_000 + 500 + client.id, conditions),
        };
        let mut meeting = Meeting {
            plane: Plane::default(),
            paths: clients.iter().map(path).collect(),
            clients,
            now: Duration::from_secs(1),
            random: Random::new(seed),
            commands: 0,
            sent: BTreeMap::new(),
            transcript: DefaultHasher::new(),
        };
        let joins: Vec<Command> = meeting.clients.iter().flat_map(Client::join_commands).collect();
        joins.into_iter().for_each(|command| meeting.command(command));
        meeting.settle();
        meeting
    }

    /// Let every slot carry the camera that is its own by number, and nobody be muted.
    pub fn settle(&mut self) {
        let ids: Vec<u64> = self.clients.iter().map(|client| client.id).collect();
        for viewer in &ids {
            self.command(self.clients[*viewer as usize - 1].camera_command());
            for track in [camera_of(*viewer), microphone_of(*viewer)] {
                self.command(Command::SetTrackMuted { track, muted: false });
            }
        }
        for viewer in &ids {
            for (number, publisher) in ids.iter().filter(|id| *id != viewer).enumerate() {
                let slot = slot_of(*viewer, number as u64);
                let target = Some(LayerTarget::HIGHEST);
                self.command(Command::SelectLayer { slot, target });
                self.command(Command::AssignSlot {
                    slot,
                    track: Some(camera_of(*publisher)),
                });
            }
        }
    }

    /// Let the path of one client, counted from zero, be another.
    pub fn set_path(&mut self, client: usize, conditions: Conditions) {
        let path = &mut self.paths[client];
        path.up.set_conditions(conditions);
        path.down.set_conditions(conditions);
        self.clients[client].round_trip = conditions.delay * 2;
    }

    /// Of the pictures of each of a client's slots, which could be shown.
    pub fn shown_to(&self, client: usize) -> Vec<Vec<bool>> {
        self.clients[client].shown()
    }

    fn command(&mut self, command: Command) {
        let now = self.instant();
        self.plane.handle_command(now, command);
    }

    fn instant(&self) -> Instant {
        Instant(self.now.as_micros() as u64)
    }

    pub fn run(&mut self, duration: Duration) {
        self.run_until(self.now + duration, Commands::None);
    }

    /// As `run`, with a command of any kind every now and then.
    pub fn run_with_commands(&mut self, duration: Duration) {
        self.run_until(self.now + duration, Commands::All);
    }

    /// As `run`, while slots are told to carry other layers, or none, all the time.
    pub fn run_with_layer_changes(&mut self, duration: Duration) {
        self.run_until(self.now + duration, Commands::Layers);
    }

    fn run_until(&mut self, end: Duration, commands: Commands) {
        while self.now < end + QUIET {
            self.step(self.now < end, commands);
            self.now += STEP;
        }
    }

    fn step(&mut self, is_sending: bool, commands: Commands) {
        let ms = self.now.as_millis() as u64;
        for at in 0..self.clients.len() {
            self.client_sends(at, ms, is_sending);
        }
        if is_sending && commands != Commands::None && ms % COMMAND_EVERY_MS == 0 {
            self.random_command(commands);
        }
        let now = self.instant();
        for (client, path) in self.clients.iter().zip(&mut self.paths) {
            while let Some(datagram) = path.up.poll(self.now) {
                self.plane.handle_datagram(now, client.address, &datagram);
            }
        }
        self.plane.handle_timeout(now);
        while self.plane.poll_event().is_some() {}
        self.deliver(now);
    }

    fn client_sends(&mut self, at: usize, ms: u64, is_sending: bool) {
        let now = self.instant();
        let (client, path) = (&mut self.clients[at], &mut self.paths[at]);
        let mut datagrams = Vec::new();
        if ms % PROOF_EVERY_MS == 0 {
            datagrams.push(client.proof());
        }
        if is_sending && ms % PICTURE_EVERY_MS == 0 {
            datagrams.extend(client.picture());
        }
        if is_sending && ms % SOUND_EVERY_MS == 0 {
            datagrams.push(client.sound());
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

    fn random_command(&mut self, commands: Commands) {
        self.commands += 1;
        let size = self.clients.len() as u64;
        let (one, other) = (1 + self.random.below(size), 1 + self.random.below(size));
        let slot = slot_of(one, self.random.below(size - 1));
        let muted = self.random.below(2) == 0;
        let choice = match commands {
            Commands::Layers => 8 + self.random.below(3),
            _ => self.random.below(11),
        };
        let command = match choice {
            8..=9 => Command::SelectLayer {
                slot,
                target: Some(LayerTarget {
                    spatial: self.random.below(3) as u8,
                    temporal: self.random.below(3) as u8,
                }),
            },
            10 => Command::SelectLayer { slot, target: None },
            0..=2 => Command::AssignSlot {
                slot,
                track: Some(camera_of(other)),
            },
            3 => Command::AssignSlot { slot, track: None },
            4 => Command::SetTrackMuted {
                track: camera_of(other),
                muted,
            },
            5 => Command::SetTrackMuted {
                track: microphone_of(other),
                muted,
            },
            6 => Command::RemoveTrack {
                track: camera_of(other),
            },
            // Whatever was removed comes back; for one that is there it does nothing.
            _ => self.clients[other as usize - 1].camera_command(),
        };
        self.command(command);
    }

    pub fn video_views(&self) -> Vec<VideoView> {
        let of_client = |client: &Client| {
            let others: Vec<u8> = (1..=self.clients.len() as u8)
                .filter(|id| u64::from(*id) != client.id)
                .collect();
            let view = |((packets, missing, publishers), expected): ((u64, u64, Vec<u8>), u8)| VideoView {
                packets,
                missing,
                wrong_track: publishers.iter().filter(|seen| **seen != expected).count(),
            };
            client.views().zip(others).map(view).collect::<Vec<_>>()
        };
        self.clients.iter().flat_map(of_client).collect()
    }

    pub fn packets_of_views(&self) -> Vec<u64> {
        self.video_views().iter().map(|view| view.packets).collect()
    }

    pub fn audio_packets(&self) -> Vec<u64> {
        self.clients.iter().map(|client| client.audio_packets).collect()
    }

    pub fn lost(&self) -> u64 {
        self.paths.iter().map(|path| path.up.lost + path.down.lost).sum()
    }

    /// A digest of all that the plane sent, in order.
    pub fn transcript(&self) -> u64 {
        self.transcript.finish()
    }
}

impl Drop for Meeting {
    fn drop(&mut self) {
        for id in self.clients.iter().map(|client| client.id) {
            let transport = TransportId(id);
            self.plane
                .handle_command(Instant(0), Command::RemoveTransport { transport });
        }
        if !std::thread::panicking() {
            let left = self.plane.snapshot();
            assert!(left.transports.is_empty() && left.tracks.is_empty() && left.slots.is_empty());
        }
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
