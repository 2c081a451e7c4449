"""What recorders on nodes are told, and what becomes of recordings as reports and the clock tell of them.

Each change is written by the caller, with what else it writes. Commands are sent after it; one that is lost
is sent again by the clock for as long as the recorder is not as it is wanted.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.events import Change
from chalicelib.domain.identifiers import NodeId, RandomBytes, RecordingId, derived_id
from chalicelib.domain.meeting import Meeting, Placement
from chalicelib.domain.placement import choose_backup
from chalicelib.domain.presence import PresenceChange
from chalicelib.domain.recording import Recording, is_active, observe, open_takes, useful_backups
from chalicelib.domain.recording_changes import begin, hindrance_of, note
from chalicelib.domain.recording_objects import RecordingPlace, RecordingSource, place_of
from chalicelib.errors import StoreUnavailableError
from chalicelib.services.fleet import Fleet
from chalicelib.services.protocols import Direction, MeetingStore, Signer
from chalicelib.services.tenants import Tenants

AUTOMATIC = "automatic"
MEDIA_AUDIENCE = "parley-media"
# As long as a command waits for its node: a recorder that comes back later is told anew.
RECORDER_TOKEN_LIFETIME = timedelta(minutes=10)

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Rules:
    """What a deployment decides about its recordings."""

    # "{region}" in the names of buckets is the home of what is recorded.
    bucket: str
    backup_bucket: str | None = None
    # None: until somebody deletes them.
    retention: timedelta | None = None
    # Whether a second node records each meeting, too.
    has_backup: bool = False

    def place(self, region: str, kms_key: str | None) -> RecordingPlace:
        return place_of(region, self.bucket, self.backup_bucket, kms_key)


class RecorderTokens:
    """Lets second recorders in where a meeting is."""

    def __init__(self, signer: Signer, issuer: str, random_bytes: RandomBytes) -> None:
        self._signer = signer
        self._issuer = issuer
        self._random_bytes = random_bytes

    def token(
        self, meeting: Meeting, recording: Recording, node: NodeId, backup: NodeId, now: datetime
    ) -> str:
        """A token for one node's second recorder, and for the node that has the meeting alone."""
        issued = int(now.timestamp())
        return self._signer.sign(
            {
                "iss": self._issuer,
                "sub": derived_id("par", recording.id, backup),
                "mtg": meeting.id,
                "iat": issued,
                "nbf": issued,
                "aud": MEDIA_AUDIENCE,
                "node": node,
                "role": "recorder",
                "name": "Recorder",
                "grants": {"publish": [], "subscribe": True, "moderate": False, "takeAll": True},
                "epoch": meeting.epoch,
                "mxp": meeting.max_participants,
                "exp": issued + int(RECORDER_TOKEN_LIFETIME.total_seconds()),
                "jti": self._random_bytes(16).hex(),
            }
        )


