"""Servers to be measured, each alone on one core: a Parley node, Janus, and the ideal loop."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bench._harness.engine import server_core
from tests.support.media_node_process import running_node

PLUGINS = Path("/usr/lib/x86_64-linux-gnu/janus")
START_SECONDS = 15.0

Target = dict[str, Any]

JANUS = """
general: {{
    configs_folder = "{folder}"
    plugins_folder = "{plugins}/plugins"
    transports_folder = "{plugins}/transports"
    events_folder = "{plugins}/events"
    loggers_folder = "{plugins}/loggers"
    debug_level = 2
    session_timeout = 0
    event_loops = 1
}}
nat: {{ ice_lite = true }}
plugins: {{ disable = "{other_plugins}" }}
transports: {{ disable = "libjanus_http.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_mqtt.so,\
libjanus_nanomsg.so" }}
"""
JANUS_WEBSOCKETS = """
general: {{
    json = "plain"
    ws = true
    ws_port = {port}
    ws_ip = "127.0.0.1"
}}
"""


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Processes started meanwhile stay on this core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def parley(folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Target]:
    """A node that knows the generator's key."""
    settings = {
        "PARLEY_NODE_CAPACITY_UNITS": "100000",
        "PARLEY_LOG_LEVEL": "error",
        # What one core can do is the question.
        "PARLEY_CPU_PROTECTION": "false",
        **(environment or {}),
    }
    pinned = {server_core()} if (environment or {}).get("PARLEY_NODE_WORKERS", "1") == "1" else None
    before = os.sched_getaffinity(0)
    if pinned is not None:
        os.sched_setaffinity(0, pinned)
    with running_node(folder, settings) as node:
        os.sched_setaffinity(0, before)
        key = folder / "signing-key.der"
        key.write_bytes(node.issuer.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
        yield {
            "kind": "parley",
            "url": node.socket_url,
            "pid": node.process.pid,
            "key": str(key),
            "keyId": node.issuer.key_id,
            "node": node.issuer.node,
        }


def ideal() -> Target:
    """The ideal loop, a thread of the generator on the servers' core."""
    return {"kind": "ideal", "core": server_core()}


def install_janus() -> bool:
    """Whether Janus is there; Debian's package is installed where that is allowed."""
    if shutil.which("janus") is None and os.geteuid() == 0 and shutil.which("apt-get") is not None:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "janus"]
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    return shutil.which("janus") is not None


@contextmanager
def janus(folder: Path) -> Iterator[Target | None]:
    """Janus with its VideoRoom plugin alone; None where it cannot be had."""
    if not install_janus():
        print("Janus is not installed, and only root on Debian can install it: left out", file=sys.stderr)
        yield None
        return
    configuration, port = folder / "janus", _free_port()
    configuration.mkdir()
    plugins = [path.name for path in (PLUGINS / "plugins").glob("*.so") if "videoroom" not in path.name]
    text = JANUS.format(folder=configuration, plugins=PLUGINS, other_plugins=",".join(plugins))
    (configuration / "janus.jcfg").write_text(text)
    (configuration / "janus.transport.websockets.jcfg").write_text(JANUS_WEBSOCKETS.format(port=port))
    with on_core(server_core()), (folder / "janus.log").open("wb") as log:
        command = ["janus", "--configs-folder", str(configuration), "--config", f"{configuration}/janus.jcfg"]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_listening(process, port)
        yield {"kind": "janus", "url": f"ws://127.0.0.1:{port}/", "pid": process.pid}
    finally:
        process.kill()
        process.wait()


def _wait_listening(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, "Janus ended at once"
        assert time.monotonic() < deadline, "Janus does not start"
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
