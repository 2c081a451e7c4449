//! The ideal loop: receive with GRO, open, and for each viewer copy the header, seal, send with GSO.
//!
//! It knows its one publisher and the length of its packets, keeps its system call structures ready, checks
//! nothing but the tag, and has no history, no feedback and no way to change anything: what any forwarder
//! that encrypts per viewer has to do, and no more.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use packet_plane_core::quantities::{ExtendedSequenceNumber, Ssrc};
use packet_plane_core::rtp::RtpHeader;
use packet_plane_core::srtp::{SrtpReceiver, SrtpSender, StreamState};

use crate::{Figure, Generator, Load, session, thread_cpu_ns};

const TAG_LEN: usize = 16;
const BUFFER_LEN: usize = 65_535;

pub struct Forwarder {
    address: SocketAddr,
    generator: Generator,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    cpu_ns: AtomicU64,
    is_closing: AtomicBool,
}

impl Forwarder {
    pub fn start(viewers: usize, load: &Load) -> Self {
        let generator = Generator::new(viewers);
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let address = socket.local_addr().expect("bound");
        let shared = Arc::new(Shared::default());
        let mut turns = Turns::new(
            socket,
            generator.viewer_addresses(),
            load,
            Arc::clone(&shared),
        );
        let thread = std::thread::spawn(move || turns.run());
        Forwarder {
            address,
            generator,
            shared,
            thread: Some(thread),
        }
    }

