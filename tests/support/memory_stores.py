"""The control plane's stores in memory. They pass the same tests as the ones over DynamoDB."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.domain.api_key import ApiKey
from chalicelib.domain.events import Change, Event, Obstacle
from chalicelib.domain.identifiers import (
    KeyId,
    MeetingCode,
    MeetingId,
    NodeId,
    ParticipantId,
    RecordingId,
    Tenant,
    UserId,
)
from chalicelib.domain.issuers import Person, SignIn, user_id
from chalicelib.domain.meeting import Coded, Meeting, due_of
from chalicelib.domain.participant import Participant, Source
from chalicelib.domain.person import Profile
from chalicelib.domain.placement import LANES, Kept, Node, Reservation
from chalicelib.domain.presence import Beginning, Fence, KnownPresence, Presence
from chalicelib.domain.quality import QualityEntry
from chalicelib.domain.recording import Recording
from chalicelib.domain.recording_objects import RecordingPlace, RecordingSource
from chalicelib.domain.tenant import NO_LIMITS, TenantLimits
from chalicelib.domain.usage import DayUse, MeetingUse, Used


@dataclass(frozen=True)
class EarlierRequest:
    meeting: MeetingId
    request_digest: str
    home: str
    expires: datetime


class MemoryFleet:
    def __init__(self) -> None:
        self.node_by_key: dict[tuple[str, NodeId], Node] = {}
        self.digest_by_lane: dict[tuple[NodeId, int], str] = {}
        self.fence_by_lane: dict[tuple[NodeId, int], Fence] = {}
        self._surplus: dict[NodeId, tuple[int, ...]] = {}

    def record(self, node: Node) -> Kept | None:
        known = self.node_by_key.get((node.region, node.id))
        if known is not None and known.boot_id == node.boot_id and known.sequence >= node.sequence:
            return None
        if known is not None and known.boot_id != node.boot_id and known.reported_at > node.reported_at:
            return None
        reserved = known.reserved_units if known is not None else 0
        self.node_by_key[node.region, node.id] = dataclasses.replace(node, reserved_units=reserved)
        return self._kept(node.id, reserved)

    def kept(self, node: Node) -> Kept | None:
        known = self.node_by_key.get((node.region, node.id))
        if known is None:
            return Kept()
        same_boot = known.boot_id == node.boot_id
        is_late = known.sequence > node.sequence if same_boot else known.reported_at > node.reported_at
        return None if is_late else self._kept(node.id, known.reserved_units)

    def _kept(self, node: NodeId, reserved: int) -> Kept:
        digests = tuple(self.digest_by_lane.get((node, lane), "") for lane in range(LANES))
        return Kept(digests, reserved, self._surplus.get(node, ()))

    def nodes(self, region: str) -> list[Node]:
        return [node for (where, _), node in self.node_by_key.items() if where == region]

    def node(self, region: str, node: NodeId) -> Node | None:
        return self.node_by_key.get((region, node))

    def release(self, region: str, node: NodeId, units: int) -> None:
        known = self.node_by_key.get((region, node))
        if known is not None and known.reserved_units >= units:
            self.reserve(known, -units)

    def settle_reserved(self, region: str, node: NodeId, surplus: tuple[int, ...], correction: int) -> None:
        self._surplus[node] = surplus
        known = self.node_by_key.get((region, node))
        if known is not None and correction:
            self.reserve(known, correction)

    def reserve(self, node: Node, units: int) -> None:
        changed = dataclasses.replace(node, reserved_units=node.reserved_units + units)
        self.node_by_key[node.region, node.id] = changed


class MemoryPresence:
    def __init__(self, fleet: MemoryFleet) -> None:
        self._fleet = fleet
        self._known: dict[tuple[NodeId, int], KnownPresence] = {}
        self._marks = count()

    def known(self, node: NodeId, lane: int) -> KnownPresence:
        return self._known.get((node, lane), KnownPresence())

    def lanes_in_use(self, node: NodeId) -> list[int]:
        known = {lane: one for (name, lane), one in self._known.items() if name == node}
        return sorted(lane for lane, one in known.items() if one.written or one.begun)

    def begin(self, node: Node, lane: int, known: KnownPresence, begun: Presence) -> Fence | None:
        self._fleet.digest_by_lane[node.id, lane] = ""
        current = self.known(node.id, lane)
        if current.last != known.last:
            return None
        last = Beginning(str(next(self._marks)), node.boot_id, node.sequence, node.reported_at)
        self._known[node.id, lane] = KnownPresence(current.written, begun, last)
        fence = self._fleet.fence_by_lane[node.id, lane] = Fence(node.id, lane, last.mark)
        return fence

    def finish(self, fence: Fence, node: Node, presence: Presence, digest: str) -> bool:
        key = (fence.node, fence.lane)
        if self._fleet.fence_by_lane.get(key) != fence:
            return False
        self._known[key] = KnownPresence(presence, {}, self.known(*key).last)
        last = self._fleet.node(node.region, node.id)
        if last is not None and (last.boot_id, last.sequence) == (node.boot_id, node.sequence):
            self._fleet.digest_by_lane[key] = digest
        return True


class MemoryTenants:
    def __init__(self) -> None:
        self._limits: dict[Tenant, TenantLimits] = {}
        self.live: dict[tuple[Tenant, str], int] = {}
        self._keys: dict[tuple[Tenant, str], str] = {}

    def limits(self, tenant: Tenant) -> TenantLimits:
        return self._limits.get(tenant, NO_LIMITS)

    def set_limits(self, tenant: Tenant, limits: TenantLimits) -> None:
        self._limits[tenant] = limits

    def recording_key(self, tenant: Tenant, region: str) -> str | None:
        return self._keys.get((tenant, region))

    def set_recording_key(self, tenant: Tenant, region: str, key: str) -> str:
        return self._keys.setdefault((tenant, region), key)

    def live_meetings(self, tenant: Tenant, regions: Iterable[str]) -> int:
        return sum(self.live.get((tenant, region), 0) for region in regions)

    def added_by(self, change: Change) -> int:
        before, after = change.before, change.after
        if after.counted_live and not before.counted_live:
            return 1
        has_ended = after.state == "ended" != before.state
        return -1 if before.counted_live and (has_ended or not after.counted_live) else 0


class MemoryMeetings:
    def __init__(self, fleet: MemoryFleet) -> None:
        self._fleet = fleet
        self.tenants = MemoryTenants()
        self._lock = threading.Lock()  # Each method is one step to others, as a DynamoDB write is.
        self.meeting_by_id: dict[MeetingId, Meeting] = {}
        self.recording_by_id: dict[RecordingId, Recording] = {}
        self._coded: dict[MeetingCode, Coded] = {}
        self.claim_by_key: dict[tuple[Tenant, str], EarlierRequest] = {}
        self._events: dict[MeetingId, list[Event]] = {}
        self._participants: dict[MeetingId, dict[ParticipantId, Participant]] = {}

    def claim(
        self, meeting: Meeting, key: str, request_digest: str, instead_of: MeetingId | None
    ) -> EarlierRequest | None:
        with self._lock:
            return self._claim(meeting, key, request_digest, instead_of)

    def _claim(
        self, meeting: Meeting, key: str, request_digest: str, instead_of: MeetingId | None = None
    ) -> EarlierRequest | None:
        known = self.claim_by_key.get((meeting.tenant, key))
        if known is not None and known.expires <= meeting.created_at:
            known = None
        if known is not None and known.meeting not in (meeting.id, instead_of):
            return known
        expires = meeting.created_at + timedelta(hours=24)
        claim = EarlierRequest(meeting.id, request_digest, meeting.home_region, expires)
        self.claim_by_key[meeting.tenant, key] = claim
        return None

    def create(self, created: Change, key: str | None, request_digest: str) -> EarlierRequest | None:
        meeting = created.after
        with self._lock:
            if key is not None and meeting.id in self.meeting_by_id:
                return self.claim_by_key.get((meeting.tenant, key))
            earlier = self._claim(meeting, key, request_digest) if key is not None else None
            if earlier is not None:
                return earlier
            self.meeting_by_id[meeting.id] = meeting
            self._coded[meeting.code] = Coded(meeting.id, meeting.home_region)
            self._events[meeting.id] = list(created.events)
            return None

    def commit(
        self,
        change: Change,
        reservation: Reservation | None = None,
        most_live: int | None = None,
        fence: Fence | None = None,
    ) -> Obstacle | None:
        with self._lock:
            if not change.events:
                return None
            if fence is not None and self._fleet.fence_by_lane.get((fence.node, fence.lane)) != fence:
                return "superseded"
            known = self.meeting_by_id.get(change.after.id)
            if known is None or known.events != change.before.events:
                return "meeting"
            if change.newcomers & self._participants.get(known.id, {}).keys():
                return "participant"
            counter, added = (known.tenant, known.home_region), self.tenants.added_by(change)
            live = self.tenants.live.get(counter, 0)
            if added > 0 and live >= (most_live or 0):
                return "tenant"
            if reservation is not None:
                node = self._fleet.node(reservation.node.region, reservation.node.id)
                if node is None or node.reserved_units > reservation.most_reserved:
                    return "node"
                is_other = (node.boot_id, node.reported_state) != (reservation.node.boot_id, "ready")
                if reservation.is_new and is_other:
                    return "node"
                self._fleet.reserve(node, reservation.units)
            if added:
                self.tenants.live[counter] = live + added
            self.meeting_by_id[change.after.id] = change.after
            self._participants.setdefault(change.after.id, {}).update(change.participant_by_id)
            self._events[change.after.id] += change.events
            self.recording_by_id.update(change.recording_by_id)
            return None

    def by_id(self, meeting: MeetingId) -> Meeting | None:
        return self.meeting_by_id.get(meeting)

    def coded(self, code: MeetingCode) -> Coded | None:
        return self._coded.get(code)

    def page(
        self, tenant: Tenant, state: str | None, limit: int, after: str | None
    ) -> tuple[list[Meeting], str | None]:
        mine = [one for one in self.meeting_by_id.values() if one.tenant == tenant]
        return self._page(mine, state, limit, after)

    def page_of(
        self, organiser: UserId, state: str | None, limit: int, after: str | None
    ) -> tuple[list[Meeting], str | None]:
        mine = [one for one in self.meeting_by_id.values() if one.organiser == organiser]
        return self._page(mine, state, limit, after)

    def _page(
        self, mine: list[Meeting], state: str | None, limit: int, after: str | None
    ) -> tuple[list[Meeting], str | None]:
        def mark(meeting: Meeting) -> str:
            return f"{meeting.created_at.strftime('%Y-%m-%dT%H:%M:%S.%f')}#{meeting.id}"

        wanted = [one for one in mine if one.deleted_at is None and state in (None, one.state)]
        newest_first = sorted(wanted, key=mark, reverse=True)
        rest = [meeting for meeting in newest_first if after is None or mark(meeting) < after]
        return rest[:limit], mark(rest[limit - 1]) if len(rest) > limit else None

    def live(self, region: str, first: int, most_reads: int) -> list[Meeting]:
        return [m for m in self.meeting_by_id.values() if m.home_region == region and m.state != "ended"]

    def due(self, region: str, now: datetime, limit: int) -> list[MeetingId]:
        times = {one.id: due_of(one) for one in self.meeting_by_id.values() if one.home_region == region}
        return [name for name, due in times.items() if due is not None and due <= now][:limit]

    def erase(self, meeting: Meeting) -> None:
        with self._lock:
            self.meeting_by_id.pop(meeting.id, None)
            self._coded.pop(meeting.code, None)
            self._events.pop(meeting.id, None)
            self._participants.pop(meeting.id, None)
            for name in [one.id for one in self.recordings(meeting.id)]:
                del self.recording_by_id[name]

    def held_units(self, node: NodeId) -> int:
        going_on = (one.placement for one in self.meeting_by_id.values() if one.state != "ended")
        return sum(place.units for place in going_on if place is not None and place.node == node)

    def participants(self, meeting: MeetingId) -> list[Participant]:
        return [entry for _, entry in sorted(self._participants.get(meeting, {}).items())]

    def participants_by_id(
        self, meeting: MeetingId, wanted: Collection[ParticipantId]
    ) -> Mapping[ParticipantId, Participant]:
        known = self._participants.get(meeting, {})
        return {one: known[one] for one in wanted if one in known}

    def with_participants(
        self, meeting: MeetingId, wanted: Collection[ParticipantId]
    ) -> tuple[Meeting | None, Mapping[ParticipantId, Participant]]:
        return self.by_id(meeting), self.participants_by_id(meeting, wanted)

    def note_polled(self, participant: Participant, now: datetime) -> None:
        known = self._participants[participant.meeting]
        if known[participant.id].state == "waiting":
            known[participant.id] = dataclasses.replace(known[participant.id], polled_at=now)

    def recordings(self, meeting: MeetingId) -> list[Recording]:
        return [one for one in self.recording_by_id.values() if one.meeting == meeting]

    def events(self, meeting: MeetingId, after: int, limit: int) -> list[Event]:
        return self._events.get(meeting, [])[after : after + limit]


class MemoryAttempts:
    def __init__(self) -> None:
        self._count: dict[str, int] = {}
        self._lock = threading.Lock()

    def take(self, counter: str, most: int, ends: datetime) -> int | None:
        with self._lock:
            count = self._count.get(counter, 0) + 1
            if count > most:
                return None
            self._count[counter] = count
            return count

    def give_back(self, counter: str) -> None:
        with self._lock:
            self._count[counter] -= 1


class MemoryProfiles:
    def __init__(self) -> None:
        self._profiles: dict[UserId, Profile] = {}

    def profile(self, user: UserId) -> Profile:
        return self._profiles.get(user, Profile())

    def put_profile(self, user: UserId, profile: Profile) -> bool:
        if self.profile(user).version != profile.version - 1:
            return False
        self._profiles[user] = profile
        return True


class MemoryUsage:
    def __init__(self) -> None:
        self._meetings: dict[MeetingId, MeetingUse] = {}
        self._days: dict[tuple[Tenant, str, date], Used] = {}

    def count(self, use: MeetingUse, region: str) -> bool:
        known = self._meetings.get(use.meeting)
        if known is None or known.number < use.number:
            key = (use.tenant, region, use.day)
            added = use.used - (known.used if known is not None else Used())
            self._days[key] = self._days.get(key, Used()) + added
            self._meetings[use.meeting] = use
        return True

    def days(self, tenant: Tenant, regions: Iterable[str], first: date, last: date) -> list[DayUse]:
        wanted = set(regions)
        found: dict[date, Used] = {}
        for (whose, region, day), used in self._days.items():
            if whose == tenant and region in wanted and first <= day <= last:
                found[day] = found.get(day, Used()) + used
        return [DayUse(day, found[day]) for day in sorted(found)]


class MemoryQuality:
    def __init__(self) -> None:
        self._entries: dict[tuple[MeetingId, ParticipantId, str], QualityEntry] = {}

    def keep(self, entries: Sequence[QualityEntry], expires: int) -> None:
        if expires < time.time():
            return
        self._entries.update({(one.meeting, one.participant, one.starts_at): one for one in entries})

    def points(
        self, meeting: MeetingId, participant: ParticipantId, after: str | None, limit: int
    ) -> list[Mapping[str, Any]]:
        mine = sorted(key for key in self._entries if key[:2] == (meeting, participant))
        points = [point for key in mine for point in self._entries[key].points]
        return [point for point in points if after is None or point["at"] > after][:limit]

    def latest(self, meeting: MeetingId, after: str | None, limit: int) -> list[QualityEntry]:
        latest = {key[1]: self._entries[key] for key in sorted(self._entries) if key[0] == meeting}
        return [latest[one] for one in sorted(latest) if after is None or one > after][:limit]


class MemoryApiKeys:
    def __init__(self) -> None:
        self._keys: dict[KeyId, tuple[ApiKey, str]] = {}
        self.reads = 0

    def create(self, key: ApiKey, request_digest: str) -> str | None:
        if key.id in self._keys:
            return self._keys[key.id][1]
        self._keys[key.id] = (key, request_digest)
        return None

    def by_id(self, key: KeyId) -> ApiKey | None:
        self.reads += 1
        return self._keys[key][0] if key in self._keys else None

    def of_tenant(self, tenant: Tenant) -> list[ApiKey]:
        own = [key for key, _ in self._keys.values() if key.tenant == tenant]
        return sorted(own, key=lambda key: (key.created_at, key.id), reverse=True)

    def note_use(self, key: KeyId, at: datetime) -> None:
        if key in self._keys:
            known, digest = self._keys[key]
            self._keys[key] = (dataclasses.replace(known, last_used_at=at), digest)

    def delete(self, key: KeyId) -> None:
        self._keys.pop(key, None)


class RecordingCommands:
    """Remembers what was sent to nodes."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, MeetingId]] = []
        self.sent: list[tuple[Any, ...]] = []
        self.places: list[RecordingPlace] = []
        self.sources: list[RecordingSource] = []

    def end_meeting(self, queue_url: str, meeting: MeetingId, request_id: str) -> None:
        self.ended.append((queue_url, meeting))

    def drain(self, queue_url: str, deadline_seconds: int | None, request_id: str) -> None:
        self.sent.append(("drain", queue_url, deadline_seconds))

    def undrain(self, queue_url: str, request_id: str) -> None:
        self.sent.append(("undrain", queue_url))

    def remove_participant(
        self,
        queue_url: str,
        meeting: MeetingId,
        participant: ParticipantId,
        reason: Literal["removed", "left"],
        request_id: str,
    ) -> None:
        self.sent.append(("remove", queue_url, participant, reason))

    def admit_participant(
        self, queue_url: str, meeting: MeetingId, participant: ParticipantId, request_id: str
    ) -> None:
        self.sent.append(("admit", queue_url, participant))

    def mute(
        self,
        queue_url: str,
        meeting: MeetingId,
        participant: ParticipantId | None,
        by: ParticipantId | None,
        sources: Sequence[Source],
        request_id: str,
    ) -> None:
        self.sent.append(("mute", queue_url, participant, by, *sources))

    def start_recording(
        self,
        queue_url: str,
        recording: Recording,
        where: RecordingPlace,
        request_id: str,
        source: RecordingSource | None = None,
    ) -> None:
        if source is not None:
            self.sources.append(source)
            self.sent.append(("startBackup", queue_url, recording.id))
            return
        self.sent.append(("startRecording", queue_url, recording.id))
        self.places.append(where)

    def direct_recording(
        self,
        queue_url: str,
        recording: Recording,
        direction: Literal["stop", "pause", "resume"],
        request_id: str,
    ) -> None:
        self.sent.append((f"{direction}Recording", queue_url, recording.id))

    def change_participant(
        self, queue_url: str, participant: Participant, grants: Mapping[str, object], request_id: str
    ) -> None:
        self.sent.append(("change", queue_url, participant.id, participant.role, grants["moderate"]))


