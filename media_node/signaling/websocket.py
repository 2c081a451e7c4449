"""`GET /signal`: one WebSocket of one client, from its first message to its last."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Protocol

import structlog
from aiohttp import WSMsgType, web

from media_node.errors import ClientError, MalformedError
from media_node.meetings.model import Wish
from media_node.quantities import Source
from media_node.signaling import messages
from media_node.signaling.format import format_answer, format_error, format_quality
from media_node.signaling.session import Seat, Session

log = structlog.get_logger()

PROTOCOL = "parley.v1"
FIRST_MESSAGE_SECONDS = 5.0
HEARTBEAT_SECONDS = 10.0
MAX_FRAME_BYTES = 1_048_576
# A client that does not read its socket is cut off rather than waited for.
MAX_UNSENT_MESSAGES = 2_048


class Admission(Protocol):
    """Checks tokens and gives seats."""

    async def join(self, join: messages.Join) -> tuple[Seat, str | None]: ...
    async def resume(self, join: messages.Join) -> tuple[Seat, list[str], str | None]: ...


class Host(Protocol):
    """What a seated client may ask."""

    def welcome(self, seat: Seat, *, resumed: bool, answer: str | None) -> None: ...
    def reoffer(self, seat: Seat, offer: str) -> str: ...
    def publish(self, seat: Seat, mid: str, source: Source, is_muted: bool) -> None: ...
    def unpublish(self, seat: Seat, track: str) -> None: ...
    def mute(self, seat: Seat, track: str, is_muted: bool, is_paused: bool | None) -> None: ...
    def assign(self, seat: Seat, slot: str, wish: Wish) -> None: ...
    def chat(self, seat: Seat, text: str, to: str | None, key: str | None) -> None: ...
    def hand(self, seat: Seat, is_raised: bool) -> None: ...
    def react(self, seat: Seat, reaction: str) -> None: ...
    def caption(self, seat: Seat, line: int, text: str, is_final: bool) -> None: ...
    def ask_to_share(self, seat: Seat) -> None: ...
    def answer_share(self, seat: Seat, participant: str, is_allowed: bool) -> None: ...
    def moderate_captions(self, seat: Seat, participant: str, is_captioner: bool) -> None: ...
    def moderate_mute(self, seat: Seat, participant: str, track: str | None) -> None: ...
    def ask_to_unmute(self, seat: Seat, participant: str) -> None: ...
    def lower_hand(self, seat: Seat, participant: str | None) -> None: ...
    def moderate_remove(self, seat: Seat, participant: str) -> None: ...
    def note_stats(self, seat: Seat, report: Mapping[str, object]) -> None: ...
    def quality(self, seat: Seat) -> tuple[int, int, float | None, str]: ...
    def leave(self, seat: Seat, reason: str) -> None: ...
    def handle_socket_opened(self, seat: Seat) -> None: ...
    def handle_socket_closed(self, seat: Seat) -> None: ...


class SignalingSocket:
    """One socket. What it is told is queued, so that telling never waits."""

    def __init__(self, admission: Admission, host: Host) -> None:
        self._admission = admission
        self._host = host
        self._socket = web.WebSocketResponse(
            protocols=[PROTOCOL],
            heartbeat=HEARTBEAT_SECONDS,
            max_msg_size=MAX_FRAME_BYTES,
            # Messages are short: each client's deflate state would weigh more than all else that it has here.
            compress=False,
        )
        self._unsent: asyncio.Queue[str | None] = asyncio.Queue(MAX_UNSENT_MESSAGES)
        self._seat: Seat | None = None

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        await self._socket.prepare(request)
        writer = asyncio.ensure_future(self._write())
        try:
            await self._read()
        finally:
            self._detach()
            self._finish()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await writer
        return self._socket

    # Reading.

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(FIRST_MESSAGE_SECONDS):
                await self._begin(await self._receive())
        except TimeoutError:
            await self._refuse(MalformedError("the first message is join, within 5 s"))
            return
        except ClientError as error:
            await self._refuse(error)
            return
        while not self._socket.closed and self._seat is not None:
            try:
                message = await self._receive()
            except ClientError as error:
                self._seat.session.tell(format_error(error))
                continue
            if message is None:
                return
            self._handle(self._seat, message)

    async def _receive(self) -> messages.AnyClientMessage | None:
        """The next message, None when the socket is closed."""
        frame = await self._socket.receive()
        if frame.type is WSMsgType.TEXT:
            return messages.parse_message(frame.data)
        if frame.type is WSMsgType.BINARY:
            raise MalformedError("messages are text, not binary")
        return None

    async def _begin(self, message: messages.AnyClientMessage | None) -> None:
        if message is None:
            return
        if not isinstance(message, messages.Join):
            raise MalformedError(f"the first message is join, not {message.type}")
        if message.resume is None:
            seat, answer = await self._admission.join(message)
            missed: list[str] = []
        else:
            seat, missed, answer = await self._admission.resume(message)
        self._attach(seat)
        for text in missed:
            self._enqueue(text)
        seat.session.connect(self._enqueue)
        self._host.welcome(seat, resumed=message.resume is not None, answer=answer)

    def _handle(self, seat: Seat, message: messages.AnyClientMessage) -> None:
        try:
            self._carry_out(seat, message)
        except ClientError as error:
            seat.session.tell(format_error(error, message))

    def _carry_out(self, seat: Seat, message: messages.AnyClientMessage) -> None:
        host = self._host
        match message:
            case messages.OfferMessage():
                seat.session.tell(format_answer(message.id, host.reoffer(seat, message.sdp)))
            case messages.Publish():
                host.publish(seat, message.mid, message.source, message.muted)
            case messages.Unpublish():
                host.unpublish(seat, message.track)
            case messages.Mute():
                host.mute(seat, message.track, message.muted, message.paused)
            case messages.Assign():
                wish = Wish(message.track, message.max_height, message.max_fps, message.priority)
                host.assign(seat, message.slot, wish)
            case messages.ChatMessage():
                host.chat(seat, message.text, message.to, message.key)
            case messages.Hand():
                host.hand(seat, message.raised)
            case messages.Reaction():
                host.react(seat, message.reaction)
            case messages.CaptionLine():
                host.caption(seat, message.line, message.text, message.final)
            case messages.AskToShare():
                host.ask_to_share(seat)
            case messages.AnswerShare():
                host.answer_share(seat, message.participant, message.allowed)
            case messages.Moderate():
                self._moderate(seat, message)
            case messages.Stats():
                host.note_stats(seat, message.report)
                seat.session.tell(format_quality(*host.quality(seat)))
            case messages.Leave():
                host.leave(seat, "left")
            case messages.Join():
                raise MalformedError("this socket has joined already")

    def _moderate(self, seat: Seat, message: messages.Moderate) -> None:
        match message.action, message.participant:
            case "lowerHand", participant:
                self._host.lower_hand(seat, participant)
            case "mute", str(participant):
                self._host.moderate_mute(seat, participant, message.track)
            case "askToUnmute", str(participant):
                self._host.ask_to_unmute(seat, participant)
            case "remove", str(participant):
                self._host.moderate_remove(seat, participant)
            case "allowCaptions" | "stopCaptions", str(participant):
                self._host.moderate_captions(seat, participant, message.action == "allowCaptions")

    # Writing.

    def _enqueue(self, text: str) -> None:
        if self._unsent.full():
            self._finish()
        else:
            self._unsent.put_nowait(text)

    def _finish(self) -> None:
        """Close once everything said before is out; at once when nothing more fits."""
        while self._unsent.full():
            self._unsent.get_nowait()
        self._unsent.put_nowait(None)

    async def _write(self) -> None:
        while (text := await self._unsent.get()) is not None:
            try:
                await self._socket.send_str(text)
            except (ConnectionError, RuntimeError):
                # The client has gone; reading ends too.
                return
        await self._socket.close()

    async def _refuse(self, error: ClientError) -> None:
        session = Session()
        session.connect(self._enqueue)
        session.tell(format_error(error))
        log.info("join_refused", code=error.code)
        while not self._unsent.empty():
            text = self._unsent.get_nowait()
            if text is not None:
                with contextlib.suppress(ConnectionError, RuntimeError):
                    await self._socket.send_str(text)
        await self._socket.close(code=error.close_code, message=str(error).encode()[:120])

    # The seat.

    def _attach(self, seat: Seat) -> None:
        self._seat = seat
        # A socket that held this seat before is closed: the latest wins.
        seat.close()
        seat.close = self._finish
        self._host.handle_socket_opened(seat)

    def _detach(self) -> None:
        """Leave the seat, which may go on with another socket; nothing then waits for the collector."""
        seat, self._seat = self._seat, None
        if seat is None:
            return
        was_current = seat.session.is_connected
        seat.session.disconnect(self._enqueue)
        if was_current and not seat.session.is_connected:
            self._host.handle_socket_closed(seat)
