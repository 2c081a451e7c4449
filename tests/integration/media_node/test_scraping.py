"""Where a node's metrics are read: on a port of their own, or on the node's by the machine itself."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from tests.support.media_node_process import NodeProcess, free_ports, running_node


async def status_of(http: aiohttp.ClientSession, url: str, **headers: str) -> int:
    async with http.get(url, headers=headers) as answer:
        return answer.status


async def test_the_nodes_own_port_tells_the_machine_and_nobody_behind_a_proxy(
    http: aiohttp.ClientSession, node: NodeProcess
):
    assert await status_of(http, f"{node.url}/metrics") == 200
    assert await status_of(http, f"{node.url}/metrics", Forwarded="for=203.0.113.9") == 404


async def test_with_a_port_of_their_own_metrics_are_there_and_nothing_else_is(
    http: aiohttp.ClientSession, tmp_path: Path
):
    port = free_ports(1)
    with running_node(tmp_path, {"PARLEY_METRICS_PORT": str(port)}) as node:
        apart = f"http://127.0.0.1:{port}"
        async with http.get(f"{apart}/metrics") as answer:
            assert "parley_participants 0" in await answer.text()
        for path in ("/signal", "/whip", "/healthz", "/"):
            assert await status_of(http, f"{apart}{path}") == 404
        assert await status_of(http, f"{node.url}/metrics") == 404
        assert await status_of(http, f"{node.url}/healthz") == 200
        assert node.stop() == 0
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(f"{apart}/metrics")
