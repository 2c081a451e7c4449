"""A recording and its life: asked for, under way, stopped, composed into a file, kept, deleted.

What nodes say of their recorders arrives late, twice or never; what is wanted and what is so are therefore
kept apart, and a recording that is not as it is wanted is unsettled until it is. Each step is an event of the
meeting's log (recording_changes.py). Never writes, never asks for the time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from chalicelib.domain.composition import Composition, Layout
from chalicelib.domain.identifiers import MeetingId, NodeId, RecordingId, Tenant, UserId
from chalicelib.domain.plain import SECRET
from chalicelib.domain.recording_links import WatchLink
from chalicelib.domain.recording_reasons import NOBODY_BEGAN, NOTHING_RECORDED, RECORDER_LOST

RecordingSetting = Literal["off", "allowed", "automatic"]
# starting: no recorder has said anything yet; degraded: it goes on, or begins again, and something is wrong;
# processing: stopped, and the file is being made; deleting: its objects are on their way out.
RecordingState = Literal[
    "starting", "recording", "paused", "degraded", "stopping", "processing", "ready", "failed", "deleting",
    "deleted",
]  # fmt: skip
Wanted = Literal["running", "paused", "stopped"]
TakeState = Literal["recording", "paused", "degraded", "stopped", "failed"]
# The first recorder is on the meeting's node; the second, on another one, receives what that sends.
TakeRole = Literal["primary", "backup"]

# Of a recording that goes on: it is the one that its meeting has.
ACTIVE: frozenset[RecordingState] = frozenset({"starting", "recording", "paused", "degraded", "stopping"})
SETTLED: frozenset[RecordingState] = frozenset({"ready", "failed"})
# Nothing more is known of a recorder that ended so.
OVER: frozenset[TakeState] = frozenset({"stopped", "failed"})
# A recorder that was lost is begun again within seconds; people hear of it when it takes longer than this.
PATIENCE = timedelta(seconds=8)
# No node has begun by then: there is none that can.
START_PATIENCE = timedelta(seconds=60)
# A recorder that stops still has to bring away what it kept while S3 was out of reach.
STOP_PATIENCE = timedelta(minutes=15)

# Of a second recorder that is no help any more: the next one takes over.
USELESS: frozenset[str | None] = frozenset({"disconnected", "draining"})


@dataclass(frozen=True)
class Take:
    """What one recorder wrote, all under one prefix of the bucket."""

    node: NodeId
    prefix: str
    state: TakeState
    started_at: datetime
    reason: str | None = None
    ended_at: datetime | None = None
    # As they were when something else of it changed.
    segments: int = 0
    size_bytes: int = 0
    tracks: int = 0
    role: TakeRole = "primary"


@dataclass(frozen=True)
class Pause:
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class Rearrangement:
    """From this moment on the film has another layout."""

    at: datetime
    layout: Layout


@dataclass(frozen=True)
class Access:
    """Who may open it besides hosts: those who were in the meeting, and people by their ids."""

    participants: bool = False
    users: frozenset[UserId] = frozenset()


@dataclass(frozen=True)
class Tombstone:
    """What was deleted, when and by whom. The digest is of the list of the objects, which is kept."""

    deleted_at: datetime
    deleted_by: str
    objects: int
    size_bytes: int
    digest: str
    list_key: str = field(metadata=SECRET)


@dataclass(frozen=True)
class Recording:
    id: RecordingId
    meeting: MeetingId
    tenant: Tenant
    region: str
    requested_at: datetime
    # `key_…`, `usr_…`, `par_…`, or `automatic`.
    requested_by: str
    # Who made the meeting, and so finds its recordings.
    organiser: UserId | None = None
    # Of the meeting, as it was when this began.
    title: str | None = None
    # What was asked for with the idempotency key that its id is made of.
    request: str | None = field(default=None, metadata=SECRET)
    # Of the film's begin.
    layout: Layout = "speaker"
    # What hosts chose while it went on, by time.
    rearrangements: tuple[Rearrangement, ...] = ()
    state: RecordingState = "starting"
    wanted: Wanted = "running"
    # Whether a second node is to record it, too.
    has_backup: bool = field(default=False, metadata=SECRET)
    # Of what is degraded or has failed: a code, and the words that came with it.
    reason: str | None = None
    detail: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    # Since when it is not as it is wanted.
    unsettled_since: datetime | None = field(default=None, metadata=SECRET)
    takes: tuple[Take, ...] = field(default=(), metadata=SECRET)
    # 0 to 1, of the file that is being made.
    progress: float = 0.0
    compositions: tuple[Composition, ...] = field(default=(), metadata=SECRET)
    # How long after its end, where nobody says otherwise; None: until somebody deletes it.
    keep_for: timedelta | None = None
    # When it is deleted; None: when somebody does so.
    retain_until: datetime | None = None
    legal_hold: bool = False
    access: Access = Access()
    # For people without an account.
    links: tuple[WatchLink, ...] = field(default=(), metadata=SECRET)
    deleting_since: datetime | None = None
    deleted_by: str | None = None
    tombstone: Tombstone | None = field(default=None, metadata=SECRET)


@dataclass(frozen=True)
class Seen:
    """A recorder as a node's report names it."""

    recording: RecordingId
    prefix: str
    state: TakeState
    started_at: datetime
    reason: str | None = None
    ended_at: datetime | None = None
    segments: int = 0
    size_bytes: int = 0
    tracks: int = 0
    role: TakeRole = "primary"

    def marks(self) -> tuple[str | None, ...]:
        """What has to differ for a report to be a change; what only grows does not."""
        return self.recording, self.prefix, self.state, self.reason


