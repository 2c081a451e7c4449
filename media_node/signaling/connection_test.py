"""`GET /test`: the WebSocket of a connection test, from its token to its end.

Its own round trips are measured by `ping`; media goes over the paths that `path` makes. The contract is
protocol/connection-test.schema.json.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, Protocol, TypeVar

from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from media_node.errors import ClientError, MalformedError, TooLargeError
from media_node.signaling.messages import MAX_MESSAGE_CHARS, MAX_OFFER_CHARS

PROTOCOL = "parley-test.v1"
FIRST_MESSAGE_SECONDS = 5.0
# A few a second for as long as a test lasts: nobody measures more with them.
MAX_MESSAGES = 400

Json = dict[str, Any]
# What a host knows of a test; nothing here looks into it.
Session = TypeVar("Session")


@dataclass(frozen=True)
class Limits:
    """What a test may use: time, bytes both ways together, and what the node sends in a second at most."""

    seconds: int
    bytes: int
    bps: int


@dataclass(frozen=True)
class Measured:
    """What the node has counted on a test's path. None: not known yet."""

    bytes_received: int = 0
    bytes_sent: int = 0
    packets_received: int = 0
    packets_lost: int = 0
    jitter_ms: float = 0.0
    round_trip_ms: float | None = None
    estimate_bps: int | None = None


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Begin(_Message):
    type: Literal["test"]
    token: Annotated[str, Field(min_length=1, max_length=8192)]


class Ping(_Message):
    type: Literal["ping"]
    id: Annotated[int, Field(ge=0, le=9_007_199_254_740_991, strict=True)]


class Path(_Message):
    type: Literal["path"]
    sdp: Annotated[str, Field(min_length=1, max_length=MAX_OFFER_CHARS)]


class Measure(_Message):
    type: Literal["measure"]


AnyTestMessage = Begin | Ping | Path | Measure
_ANY: TypeAdapter[AnyTestMessage] = TypeAdapter(Annotated[AnyTestMessage, Field(discriminator="type")])


def parse_test_message(text: str) -> AnyTestMessage:
    """
    Raises:
        MalformedError, TooLargeError: It is none.
    """
    if len(text) > MAX_OFFER_CHARS + MAX_MESSAGE_CHARS:
        raise TooLargeError("a message is too long")
    try:
        return _ANY.validate_json(text)
    except ValidationError as exc:
        where = ".".join(str(part) for part in exc.errors()[0]["loc"])
        raise MalformedError(f"not a message of a test: {where or 'its form'}") from exc


def format_ready(limits: Limits) -> Json:
    told = {"seconds": limits.seconds, "bytes": limits.bytes, "bps": limits.bps}
    return {"type": "ready", "limits": told}


def format_measured(seen: Measured) -> Json:
    told: Json = {
        "type": "measured",
        "uplink": {
            "packetsReceived": seen.packets_received,
            "packetsLost": seen.packets_lost,
            "bytesReceived": seen.bytes_received,
            "jitterMs": seen.jitter_ms,
        },
        "downlink": {"bytesSent": seen.bytes_sent},
    }
    if seen.estimate_bps is not None:
        told["downlink"]["estimateBps"] = seen.estimate_bps
    return told if seen.round_trip_ms is None else {**told, "rttMs": seen.round_trip_ms}


class Host(Protocol[Session]):
    """Who makes paths. What a session holds is its own business."""

    limits: Limits

    async def begin(self, token: str, close: Callable[[], None]) -> Session: ...
    def connect(self, session: Session, sdp: str) -> str: ...
    def measured(self, session: Session) -> Measured: ...
    def end(self, session: Session) -> None: ...


class ConnectionTestSocket(Generic[Session]):
    """One socket. It answers what it is asked and says nothing else."""

    def __init__(self, host: Host[Session]) -> None:
        self._host = host
        self._socket = web.WebSocketResponse(
            protocols=[PROTOCOL], max_msg_size=MAX_OFFER_CHARS + MAX_MESSAGE_CHARS, compress=False
        )
        self._session: Session | None = None
        self._closing: asyncio.Task[bool] | None = None

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        await self._socket.prepare(request)
        try:
            await self._run()
        except ClientError as error:
            await self._tell_end(error)
        except TimeoutError:
            await self._tell_end(MalformedError("the first message is test, within 5 s"))
        finally:
            if self._session is not None:
                self._host.end(self._session)
        return self._socket

    async def _run(self) -> None:
        async with asyncio.timeout(FIRST_MESSAGE_SECONDS):
            first = await self._receive()
            if first is None:
                return
            if not isinstance(first, Begin):
                raise MalformedError(f"the first message is test, not {first.type}")
            self._session = await self._host.begin(first.token, self._close)
        await self._socket.send_json(format_ready(self._host.limits))
        for _ in range(MAX_MESSAGES):
            message = await self._receive()
            if message is None:
                return
            await self._socket.send_json(self._answer(self._session, message))
        raise TooLargeError(f"a test has at most {MAX_MESSAGES} messages")

    def _answer(self, session: Session, message: AnyTestMessage) -> Json:
        match message:
            case Ping():
                return {"type": "pong", "id": message.id}
            case Path():
                return {"type": "answer", "sdp": self._host.connect(session, message.sdp)}
            case Measure():
                return format_measured(self._host.measured(session))
            case Begin():
                raise MalformedError("this test has begun already")

    async def _receive(self) -> AnyTestMessage | None:
        """The next message, None when the socket is closed."""
        frame = await self._socket.receive()
        if frame.type is WSMsgType.TEXT:
            return parse_test_message(frame.data)
        if frame.type is WSMsgType.BINARY:
            raise MalformedError("messages are text, not binary")
        return None

    async def _tell_end(self, error: ClientError) -> None:
        if not self._socket.closed:
            await self._socket.send_json({"type": "error", "code": error.code, "message": str(error)})
            await self._socket.close(code=error.close_code, message=error.code.encode())

    def _close(self) -> None:
        """The test has had what it may have."""
        reason = b"the test is over"
        self._closing = asyncio.ensure_future(self._socket.close(code=WSCloseCode.OK, message=reason))
