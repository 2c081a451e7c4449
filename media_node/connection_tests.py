"""Tests of a connection: a client's own media comes back to it through the plane, outside of every meeting.

A test costs the node what a small meeting does, and everybody may ask for one. So each is bounded in time, in
bytes and in connections, a token opens one only once, few go on at a time, and none begins while the node has
no room for meetings. Pure but for the plane's commands: time and counters are passed in.

Source: docs/decisions/0019-connection-tests.md.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from media_node.admission import Admission
from media_node.connections import Connections
from media_node.errors import ConflictError, NodeFullError, NotGrantedError
from media_node.forwarding import Forwarding, WorkerSnapshot
from media_node.meetings.model import Track
from media_node.quantities import (
    TEST_PREFIX,
    Instant,
    MeetingId,
    Mid,
    ParticipantId,
    SlotId,
    TrackId,
    new_identifier,
)
from media_node.signaling.connection_test import Limits, Measured
from media_node.transport.offer import parse_offer

Key = tuple[MeetingId, ParticipantId]

# What a person's browser needs for two paths and the seconds of measuring, with a bad network's patience.
LIMITS = Limits(seconds=45, bytes=24_000_000, bps=3_000_000)
# One over UDP and one over TCP, each tried again once.
MAX_PATHS = 4
# What they may send together is a twentieth of what a node of 500 units has.
MAX_AT_ONCE = 8
# Longer than a token of a test lives.
MEMORY_SECONDS = 300.0


@dataclass
class TestSession:
    """One client's test."""

    # Pytest would take it for a class of tests.
    __test__ = False

    key: Key
    begun: Instant
    close: Callable[[], None]
    paths: int = 0
    tracks: list[TrackId] = field(default_factory=list)
    # Of connections that are gone.
    bytes_before: int = 0
    bytes_now: int = 0
    measured: Measured = field(default_factory=Measured)

    @property
    def bytes(self) -> int:
        return self.bytes_before + self.bytes_now


class ConnectionTests:
    """All tests that go on at one node."""

    def __init__(
        self,
        forwarding: Forwarding,
        connections: Connections,
        admission: Admission,
        verify: Callable[[str], Awaitable[str]],
        monotonic: Callable[[], float],
    ) -> None:
        """
        Args:
            verify: Tells the number of a sound token; raises TokenError for any other.
        """
        self.limits = LIMITS
        self.begun = 0
        self.refused = 0
        self._forwarding = forwarding
        self._connections = connections
        self._admission = admission
        self._verify = verify
        self._monotonic = monotonic
        self._session_by_key: dict[Key, TestSession] = {}
        self._used: dict[str, Instant] = {}

    async def begin(self, token: str, close: Callable[[], None]) -> TestSession:
        """Let the bearer of a sound token begin.

        Args:
            close: Ends its socket, when its time or its bytes are used up.

        Raises:
            TokenError: The token is not sound.
            NodeFullError: Other tests go on, or the node has no room for meetings either.
            ConflictError: The token has opened a test before.
        """
        token_id = await self._verify(token)
        now = self._now()
        admission = self._admission
        is_busy = admission.is_refusing or admission.is_closing or admission.is_draining
        if is_busy or len(self._session_by_key) >= MAX_AT_ONCE:
            self.refused += 1
            raise NodeFullError("no test can be made here now")
        if token_id in self._used:
            raise ConflictError("this token has opened a test already: ask for another")
        self._used[token_id] = Instant(now + MEMORY_SECONDS)
        key = (MeetingId(new_identifier(TEST_PREFIX)), ParticipantId(new_identifier("par_")))
        session = self._session_by_key[key] = TestSession(key, now, close)
        self.begun += 1
        return session

    def connect(self, session: TestSession, sdp: str) -> str:
        """Make a path that sends back what it receives; a former one of the session ends.

        Raises:
            SdpError, TooLargeError: The offer cannot be answered.
            NotGrantedError: Enough paths have been made.
        """
        if session.paths >= MAX_PATHS:
            raise NotGrantedError(f"a test has at most {MAX_PATHS} paths")
        offer = parse_offer(sdp)
        self._disconnect(session)
        session.paths += 1
        answer, _, slots = self._connections.connect(session.key, offer)
        self._forwarding.set_send_ceiling(session.key, LIMITS.bps)
        video = [media for media in offer.sending if media.kind == "video"]
        for media, slot in zip(video[:1], slots[:1], strict=False):
            self._send_back(session, Mid(media.mid), slot)
        self._forwarding.flush()
        return answer

    def _send_back(self, session: TestSession, mid: Mid, slot: SlotId) -> None:
        meeting, participant = session.key
        track = Track(TrackId(new_identifier("trk_")), participant, "camera", mid, is_muted=False, order=0)
        session.tracks.append(track.id)
        self._forwarding.add_track(meeting, track)
        self._forwarding.assign(meeting, participant, slot, track.id)

    def measured(self, session: TestSession) -> Measured:
        """What was counted on the session's path, at most a second ago."""
        return session.measured

    def end(self, session: TestSession) -> None:
        """Free what it had; again does nothing."""
        if self._session_by_key.pop(session.key, None) is None:
            return
        self._disconnect(session)
        self._forwarding.forget_meeting(session.key[0])
        self._forwarding.flush()

    def _disconnect(self, session: TestSession) -> None:
        meeting, participant = session.key
        for track in session.tracks:
            self._forwarding.remove_track(meeting, participant, track)
        session.tracks.clear()
        session.bytes_before, session.bytes_now = session.bytes, 0
        session.measured = Measured()
        self._connections.close(session.key)

    # Counters and time.

    def handle_snapshots(self, snapshots: Sequence[WorkerSnapshot | None]) -> None:
        """Keep what the plane has counted for each test, and end those whose bytes are used up."""
        if not self._session_by_key:
            return
        for snapshot in snapshots:
            if snapshot is not None:
                self._take(snapshot)
        self._end_where(lambda session: session.bytes > LIMITS.bytes)

    def _take(self, snapshot: WorkerSnapshot) -> None:
        lost: dict[int | None, tuple[int, int, int]] = {}
        for track in snapshot.tracks:
            number = self._forwarding.transport_of_track(track.track)
            lost[number] = (track.packets_lost, track.packets_received, track.jitter_us)
        for one in snapshot.transports:
            key = self._forwarding.participant_by_number.get(one.transport)
            session = self._session_by_key.get(key) if key is not None else None
            if session is None:
                continue
            packets_lost, packets_received, jitter_us = lost.get(one.transport, (0, 0, 0))
            session.bytes_now = one.bytes_received + one.bytes_sent
            rtt = one.round_trip_us
            session.measured = Measured(
                bytes_received=one.bytes_received,
                bytes_sent=one.bytes_sent,
                packets_received=packets_received,
                packets_lost=packets_lost,
                jitter_ms=jitter_us / 1000,
                round_trip_ms=None if rtt is None else rtt / 1000,
                estimate_bps=one.estimate_bps,
            )

    def handle_timeout(self) -> None:
        """End tests that have gone on for long enough, and forget tokens that nobody can use any more."""
        now = self._now()
        self._end_where(lambda session: now - session.begun >= LIMITS.seconds)
        self._used = {token: until for token, until in self._used.items() if until > now}

    def _end_where(self, is_over: Callable[[TestSession], bool]) -> None:
        for session in [one for one in self._session_by_key.values() if is_over(one)]:
            self.end(session)
            session.close()

    def _now(self) -> Instant:
        return Instant(self._monotonic())
