"""The sender against real sockets: what a receiver may do to it, and where it may go."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from chalicelib.domain.addresses import parse_networks
from chalicelib.stores.webhook_sender import HttpSender

LOOPBACK = parse_networks("127.0.0.0/8")


@contextmanager
def receiver(answer: Callable[[socket.socket, bytes], None]) -> Iterator[tuple[str, list[bytes]]]:
    """Listens on a loopback port; each connection's first bytes are kept and answered."""
    seen: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                first = connection.recv(65536)
                seen.append(first)
                try:
                    answer(connection, first)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/hook?x=1", seen
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def answering(text: bytes) -> Callable[[socket.socket, bytes], None]:
    return lambda connection, _: connection.sendall(text)


def test_a_receiver_gets_path_headers_and_body_and_its_status_counts():
    with receiver(answering(b"HTTP/1.1 204 No Content\r\n\r\n")) as (url, seen):
        sent = HttpSender(LOOPBACK).send(url, {"webhook-id": "evt_1"}, b"{}")
    assert (sent.succeeded, sent.status) == (True, 204)
    assert seen[0].startswith(b"POST /hook?x=1 HTTP/1.1\r\n")
    assert b"webhook-id: evt_1" in seen[0]


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"307 Temporary Redirect", b"308 Permanent"])
def test_a_redirect_is_not_followed(status: bytes):
    target = b"Location: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with receiver(answering(b"HTTP/1.1 " + status + b"\r\n" + target)) as (url, seen):
        sent = HttpSender(LOOPBACK).send(url, {}, b"{}")
    assert (sent.succeeded, sent.status) == (False, int(status[:3]))
    assert len(seen) == 1


@pytest.mark.parametrize(
    "answer",
    [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\x00" * 100, b"HTTP/1.1 200 OK\r\nx" * 40_000],
)
def test_an_answer_that_is_none_is_a_failure(answer: bytes):
    with receiver(answering(answer)) as (url, _):
        sent = HttpSender(LOOPBACK).send(url, {}, b"{}")
    assert (sent.status, sent.succeeded) == (None, False)
    assert sent.error


def test_a_receiver_that_answers_byte_by_byte_does_not_hold_the_sender():
    def drip(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        stop = threading.Event()
        for _turn in range(400):
            connection.sendall(b"a: b\r\n")
            stop.wait(0.05)

    with receiver(drip) as (url, _):
        started = time.monotonic()
        sent = HttpSender(LOOPBACK, timeout_seconds=0.3).send(url, {}, b"{}")
        assert time.monotonic() - started < 2
    assert not sent.succeeded


def test_of_an_endless_answer_only_so_much_is_read():
    def flood(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _turn in range(10_000):
            connection.sendall(b"x" * 65536)

    with receiver(flood) as (url, _):
        assert HttpSender(LOOPBACK).send(url, {}, b"{}").succeeded


def test_a_name_that_leads_inside_is_refused_even_among_others():
    for addresses in (["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:127.0.0.1"], []):
        sender = HttpSender(resolve=lambda host, port, found=addresses: found)  # type: ignore[misc]
        sent = sender.send("https://innocent.example/", {}, b"{}")
        assert (sent.status, sent.error) == (None, "The address is not a public one.")


def test_the_address_that_was_checked_is_the_one_that_is_connected_to():
    with receiver(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as (url, seen):
        port = int(url.split(":")[2].split("/")[0])
        asked: list[str] = []

        def resolve(host: str, _: int) -> list[str]:
            asked.append(host)
            return ["127.0.0.1"] if len(asked) == 1 else ["10.255.255.1"]

        sent = HttpSender(LOOPBACK, resolve=resolve).send(f"http://changing.example:{port}/", {}, b"{}")
    assert sent.succeeded
    assert asked == ["changing.example"]
    assert f"Host: changing.example:{port}".encode() in seen[0]


def test_plain_http_to_the_world_and_nobody_listening_are_outcomes():
    assert HttpSender().send("http://example.com/", {}, b"").error == "A webhook's URL begins with https://."
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    listening.close()
    sent = HttpSender(LOOPBACK).send(f"http://127.0.0.1:{port}/", {}, b"")
    assert sent.error == "No answer: ConnectionRefusedError"


def test_a_receiver_without_tls_is_no_https_receiver():
    with receiver(answering(b"HTTP/1.1 200 OK\r\n\r\n")) as (url, _):
        sent = HttpSender(LOOPBACK).send(url.replace("http://", "https://"), {}, b"{}")
    assert sent.status is None
    assert sent.error
    assert sent.error.startswith("TLS failed")