class Recorders:
    def __init__(
        self, store: MeetingStore, fleet: Fleet, tenants: Tenants, rules: Rules, tokens: RecorderTokens
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._tenants = tenants
        self._rules = rules
        self._tokens = tokens

    def seen(self, change: Change, seen: PresenceChange, node: NodeId, at: datetime) -> Change:
        """Add to a change of a meeting what a node's report says of its recorders, or an automatic start."""
        meeting = change.after
        change = self._begun_by_itself(change, at)
        if not seen.is_recorded and meeting.active_recording is None:
            return change
        anybody = meeting.present > 0 and meeting.state != "ended"
        for recording in self._store.recordings(meeting.id):
            mine = [one for one in seen.recorders if one.recording == recording.id]
            known = any(take.node == node for take in recording.takes)
            if mine or known or is_active(recording):
                change = note(change, observe(recording, node, mine, at, anybody=anybody), at)
        return change

    def begun(
        self, change: Change, name: RecordingId, by: str, at: datetime, **wishes: Any
    ) -> tuple[Change, Recording]:
        """Add a new recording to a change of its meeting."""
        meeting = change.after
        recording = Recording(
            id=name,
            meeting=meeting.id,
            tenant=meeting.tenant,
            region=meeting.home_region,
            requested_at=at,
            requested_by=by,
            organiser=meeting.organiser,
            title=meeting.title,
            keep_for=self._rules.retention,
            has_backup=self._rules.has_backup,
            **wishes,
        )
        return begin(change, recording, at), recording

    def tell(self, meeting: Meeting, recordings: Iterable[Recording], request_id: str, now: datetime) -> None:
        """Tell recorders that are not as they are wanted. What cannot be sent now, the clock sends again.

        A late command may have begun one of a recording that is over: with each of its reports it is stopped.
        """
        for recording in recordings:
            is_unsettled = is_active(recording) and recording.unsettled_since is not None
            is_stray = not is_active(recording) and bool(open_takes(recording))
            if not is_unsettled and not is_stray:
                continue
            try:
                self._tell(meeting, recording, request_id, now)
            except StoreUnavailableError:
                log.warning(
                    "a recorder of %s was not told; the clock tells it again", recording.id, exc_info=True
                )

    def _tell(self, meeting: Meeting, recording: Recording, request_id: str, now: datetime) -> None:
        if recording.has_backup and recording.wanted == "running":
            self._tell_backup(meeting, recording, request_id, now)
        running = open_takes(recording)
        if recording.wanted == "running" and not open_takes(recording, "primary"):
            where = self._place(recording)
            self._fleet.tell_node(
                meeting, now, lambda node, url: node.start_recording(url, recording, where, request_id)
            )
            return
        if recording.wanted == "running" and all(take.state != "paused" for take in running):
            return
        direction: Direction = "resume" if recording.wanted == "running" else "pause"
        if recording.wanted == "stopped":
            direction = "stop"
        places = {take.node for take in running}
        if meeting.placement is not None and recording.wanted == "stopped":
            # A start that is still on its way there must not begin it again.
            places.add(meeting.placement.node)
        for place in sorted(places):
            self._fleet.tell(
                place, now, lambda node, url: node.direct_recording(url, recording, direction, request_id)
            )

    def _tell_backup(self, meeting: Meeting, recording: Recording, request_id: str, now: datetime) -> None:
        """See to it that one other node records the meeting: start where none does, stop where too many do.

        A start is also what a recorder waits for that has lost its way: it says where the meeting is now.
        """
        placement = meeting.placement
        if placement is None:
            return
        useful = [take.node for take in useful_backups(recording) if take.node != placement.node]
        if not useful:
            self._start_backup(meeting, placement, recording, request_id, now)
        extra = {take.node for take in open_takes(recording, "backup")} - {placement.node, *useful[:1]}
        for name in sorted(extra) if useful else ():
            self._fleet.tell(
                name, now, lambda node, url: node.direct_recording(url, recording, "stop", request_id)
            )

    def _start_backup(
        self,
        meeting: Meeting,
        placement: Placement,
        recording: Recording,
        request_id: str,
        now: datetime,
    ) -> None:
        backups = open_takes(recording, "backup")
        leaving = {take.node for take in backups if take.reason == "draining"}
        waiting = [take.node for take in backups if take.node not in leaving]
        preferred = [*waiting, *([placement.standby] if placement.standby is not None else [])]
        nodes = [node for node in self._fleet.snapshot(placement.region) if node.id not in leaving]
        chosen = choose_backup(nodes, placement.node, preferred, recording.id, now)
        if chosen is None:
            return
        token = self._tokens.token(meeting, recording, placement.node, chosen.id, now)
        source, where = RecordingSource(placement.url, token), self._place(recording)
        self._fleet.tell(
            chosen.id,
            now,
            lambda node, url: node.start_recording(url, recording, where, request_id, source),
        )

    def _place(self, recording: Recording) -> RecordingPlace:
        key = self._tenants.recording_key(recording.tenant, recording.region)
        return self._rules.place(recording.region, key)

    def _begun_by_itself(self, change: Change, at: datetime) -> Change:
        """A meeting that is recorded automatically, and has just gone live."""
        meeting = change.after
        has_started = any(event.type == "meeting.started" for event in change.events)
        if not has_started or meeting.recording != "automatic" or hindrance_of(meeting) is not None:
            return change
        name = RecordingId(derived_id("rec", meeting.id, AUTOMATIC))
        return self.begun(change, name, AUTOMATIC, at)[0]