@dataclass(frozen=True)
class Step:
    """One event of a recording: its type, and the recording afterwards."""

    kind: str
    after: Recording


def is_active(recording: Recording) -> bool:
    return recording.state in ACTIVE


def has_media(recording: Recording) -> bool:
    """Whether its recorders may have stored something: of one that was lost not even that is known."""
    return any(take.state != "stopped" or take.segments > 0 for take in recording.takes)


def open_takes(recording: Recording, role: TakeRole | None = None) -> list[Take]:
    """Those of recorders that run, of one role or of both."""
    running = [take for take in recording.takes if take.state not in OVER]
    return [take for take in running if role in (None, take.role)]


def useful_backups(recording: Recording) -> list[Take]:
    """What second recorders write that receive the meeting and stay."""
    return [take for take in open_takes(recording, "backup") if take.reason not in USELESS]


def ask(recording: Recording, wanted: Wanted, now: datetime) -> list[Step]:
    """Somebody wants it to pause, to go on or to stop; nothing if that is wanted already.

    A recording that has stopped is never wanted to go on again.
    """
    if not is_active(recording) or wanted == recording.wanted or recording.wanted == "stopped":
        return []
    # What it was waited for before has no meaning any more.
    asked = dataclasses.replace(recording, wanted=wanted, unsettled_since=None)
    if wanted == "stopped":
        asked = dataclasses.replace(asked, state="stopping", reason=None)
        stopping = Step("recording.stopping", _settled(asked, now))
        return [stopping, *_outcome(stopping.after, now, [])]
    kind = "recording.pause_requested" if wanted == "paused" else "recording.resume_requested"
    return [Step(kind, _settled(asked, now))]


def current_layout(recording: Recording) -> Layout:
    """The layout that was chosen last."""
    return recording.rearrangements[-1].layout if recording.rearrangements else recording.layout


def layout_as_recorded(recording: Recording) -> Layout | None:
    """What a film's layout is that follows the recording; None: it changes in the film."""
    return None if recording.rearrangements else recording.layout


def rearrange(recording: Recording, layout: Layout, now: datetime) -> list[Step]:
    """Somebody wants another layout from now on; nothing if it has that, or has stopped.

    What was recorded does not change by it: the film is arranged when it is made.
    """
    if not is_active(recording) or recording.wanted == "stopped" or layout == current_layout(recording):
        return []
    changed = (*recording.rearrangements, Rearrangement(now, layout))
    rearranged = dataclasses.replace(recording, rearrangements=changed)
    return [Step("recording.rearranged", rearranged)]


