"""The media nodes of a local run: their names, ports and environment, and whether they reported.

A node keeps its name and ports from run to run, so that a meeting placed on it finds it again.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.api_client import ApiClient
from localcloud.engines import answers_http
from localcloud.errors import StartError
from localcloud.ports import MEDIA, Ports
from localcloud.process import ChildProcess, ProcessRegister
from localcloud.settings import Settings, own_address

REGION = "local"
# All IPv4 addresses of the machine.
WILDCARD = "0.0.0.0"
# Generous: a machine that builds something else meanwhile is slow, not broken.
START_SECONDS = 60.0
REPORT_SECONDS = 60.0


@dataclass(frozen=True)
class MediaPlan:
    """Where one node's media will be, and the addresses that clients are told."""

    host: str
    port: int
    addresses: Sequence[str]
    # Addresses that packets may come from; empty for any.
    sources: Sequence[str] = ()


@dataclass(frozen=True)
class NodePlan:
    """Where one node will be."""

    id: str
    url: str
    bind_host: str
    http_port: int
    media: MediaPlan

    @property
    def metrics_url(self) -> str:
        return f"{self.url}/metrics"


def plan_nodes(settings: Settings, ports: Ports, path: Path) -> list[NodePlan]:
    """One plan per node asked for; names are kept in the file at `path`."""
    try:
        names: list[str] = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        names = []
    names += [new_node_id() for _ in range(settings.nodes - len(names))]
    path.write_text(json.dumps(names))
    return [_plan(settings, ports, index, name) for index, name in enumerate(names[: settings.nodes])]


def _plan(settings: Settings, ports: Ports, index: int, name: str) -> NodePlan:
    address = settings.reachable_host
    http_port = ports.port(f"node-{index}", settings.host)
    host = f"[{address}]" if ":" in address else address
    media = plan_media(settings, lambda host: ports.port(f"node-{index}-media", host, MEDIA))
    return NodePlan(name, f"http://{host}:{http_port}", settings.host, http_port, media)


def plan_media(settings: Settings, port_of: Callable[[str], int]) -> MediaPlan:
    """Where a node's media goes: in a run for this machine alone, to two of its addresses.

    Firefox gathers no loopback candidate and pairs no other with one (nICEr,
    nr_ice_component_can_candidate_addr_pair): it needs the machine's other address. There the node hears this
    machine alone, as nobody else's packets come in under one of its own addresses.
    """
    host, own = settings.host, own_address()
    if not settings.is_loopback or ":" in host or own == host:
        return MediaPlan(host, port_of(host), [settings.reachable_host])
    return MediaPlan(WILDCARD, port_of(WILDCARD), [host, own], [host, own])


def new_node_id() -> str:
    """`node_` and 128 random bits in lower-case base32."""
    return "node_" + base64.b32encode(os.urandom(16)).decode().rstrip("=").lower()


def node_environment(
    plan: NodePlan, base: Mapping[str, str], api_url: str, report_queue_url: str
) -> dict[str, str]:
    return {
        **base,
        "PARLEY_NODE_ID": plan.id,
        "PARLEY_REGION": REGION,
        "PARLEY_NODE_HOST": plan.bind_host,
        "PARLEY_NODE_PORT": str(plan.http_port),
        "PARLEY_NODE_PUBLIC_URL": plan.url,
        "PARLEY_MEDIA_HOST": plan.media.host,
        "PARLEY_MEDIA_PORT": str(plan.media.port),
        "PARLEY_MEDIA_ADDRESSES": ",".join(plan.media.addresses),
        "PARLEY_MEDIA_SOURCES": ",".join(plan.media.sources),
        "PARLEY_JWKS_URL": f"{api_url}/.well-known/jwks.json",
        "PARLEY_REPORT_QUEUE_URL": report_queue_url,
    }


def node_process(
    plan: NodePlan, environment: Mapping[str, str], logs: Path, register: ProcessRegister
) -> ChildProcess:
    async def is_healthy() -> bool:
        return await answers_http(f"{plan.url}/healthz")

    return ChildProcess(
        f"media-{plan.id}",
        [sys.executable, "-m", "media_node"],
        environment,
        log_folder=logs,
        register=register,
        is_healthy=is_healthy,
    )


async def wait_reported(client: ApiClient, plans: Sequence[NodePlan]) -> None:
    """Return when the control plane can place meetings on every node.

    Raises:
        StartError: A node's report did not arrive in time.
    """
    deadline = time.monotonic() + REPORT_SECONDS
    while True:
        waiting = [plan.id for plan in plans if not await _is_ready(client, plan)]
        if not waiting:
            return
        if time.monotonic() > deadline:
            raise StartError(f"No report of {', '.join(waiting)} came within {REPORT_SECONDS:g} s.")
        await asyncio.sleep(0.05)


async def _is_ready(client: ApiClient, plan: NodePlan) -> bool:
    status, node = await client.call("GET", f"/v1/nodes/{plan.id}")
    return status == 200 and is_placeable(node, plan)


def is_placeable(node: Mapping[str, Any], plan: NodePlan) -> bool:
    return node.get("state") == "ready" and node.get("url") == plan.url
