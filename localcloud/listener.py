"""The one port that people open: the API under /v1, recordings under /media, else the web app."""

from __future__ import annotations

import logging
import time

from aiohttp import web

from localcloud.errors import PortTakenError
from localcloud.gateway.event import HttpRequest
from localcloud.gateway.gateway import BODY_LIMIT_BYTES, Gateway
from localcloud.gateway.problem import HttpResponse
from localcloud.issuer import Issuer, IssuerPages
from localcloud.media_edge import MediaEdge
from localcloud.settings import Settings
from localcloud.web_app import WebApp

log = logging.getLogger(__name__)

# A path may hold an encoded line break, which a dot does not match.
ANYTHING = r"[\s\S]*"
# Of the forms that the issuer reads; the API counts its own bodies.
MOST_FORM_BYTES = 16 * 1024


class Listener:
    def __init__(
        self,
        settings: Settings,
        gateway: Gateway,
        web_app: WebApp,
        media: MediaEdge,
        issuer: Issuer | None = None,
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        application = web.Application(client_max_size=MOST_FORM_BYTES)
        if issuer is not None:
            IssuerPages(issuer).add_to(application.router)
        application.router.add_route("*", "/v1", self._handle_api)
        application.router.add_route("*", "/v1/{path:" + ANYTHING + "}", self._handle_api)
        application.router.add_get("/docs", _show_docs)
        media.add_to(application.router)
        application.router.add_route("*", "/{path:" + ANYTHING + "}", web_app.handle)
        # A request that a handler still works on gets its second, not more: Ctrl-C should feel like one.
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1, handle_signals=False)

    async def start(self) -> None:
        await self._runner.setup()
        host, port = self._settings.host, self._settings.port
        try:
            await web.TCPSite(self._runner, host, port, reuse_address=True).start()
        except OSError as error:
            raise PortTakenError(f"Parley cannot listen on {host}:{port}: {error.strerror}.") from error

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _handle_api(self, request: web.Request) -> web.Response:
        started = time.monotonic()
        response = await self._gateway.handle_request(await read_request(request))
        elapsed_ms = (time.monotonic() - started) * 1000
        log.info("%s %s %d %.1f ms", request.method, request.path, response.status, elapsed_ms)
        return _aiohttp_response(request, response)


async def _show_docs(_: web.Request) -> web.Response:
    raise web.HTTPFound("/v1/docs")


async def read_request(request: web.Request) -> HttpRequest:
    """Read what the gateway needs; of a body that is too large only as much as shows that it is."""
    body = bytearray()
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > BODY_LIMIT_BYTES:
                break
    except web.RequestPayloadError:
        # The client broke off its own body; there is nobody to answer, and the handler sees what came.
        log.info("request body of %s ended early", request.path)
    path, _, query = request.raw_path.partition("?")
    return HttpRequest(
        method=request.method,
        path=path,
        query=query,
        headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.raw_headers],
        body=bytes(body),
        source_ip=request.remote or "",
    )


def _aiohttp_response(request: web.Request, response: HttpResponse) -> web.Response:
    answer = web.Response(status=response.status, body=response.body)
    answer.headers.popall("Content-Type", None)
    for name, value in response.headers:
        answer.headers.add(name, value)
    if len(response.body) > 1024:
        answer.enable_compression()
    if not request.content.is_eof():
        # The rest of the body was not read: the connection cannot carry another request.
        answer.force_close()
    return answer
