use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::*;
use crate::framing::write_frame;

fn listening() -> (Streams, SocketAddr) {
    let streams = Streams::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("binds");
    let address = streams.listener.local_addr().expect("bound");
    (streams, address)
}

/// Wait until something is to be done, and do it; panics after five seconds without.
fn serve(streams: &mut Streams, received: &mut Vec<(SocketAddr, Vec<u8>)>) {
    let mut poll = libc::pollfd {
        fd: streams.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one pollfd on this frame.
    let ready = unsafe { libc::poll(&raw mut poll, 1, 5_000) };
    assert!(ready > 0, "nothing came");
    streams.receive(|source, datagram| received.push((source, datagram.to_vec())));
}

fn serve_until(streams: &mut Streams, datagrams: usize) -> Vec<(SocketAddr, Vec<u8>)> {
    let mut received = Vec::new();
    while received.len() < datagrams {
        serve(streams, &mut received);
    }
    received
}

fn frames(datagrams: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    datagrams
        .iter()
        .for_each(|datagram| assert!(write_frame(datagram, &mut out)));
    out
}

#[test]
fn datagrams_go_both_ways_and_streams_are_told_apart() {
    let (mut streams, address) = listening();
    let mut one = TcpStream::connect(address).expect("connects");
    let mut other = TcpStream::connect(address).expect("connects");
    one.write_all(&frames(&[b"first", b"", b"second"]))
        .expect("writes");
    let received = serve_until(&mut streams, 3);
    assert_eq!(
        received.iter().map(|(_, bytes)| &bytes[..]).collect::<Vec<_>>(),
        [&b"first"[..], b"", b"second"]
    );
    let source = received[0].0;
    assert!(is_stream(source) && source.ip().to_canonical() == address.ip());
    assert!(!is_stream(address));
    other.write_all(&frames(&[b"third"])).expect("writes");
    assert_ne!(serve_until(&mut streams, 1)[0].0, source);
    assert_eq!(streams.send(source, b"aabbc", 2), 0);
    let mut answer = [0; 11];
    one.read_exact(&mut answer).expect("reads");
    assert_eq!(answer[..], frames(&[b"aa", b"bb", b"c"])[..]);
}

#[test]
fn a_stream_that_has_ended_takes_nothing_and_its_place_is_another_address() {
    let (mut streams, address) = listening();
    let mut first = TcpStream::connect(address).expect("connects");
    first.write_all(&frames(&[b"x"])).expect("writes");
    let before = serve_until(&mut streams, 1)[0].0;
    drop(first);
    while !streams.is_empty() {
        serve(&mut streams, &mut Vec::new());
    }
    assert_eq!(streams.send(before, b"gone", 4), 1);
    let mut second = TcpStream::connect(address).expect("connects");
    second.write_all(&frames(&[b"y"])).expect("writes");
    let after = serve_until(&mut streams, 1)[0].0;
    assert_ne!(before, after);
    assert_eq!(streams.send(before, b"gone", 4), 1);
}

#[test]
fn a_reader_that_does_not_read_loses_large_datagrams_before_small_ones() {
    let (mut streams, address) = listening();
    let mut slow = TcpStream::connect(address).expect("connects");
    slow.write_all(&frames(&[b"x"])).expect("writes");
    let source = serve_until(&mut streams, 1)[0].0;
    let refused = (0..50_000)
        .filter(|_| streams.send(source, &[1; 1_200], 1_200) == 1)
        .count();
    assert!(refused > 1_000, "{refused}");
    // More than the large ones leave room for, whatever the kernel has taken meanwhile.
    assert_eq!(streams.send(source, &[2; 100 * 160], 160), 0);
    // Everything that was taken comes, in order, once it is read.
    slow.set_read_timeout(Some(Duration::from_secs(5))).expect("sets");
    let mut read = Vec::new();
    let mut buffer = vec![0; 65_536];
    let small = frames(&[&[2; 160][..]; 100]);
    while !read.ends_with(&small) {
        let len = slow.read(&mut buffer).expect("reads");
        read.extend_from_slice(&buffer[..len]);
        streams.receive(|_, _| {});
    }
    assert_eq!((read.len() - small.len()) % 1_202, 0);
}

#[test]
fn more_streams_than_there_is_room_for_are_closed_at_once() {
    let (mut streams, address) = listening();
    let mut clients = Vec::new();
    for number in 0..MAX_STREAMS + 50 {
        clients.push(TcpStream::connect(address).expect("connects"));
        if number % 64 == 0 {
            streams.receive(|_, _| {});
        }
    }
    streams.receive(|_, _| {});
    assert_eq!(streams.len(), MAX_STREAMS);
}
