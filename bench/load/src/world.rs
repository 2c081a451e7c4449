//! All clients of one server: they join by meetings, are tended while nothing is measured, and leave.

use std::os::fd::AsRawFd;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use packet_plane_core::codec::MediaKind;
use packet_plane_core::quantities::Instant;
use serde::Deserialize;

use crate::ice::random_text;
use crate::ideal::Ideal;
use crate::peer::Peer;
use crate::poll::Poll;
use crate::receive::Batch;
use crate::signaling::{Janus, Member, Parley, Role};
use crate::tally::Tally;

const URGENT_INTERVAL: Duration = Duration::from_millis(100);
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Consent is shown three times while it lasts.
const TEND_INTERVAL: Duration = Duration::from_secs(4);

/// Clients that do the same in a meeting.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RolePlan {
    pub count: usize,
    pub audio: bool,
    pub video: bool,
    pub layers: usize,
    pub audio_slots: usize,
    pub video_slots: usize,
    /// Whether arrivals are reported packet by packet; without, a server cannot estimate the path.
    pub feedback: bool,
}

impl Default for RolePlan {
    fn default() -> Self {
        RolePlan {
            count: 1,
            audio: false,
            video: false,
            layers: 1,
            audio_slots: 0,
            video_slots: 0,
            feedback: true,
        }
    }
}

impl RolePlan {
    pub fn role(&self) -> Role {
        Role {
            sends_audio: self.audio,
            sends_video: self.video,
            layers: self.layers,
            audio_slots: self.audio_slots,
            video_slots: self.video_slots,
            feedback: self.feedback,
        }
    }
}

/// Meetings of one kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shape {
    pub meetings: usize,
    pub roles: Vec<RolePlan>,
    #[serde(default = "eight")]
    pub at_once: usize,
}

fn eight() -> usize {
    8
}

impl Shape {
    /// Every client to be, with its meeting; who sends comes first.
    fn seats(&self) -> Vec<(usize, Role)> {
        let mut seats = Vec::new();
        for meeting in 0..self.meetings {
            for plan in &self.roles {
                seats.extend((0..plan.count).map(|_| (meeting, plan.role())));
            }
        }
        seats.sort_by_key(|(_, role)| !role.sends());
        seats
    }

    /// How many clients receive a packet of this kind; `None` when their slots are too few for all.
    pub fn fan_out(&self, kind: MediaKind, sender_receives: bool) -> Option<u64> {
        let is_video = kind == MediaKind::Video;
        let slots = |plan: &RolePlan| {
            if is_video {
                plan.video_slots
            } else {
                plan.audio_slots
            }
        };
        let sends = |plan: &RolePlan| if is_video { plan.video } else { plan.audio };
        let senders: usize = self
            .roles
            .iter()
            .filter(|plan| sends(plan))
            .map(|plan| plan.count)
            .sum();
        let receivers = self.roles.iter().filter(|plan| slots(plan) > 0);
        let has_room = |plan: &RolePlan| slots(plan) + usize::from(sends(plan)) >= senders;
        let total: usize = receivers.clone().map(|plan| plan.count).sum();
        let is_known = receivers.clone().all(has_room);
        is_known.then_some((total - usize::from(sender_receives)) as u64)
    }
}

pub enum Server {
    Parley(Parley),
    Janus(Janus),
    Ideal(Ideal),
}

pub struct World {
    pub shape: Shape,
    pub server: Server,
    pub members: Vec<Member>,
    pub peers: Vec<Peer>,
    poll: Poll,
    batch: Batch,
    started: std::time::Instant,
    urgent: Rounds,
    reports: Rounds,
    checks: Rounds,
}

/// Serves all clients once per interval, a few at a time.
struct Rounds {
    interval: Duration,
    served: u64,
}

impl Rounds {
    fn new(interval: Duration) -> Self {
        Rounds {
            interval,
            served: 0,
        }
    }

    /// The clients whose turn it is.
    fn due(&mut self, now: Instant, clients: usize) -> impl Iterator<Item = usize> {
        let wanted = (now.micros() as u128 * clients as u128 / self.interval.as_micros()) as u64;
        let from = self.served.max(wanted.saturating_sub(clients as u64));
        self.served = wanted;
        (from..wanted).map(move |turn| (turn % clients as u64) as usize)
    }
}

impl World {
    /// Let everybody in.
    ///
    /// # Errors
    /// The first failure of a client.
    pub fn open(server: Server, shape: Shape) -> Result<Self, String> {
        let (members, peers) = match &server {
            Server::Parley(parley) => (join_parley(parley, &shape)?, Vec::new()),
            Server::Janus(janus) => (join_janus(janus, &shape)?, Vec::new()),
            Server::Ideal(_) => (Vec::new(), Vec::new()),
        };
        let mut world = World {
            server,
            members,
            peers,
            shape,
            poll: Poll::new()?,
            batch: Batch::default(),
            started: std::time::Instant::now(),
            urgent: Rounds::new(URGENT_INTERVAL),
            reports: Rounds::new(REPORT_INTERVAL),
            checks: Rounds::new(TEND_INTERVAL),
        };
        let own: Vec<Peer> = world
            .members
            .iter_mut()
            .flat_map(|member| member.peers.drain(..))
            .collect();
        world.peers.extend(own);
        if let Server::Ideal(ideal) = &mut world.server {
            world.peers = ideal.connect(&world.shape)?;
        }
        for (at, peer) in world.peers.iter().enumerate() {
            world.poll.add(peer.socket.as_raw_fd(), at as u64)?;
        }
        Ok(world)
    }