def observe(
    recording: Recording, node: NodeId, seen: Sequence[Seen], now: datetime, *, anybody: bool
) -> list[Step]:
    """What a node says of its recorders of this recording; what it does not name any more has ended.

    Args:
        seen: All that it names now, none for a node that is lost.
        now: When it said so.
        anybody: Whether somebody is in the meeting; without anybody there is nothing to record.
    """
    before = recording
    takes = {take.prefix: take for take in recording.takes}
    named = {one.prefix for one in seen}
    for take in recording.takes:
        if take.node == node and take.prefix not in named and take.state not in OVER:
            takes[take.prefix] = dataclasses.replace(take, state="failed", reason="lost", ended_at=now)
    for one in seen:
        takes[one.prefix] = _taken(one, node)
    recording = dataclasses.replace(recording, takes=tuple(takes.values()))
    if open_takes(before, "primary") and not open_takes(recording, "primary"):
        # It is waited for from now on, however long the second recorder may have been.
        recording = dataclasses.replace(recording, unsettled_since=None)
    if not is_active(recording):
        # More is known of what was recorded: it has to be found when all of it is deleted.
        return [Step("recording.counted", recording)] if recording != before else []
    recording = _settled(recording, now, anybody=anybody)
    steps = _outcome(recording, now, [])
    if not steps and _marks(recording) != _marks(before):
        steps = [Step("recording.counted", recording)]
    return steps


def attend(recording: Recording, now: datetime) -> list[Step]:
    """What has to be said of one that has been unsettled for too long."""
    since = recording.unsettled_since
    if since is None or not is_active(recording):
        return []
    waited = now - since
    if (recording.state == "starting" or _is_unheard(recording)) and waited > START_PATIENCE:
        return [Step("recording.failed", _failed(recording, NOBODY_BEGAN, now))]
    if recording.state == "stopping" and waited > STOP_PATIENCE:
        takes = (dataclasses.replace(one, state="failed", reason="lost", ended_at=now)
                 if one.state not in OVER else one for one in recording.takes)  # fmt: skip
        return _outcome(dataclasses.replace(recording, takes=tuple(takes)), now, [])
    is_lost = recording.wanted == "running" and not open_takes(recording, "primary")
    if recording.state in ("recording", "paused") and is_lost and waited > PATIENCE:
        degraded = dataclasses.replace(recording, state="degraded", reason=RECORDER_LOST)
        return [Step("recording.degraded", degraded)]
    return []


def pauses_until(recording: Recording, end: datetime) -> list[tuple[datetime, datetime]]:
    """From when to when it was paused, without those that lasted no time."""
    spans = [(one.since, one.until or end) for one in recording.pauses]
    return [(since, until) for since, until in spans if since < until]


def prefixes_best_first(recording: Recording) -> list[str]:
    """The prefixes of its takes: of those that ended well, of those with more segments, of the later ones."""
    ranked = sorted(recording.takes, key=lambda one: (one.state == "stopped", one.segments), reverse=True)
    return [take.prefix for take in ranked]


def _outcome(recording: Recording, now: datetime, done: list[Step]) -> list[Step]:
    """The steps that bring the state to what its takes say, one after another.

    The first recorder says how it goes, also of the second: its node is the one that hears of both.
    """
    running = open_takes(recording, "primary")
    begun = [take.started_at for take in recording.takes if take.role == "primary"]
    if recording.state == "starting" and begun:
        first = min(begun)
        started = dataclasses.replace(recording, state="recording", started_at=first)
        return _outcome(started, now, [*done, Step("recording.started", started)])
    if recording.wanted == "stopped":
        is_over = not open_takes(recording) and not _is_unheard(recording)
        return [*done, *_stopped(recording, now)] if is_over else done
    if not running or recording.state not in ("recording", "paused", "degraded"):
        return done
    states = {take.state for take in running}
    trouble = next((take.reason for take in running if take.state == "degraded"), None)
    if "degraded" in states:
        if recording.state == "degraded" and recording.reason == trouble:
            return done
        degraded = dataclasses.replace(_resumed(recording, now), state="degraded", reason=trouble)
        return [*done, Step("recording.degraded", degraded)]
    if recording.state == "degraded":
        recovered = dataclasses.replace(recording, state="recording", reason=None)
        return _outcome(recovered, now, [*done, Step("recording.recovered", recovered)])
    if states == {"paused"} and recording.state == "recording":
        paused = dataclasses.replace(recording, state="paused", pauses=(*recording.pauses, Pause(now)))
        return [*done, Step("recording.paused", paused)]
    if "recording" in states and recording.state == "paused":
        resumed = dataclasses.replace(_resumed(recording, now), state="recording")
        return [*done, Step("recording.resumed", resumed)]
    return done


