use super::*;
use std::net::IpAddr;

fn bind(ip: &str) -> Socket {
    Socket::bind(format!("{ip}:0").parse().expect("an address")).expect("binds")
}

fn wait(socket: &Socket) {
    let mut poll = libc::pollfd {
        fd: socket.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one pollfd on this frame.
    assert!(
        unsafe { libc::poll(&raw mut poll, 1, 5_000) } > 0,
        "nothing arrived"
    );
}

fn receive_all(socket: &Socket, datagrams: usize) -> Vec<(SocketAddr, Vec<u8>)> {
    let mut batch = ReceiveBatch::default();
    let mut received = Vec::new();
    while received.len() < datagrams {
        wait(socket);
        socket.receive(&mut batch).expect("receives");
        received.extend(batch.datagrams().map(|(source, bytes)| (source, bytes.to_vec())));
    }
    received
}

#[test]
fn segmented_and_single_messages_arrive_as_the_datagrams_they_were() {
    let (sender, receiver) = (bind("127.0.0.1"), bind("127.0.0.1"));
    let destination = receiver.local_address().expect("bound");
    let bytes: Vec<u8> = (0..250u8).collect();
    let messages = [
        Message {
            destination,
            bytes: &bytes,
            segment_len: 100,
        },
        Message {
            destination,
            bytes: &bytes[..7],
            segment_len: 7,
        },
    ];
    assert_eq!(sender.send(&messages), 0);
    let received = receive_all(&receiver, 4);
    let lengths: Vec<usize> = received.iter().map(|(_, bytes)| bytes.len()).collect();
    assert_eq!(lengths, [100, 100, 50, 7]);
    assert_eq!(received[1].1, bytes[100..200]);
    assert_eq!(received[0].0, sender.local_address().expect("bound"));
}

#[test]
fn sends_one_by_one_where_segmentation_is_refused() {
    let (sender, receiver) = (bind("127.0.0.1"), bind("127.0.0.1"));
    sender.can_segment.set(false);
    let destination = receiver.local_address().expect("bound");
    let bytes = [7u8; 250];
    assert_eq!(
        sender.send(&[Message {
            destination,
            bytes: &bytes,
            segment_len: 100
        }]),
        0
    );
    assert_eq!(receive_all(&receiver, 3).len(), 3);
}

#[test]
fn an_ipv6_socket_speaks_to_ipv4_and_shows_it_as_such() {
    let (sender, receiver) = (bind("127.0.0.1"), bind("[::]"));
    let port = receiver.local_address().expect("bound").port();
    let destination = SocketAddr::from(([127, 0, 0, 1], port));
    assert_eq!(
        sender.send(&[Message {
            destination,
            bytes: b"x",
            segment_len: 1
        }]),
        0
    );
    let from = receive_all(&receiver, 1)[0].0;
    let seen = SocketAddr::new(from.ip().to_canonical(), from.port());
    assert_eq!(seen, sender.local_address().expect("bound"));
    assert_eq!(
        receiver.send(&[Message {
            destination: from,
            bytes: b"y",
            segment_len: 1
        }]),
        0
    );
    assert_eq!(receive_all(&sender, 1)[0].1, b"y");
}

#[test]
fn counts_what_the_kernel_would_not_take() {
    let sender = bind("127.0.0.1");
    let destination = SocketAddr::from(([127, 0, 0, 1], 9));
    let too_large = vec![0u8; 70_000];
    assert_eq!(
        sender.send(&[Message {
            destination,
            bytes: &too_large,
            segment_len: 70_000
        }]),
        1
    );
}

#[test]
fn nothing_waiting_is_no_error() {
    assert_eq!(
        bind("127.0.0.1")
            .receive(&mut ReceiveBatch::default())
            .expect("receives"),
        0
    );
}

#[test]
fn one_address_that_takes_nothing_does_not_end_segmentation_for_all() {
    let sender = bind("127.0.0.1");
    let destination = SocketAddr::from(([127, 0, 0, 1], 0));
    let bytes = [0u8; 300];
    assert_eq!(
        sender.send(&[Message {
            destination,
            bytes: &bytes,
            segment_len: 100
        }]),
        3
    );
    assert!(sender.can_segment.get());
}

#[test]
fn an_empty_datagram_is_seen() {
    let receiver = bind("127.0.0.1");
    let raw = UdpSocket::bind("127.0.0.1:0").expect("binds");
    raw.send_to(&[], receiver.local_address().expect("bound"))
        .expect("sends");
    assert_eq!(receive_all(&receiver, 1)[0].1, b"");
}

/// Ask a socket of all addresses at one of them; returns where its answers come from.
fn answered_from(bound: &str, asked: [u8; 4]) -> Vec<SocketAddr> {
    let (server, client) = (bind(bound), bind("127.0.0.1"));
    let port = server.local_address().expect("bound").port();
    let question = Message {
        destination: SocketAddr::from((asked, port)),
        bytes: b"?",
        segment_len: 1,
    };
    assert_eq!(client.send(&[question]), 0);
    let (source, _) = receive_all(&server, 1)[0].clone();
    // One alone, and several in one call.
    for (bytes, segment_len) in [(&[1u8; 100][..], 100), (&[2u8; 250][..], 100)] {
        let answer = Message {
            destination: source,
            bytes,
            segment_len,
        };
        assert_eq!(server.send(&[answer]), 0);
    }
    let received = receive_all(&client, 4);
    assert_eq!(received.len(), 4);
    received.into_iter().map(|(source, _)| source).collect()
}

#[test]
fn a_socket_of_all_addresses_answers_from_the_one_that_was_asked() {
    for bound in ["0.0.0.0", "[::]"] {
        for asked in [[127, 0, 0, 1], [127, 0, 0, 2]] {
            let from = answered_from(bound, asked);
            assert!(
                from.iter().all(|from| from.ip() == IpAddr::from(asked)),
                "{bound} at {asked:?}: {from:?}"
            );
        }
    }
}

#[test]
fn one_sender_at_two_local_addresses_is_two_paths_and_stays_them() {
    let (server, client) = (bind("0.0.0.0"), bind("127.0.0.1"));
    let port = server.local_address().expect("bound").port();
    let ask = |last: u8| {
        let destination = SocketAddr::from(([127, 0, 0, last], port));
        let question = Message {
            destination,
            bytes: b"?",
            segment_len: 1,
        };
        assert_eq!(client.send(&[question]), 0);
        receive_all(&server, 1)[0].0
    };
    let (first, second, first_again) = (ask(1), ask(2), ask(1));
    assert_ne!(first, second);
    assert_eq!(first, first_again);
    assert_eq!(first.ip().to_canonical(), IpAddr::from([127, 0, 0, 1]));
}

#[test]
fn more_local_addresses_than_can_be_told_apart_are_answered_as_routes_prefer() {
    let locals = local::LocalAddresses::default();
    let source = SocketAddr::from(([192, 0, 2, 1], 9));
    for number in 0..255u8 {
        assert_ne!(locals.mark(source, IpAddr::from([10, 0, 0, number])), source);
    }
    assert_eq!(locals.mark(source, IpAddr::from([10, 0, 1, 0])), source);
    let known = locals.mark(source, IpAddr::from([10, 0, 0, 254]));
    assert_eq!(locals.of(known), Some(IpAddr::from([10, 0, 0, 254])));
    assert_eq!(locals.of(source), None);
}
