"""Who may read the node's metrics: what runs on the machine, or whoever reaches a port that is theirs alone.

Metrics tell how large an installation is and how it fares, which is nobody's business on the Internet.
Clients reach the node's own port from everywhere, so that its `/metrics` answers the machine itself alone;
for anybody else it is not there. With a port of its own it is only there, and the network says for whom.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address, ip_address

from aiohttp import web

Read = Callable[[], Awaitable[bytes]]
# Set by a proxy: then the connection says where the proxy is, not who asks.
FORWARDED = ("Forwarded", "X-Forwarded-For")


class Scraping:
    def __init__(self, read: Read, host: str, port: int | None) -> None:
        """
        Args:
            port: Of a listener for metrics alone, 0 for any; None: they are on the node's own port.
        """
        self._read = read
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None
        self._own_url: str | None = None

    def routes(self) -> list[web.RouteDef]:
        """What the node's own port has of it."""
        return [web.get("/metrics", self._answer_machine)] if self._port is None else []

    async def start(self) -> None:
        """
        Raises:
            OSError: The port is taken.
        """
        if self._port is None:
            return
        application = web.Application()
        application.add_routes([web.get("/metrics", self._answer)])
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        host, port = self._runner.addresses[0][:2]
        self._own_url = f"http://{f'[{host}]' if ':' in host else host}:{port}/metrics"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def url(self, node_url: str) -> str:
        """Where a scraper finds them."""
        return self._own_url or f"{node_url}/metrics"

    async def _answer(self, request: web.Request) -> web.Response:
        return web.Response(body=await self._read(), content_type="text/plain")

    async def _answer_machine(self, request: web.Request) -> web.Response:
        if not is_from_machine(request):
            raise web.HTTPNotFound
        return await self._answer(request)


def is_from_machine(request: web.BaseRequest) -> bool:
    """Whether the one who asks runs on this machine, whichever of its addresses it asked."""
    if request.transport is None or any(name in request.headers for name in FORWARDED):
        return False
    peer, own = (request.transport.get_extra_info(name) for name in ("peername", "sockname"))
    if not peer or not own:
        return False
    return _address(peer[0]) == _address(own[0]) or _address(peer[0]).is_loopback


def _address(text: str) -> IPv4Address | IPv6Address:
    """Without the name of a link; one of IPv4 also where the socket writes it as of IPv6."""
    address = ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address
