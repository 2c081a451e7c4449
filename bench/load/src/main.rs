//! A load generator that is told what to do line by line: one JSON command in, one JSON answer out.
//!
//! It joins servers as real clients do and keeps several worlds of clients at a time, so that rounds of
//! one load can alternate between servers. `bench/_harness` starts the servers and speaks to it.

mod fan;
mod feedback;
mod handshake;
mod ice;
mod ideal;
mod incoming;
mod outgoing;
mod peer;
mod poll;
mod process;
mod receive;
mod run;
mod sdp;
mod signaling;
mod tally;
mod token;
mod world;

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use process::CpuTime;
use run::{Lockstep, Paced};
use tally::Tally;
use token::Issuer;
use world::{Server, Shape, World};

/// Idle clients are looked after this often.
const IDLE: Duration = Duration::from_millis(100);

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Command {
    /// Let clients in.
    Open {
        world: String,
        target: Target,
        shape: Shape,
    },
    Lockstep {
        world: String,
        #[serde(flatten)]
        load: Lockstep,
    },
    Paced {
        world: String,
        #[serde(flatten)]
        load: Paced,
    },
    /// Let all clients go.
    Close { world: String },
    /// CPU time and memory of a world's server.
    Measure { world: String },
}

#[derive(Clone, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
enum Target {
    Parley {
        url: String,
        pid: i32,
        key: String,
        key_id: String,
        node: String,
    },
    Janus {
        url: String,
        pid: i32,
    },
    Ideal {
        core: Option<usize>,
    },
}

impl Target {
    fn server(&self) -> Result<Server, String> {
        Ok(match self {
            Target::Parley {
                url,
                key,
                key_id,
                node,
                ..
            } => {
                let key = std::fs::read(key).map_err(|error| format!("{key}: {error}"))?;
                Server::Parley(signaling::Parley {
                    url: url.clone(),
                    issuer: Issuer::new(&key, key_id, node)?,
                })
            }
            Target::Janus { url, .. } => Server::Janus(signaling::Janus { url: url.clone() }),
            Target::Ideal { core } => Server::Ideal(ideal::Ideal::new(*core)),
        })
    }

    fn pid(&self) -> Option<i32> {
        match self {
            Target::Parley { pid, .. } | Target::Janus { pid, .. } => Some(*pid),
            Target::Ideal { .. } => None,
        }
    }
}

struct Hosted {
    world: World,
    pid: Option<i32>,
}

impl Hosted {
    fn cpu_time(&self) -> CpuTime {
        match (&self.world.server, self.pid) {
            (Server::Ideal(ideal), _) => ideal.cpu_time(),
            (_, Some(pid)) => CpuTime::of(pid),
            _ => CpuTime::default(),
        }
    }
}

#[derive(Default)]
struct Engine {
    worlds: BTreeMap<String, Hosted>,
}

impl Engine {
    fn carry_out(&mut self, line: &str) -> Result<Value, String> {
        match serde_json::from_str(line).map_err(|error| error.to_string())? {
            Command::Open {
                world,
                target,
                shape,
            } => self.open(world, &target, shape),
            Command::Lockstep { world, load } => {
                self.measured(&world, |world| world.run_lockstep(&load))
            }
            Command::Paced { world, load } => self.measured(&world, |world| world.run_paced(&load)),
            Command::Close { world } => {
                let found = self.measured(&world, |world| {
                    world.close();
                    Ok(json!({}))
                });
                self.worlds.remove(&world);
                found
            }
            Command::Measure { world } => self.measured(&world, |_| Ok(json!({}))),
        }
    }

    fn open(&mut self, name: String, target: &Target, shape: Shape) -> Result<Value, String> {
        let before = target.pid().map(CpuTime::of).unwrap_or_default();
        let started = Instant::now();
        let server = target.server()?;
        // Whoever is in already shows that it is still there while others come.
        let world = std::thread::scope(|scope| {
            let opening = scope.spawn(|| World::open(server, shape));
            while !opening.is_finished() {
                self.idle();
                std::thread::sleep(IDLE);
            }
            opening
                .join()
                .unwrap_or_else(|_| Err("a joining thread failed".into()))
        })?;
        let wall_s = started.elapsed().as_secs_f64();
        let pid = target.pid();
        let after = pid.map(CpuTime::of).unwrap_or_default();
        let found = json!({
            "members": world.members.len(), "connections": world.peers.len(), "wallS": wall_s,
            "cpu": after.since(&before), "residentBytes": pid.map(process::resident_bytes),
        });
        self.worlds.insert(name, Hosted { world, pid });
        Ok(found)
    }

    fn measured(
        &mut self,
        name: &str,
        run: impl FnOnce(&mut World) -> Result<Value, String>,
    ) -> Result<Value, String> {
        let hosted = self
            .worlds
            .get_mut(name)
            .ok_or_else(|| format!("no world {name}"))?;
        let before = hosted.cpu_time();
        let started = Instant::now();
        let mut found = run(&mut hosted.world)?;
        found["wallS"] = json!(started.elapsed().as_secs_f64());
        found["cpu"] = hosted.cpu_time().since(&before);
        found["residentBytes"] = json!(hosted.pid.map(process::resident_bytes));
        Ok(found)
    }

    fn idle(&mut self) {
        for hosted in self.worlds.values_mut() {
            hosted.world.receive(Duration::ZERO, &mut Tally::default());
            hosted.world.tend();
        }
    }
}

fn main() {
    let (sender, commands) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let mut engine = Engine::default();
    loop {
        match commands.recv_timeout(IDLE) {
            Ok(line) => {
                let answer = engine
                    .carry_out(&line)
                    .unwrap_or_else(|error| json!({"error": error}));
                let mut out = std::io::stdout().lock();
                // Whoever asked has gone if this fails; then the input ends as well.
                let _ = writeln!(out, "{answer}").and_then(|()| out.flush());
            }
            Err(RecvTimeoutError::Timeout) => engine.idle(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
