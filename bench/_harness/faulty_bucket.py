"""A way to S3 that can be closed, narrowed, or closed to one bucket, while a recording goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

MAX_BODY_BYTES = 128 << 20
PASSED = ("content-type", "content-length", "etag", "last-modified")
REFUSAL = "<Error><Code>{code}</Code><Message>as ordered</Message></Error>"


@dataclass
class FaultyBucket:
    """An HTTP proxy before a stand-in of S3; buckets are the first part of a path."""

    behind: str
    url: str = ""
    is_away: bool = False
    refused_bucket: str | None = None
    # Of what all uploads together may take; None: what the machine gives.
    bytes_per_second: float | None = None
    # Every so many requests one is told to slow down.
    slow_down_each: int | None = None
    requests: int = 0
    refused: int = 0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        if self.is_away:
            # As when the network is gone: the connection breaks.
            self.refused += 1
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)
        bucket = request.path.split("/")[1]
        if bucket == self.refused_bucket:
            return self._refusal(403, "AccessDenied")
        if self.slow_down_each is not None and self.requests % self.slow_down_each == 0:
            return self._refusal(503, "SlowDown")
        body = await request.read()
        rate = self.bytes_per_second
        if rate is not None and request.method == "PUT":
            async with self._lock:
                await asyncio.sleep(len(body) / rate)
        return await self._pass_on(request, body)

    def _refusal(self, status: int, code: str) -> web.Response:
        self.refused += 1
        return web.Response(status=status, text=REFUSAL.format(code=code), content_type="application/xml")

    async def _pass_on(self, request: web.Request, body: bytes) -> web.Response:
        url = f"{self.behind}{request.raw_path}"
        async with aiohttp.ClientSession(auto_decompress=False) as http:
            kept = {name: value for name, value in request.headers.items() if name.lower() != "expect"}
            async with http.request(request.method, url, headers=kept, data=body) as answer:
                data = await answer.read()
                told = {
                    name: value
                    for name, value in answer.headers.items()
                    if name.lower() in PASSED[2:] or name.lower().startswith("x-amz")
                }
                content = answer.headers.get("Content-Type", "application/xml")
                told["Content-Type"] = content
                return web.Response(status=answer.status, body=data, headers=told)


@asynccontextmanager
async def faulty_bucket(behind: str) -> AsyncIterator[FaultyBucket]:
    proxy = FaultyBucket(behind)
    application = web.Application(client_max_size=MAX_BODY_BYTES)
    application.router.add_route("*", "/{path:.*}", proxy.handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield proxy
    finally:
        await runner.cleanup()
