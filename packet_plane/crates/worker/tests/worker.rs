//! A real socket on loopback, from the outside.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use packet_plane_core::codec::MediaKind;
use packet_plane_core::command::{Command, TrackParameters};
use packet_plane_core::event::Event;
use packet_plane_core::quantities::{MeetingId, TapId, TrackId, TransportId};
use packet_plane_core::rtp::extension::ExtensionIds;
use packet_plane_core::stun;
use packet_plane_core::tap::record::Record;
use packet_plane_worker::{EventQueue, Worker, WorkerEvent};

fn start() -> (Worker, Arc<EventQueue>) {
    let events = Arc::new(EventQueue::new().expect("a descriptor"));
    let address: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    (
        Worker::start(0, address, None, Arc::clone(&events)).expect("starts"),
        events,
    )
}

fn client() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("binds");
    socket
        .set_read_timeout(Some(Duration::from_secs(5)))
        .expect("sets");
    socket
}

fn next_event(events: &EventQueue) -> WorkerEvent {
    loop {
        if let Some(event) = events.take(1).pop() {
            return event;
        }
        let mut poll = libc::pollfd {
            fd: events.fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one pollfd on this frame.
        assert!(
            unsafe { libc::poll(&raw mut poll, 1, 5_000) } > 0,
            "no event came"
        );
    }
}

#[test]
fn answers_an_authentic_client_and_tells_of_it() {
    let (worker, events) = start();
    let add = Command::AddTransport {
        transport: TransportId(5),
        meeting: MeetingId(1),
        local_ufrag: "user".into(),
        local_password: "password".into(),
    };
    worker.submit(vec![add]).expect("room");
    worker.snapshot().expect("the command was carried out before");
    let client = client();
    let mut request = Vec::new();
    stun::write_binding_request("user:me", &stun::integrity_key("password"), [3; 12], &mut request);
    client.send_to(&request, worker.local_address()).expect("sends");
    let mut answer = [0u8; 200];
    let (len, from) = client.recv_from(&mut answer).expect("an answer");
    assert_eq!((from, &answer[8..20]), (worker.local_address(), &[3u8; 12][..]));
    assert!(len > 20);
    let address = client.local_addr().expect("bound");
    let expected = Event::TransportConnected {
        transport: TransportId(5),
        address,
    };
    assert_eq!(next_event(&events), WorkerEvent::Plane(expected));

    worker
        .submit(vec![Command::SendDtls {
            transport: TransportId(5),
            datagram: vec![22, 1, 2],
        }])
        .expect("room");
    let (len, _) = client.recv_from(&mut answer).expect("the record");
    assert_eq!(answer[..len], [22, 1, 2]);
}

#[test]
fn counts_junk_and_answers_none_of_it() {
    let (worker, _events) = start();
    let client = client();
    for junk in [&b"hello"[..], &[0; 20], &[128; 50], &[22; 100]] {
        client.send_to(junk, worker.local_address()).expect("sends");
    }
    let mut seen = 0;
    while seen < 4 {
        seen = worker
            .snapshot()
            .expect("answers")
            .plane
            .counters
            .packets_received;
    }
    let counters = worker.snapshot().expect("answers").plane.counters;
    assert_eq!((counters.packets_received, counters.packets_sent), (4, 0));
    assert_eq!(counters.drops.iter().map(|(_, count)| count).sum::<u64>(), 4);
}

#[test]
fn a_taken_port_is_refused_and_a_closed_worker_frees_it() {
    let (mut worker, events) = start();
    let address = worker.local_address();
    assert!(Worker::start(1, address, None, Arc::clone(&events)).is_err());
    worker.close();
    worker.close();
    assert!(Worker::start(1, address, None, events).is_ok());
}

#[test]
fn answers_the_same_client_over_tcp_on_the_same_port_and_strangers_never() {
    let (worker, events) = start();
    let add = Command::AddTransport {
        transport: TransportId(5),
        meeting: MeetingId(1),
        local_ufrag: "user".into(),
        local_password: "password".into(),
    };
    worker.submit(vec![add]).expect("room");
    worker.snapshot().expect("the command was carried out before");
    let mut stream = TcpStream::connect(worker.local_address()).expect("connects");
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .expect("sets");
    let (mut stranger, mut request) = (Vec::new(), Vec::new());
    stun::write_binding_request("user:me", &stun::integrity_key("a guess"), [4; 12], &mut stranger);
    stun::write_binding_request("user:me", &stun::integrity_key("password"), [3; 12], &mut request);
    for datagram in [&[0xff; 40][..], &stranger, &request] {
        stream
            .write_all(&(datagram.len() as u16).to_be_bytes())
            .expect("writes");
        stream.write_all(datagram).expect("writes");
    }
    let mut answer = [0u8; 22];
    stream.read_exact(&mut answer).expect("an answer");
    // The first that comes back is for the authentic one.
    assert_eq!((&answer[2..4], &answer[10..22]), (&[1u8, 1][..], &[3u8; 12][..]));
    let connected = next_event(&events);
    let WorkerEvent::Plane(Event::TransportConnected { transport, address }) = connected else {
        panic!("{connected:?}");
    };
    assert_eq!(transport, TransportId(5));
    assert_eq!(address.port(), stream.local_addr().expect("bound").port());
    // DTLS goes the same way.
    let send = Command::SendDtls {
        transport: TransportId(5),
        datagram: b"\x16record".to_vec(),
    };
    worker.submit(vec![send]).expect("room");
    let rest = u16::from_be_bytes([answer[0], answer[1]]) as usize - 20;
    let mut record = vec![0; rest + 9];
    stream.read_exact(&mut record).expect("a record");
    assert_eq!(record[rest..], *b"\x00\x07\x16record");
}

#[test]
fn a_tap_is_written_to_its_socket_and_a_reader_that_goes_away_costs_nothing() {
    let (worker, _events) = start();
    let (ours, mut theirs) = UnixStream::pair().expect("a pair");
    worker.open_tap(TapId(1), ours.into());
    let add = |track: u64| {
        let parameters = TrackParameters {
            track: TrackId(track),
            transport: TransportId(5),
            kind: MediaKind::Audio,
            mid: None,
            rids: Vec::new(),
            ssrcs: Vec::new(),
            codecs: Vec::new(),
            extensions: ExtensionIds::default(),
        };
        let tap = Command::TapTrack {
            tap: TapId(1),
            track: TrackId(track),
            label: b"label".to_vec(),
        };
        [Command::AddTrack(parameters), tap]
    };
    let join = Command::AddTransport {
        transport: TransportId(5),
        meeting: MeetingId(1),
        local_ufrag: "user".into(),
        local_password: "password".into(),
    };
    let commands = [join].into_iter().chain(add(1)).collect();
    worker.submit(commands).expect("room");
    let mut bytes = vec![0; 19];
    theirs.read_exact(&mut bytes).expect("the track's beginning");
    let Ok(Some((Record::Begin { track: 1, label, .. }, 19))) = Record::parse(&bytes) else {
        panic!("a beginning comes first");
    };
    assert_eq!(label, b"label");
    drop(theirs);
    worker.submit(add(2).into()).expect("room");
    // Another reader is told of both.
    let (ours, mut theirs) = UnixStream::pair().expect("a pair");
    worker.snapshot().expect("it answers");
    worker.open_tap(TapId(1), ours.into());
    let mut bytes = vec![0; 38];
    theirs.read_exact(&mut bytes).expect("both beginnings");
    worker
        .submit(vec![Command::CloseTap { tap: TapId(1) }])
        .expect("room");
    let mut rest = Vec::new();
    theirs.read_to_end(&mut rest).expect("it is closed");
    assert!(matches!(
        Record::parse(&rest),
        Ok(Some((
            Record::End {
                reason: b"stopped",
                ..
            },
            _
        )))
    ));
}
