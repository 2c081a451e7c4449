//! A client on a TCP stream whose consent runs out: real streams, the plane's time virtual.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;

use packet_plane_core::Plane;
use packet_plane_core::command::{Command, MasterKey};
use packet_plane_core::event::Event;
use packet_plane_core::quantities::{Instant, MeetingId, TransportId};
use packet_plane_core::srtp::SrtpProfile;
use packet_plane_core::stun;
use packet_plane_core::transmit::TransmitBatch;
use packet_plane_tcp::{Streams, is_stream};

const CLIENT: TransportId = TransportId(5);

struct Node {
    streams: Streams,
    address: SocketAddr,
    plane: Plane,
    now: Instant,
}

impl Node {
    fn new() -> Self {
        let streams = Streams::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("binds");
        let address = streams.listener().local_addr().expect("bound");
        let mut plane = Plane::default();
        let now = Instant::from_millis(1_000);
        let add = Command::AddTransport {
            transport: CLIENT,
            meeting: MeetingId(1),
            local_ufrag: "user".into(),
            local_password: "password".into(),
        };
        plane.handle_command(now, add);
        // As after the handshake: who never agrees on keys is given up sooner.
        let key = |byte| MasterKey {
            key: vec![byte; 16],
            salt: vec![byte; 12],
        };
        let keys = Command::SetSrtpKeys {
            transport: CLIENT,
            profile: SrtpProfile::AeadAes128Gcm,
            local: key(1),
            remote: key(2),
        };
        plane.handle_command(now, keys);
        Node {
            streams,
            address,
            plane,
            now,
        }
    }

    /// Let the plane take what has come on the streams, and write what it has to say; panics after five seconds without.
    fn serve(&mut self) {
        let mut poll = libc::pollfd {
            fd: self.streams.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        let received = |plane: &Plane| plane.snapshot().counters.packets_received;
        let before = received(&self.plane);
        while received(&self.plane) == before {
            // SAFETY: one pollfd on this frame.
            assert!(unsafe { libc::poll(&raw mut poll, 1, 5_000) } > 0, "nothing came");
            let (plane, now) = (&mut self.plane, self.now);
            self.streams
                .receive(|source, datagram| plane.handle_datagram(now, source, datagram));
        }
        self.transmit();
    }

    fn transmit(&mut self) {
        let mut batch = TransmitBatch::default();
        while self.plane.poll_transmit(self.now, &mut batch) {
            for run in batch.runs() {
                assert!(is_stream(run.destination));
                self.streams
                    .send(run.destination, batch.bytes(run), run.segment_len);
            }
            batch.clear();
        }
    }

    /// Let time pass; what is told of the client's path.
    fn pass(&mut self, seconds: u64) -> Vec<&'static str> {
        for _ in 0..seconds * 10 {
            self.now = self.now + Duration::from_millis(100);
            self.plane.handle_timeout(self.now);
        }
        self.transmit();
        let events = std::iter::from_fn(|| self.plane.poll_event());
        let of_path = |event| match event {
            Event::TransportConnected { .. } => Some("connected"),
            Event::TransportTimedOut { .. } => Some("gone"),
            _ => None,
        };
        events.filter_map(of_path).collect()
    }

    /// Send a record to the client; whether it has an address to go to.
    fn reaches(&mut self) -> bool {
        let before = self.plane.snapshot().counters.packets_sent;
        let send = Command::SendDtls {
            transport: CLIENT,
            datagram: b"\x16record".to_vec(),
        };
        self.plane.handle_command(self.now, send);
        self.transmit();
        self.plane.snapshot().counters.packets_sent > before
    }
}

fn connect(node: &Node) -> TcpStream {
    let stream = TcpStream::connect(node.address).expect("connects");
    let limit = Some(Duration::from_secs(5));
    stream.set_read_timeout(limit).expect("sets");
    stream
}

/// Check the path, and read what is answered.
fn check(node: &mut Node, stream: &mut TcpStream) {
    let mut request = Vec::new();
    stun::write_binding_request("user:me", &stun::integrity_key("password"), [3; 12], &mut request);
    let framed = [&(request.len() as u16).to_be_bytes()[..], &request].concat();
    stream.write_all(&framed).expect("writes");
    node.serve();
    // A binding success.
    assert_eq!(read_other(stream)[..2], [1, 1]);
}

fn read_frame(stream: &mut TcpStream) -> Vec<u8> {
    let mut len = [0; 2];
    stream.read_exact(&mut len).expect("a length");
    let mut frame = vec![0; u16::from_be_bytes(len).into()];
    stream.read_exact(&mut frame).expect("a frame");
    frame
}

/// What comes next that is no RTCP.
fn read_other(stream: &mut TcpStream) -> Vec<u8> {
    std::iter::repeat_with(|| read_frame(stream))
        .find(|frame| frame[0] < 0x80)
        .expect("endless")
}

#[test]
fn a_stream_without_checks_is_sent_nothing_until_it_or_another_one_checks_again() {
    let mut node = Node::new();
    let mut stream = connect(&node);
    check(&mut node, &mut stream);
    assert_eq!(node.pass(29), ["connected"]);
    assert!(node.reaches());
    assert_eq!(read_other(&mut stream), b"\x16record");
    // Half a minute after the last check.
    assert_eq!(node.pass(1), ["gone"]);
    assert!(!node.reaches());
    assert!(node.pass(60).is_empty());
    // The stream is still there, and brings the client back.
    check(&mut node, &mut stream);
    assert_eq!(node.pass(29), ["connected"]);
    assert!(node.reaches());
    assert_eq!(read_other(&mut stream), b"\x16record");
    assert_eq!(node.pass(1), ["gone"]);
    // So does another one.
    drop(stream);
    let mut stream = connect(&node);
    check(&mut node, &mut stream);
    assert_eq!(node.pass(1), ["connected"]);
    assert!(node.reaches());
    assert_eq!(read_other(&mut stream), b"\x16record");
}
