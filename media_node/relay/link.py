"""One connection to a node that has a meeting, made again whenever it ends: signaling, handshake, tracks.

The node is met as by any receiver: a WebSocket with a token, an offer, DTLS and SRTP. What comes is in the
mirror's plane; no packet comes here.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog

import packet_plane
from media_node.connections import plane_media
from media_node.errors import ClientError, MalformedError
from media_node.quantities import MediaKind, Mid
from media_node.relay.mirror import Mirror
from media_node.relay.remote_meeting import RemoteMeeting
from media_node.transport.certificate import Certificate
from media_node.transport.client import Answer, format_receiving_offer, parse_answer
from media_node.transport.connection import new_credentials
from media_node.transport.dtls import DtlsEndpoint
from media_node.transport.offer import MAX_RECORDER_LINES

log = structlog.get_logger()

PROTOCOL = "parley.v1"
# What the second recorder says where the meeting has more tracks than m-lines.
TRACKS_MISSING = "tracks_missing"
# Answered by the node's own: a node whose machine has gone is noticed within two of these.
HEARTBEAT_SECONDS = 5.0
# From the socket to the first media.
CONNECT_SECONDS = 10.0
FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS = 0.25, 4.0
# As many m-lines of each kind at first, and to spare when there are not enough.
FIRST_LINES, SPARE_LINES = 3, 6
MAX_MESSAGE_BYTES = 4 << 20
TELL_SECONDS = 2.0


@dataclass(frozen=True)
class Source:
    """Where a meeting is, and what lets a recorder in there."""

    url: str
    token: str


@dataclass
class _Visit:
    """One connection, from its socket on."""

    socket: aiohttp.ClientWebSocketResponse
    dtls: DtlsEndpoint | None = None
    timer: asyncio.TimerHandle | None = None
    offers: int = 0
    is_offering: bool = False


class Link:
    """The way to one meeting; `is_connected` while its media can come."""

    def __init__(
        self,
        name: str,
        source: Source,
        mirror: Mirror,
        certificate: Certificate,
        http: aiohttp.ClientSession,
        monotonic: Callable[[], float],
    ) -> None:
        self.mirror = mirror
        self.is_connected = False
        self._name = name
        self._source = source
        self._certificate = certificate
        self._http = http
        self._monotonic = monotonic
        self._ice = new_credentials()
        self._meeting = RemoteMeeting()
        self._lines: list[tuple[Mid, MediaKind]] = []
        self._visit: _Visit | None = None
        self._attempts = 0
        self._moved = asyncio.Event()
        self._small_tasks: set[asyncio.Future[object]] = set()
        self._told: dict[str, Any] = {"state": "recording", "reason": None}
        # Tracks that no m-line is left for.
        self.lacking = 0
        asyncio.get_running_loop().add_reader(mirror.plane.event_fd(), self._handle_plane_events)
        self._tasks = [asyncio.ensure_future(self._run()), asyncio.ensure_future(self._tell())]

    # From outside.

    def follow(self, source: Source) -> None:
        """The meeting is there now, or there is a newer token."""
        if source == self._source:
            return
        has_moved = source.url != self._source.url
        self._source = source
        if has_moved and self._visit is not None:
            self._begin(self._visit.socket.close())
        self._moved.set()

    def note_state(self, state: str, reason: str | None) -> None:
        """What the recorder says of itself: the other node tells its people."""
        if self._told != {"state": state, "reason": reason}:
            self._told = {"state": state, "reason": reason}
            self._tell_state()

    def _tell_state(self) -> None:
        """To the other node, which tells its people."""
        told = self._told
        if self.lacking and told["state"] == "recording":
            told = {"state": "degraded", "reason": TRACKS_MISSING}
        if self._visit is not None and self.is_connected:
            self._send(self._visit, {"type": "stats", "report": {"recorder": told}})

    async def close(self) -> None:
        """Leave; what the tap holds is read to its end by whoever reads it."""
        asyncio.get_running_loop().remove_reader(self.mirror.plane.event_fd())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.mirror.close()

    # Connections, one after the other.

    async def _run(self) -> None:
        while True:
            try:
                await self._visit_node(self._source)
            except (aiohttp.ClientError, ClientError, OSError, TimeoutError, ValueError) as exc:
                log.warning("recorder_link_failed", recording=self._name, error=str(exc)[:200])
            finally:
                # Who was let in begins anew; else the node's next address is tried.
                self._attempts = 0 if self.is_connected else self._attempts + 1
                self._end_visit()
            pause = min(FIRST_RETRY_SECONDS * 2 ** min(self._attempts, 8), MAX_RETRY_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._moved.wait()
            self._moved.clear()

    async def _visit_node(self, source: Source) -> None:
        url = f"{source.url.replace('http', 'ws', 1)}/signal"
        async with (
            asyncio.timeout(CONNECT_SECONDS) as deadline,
            self._http.ws_connect(
                url, protocols=[PROTOCOL], heartbeat=HEARTBEAT_SECONDS, max_msg_size=MAX_MESSAGE_BYTES
            ) as socket,
        ):
            visit = self._visit = _Visit(socket)
            self._lines, _ = offered_lines([], {"audio": FIRST_LINES, "video": FIRST_LINES})
            await socket.send_json({"type": "join", "token": source.token, "offer": self._offer()})
            async for frame in socket:
                if frame.type != aiohttp.WSMsgType.TEXT:
                    break
                self._handle_message(visit, _parse(frame.data))
                if self.is_connected:
                    deadline.reschedule(None)
        log.info("recorder_link_ended", recording=self._name, code=socket.close_code)

    def _end_visit(self) -> None:
        visit, self._visit, self.is_connected = self._visit, None, False
        if visit is not None and visit.timer is not None:
            visit.timer.cancel()
        self._lines, self.lacking = [], 0
        self.mirror.disconnect()

    # Signaling.

    def _handle_message(self, visit: _Visit, message: dict[str, Any]) -> None:
        match message.get("type"):
            case "joined":
                self._connect(visit, parse_answer(str(message.get("answer", ""))))
            case "answer":
                visit.is_offering = False
                self._put_media(parse_answer(str(message.get("sdp", ""))))
            case "removed" | "error":
                raise MalformedError(f"the node says {message.get('reason') or message.get('code')}")
        self._meeting.handle_message(message)
        self.mirror.reconcile(self._meeting.carried())
        self._offer_more(visit)

    def _offer(self) -> str:
        return format_receiving_offer(self._ice, self._certificate.sha256_fingerprint, self._lines)

    def _offer_more(self, visit: _Visit) -> None:
        """Offer as many m-lines more as there are tracks without one, and some to spare."""
        if visit.is_offering or visit.dtls is None:
            return
        kinds: tuple[MediaKind, ...] = ("audio", "video")
        lines, lacking = offered_lines(self._lines, {kind: self._meeting.missing(kind) for kind in kinds})
        self._note_lacking(lacking)
        if len(lines) == len(self._lines):
            return
        self._lines, visit.is_offering = lines, True
        visit.offers += 1
        self._send(visit, {"type": "offer", "id": visit.offers, "sdp": self._offer()})

    def _note_lacking(self, tracks: int) -> None:
        if tracks == self.lacking:
            return
        if tracks > self.lacking:
            log.error("recorder_link_full", recording=self._name, lines=len(self._lines), lacking=tracks)
        self.lacking = tracks
        self._tell_state()

    def _send(self, visit: _Visit, message: dict[str, Any]) -> None:
        async def send() -> None:
            with contextlib.suppress(ConnectionError, RuntimeError):
                await visit.socket.send_json(message)

        self._begin(send())

    def _begin(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.ensure_future(work)
        self._small_tasks.add(task)
        task.add_done_callback(self._small_tasks.discard)

    async def _tell(self) -> None:
        """How the recorder does, again and again: who says nothing is taken for gone."""
        while True:
            await asyncio.sleep(TELL_SECONDS)
            self._tell_state()

    # Media.

    def _connect(self, visit: _Visit, answer: Answer) -> None:
        address = answer.addresses[self._attempts % len(answer.addresses)]
        self.mirror.connect(self._ice, answer.ice, address)
        visit.dtls = DtlsEndpoint(self._certificate, "client", answer.fingerprints)
        self._put_media(answer)

    def _put_media(self, answer: Answer) -> None:
        self.mirror.put_media([plane_media(one, one.ssrcs, is_slot=False) for one in answer.media])

    def _handle_plane_events(self) -> None:
        for event in self.mirror.plane.drain_events():
            visit = self._visit
            if visit is None or visit.dtls is None:
                continue
            match event:
                case packet_plane.TransportConnected() if event.transport == self.mirror.transport:
                    visit.dtls.start(self._monotonic())
                    self._take_output(visit, visit.dtls)
                case packet_plane.DtlsReceived() if event.transport == self.mirror.transport:
                    visit.dtls.handle_datagram(self._monotonic(), event.datagram)
                    self._take_output(visit, visit.dtls)
                case packet_plane.TransportTimedOut() if event.transport == self.mirror.transport:
                    self._give_up(visit, "timed out")
                case packet_plane.MeetingLost() | packet_plane.WorkerRestarted():
                    self._give_up(visit, "the plane began again")

    def _take_output(self, visit: _Visit, dtls: DtlsEndpoint) -> None:
        if dtls.state == "connected" and dtls.keys is not None and not self.is_connected:
            self.mirror.set_keys(dtls.keys)
            self.is_connected = True
            self._tell_state()
            log.info("recorder_link_connected", recording=self._name, node=self._source.url)
        for datagram in dtls.poll_transmit():
            self.mirror.send_dtls(datagram)
        if dtls.state in ("failed", "closed"):
            self._give_up(visit, f"handshake {dtls.state}")
            return
        self._set_timer(visit, dtls)

    def _set_timer(self, visit: _Visit, dtls: DtlsEndpoint) -> None:
        now = self._monotonic()
        due = dtls.poll_timeout(now)
        if visit.timer is not None:
            visit.timer.cancel()
            visit.timer = None
        if due is not None:
            loop = asyncio.get_running_loop()
            visit.timer = loop.call_later(max(0.0, due - now), self._handle_timer, visit, dtls)

    def _handle_timer(self, visit: _Visit, dtls: DtlsEndpoint) -> None:
        visit.timer = None
        if visit is self._visit:
            dtls.handle_timeout(self._monotonic())
            self._take_output(visit, dtls)

    def _give_up(self, visit: _Visit, why: str) -> None:
        log.warning("recorder_link_lost", recording=self._name, why=why)
        self._begin(visit.socket.close())


def offered_lines(
    lines: list[tuple[Mid, MediaKind]], missing: Mapping[MediaKind, int], most: int = MAX_RECORDER_LINES
) -> tuple[list[tuple[Mid, MediaKind]], int]:
    """The m-lines to offer for so many tracks without one, and how many of these get none.

    Those that there are keep their places; where any is missing there are some to spare of its kind.
    """
    kinds = [kind for kind, count in missing.items() for _ in range(count)]
    kinds += [kind for kind, count in missing.items() if count for _ in range(SPARE_LINES)]
    room = max(0, most - len(lines))
    added = [(Mid(f"{kind[0]}{number}"), kind) for number, kind in enumerate(kinds[:room], len(lines))]
    return [*lines, *added], max(0, sum(missing.values()) - room)


def _parse(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except ValueError as exc:
        raise MalformedError("a message of the node is not JSON") from exc
    if not isinstance(message, dict):
        raise MalformedError("a message of the node is no object")
    return message