class KnownPeople:
    """People whose tokens are their names."""

    def __init__(self) -> None:
        self.tenant = Tenant("acme")
        self.known = {"ada", "bob"}
        self.operators: set[str] = set()

    def person(self, token: str) -> Person | None:
        if token not in self.known:
            return None
        operates = token in self.operators
        return Person(self.tenant, user_id("https://issuer.example", token), token.title(), operates)

    def sign_ins(self) -> list[SignIn]:
        place = "https://issuer.example"
        return [SignIn(place, "parley-web", "openid", f"{place}/authorize", f"{place}/token")]


class Nobody:
    """No issuer is trusted."""

    def person(self, token: str) -> Person | None:
        return None

    def sign_ins(self) -> list[SignIn]:
        return []


class OneKeySigner:
    """Signs with a key of its own, so that a token of another signer is a forged one."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def sign(self, claims: dict[str, Any], typ: str = "JWT") -> str:
        return jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": "one", "typ": typ})

    def verify(self, token: str, audience: str, issuer: str, typ: str = "JWT") -> dict[str, Any] | None:
        try:
            if jwt.get_unverified_header(token).get("typ") != typ:
                return None
            key = self._key.public_key()
            claims: dict[str, Any] = jwt.decode(token, key, ["ES256"], audience=audience, issuer=issuer)
        except jwt.InvalidTokenError:
            return None
        return claims

    def jwks(self) -> dict[str, Any]:
        jwk: str = jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key())
        return {"keys": [{**json.loads(jwk), "kid": "one"}]}