    pub fn measure(&mut self, load: &Load) -> Figure {
        let before = self.shared.cpu_ns.load(Ordering::Acquire);
        let (delivered, expected) = self.generator.run(self.address, load);
        let after = self.shared.cpu_ns.load(Ordering::Acquire);
        Figure {
            cpu_ns: after - before,
            delivered,
            lost: expected - delivered,
        }
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.shared.is_closing.store(true, Ordering::Release);
        let waker = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        // A datagram that does not parse is skipped; it only ends the wait.
        let _ = waker.send_to(&[0], self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Turns {
    socket: UdpSocket,
    viewers: Vec<Viewer>,
    receiver: SrtpReceiver,
    stream: StreamState,
    datagram_len: usize,
    incoming: Vec<u8>,
    plaintexts: Vec<Vec<u8>>,
    outgoing: Outgoing,
    shared: Arc<Shared>,
}

struct Viewer {
    ssrc: Ssrc,
    sender: SrtpSender,
}

/// One message for each viewer, prepared once; only bytes and lengths change.
struct Outgoing {
    slab: Vec<u8>,
    /// Kept because `headers` points into them.
    _names: Vec<libc::sockaddr_in>,
    vectors: Vec<libc::iovec>,
    _controls: Vec<[u64; 4]>,
    headers: Vec<libc::mmsghdr>,
    slice_len: usize,
}

// SAFETY: the pointers lead into the vectors beside them, which move with the structure and never grow.
unsafe impl Send for Outgoing {}

impl Outgoing {
    fn new(viewers: &[SocketAddr], burst: usize, datagram_len: usize) -> Self {
        let slice_len = burst * datagram_len;
        let mut slab = vec![0u8; slice_len * viewers.len()];
        let mut names: Vec<libc::sockaddr_in> = viewers.iter().map(socket_name).collect();
        let mut controls = vec![[0u64; 4]; viewers.len()];
        let mut vectors: Vec<libc::iovec> = slab
            .chunks_mut(slice_len)
            .map(|slice| libc::iovec {
                iov_base: slice.as_mut_ptr().cast(),
                iov_len: slice_len,
            })
            .collect();
        // SAFETY: all-zero bytes are a valid mmsghdr.
        let mut headers: Vec<libc::mmsghdr> = vec![unsafe { std::mem::zeroed() }; viewers.len()];
        for (at, header) in headers.iter_mut().enumerate() {
            let header = &mut header.msg_hdr;
            header.msg_name = (&raw mut names[at]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
            header.msg_iov = &raw mut vectors[at];
            header.msg_iovlen = 1;
            if burst > 1 {
                write_segment_len(header, &mut controls[at], datagram_len as u16);
            }
        }
        Outgoing {
            slab,
            _names: names,
            vectors,
            _controls: controls,
            headers,
            slice_len,
        }
    }

    fn send(&mut self, socket: &UdpSocket, len: usize) {
        for vector in &mut self.vectors {
            vector.iov_len = len;
        }
        let mut sent = 0;
        while sent < self.headers.len() {
            let rest = &mut self.headers[sent..];
            // SAFETY: every pointer in `headers` leads into this structure.
            let count = unsafe {
                libc::sendmmsg(socket.as_raw_fd(), rest.as_mut_ptr(), rest.len() as u32, 0)
            };
            assert!(
                count > 0,
                "loopback takes it: {}",
                io::Error::last_os_error()
            );
            sent += count as usize;
        }
    }
}

impl Turns {
    fn new(socket: UdpSocket, viewers: Vec<SocketAddr>, load: &Load, shared: Arc<Shared>) -> Self {
        for (level, name, value) in [
            (libc::SOL_UDP, libc::UDP_GRO, 1),
            (libc::SOL_SOCKET, libc::SO_RCVBUF, 4 << 20),
            (libc::SOL_SOCKET, libc::SO_SNDBUF, 4 << 20),
        ] {
            let value: libc::c_int = value;
            let len = size_of::<libc::c_int>() as libc::socklen_t;
            // SAFETY: the value is a c_int on this frame.
            unsafe {
                libc::setsockopt(
                    socket.as_raw_fd(),
                    level,
                    name,
                    (&raw const value).cast(),
                    len,
                )
            };
        }
        let datagram_len = load.packet_len + TAG_LEN;
        let master = session::key(session::PUBLISHER, 2);
        let viewer = |number: u64| Viewer {
            ssrc: Ssrc(0x5000 + number as u32),
            sender: session::sender(number, 1),
        };
        Turns {
            outgoing: Outgoing::new(&viewers, load.burst, datagram_len),
            viewers: (1..=viewers.len() as u64).map(viewer).collect(),
            receiver: SrtpReceiver::new(session::PROFILE, &master.key, &master.salt)
                .expect("lengths fit"),
            stream: StreamState::default(),
            datagram_len,
            incoming: vec![0; BUFFER_LEN],
            plaintexts: vec![vec![0; load.packet_len]; load.burst],
            socket,
            shared,
        }
    }

    fn run(&mut self) {
        while !self.shared.is_closing.load(Ordering::Acquire) {
            // One burst at a time: what the kernel joined is one message.
            let len = self.socket.recv(&mut self.incoming).unwrap_or(0);
            if len > self.datagram_len / 2 {
                self.forward(len);
            }
            self.shared.cpu_ns.store(thread_cpu_ns(), Ordering::Release);
        }
    }

    fn forward(&mut self, len: usize) {
        let mut opened: Vec<(RtpHeader, ExtendedSequenceNumber, usize)> = Vec::with_capacity(8);
        let packets = self.incoming[..len].chunks(self.datagram_len);
        for (packet, plaintext) in packets.clone().zip(&mut self.plaintexts) {
            let header = RtpHeader::parse(packet).expect("the generator writes RTP");
            let (sequence, len) = self
                .receiver
                .unprotect_rtp(
                    &mut self.stream,
                    header.ssrc,
                    header.sequence_number,
                    header.header_len,
                    packet,
                    plaintext,
                )
                .expect("the generator has the key");
            opened.push((header, sequence, len));
        }
        for (viewer, slice) in self
            .viewers
            .iter()
            .zip(self.outgoing.slab.chunks_mut(self.outgoing.slice_len))
        {
            let mut at = 0;
            for ((header, sequence, len), (packet, plaintext)) in
                opened.iter().zip(packets.clone().zip(&self.plaintexts))
            {
                let out = &mut slice[at..];
                out[..header.header_len].copy_from_slice(&packet[..header.header_len]);
                out[8..12].copy_from_slice(&viewer.ssrc.0.to_be_bytes());
                at += viewer
                    .sender
                    .protect_rtp(
                        viewer.ssrc,
                        *sequence,
                        header.header_len,
                        &plaintext[..*len],
                        &[],
                        out,
                    )
                    .expect("the slab has room");
            }
        }
        self.outgoing.send(&self.socket, len);
    }
}

fn socket_name(address: &SocketAddr) -> libc::sockaddr_in {
    let SocketAddr::V4(v4) = address else {
        unreachable!("the generator binds IPv4");
    };
    libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: v4.port().to_be(),
        sin_addr: libc::in_addr {
            s_addr: u32::from_ne_bytes(v4.ip().octets()),
        },
        sin_zero: [0; 8],
    }
}

fn write_segment_len(header: &mut libc::msghdr, control: &mut [u64; 4], segment_len: u16) {
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = size_of_val(control) as _;
    // SAFETY: the control buffer is aligned and has room for one message of two bytes.
    unsafe {
        let message = libc::CMSG_FIRSTHDR(header);
        (*message).cmsg_level = libc::SOL_UDP;
        (*message).cmsg_type = libc::UDP_SEGMENT;
        (*message).cmsg_len = libc::CMSG_LEN(2) as _;
        libc::CMSG_DATA(message)
            .cast::<u16>()
            .write_unaligned(segment_len);
        header.msg_controllen = libc::CMSG_SPACE(2) as _;
    }
}
