"""The recordings of a node: their recorder processes, started, watched and started again when they die.

A recording is wanted from its command until it is stopped or its meeting is over. While its meeting is here
it has a take: a tap of the plane, and a recorder process at the other end of a socket. Nothing here waits
for a recorder.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog

from media_node.metrics import RecordingCounts
from media_node.quantities import Instant, MeetingId, new_identifier
from media_node.recording.leftovers import Leftovers, finish_leftover, store_rest
from media_node.recording.manifest import Message, Role
from media_node.recording.processes import BROKEN_STATUS, UNFINISHED_STATUS, start_recorder, status_lines
from media_node.recording.settings import RecorderSettings
from media_node.recording.standing import Order, Recording, Standing, State
from media_node.recording.taps import Taps

log = structlog.get_logger()

# One lost report loses nothing.
TOLD_SECONDS = 60.0
# Who has left may come back; who is asked to record a meeting that never comes forgets it.
EMPTY_SECONDS, ABSENT_SECONDS = 60.0, 600.0
FIRST_RESTART_SECONDS, MAX_RESTART_SECONDS = 0.2, 5.0
# A recorder that lives this long has recovered.
STEADY_SECONDS = 10.0
# A second recorder that is missing, or in trouble, for longer than this is told: within ten seconds of it.
TROUBLE_SECONDS = 4.0


class Recordings:
    """All recordings of one node; used on its loop alone."""

    def __init__(
        self,
        node: str,
        taps: Taps,
        spool: Path,
        spool_bytes: int,
        tell: Callable[[Standing], None],
        *,
        owner: str = "",
        parted_seconds: float = 900.0,
        remote_taps: Taps | None = None,
        backup_trouble: Callable[[MeetingId], str | None] = lambda meeting: None,
        monotonic: Callable[[], float],
        wallclock: Callable[[], float],
    ) -> None:
        """
        Args:
            owner: What the node's objects lie under besides its name, where its rights end there.
            parted_seconds: How long a recorder outlives its node at most.
            taps: Of the meetings that are here.
            remote_taps: Of what comes from other nodes, by recording: without any, none is taken from there.
            backup_trouble: What is wrong with the second recorder of a meeting here; None while nothing is.
        """
        self._node = node
        self._prefix = f"nodes/{owner}/{node}" if owner else f"nodes/{node}"
        self._taps_by_role: dict[Role, Taps] = {"primary": taps, "backup": remote_taps or taps}
        self._backup_trouble = backup_trouble
        self._spool = spool
        self._spool_bytes = spool_bytes
        self._parted_seconds = parted_seconds
        self._tell = tell
        self._monotonic = monotonic
        self._wallclock = wallclock
        self._numbers = itertools.count(1)
        self.recording_by_key: dict[tuple[str, Role], Recording] = {}
        self.restarts = 0
        self._leftovers = Leftovers(spool)

    # Commands.

    def start(self, order: Order, meetings: Collection[MeetingId]) -> None:
        """Record a meeting, now or when it comes; again changes nothing.

        A meeting has one recording at a time: another takes the place of the one before. A node that a
        meeting has come to is no longer the second one.
        """
        known = [one for one in self._of(order.recording) if one.ended_at is None or one.order == order]
        if order.role == "backup":
            # A late command of the time before the meeting came here.
            if any(one.ended_at is None for one in known):
                return
        elif any(one.order.role == "primary" for one in known):
            return
        self.stop_meeting(order.meeting)
        recording = Recording(order, self._now())
        self.recording_by_key[order.recording, order.role] = recording
        if order.place in meetings:
            self._begin_take(recording)

    def stop(self, recording_id: str) -> None:
        for recording in self._of(recording_id):
            self._stop(recording)

    def stop_meeting(self, meeting: MeetingId) -> None:
        """The meeting is over for good."""
        for recording in list(self.recording_by_key.values()):
            if recording.order.meeting == meeting and recording.ended_at is None:
                self._stop(recording)

    def pause(self, recording_id: str) -> None:
        for recording in self._of(recording_id):
            if not recording.is_paused and not recording.is_stopping:
                recording.is_paused = True
                self._taps_of(recording).pause(recording.order.place)
                self._change(recording)

    def resume(self, recording_id: str) -> None:
        for recording in self._of(recording_id):
            if recording.is_paused and not recording.is_stopping:
                recording.is_paused = False
                if recording.take is not None:
                    self._taps_of(recording).record(recording.order.place, recording.tap)
                self._change(recording)

    def places(self, role: Role) -> set[MeetingId]:
        """Where recordings that go on are tapped."""
        going_on = (one for one in self.recording_by_key.values() if one.ended_at is None)
        return {one.order.place for one in going_on if one.order.role == role}

    def _of(self, recording_id: str) -> list[Recording]:
        return [one for (name, _), one in self.recording_by_key.items() if name == recording_id]

    def _taps_of(self, recording: Recording) -> Taps:
        return self._taps_by_role[recording.order.role]

    def hear(self, meeting: MeetingId, message: Message) -> None:
        """Somebody wrote to everybody: it is kept like what is said, and like that not in a pause."""
        for recording in self.recording_by_key.values():
            is_on = recording.take is not None and not recording.is_paused and not recording.is_stopping
            if recording.order.place == meeting and is_on:
                recording.messages.add(message)

    # Time.

    def handle_timeout(self, meetings: Collection[MeetingId]) -> None:
        """Follow the node's meetings, and those that come from other nodes: takes begin and end with them.

        Args:
            meetings: The places where there is something to tap.
        """
        now = self._now()
        failures: list[Exception] = []
        for key, recording in list(self.recording_by_key.items()):
            try:
                self._follow(now, key, recording, recording.order.place in meetings)
            except Exception as exc:
                # The others go on.
                failures.append(exc)
        if failures:
            raise ExceptionGroup("recordings cannot be followed", failures)

    def _follow(self, now: Instant, key: tuple[str, Role], recording: Recording, is_here: bool) -> None:
        if recording.ended_at is not None:
            if now - recording.ended_at >= TOLD_SECONDS:
                del self.recording_by_key[key]
        elif is_here:
            recording.empty_since = None
            if recording.take is None and not recording.is_stopping:
                self._begin_take(recording)
            self._look_around(now, recording)
        else:
            self._handle_absent(now, recording)

    def _look_around(self, now: Instant, recording: Recording) -> None:
        """What is wrong around a recorder is told when it lasts, and when it is over at once."""
        trouble = None
        if recording.order.has_backup and recording.take is not None and not recording.is_stopping:
            trouble = self._backup_trouble(recording.order.meeting)
        if trouble is None:
            recording.trouble_since = None
            self._set_trouble(recording, None)
        elif recording.trouble_since is None:
            recording.trouble_since = now
        elif now - recording.trouble_since >= TROUBLE_SECONDS:
            self._set_trouble(recording, trouble)

    def _set_trouble(self, recording: Recording, trouble: str | None) -> None:
        if recording.trouble != trouble:
            recording.trouble = trouble
            self._change(recording)

    def handle_meeting(self, meeting: MeetingId) -> None:
        """Somebody has come to a meeting: a recording that waits for it begins before anybody is welcomed."""
        for recording in list(self.recording_by_key.values()):
            is_waiting = recording.take is None and not recording.is_stopping
            if recording.order.place == meeting and is_waiting:
                recording.empty_since = None
                self._begin_take(recording)

    def _handle_absent(self, now: Instant, recording: Recording) -> None:
        if recording.order.role == "backup":
            # Its node is away, and perhaps back in a moment: the take goes on then.
            self._set_trouble(recording, "disconnected")
        elif recording.take is not None and not recording.is_stopping:
            # People who come back find another take: the meeting may be on another worker by then.
            self._end_take(recording)
        if recording.empty_since is None:
            recording.empty_since = now
        is_short = recording.started_us and recording.order.role == "primary"
        patience = EMPTY_SECONDS if is_short else ABSENT_SECONDS
        if now - recording.empty_since >= patience:
            self._stop(recording)

    # What is told.

    def standing_of(self, meeting: MeetingId) -> Standing | None:
        """The recording that a meeting's people are told of."""
        for recording in self.recording_by_key.values():
            if recording.order.place == meeting and recording.is_going_on:
                return recording.standing
        return None

    def format_report(self) -> list[dict[str, Any]]:
        return [one.format_report() for one in self.recording_by_key.values() if one.started_us]

    def counts(self) -> Iterator[RecordingCounts]:
        """Of each recording that runs."""
        return (one.counts() for one in self.recording_by_key.values() if one.is_going_on)

    async def close(self, seconds: float) -> None:
        """End all takes; recorders that are not done by then go on by themselves."""
        for recording in self.recording_by_key.values():
            self._stop(recording)
        tasks = {task for one in self.recording_by_key.values() for task in one.tasks}
        if tasks:
            _, unfinished = await asyncio.wait(tasks, timeout=seconds)
            for task in unfinished:
                task.cancel()

    # Takes.

    def _begin_take(self, recording: Recording) -> None:
        recording.tap = next(self._numbers)
        recording.take = self._new_take(recording.order)
        recording.status = {}
        recording.started_us = recording.started_us or int(self._wallclock() * 1_000_000)
        self._spawn(recording, recording.take)
        if not recording.is_paused:
            self._taps_of(recording).record(recording.order.place, recording.tap)
        order = recording.order
        log.info("recording_started", recording=order.recording, meeting=order.meeting, role=order.role)
        self._change(recording)

    def _new_take(self, order: Order) -> RecorderSettings:
        name = f"{order.recording}-{new_identifier('')}"
        return RecorderSettings(
            recording=order.recording,
            meeting=order.meeting,
            node=self._node,
            prefix=f"{self._prefix}/{name}/",
            bucket=order.bucket,
            backup_bucket=order.backup_bucket,
            key_id=order.key_id,
            spool=str(self._spool / name),
            spool_bytes=self._spool_bytes,
            role=order.role,
            parted_seconds=self._parted_seconds,
        )

    def _end_take(self, recording: Recording) -> None:
        """No more comes; the recorder stores what it has and ends."""
        recording.messages.end()
        self._taps_of(recording).close_tap(recording.order.place, recording.tap)
        recording.take, recording.process = None, None

    def _stop(self, recording: Recording) -> None:
        if recording.is_stopping:
            return
        recording.is_stopping = True
        recording.ended_us = int(self._wallclock() * 1_000_000)
        if recording.take is None:
            self._finish(recording, "stopped", None)
            return
        recording.messages.end()
        self._taps_of(recording).close_tap(recording.order.place, recording.tap)
        # People know at once; the last segments follow.
        self._tell(replace(recording.standing, state="stopped", reason=None))

    def _finish(self, recording: Recording, state: State, reason: str | None) -> None:
        recording.ended_at = self._now()
        recording.state, recording.reason = state, reason
        log.info("recording_ended", recording=recording.order.recording, state=state, reason=reason)
        self._tell(recording.standing)

    # Processes.

    def _spawn(self, recording: Recording, take: RecorderSettings) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with ours:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
            self._taps_of(recording).open_tap(recording.order.place, recording.tap, ours.fileno())
        told = replace(take, descriptor=theirs.fileno())
        task = asyncio.ensure_future(self._watch(recording, told, theirs))
        recording.tasks.add(task)
        task.add_done_callback(recording.tasks.discard)

    async def _watch(self, recording: Recording, take: RecorderSettings, end: socket.socket) -> None:
        """One recorder process from its start to its end, and what follows."""
        began = self._monotonic()
        with end:
            try:
                process = await start_recorder(take, end)
            except OSError as exc:
                log.error("recorder_not_started", recording=take.recording, error=str(exc))
                process = None
        status = BROKEN_STATUS
        if process is not None:
            if recording.take is not None and recording.take.prefix == take.prefix:
                recording.process = process
                recording.messages.connect(process)
            async for line in status_lines(process):
                self._handle_status(recording, take, line)
            status = await process.wait()
        if recording.take is None or recording.take.prefix != take.prefix:
            # Its take was over before it was.
            return
        if status == 0 or (recording.is_stopping and status == UNFINISHED_STATUS):
            await self._await_left(recording)
            self._finish(
                recording, "stopped" if status == 0 else "failed", None if status == 0 else "storage"
            )
            return
        await self._start_again(recording, status, self._monotonic() - began)

    async def _start_again(self, recording: Recording, status: int, lived_seconds: float) -> None:
        """A recorder has died: another takes over, with the same take if its state can be read."""
        self.restarts += 1
        recording.restarts = 1 if lived_seconds >= STEADY_SECONDS else recording.restarts + 1
        log.error(
            "recorder_died", recording=recording.order.recording, status=status, times=recording.restarts
        )
        self._set(recording, "degraded", "recorder_restarted")
        pause = min(FIRST_RESTART_SECONDS * 2 ** (recording.restarts - 1), MAX_RESTART_SECONDS)
        await asyncio.sleep(pause if recording.restarts > 1 else 0)
        if recording.take is None:
            return
        broken = recording.take
        if recording.is_stopping:
            await self._finish_left(recording, broken)
            return
        if status == BROKEN_STATUS:
            recording.take = self._new_take(recording.order)
        self._spawn(recording, recording.take)
        if status == BROKEN_STATUS:
            self._leave(recording, broken)

    def _leave(self, recording: Recording, take: RecorderSettings) -> None:
        """A take that another one follows: what it has is stored beside that."""
        task = asyncio.ensure_future(finish_leftover(take))
        recording.left.add(task)
        task.add_done_callback(recording.left.discard)

    async def _await_left(self, recording: Recording) -> None:
        """A recording is over when everything of it is stored."""
        if recording.left:
            await asyncio.wait(recording.left)

    async def _finish_left(self, recording: Recording, take: RecorderSettings) -> None:
        """It died while it was ending: let another store what is left."""
        status = await store_rest(take)
        await self._await_left(recording)
        self._finish(recording, "stopped" if status == 0 else "failed", None if status == 0 else "recorder")

    def _handle_status(self, recording: Recording, take: RecorderSettings, line: bytes) -> None:
        try:
            status = json.loads(line)
        except ValueError:
            log.warning("recorder_said", line=line[:200])
            return
        if recording.take is None or recording.take.prefix != take.prefix:
            return
        recording.status = status
        reason = status.get("reason")
        self._set(recording, "degraded" if reason else "recording", reason)

    def _set(self, recording: Recording, state: State, reason: str | None) -> None:
        if recording.ended_at is None and (recording.state, recording.reason) != (state, reason):
            recording.state, recording.reason = state, reason
            self._change(recording)

    def _change(self, recording: Recording) -> None:
        if recording.started_us and not recording.is_stopping:
            self._tell(recording.standing)

    def finish_leftovers(self) -> None:
        """Store what takes of a node that died have in the spool."""
        self._leftovers.finish_all()

    def recorders(self) -> Iterable[int]:
        """The process ids of running recorders."""
        for one in self.recording_by_key.values():
            if one.process is not None and one.process.returncode is None:
                yield one.process.pid

    def _now(self) -> Instant:
        return Instant(self._monotonic())
