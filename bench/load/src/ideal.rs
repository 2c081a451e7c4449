//! The ideal loop: receive with GRO, open, and for each viewer copy the header, seal, send with GSO.
//!
//! It knows its publishers beforehand, keeps its system call structures ready, checks nothing but the tag,
//! and has no history, no feedback and no way to change anything: what any forwarder that encrypts per
//! viewer has to do, and no more.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use packet_plane_core::codec::MediaKind;
use packet_plane_core::quantities::ExtendedSequenceNumber;
use packet_plane_core::rtp::RtpHeader;
use packet_plane_core::srtp::{SrtpProfile, SrtpReceiver, SrtpSender, StreamState};
use packet_plane_udp::Socket;

use crate::fan::Fan;
use crate::handshake::Keys;
use crate::incoming::Incoming;
use crate::outgoing::{Outgoing, SentExtensions};
use crate::peer::Peer;
use crate::process::CpuTime;
use crate::receive::{Batch, Joined};
use crate::world::Shape;

const PROFILE: SrtpProfile = SrtpProfile::AeadAes128Gcm;
const MAX_BURST: usize = 32;
const MAX_PACKET_LEN: usize = 1_500;
const MID_ID: u8 = 1;

#[derive(Default)]
struct Shared {
    cpu_ns: AtomicU64,
    is_closing: AtomicBool,
}

/// The running loop.
pub struct Ideal {
    core: Option<usize>,
    shared: Arc<Shared>,
    address: Option<SocketAddr>,
    thread: Option<JoinHandle<()>>,
}

impl Ideal {
    pub fn new(core: Option<usize>) -> Self {
        Ideal {
            core,
            shared: Arc::default(),
            address: None,
            thread: None,
        }
    }

    pub fn cpu_time(&self) -> CpuTime {
        CpuTime::of_total(self.shared.cpu_ns.load(Ordering::Acquire))
    }

    /// Make clients of this shape, with keys that both ends know, and start the loop.
    ///
    /// # Errors
    /// When the system has no port left.
    pub fn connect(&mut self, shape: &Shape) -> Result<Vec<Peer>, String> {
        let socket = Socket::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
            .map_err(|error| error.to_string())?;
        let socket = into_blocking(socket)?;
        let address = socket.local_addr().map_err(|error| error.to_string())?;
        let mut peers = Vec::new();
        let mut roles = Vec::new();
        for meeting in 0..shape.meetings {
            for plan in shape
                .roles
                .iter()
                .flat_map(|plan| std::iter::repeat_n(plan, plan.count))
            {
                let own = Socket::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
                    .map_err(|e| e.to_string())?;
                let number = peers.len() as u64;
                let keys = Keys {
                    sender: sender(number, CLIENT),
                    receiver: receiver(number, SERVER),
                };
                let mut peer = Peer::new(meeting, own, address, keys);
                for (kind, is_sent) in [
                    (MediaKind::Audio, plan.audio),
                    (MediaKind::Video, plan.video),
                ] {
                    if is_sent {
                        peer.outgoing.push(outgoing(number, kind));
                    }
                }
                peers.push(peer);
                roles.push(plan.clone());
            }
        }
        let publishers = publishers(&mut peers, &roles)?;
        let mut turns = Turns::new(socket, publishers, Arc::clone(&self.shared));
        let core = self.core;
        self.address = Some(address);
        self.thread = Some(std::thread::spawn(move || {
            core.into_iter().for_each(pin);
            turns.run();
        }));
        Ok(peers)
    }
}

