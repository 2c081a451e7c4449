"""Sends one signed request to a receiver that nobody here knows or trusts.

The address is resolved once, checked, and connected to as checked: a name that changes its mind between the
check and the connection changes nothing. Redirects are not followed. Never longer than five seconds from the
connection on, never more than 64 KiB of an answer.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from chalicelib.domain.addresses import Network, is_permitted, url_problem
from chalicelib.domain.webhooks import Sent

TIMEOUT_SECONDS = 5.0
MOST_ANSWER_BYTES = 64 * 1024

Resolve = Callable[[str, int], Sequence[str]]


class RefusedAddressError(Exception):
    """The name leads to where no webhook may go."""


def resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class HttpSender:
    def __init__(
        self,
        allowed: Sequence[Network] = (),
        *,
        resolve: Resolve = resolve,
        timeout_seconds: float = TIMEOUT_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._timeout = timeout_seconds
        self._tls = tls

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        """The receiver's answer. Whatever goes wrong on its side is an outcome, never an exception."""
        problem = url_problem(url, self._allowed)
        if problem is not None:
            return Sent(None, problem)
        try:
            return self._exchange(url, headers, body)
        except RefusedAddressError:
            return Sent(None, "The address is not a public one.")
        except ssl.SSLError as error:
            return Sent(None, f"TLS failed: {error.reason or 'no reason given'}"[:200])
        except (TimeoutError, socket.gaierror, OSError, http.client.HTTPException) as error:
            return Sent(None, f"No answer: {type(error).__name__}")

    def _exchange(self, url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        parts = urlsplit(url)
        host, secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        connection = http.client.HTTPConnection(host, port, timeout=self._timeout)
        connection.sock = self._connect(host, port, secure)
        # A receiver that answers byte by byte would keep each read within its time, and us for ever.
        was_cut = threading.Event()
        watchdog = threading.Timer(self._timeout, _cut, (connection.sock, was_cut))
        watchdog.daemon = True
        watchdog.start()
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body, {"User-Agent": "Parley-Webhooks/1", **headers})
            answer = connection.getresponse()
            answer.read(MOST_ANSWER_BYTES)
            if was_cut.is_set():
                # What was cut short reads like an answer that ended.
                raise TimeoutError
            return Sent(answer.status, None if 200 <= answer.status < 300 else f"HTTP {answer.status}")
        finally:
            watchdog.cancel()
            connection.close()

    def _connect(self, host: str, port: int, secure: bool) -> Any:
        addresses = self._resolve(host, port)
        if not addresses or not all(is_permitted(one, self._allowed) for one in addresses):
            raise RefusedAddressError
        plain = socket.create_connection((addresses[0], port), self._timeout)
        if not secure:
            return plain
        try:
            self._tls = self._tls or ssl.create_default_context()
            return self._tls.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise


def _cut(connected: socket.socket, was_cut: threading.Event) -> None:
    was_cut.set()
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        # It has ended by itself meanwhile.
        return
