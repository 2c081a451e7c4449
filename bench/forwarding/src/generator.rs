//! The clients: one socket that publishes, one for each viewer, on the thread that waits for them.
//!
//! One burst is under way at a time: a backlog would let a loop that reads several at once send longer runs
//! than the burst has packets, and its figure would say little of bursts that come apart.

use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use packet_plane_core::srtp::SrtpSender;
use packet_plane_core::stun;
use packet_plane_udp::{Message, ReceiveBatch, Socket};

use crate::session;

/// What has not come by then is lost.
const PATIENCE_MS: libc::c_int = 50;
/// Media is longer than any report or STUN answer.
const MEDIA_LEN: usize = 1_000;

pub struct Load {
    /// Packets that the publisher sends at a time.
    pub burst: usize,
    pub packet_len: usize,
    pub duration: Duration,
}

pub struct Generator {
    publisher: Socket,
    viewers: Vec<Socket>,
    sender: SrtpSender,
    next_number: u64,
    incoming: ReceiveBatch,
}

impl Generator {
    pub fn new(viewers: usize) -> Self {
        let bind = || Socket::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        Generator {
            publisher: bind(),
            viewers: (0..viewers).map(|_| bind()).collect(),
            sender: session::sender(session::PUBLISHER, 2),
            next_number: 1,
            incoming: ReceiveBatch::default(),
        }
    }

    pub fn viewer_addresses(&self) -> Vec<SocketAddr> {
        let address = |socket: &Socket| socket.local_address().expect("bound");
        self.viewers.iter().map(address).collect()
    }

    /// Let every socket prove itself by STUN.
    pub fn prove(&mut self, to: SocketAddr) {
        let key = stun::integrity_key(session::PASSWORD);
        for (client, socket) in std::iter::once(&self.publisher)
            .chain(&self.viewers)
            .enumerate()
        {
            let username = format!("{}:bench", session::ufrag(client as u64));
            let mut request = Vec::new();
            stun::write_binding_request(&username, &key, [7; 12], &mut request);
            send(socket, to, &request, request.len());
        }
        while self
            .publisher
            .receive(&mut self.incoming)
            .expect("receives")
            == 0
        {
            self.wait();
        }
    }

    /// Send bursts for a while; returns how many packets the viewers got and how many they should have.
    pub fn run(&mut self, to: SocketAddr, load: &Load) -> (u64, u64) {
        let (mut expected, mut delivered) = (0, 0);
        let until = Instant::now() + load.duration;
        while Instant::now() < until {
            self.send_burst(to, load);
            expected += (load.burst * self.viewers.len()) as u64;
            delivered += self.take_burst(load.burst);
        }
        (delivered, expected)
    }

    fn send_burst(&mut self, to: SocketAddr, load: &Load) {
        let mut bytes = vec![0u8; load.burst * (load.packet_len + 16)];
        let mut used = 0;
        for position in 1..=load.burst {
            let is_last = position == load.burst;
            let out = &mut bytes[used..];
            used += session::write_packet(
                &self.sender,
                self.next_number,
                is_last,
                load.packet_len,
                out,
            );
            self.next_number += 1;
        }
        send(&self.publisher, to, &bytes[..used], load.packet_len + 16);
    }

    /// Wait for each viewer's packets of a burst, in whatever order viewers are served; returns how many came.
    fn take_burst(&mut self, burst: usize) -> u64 {
        let (mut taken, mut patience_ms) = (0, PATIENCE_MS);
        for viewer in 0..self.viewers.len() {
            let mut due = burst;
            while due > 0 {
                if !has_something(&self.viewers[viewer], patience_ms) {
                    // The rest is not waited for: what is lost is lost for all.
                    patience_ms = 0;
                    break;
                }
                let media = self.take(viewer);
                due = due.saturating_sub(media);
                taken += media as u64;
            }
        }
        // What the publisher is told is not looked at.
        while self
            .publisher
            .receive(&mut self.incoming)
            .expect("receives")
            > 0
        {}
        taken
    }

    /// Packets of media that one viewer has got.
    fn take(&mut self, viewer: usize) -> usize {
        self.viewers[viewer]
            .receive(&mut self.incoming)
            .expect("receives");
        let datagrams = self.incoming.datagrams();
        datagrams
            .filter(|(_, bytes)| bytes.len() > MEDIA_LEN)
            .count()
    }

    /// Wait until the publisher has heard something.
    fn wait(&self) {
        has_something(&self.publisher, PATIENCE_MS);
    }
}

/// Whether anything came before patience ended.
fn has_something(socket: &Socket, patience_ms: libc::c_int) -> bool {
    let mut waiting = [libc::pollfd {
        fd: socket.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    }];
    // SAFETY: one pollfd on this frame.
    unsafe { libc::poll(waiting.as_mut_ptr(), 1, patience_ms) > 0 }
}

fn send(socket: &Socket, destination: SocketAddr, bytes: &[u8], segment_len: usize) {
    let refused = socket.send(&[Message {
        destination,
        bytes,
        segment_len,
    }]);
    assert_eq!(refused, 0, "loopback takes what the generator sends");
}