impl Drop for Ideal {
    fn drop(&mut self) {
        self.shared.is_closing.store(true, Ordering::Release);
        if let (Some(address), Ok(waker)) = (self.address, UdpSocket::bind("127.0.0.1:0")) {
            // A datagram of a stranger is skipped; it only ends the wait.
            let _ = waker.send_to(&[0], address);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

const SERVER: u8 = 1;
const CLIENT: u8 = 2;

fn key(client: u64, direction: u8) -> ([u8; 16], [u8; 12]) {
    let mut key = [direction; 16];
    key[..8].copy_from_slice(&client.to_be_bytes());
    (key, [direction; 12])
}

fn sender(client: u64, direction: u8) -> SrtpSender {
    let (key, salt) = key(client, direction);
    SrtpSender::new(PROFILE, &key, &salt).expect("the lengths are the profile's")
}

fn receiver(client: u64, direction: u8) -> SrtpReceiver {
    let (key, salt) = key(client, direction);
    SrtpReceiver::new(PROFILE, &key, &salt).expect("the lengths are the profile's")
}

fn outgoing(number: u64, kind: MediaKind) -> Outgoing {
    let ssrc = number as u32 * 2 + 0x1000 + u32::from(kind == MediaKind::Video);
    let extensions = SentExtensions {
        mid: Some(MID_ID),
        ..SentExtensions::default()
    };
    let mut stream = Outgoing::new(kind, ssrc, "0", extensions);
    stream.layer = 2;
    stream
}

/// Who sends what to whom; announces the streams to those who will receive them.
fn publishers(
    peers: &mut [Peer],
    roles: &[crate::world::RolePlan],
) -> Result<HashMap<SocketAddr, Publisher>, String> {
    let address = |peer: &Peer| {
        peer.socket
            .local_address()
            .map_err(|error| error.to_string())
    };
    let mut found = HashMap::new();
    for from in 0..peers.len() {
        let streams: Vec<(u32, MediaKind)> = peers[from]
            .outgoing
            .iter()
            .map(|stream| (stream.ssrc.0, stream.kind))
            .collect();
        let mut publisher = Publisher {
            receiver: receiver(from as u64, CLIENT),
            streams: HashMap::new(),
        };
        for (ssrc, kind) in streams {
            let wants = |role: &crate::world::RolePlan| match kind {
                MediaKind::Video => role.video_slots > 0,
                MediaKind::Audio => role.audio_slots > 0,
            };
            let meeting = peers[from].meeting;
            let to: Vec<usize> = (0..peers.len())
                .filter(|to| *to != from && peers[*to].meeting == meeting && wants(&roles[*to]))
                .collect();
            let mut addresses = Vec::new();
            for at in &to {
                peers[*at].incoming.insert(ssrc, Incoming::new(kind));
                addresses.push(address(&peers[*at])?);
            }
            let stream = Stream {
                state: StreamState::default(),
                senders: to.iter().map(|at| sender(*at as u64, SERVER)).collect(),
                fan: Fan::new(&addresses, MAX_BURST * MAX_PACKET_LEN),
            };
            publisher.streams.insert(ssrc, stream);
        }
        found.insert(address(&peers[from])?, publisher);
    }
    Ok(found)
}

struct Publisher {
    receiver: SrtpReceiver,
    streams: HashMap<u32, Stream>,
}

struct Stream {
    state: StreamState,
    senders: Vec<SrtpSender>,
    fan: Fan,
}

struct Turns {
    socket: UdpSocket,
    publishers: HashMap<SocketAddr, Publisher>,
    incoming: Batch,
    plaintexts: Vec<[u8; MAX_PACKET_LEN]>,
    opened: Vec<(RtpHeader, ExtendedSequenceNumber, usize)>,
    shared: Arc<Shared>,
}

impl Turns {
    fn new(
        socket: UdpSocket,
        publishers: HashMap<SocketAddr, Publisher>,
        shared: Arc<Shared>,
    ) -> Self {
        Turns {
            socket,
            publishers,
            incoming: Batch::default(),
            plaintexts: vec![[0; MAX_PACKET_LEN]; MAX_BURST],
            opened: Vec::with_capacity(MAX_BURST),
            shared,
        }
    }

    fn run(&mut self) {
        while !self.shared.is_closing.load(Ordering::Acquire) {
            let count = self
                .incoming
                .receive(self.socket.as_raw_fd(), libc::MSG_WAITFORONE);
            for at in 0..count {
                self.forward(at);
            }
            self.shared.cpu_ns.store(thread_cpu_ns(), Ordering::Release);
        }
    }

    fn forward(&mut self, at: usize) {
        let joined = self.incoming.joined(at);
        let Some(publisher) = self.publishers.get_mut(&joined.source) else {
            return;
        };
        let Ok(first) = RtpHeader::parse(joined.bytes) else {
            return;
        };
        let Some(stream) = publisher.streams.get_mut(&first.ssrc.0) else {
            return;
        };
        self.opened.clear();
        let packets = joined.bytes.chunks(joined.segment_len).take(MAX_BURST);
        for (packet, plaintext) in packets.zip(&mut self.plaintexts) {
            let Ok(header) = RtpHeader::parse(packet) else {
                return;
            };
            let (ssrc, number) = (header.ssrc, header.sequence_number);
            let receiver = &publisher.receiver;
            let opened = receiver.unprotect_rtp(
                &mut stream.state,
                ssrc,
                number,
                header.header_len,
                packet,
                plaintext,
            );
            let Ok((sequence, len)) = opened else {
                return;
            };
            self.opened.push((header, sequence, len));
        }
        let len = stream.seal_for_all(&joined, &self.opened, &self.plaintexts);
        let segment_len = joined.segment_len as u16;
        stream.fan.send(self.socket.as_raw_fd(), len, segment_len);
    }
}

impl Stream {
    /// Write the packets for each viewer; returns what that takes of its slice.
    fn seal_for_all(
        &mut self,
        joined: &Joined<'_>,
        opened: &[(RtpHeader, ExtendedSequenceNumber, usize)],
        plaintexts: &[[u8; MAX_PACKET_LEN]],
    ) -> usize {
        let mut used = 0;
        for (viewer, slice) in self.senders.iter().zip(self.fan.slices()) {
            used = 0;
            let packets = joined.bytes.chunks(joined.segment_len);
            for ((header, sequence, len), (packet, plaintext)) in
                opened.iter().zip(packets.zip(plaintexts))
            {
                let out = &mut slice[used..];
                out[..header.header_len].copy_from_slice(&packet[..header.header_len]);
                out[8..12].copy_from_slice(&header.ssrc.0.to_be_bytes());
                let plain = &plaintext[..*len];
                used += viewer
                    .protect_rtp(header.ssrc, *sequence, header.header_len, plain, &[], out)
                    .expect("the slab has room");
            }
        }
        used
    }
}

/// The loop waits in its receive call.
fn into_blocking(socket: Socket) -> Result<UdpSocket, String> {
    // SAFETY: the descriptor is duplicated, and the copy belongs to the new socket alone.
    let copy = unsafe {
        use std::os::fd::FromRawFd;
        UdpSocket::from_raw_fd(libc::dup(socket.as_raw_fd()))
    };
    copy.set_nonblocking(false)
        .map_err(|error| error.to_string())?;
    Ok(copy)
}

fn pin(core: usize) {
    // SAFETY: an all-zero set is valid; the set is on this frame.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set);
    }
}

fn thread_cpu_ns() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: one timespec on this frame.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
