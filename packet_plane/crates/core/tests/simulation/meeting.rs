//! A meeting whose slots are told what to carry by the test, or by chance.

use std::time::Duration;

use packet_plane_clients::{Client, World, camera_of, microphone_of, slot_of};
use packet_plane_core::command::Command;
use packet_plane_core::layer_selector::LayerTarget;
use packet_plane_core::quantities::{Instant, TransportId};
use packet_plane_netem::{Conditions, Random};

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
    world: World,
    random: Random,
    pub commands: u64,
}

impl Meeting {
    /// `size` clients that all publish, each with a video slot for every other.
    pub fn new(seed: u64, size: u64, conditions: Conditions) -> Self {
        let mut meeting = Meeting {
            world: World::new(seed),
            random: Random::new(seed),
            commands: 0,
        };
        for id in 1..=size {
            let client = Client::new(id, size - 1);
            let joins = client.join_commands();
            joins
                .into_iter()
                .for_each(|command| meeting.world.command(command));
            meeting.world.add(client, conditions);
        }
        meeting.settle();
        meeting
    }

    /// Let every slot carry the camera that is its own by number, and nobody be muted.
    pub fn settle(&mut self) {
        let ids: Vec<u64> = self.world.clients().iter().map(|client| client.id).collect();
        for viewer in &ids {
            self.world
                .command(self.world.clients()[*viewer as usize - 1].camera_command());
            for track in [camera_of(*viewer), microphone_of(*viewer)] {
                self.world.command(Command::SetTrackMuted { track, muted: false });
            }
        }
        for viewer in &ids {
            for (number, publisher) in ids.iter().filter(|id| *id != viewer).enumerate() {
                let slot = slot_of(*viewer, number as u64);
                let target = Some(LayerTarget::HIGHEST);
                self.world.command(Command::SelectLayer { slot, target });
                self.world.command(Command::AssignSlot {
                    slot,
                    track: Some(camera_of(*publisher)),
                });
            }
        }
    }

    /// Let the path of one client, counted from zero, be another.
    pub fn set_path(&mut self, client: usize, conditions: Conditions) {
        self.world.set_path(client, conditions);
    }

    /// Of the pictures of each of a client's slots, which could be shown.
    pub fn shown_to(&self, client: usize) -> Vec<Vec<bool>> {
        self.world.clients()[client].shown()
    }

    pub fn run(&mut self, duration: Duration) {
        self.run_until(duration, Commands::None);
    }

    /// As `run`, with a command of any kind every now and then.
    pub fn run_with_commands(&mut self, duration: Duration) {
        self.run_until(duration, Commands::All);
    }

    /// As `run`, while slots are told to carry other layers, or none, all the time.
    pub fn run_with_layer_changes(&mut self, duration: Duration) {
        self.run_until(duration, Commands::Layers);
    }

    fn run_until(&mut self, duration: Duration, commands: Commands) {
        let end = self.world.now() + duration;
        while self.world.now() < end + QUIET {
            let (is_sending, ms) = (self.world.now() < end, self.world.now().as_millis() as u64);
            if is_sending && commands != Commands::None && ms % COMMAND_EVERY_MS == 0 {
                self.random_command(commands);
            }
            self.world.step(is_sending);
            while self.world.plane.poll_event().is_some() {}
        }
    }

    fn random_command(&mut self, commands: Commands) {
        self.commands += 1;
        let size = self.world.clients().len() as u64;
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
            _ => self.world.clients()[other as usize - 1].camera_command(),
        };
        self.world.command(command);
    }

    pub fn video_views(&self) -> Vec<VideoView> {
        let of_client = |client: &Client| {
            let others: Vec<u8> = (1..=self.world.clients().len() as u8)
                .filter(|id| u64::from(*id) != client.id)
                .collect();
            let view = |((packets, missing, publishers), expected): ((u64, u64, Vec<u8>), u8)| VideoView {
                packets,
                missing,
                wrong_track: publishers.iter().filter(|seen| **seen != expected).count(),
            };
            client.views().zip(others).map(view).collect::<Vec<_>>()
        };
        self.world.clients().iter().flat_map(of_client).collect()
    }

    pub fn packets_of_views(&self) -> Vec<u64> {
        self.video_views().iter().map(|view| view.packets).collect()
    }

    pub fn audio_packets(&self) -> Vec<u64> {
        self.world
            .clients()
            .iter()
            .map(|client| client.heard.len() as u64)
            .collect()
    }

    pub fn lost(&self) -> u64 {
        self.world.lost()
    }

    /// A digest of all that the plane sent, in order.
    pub fn transcript(&self) -> u64 {
        self.world.transcript()
    }
}

impl Drop for Meeting {
    fn drop(&mut self) {
        let ids: Vec<u64> = self.world.clients().iter().map(|client| client.id).collect();
        let plane = &mut self.world.plane;
        for transport in ids.into_iter().map(TransportId) {
            plane.handle_command(Instant(0), Command::RemoveTransport { transport });
        }
        if !std::thread::panicking() {
            let left = plane.snapshot();
            assert!(left.transports.is_empty() && left.tracks.is_empty() && left.slots.is_empty());
        }
    }
}