    /// Time since the start, and one second: zero means "never".
    pub fn now(&self) -> Instant {
        Instant(self.started.elapsed().as_micros() as u64 + 1_000_000)
    }

    /// Wait for packets and take them; returns whether there were any.
    pub fn receive(&mut self, wait: Duration, tally: &mut Tally) -> bool {
        let ready = self.poll.wait(wait);
        for at in ready {
            let now = Instant(self.started.elapsed().as_micros() as u64 + 1_000_000);
            self.peers[*at as usize].take_all(now, &mut self.batch, tally);
        }
        !ready.is_empty()
    }

    /// Whatever clients do by the clock.
    pub fn tend(&mut self) {
        let now = self.now();
        let clients = self.peers.len();
        if clients == 0 {
            return;
        }
        for at in self.urgent.due(now, clients) {
            self.peers[at].send_urgent_feedback(now);
        }
        for at in self.reports.due(now, clients) {
            self.peers[at].send_reports(now);
            if let Some(member) = self.members.get_mut(at) {
                member.socket.drain();
            }
        }
        for at in self.checks.due(now, clients) {
            self.peers[at].send_check();
        }
    }

    /// Say what has come. Nobody tends these clients while others are measured: whoever has left what it was sent
    /// without an answer is then taken for away, gets no pictures, and has them again from a keyframe of the next run on.
    pub fn report_all(&mut self) {
        let now = self.now();
        for peer in &mut self.peers {
            peer.send_urgent_feedback(now);
            peer.send_reports(now);
        }
    }

    /// Let everybody go.
    pub fn close(&mut self) {
        let at_once = self.shape.at_once;
        let members: Vec<Mutex<Member>> = self.members.drain(..).map(Mutex::new).collect();
        // Leaving cannot fail in a way that matters.
        let _ = in_parallel(members.len(), at_once, |at| {
            let mut member = members[at].lock().map_err(|_| "a thread failed")?;
            let farewell = std::mem::take(&mut member.farewell);
            member.socket.leave(&farewell);
            Ok(())
        });
        self.peers.clear();
    }
}

fn join_parley(parley: &Parley, shape: &Shape) -> Result<Vec<Member>, String> {
    let seats = shape.seats();
    let meetings: Vec<String> = (0..shape.meetings)
        .map(|_| format!("mtg_{}", random_text(26)))
        .collect();
    in_parallel(seats.len(), shape.at_once, |at| {
        let (meeting, role) = &seats[at];
        parley.join((*meeting, &meetings[*meeting]), role)
    })
}

fn join_janus(janus: &Janus, shape: &Shape) -> Result<Vec<Member>, String> {
    let seats = shape.seats();
    let base = u64::from(crate::peer::random_ssrc()) << 8;
    for meeting in 0..shape.meetings as u64 {
        janus.create_room(base + meeting)?;
    }
    let joined = in_parallel(seats.len(), shape.at_once, |at| {
        let (meeting, role) = &seats[at];
        janus.join((*meeting, base + *meeting as u64), role)
    })?;
    let mut feeds = vec![Vec::new(); shape.meetings];
    for one in &joined {
        feeds[one.member.meeting].extend(one.feed);
    }
    let waiting: Vec<_> = joined
        .into_iter()
        .map(|one| Mutex::new(Some(one)))
        .collect();
    in_parallel(seats.len(), shape.at_once, |at| {
        let taken = waiting[at].lock().map_err(|_| "a thread failed")?.take();
        let mut one = taken.ok_or("joined twice")?;
        if seats[at].1.receives() {
            one.subscribe(&feeds[one.member.meeting])?;
        }
        one.member.socket.rest();
        Ok(one.member)
    })
}

/// Do something for each number on a few threads; results in order.
///
/// # Errors
/// The first failure; the others still end.
pub fn in_parallel<T: Send>(
    count: usize,
    threads: usize,
    each: impl Fn(usize) -> Result<T, String> + Sync,
) -> Result<Vec<T>, String> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        return;
                    }
                    let outcome = each(at);
                    if let Ok(mut done) = done.lock() {
                        done.push((at, outcome));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().map_err(|_| "a thread failed")?;
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;
    use crate::ice::{Agent, Credentials};

    /// Packet type of a receiver report (RFC 3550 section 6.4.2), which SRTCP leaves readable.
    const RECEIVER_REPORT: u8 = 201;

    #[test]
    fn everybody_reports_before_others_are_measured() {
        let shape = Shape {
            meetings: 1,
            roles: vec![RolePlan {
                count: 3,
                ..RolePlan::default()
            }],
            at_once: 1,
        };
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        server
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut world = World::open(Server::Ideal(Ideal::new(None)), shape).unwrap();
        for peer in &mut world.peers {
            let (own, other) = (Credentials::random(), Credentials::random());
            peer.agent = Some(Agent::new(&own, &other));
            peer.remote = server.local_addr().unwrap();
        }
        world.report_all();
        let mut heard = std::collections::BTreeSet::new();
        let mut bytes = [0u8; 1_500];
        while heard.len() < world.peers.len() {
            let (_, from) = server.recv_from(&mut bytes).expect("a report of everybody");
            assert_eq!(bytes[1], RECEIVER_REPORT);
            heard.insert(from);
        }
    }
}
