"""A media node as a process of its own, with a key set served to it and tokens that it accepts."""

from __future__ import annotations

import contextlib
import json
import os
import random
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from media_node.quantities import new_identifier

# Generous: a machine that does something else meanwhile is slow, not broken.
START_SECONDS = 60.0
STOP_SECONDS = 5.0
LOWEST_PORT, HIGHEST_PORT = 15_000, 32_000
# Takes whatever certificate a test's node has made for itself.
ANYBODY = ssl.create_default_context()
ANYBODY.check_hostname, ANYBODY.verify_mode = False, ssl.CERT_NONE
# Each has a port of its own, one after the other.
MAX_WORKERS = 4


@dataclass
class Issuer:
    """Signs join tokens as the control plane does."""

    node: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    key_id: str = "test-key"

    def key_set(self) -> dict[str, Any]:
        public = json.loads(ECAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": self.key_id, "alg": "ES256", "use": "sig"}]}

    def token(self, meeting: str, participant: str | None = None, **claims: Any) -> str:
        """A token that lets its bearer in; `claims` replace what they name."""
        now = int(time.time())
        payload = {
            "iss": "http://test/v1",
            "aud": "parley-media",
            "sub": participant or new_identifier("par_"),
            "mtg": meeting,
            "node": self.node,
            "role": "participant",
            "name": "Ada",
            "grants": {
                "publish": ["microphone", "camera", "screen", "screen_audio"],
                "subscribe": True,
                "moderate": False,
            },
            "epoch": 1,
            "mxp": 100,
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "jti": secrets.token_hex(8),
            **claims,
        }
        return jwt.encode(payload, self.key, algorithm="ES256", headers={"kid": self.key_id})


@dataclass(frozen=True)
class NodeProcess:
    """A running node and how to reach it."""

    url: str
    media_port: int
    issuer: Issuer
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def socket_url(self) -> str:
        return f"ws{self.url.removeprefix('http')}/signal"

    def metrics(self) -> dict[str, float]:
        """Every sample by its name and labels as written."""
        with urlopen(f"{self.url}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        samples = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in samples}

    def resident_bytes(self) -> int:
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> int:
        """Ask it to end; returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=STOP_SECONDS)


@contextmanager
def running_node(
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    tls: tuple[Path, Path] | None = None,
    module: str = "media_node",
) -> Iterator[NodeProcess]:
    """A node of its own, ended with the context.

    Args:
        tls: Its certificate and key.
        module: What starts it.
    """
    issuer = Issuer(new_identifier("node_"))
    with serving_json(issuer.key_set()) as jwks_url:
        port = free_ports(1 + MAX_WORKERS)
        media_port = port + 1
        log = folder / "node.log"
        settings = {
            "PARLEY_NODE_ID": issuer.node,
            "PARLEY_NODE_PORT": str(port),
            "PARLEY_MEDIA_PORT": str(media_port),
            "PARLEY_JWKS_URL": jwks_url,
            "PARLEY_REPORT_QUEUE_URL": "",
        }
        if tls is not None:
            settings |= {"PARLEY_TLS_CERTIFICATE": str(tls[0]), "PARLEY_TLS_KEY": str(tls[1])}
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", module],
                env={**os.environ, **settings, **(environment or {})},
                stderr=output,
            )
        scheme = "http" if tls is None else "https"
        node = NodeProcess(f"{scheme}://127.0.0.1:{port}", media_port, issuer, process, log)
        try:
            _wait_ready(node)
            yield node
        finally:
            process.kill()
            process.wait()


def _wait_ready(node: NodeProcess) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert node.process.poll() is None, f"the node ended at once: {node.log.read_text()}"
        assert time.monotonic() < deadline, f"the node is not ready: {node.log.read_text()}"
        try:
            with urlopen(f"{node.url}/readyz", timeout=1, context=ANYBODY):
                return
        except OSError:
            time.sleep(0.05)


def free_ports(count: int) -> int:
    """The first of `count` ports in a row that nobody has, for UDP and TCP.

    They lie below those that the kernel gives away (ip_local_port_range), and each process of a test run
    has a range of its own: nobody takes one before the node binds it.
    """
    share = (HIGHEST_PORT - LOWEST_PORT) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    lowest = LOWEST_PORT + share * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        first = random.randrange(lowest, lowest + share - count)
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            for port in range(first, first + count):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    held.enter_context(socket.socket(socket.AF_INET, kind)).bind(("127.0.0.1", port))
            return first


@contextmanager
def serving_json(document: Mapping[str, Any]) -> Iterator[str]:
    """One document at one address."""
    body = json.dumps(document).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/jwks.json"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