def _stopped(recording: Recording, now: datetime) -> list[Step]:
    """The last recorder has ended: there is something to make a file of, or there is nothing."""
    recording = _resumed(recording, now)
    begun = [take.started_at for take in recording.takes if take.role == "primary"]
    if recording.started_at is None and begun:
        recording = dataclasses.replace(recording, started_at=min(begun))
    ends = [take.ended_at for take in recording.takes if take.ended_at is not None]
    ended = _ended(recording, max(ends, default=now))
    if not has_media(ended):
        return [Step("recording.failed", _failed(ended, NOTHING_RECORDED, now))]
    return [Step("recording.stopped", dataclasses.replace(ended, state="processing", reason=None))]


def _failed(recording: Recording, reason: str, now: datetime) -> Recording:
    ended = _ended(recording, recording.ended_at or now)
    return dataclasses.replace(ended, state="failed", wanted="stopped", reason=reason)


def _ended(recording: Recording, at: datetime) -> Recording:
    until = at + recording.keep_for if recording.keep_for is not None else None
    return dataclasses.replace(
        recording, ended_at=at, unsettled_since=None, retain_until=recording.retain_until or until
    )


def _resumed(recording: Recording, now: datetime) -> Recording:
    """No pause is left open."""
    if not recording.pauses or recording.pauses[-1].until is not None:
        return recording
    *before, last = recording.pauses
    return dataclasses.replace(recording, pauses=(*before, dataclasses.replace(last, until=now)))


def awaits_recorders(recording: Recording) -> bool:
    """Whether recorders have yet to do what was asked of them; a missing second one is no such thing."""
    return recording.unsettled_since is not None and _is_unlike_wanted(recording, anybody=True)


def _settled(recording: Recording, now: datetime, *, anybody: bool = True) -> Recording:
    """The same, and since when it is not as it is wanted."""
    useful, others = useful_backups(recording), len(open_takes(recording, "backup"))
    lacks_backup = recording.has_backup and (len(useful) != 1 or others != 1)
    seeks_backup = recording.wanted == "running" and lacks_backup and anybody
    unsettled = seeks_backup or _is_unlike_wanted(recording, anybody=anybody)
    since = (recording.unsettled_since or now) if unsettled else None
    return dataclasses.replace(recording, unsettled_since=since)


def _is_unlike_wanted(recording: Recording, *, anybody: bool) -> bool:
    states = {take.state for take in open_takes(recording)}
    is_lost = not open_takes(recording, "primary")
    return {
        "running": (is_lost and anybody) or "paused" in states,
        "paused": bool(states & {"recording", "degraded"}),
        "stopped": bool(states) or _is_unheard(recording),
    }[recording.wanted]


def _is_unheard(recording: Recording) -> bool:
    """It was stopped before anybody said that it has begun: it may have all the same, and has to be told."""
    return recording.state == "stopping" and not recording.takes


def _taken(seen: Seen, node: NodeId) -> Take:
    return Take(
        node=node,
        prefix=seen.prefix,
        state=seen.state,
        started_at=seen.started_at,
        reason=seen.reason,
        ended_at=seen.ended_at,
        segments=seen.segments,
        size_bytes=seen.size_bytes,
        tracks=seen.tracks,
        role=seen.role,
    )


def _marks(recording: Recording) -> Iterable[object]:
    """What has to differ for something to have happened; what only grows does not."""
    takes = tuple((one.prefix, one.state, one.reason, one.ended_at) for one in recording.takes)
    return takes, recording.unsettled_since, recording.state, recording.wanted
