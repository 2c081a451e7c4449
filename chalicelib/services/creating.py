"""Make a meeting: in the region that will carry it, and one for one idempotency key.

A meeting's home is chosen before it is written and never changes. Where it is another region than the
asking one, two tables take part and no transaction spans them. So the key is claimed here first, with the
meeting's id and its home; whoever repeats the request finds that and finishes the same meeting
(docs/decisions/0017-home-regions.md).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.egress import Media
from chalicelib.domain.events import Change
from chalicelib.domain.identifiers import MeetingId, RandomBytes, new_code, new_id
from chalicelib.domain.meeting import DEFAULT_AUTO_ADMIT, LONGEST_LIFE, Meeting
from chalicelib.domain.permissions import Keeper, UserCaller
from chalicelib.domain.placement import Node, region_with_room
from chalicelib.domain.recording import RecordingSetting
from chalicelib.domain.regions import RegionWish, in_order
from chalicelib.errors import IdempotencyConflictError, StoreUnavailableError
from chalicelib.services.fleet import Fleet
from chalicelib.services.homes import InRegion
from chalicelib.services.meetings import check_times
from chalicelib.services.protocols import EarlierRequest, MeetingStore
from chalicelib.services.tenants import Tenants

# How full regions are now says nothing of a meeting that starts later: a fleet grows within minutes.
SOON = timedelta(minutes=10)
# A region that did not answer is not waited for again by each create of this time.
PASSED_BY = timedelta(seconds=10)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MeetingWishes:
    """A create request that has passed validation."""

    title: str | None
    guests: bool
    # As many as its tenant's meetings usually have, where None.
    max_participants: int | None
    end_after_empty: timedelta
    region: str | None
    metadata: Mapping[str, str]
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    max_duration: timedelta = LONGEST_LIFE
    passcode_hash: str | None = None
    waiting_room: bool = False
    auto_admit: frozenset[str] = DEFAULT_AUTO_ADMIT
    auto_admit_external_ids: frozenset[str] = frozenset()
    expected_participants: int | None = None
    media: Media = "video"
    recording: RecordingSetting = "off"


class Creating:
    def __init__(
        self,
        store: MeetingStore,
        fleet: Fleet,
        tenants: Tenants,
        in_region: InRegion,
        region: str,
        random_bytes: RandomBytes,
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._tenants = tenants
        self._in_region = in_region
        self._region = region
        self._random_bytes = random_bytes
        self._passed_by_until: dict[str, datetime] = {}

    def create(
        self,
        caller: Keeper,
        wishes: MeetingWishes,
        idempotency_key: str | None,
        now: datetime,
        where: RegionWish = RegionWish(),  # noqa: B008 (frozen)
    ) -> Meeting:
        """Make a meeting; the same key with the same wishes gives the same meeting again.

        Args:
            where: What is known of where the client is; counts where the wishes name no region.

        Raises:
            IdempotencyConflictError: The key came with other wishes before.
            ValidationFailedError: It would end before it starts, or hold more than the tenant may.
            StoreUnavailableError: It was not made, or nobody knows; with the same key it can be asked again.
        """
        check_times(wishes.starts_at, wishes.ends_at, now)
        meeting = self._draft(caller, wishes, now)
        home = wishes.region or self._home(meeting, where, now)
        meeting = dataclasses.replace(meeting, home_region=home)
        if idempotency_key is None:
            with self._in_region(home):
                self._store.create(Change.creation(meeting), None, "")
            return Change.creation(meeting).after
        if isinstance(caller, UserCaller):
            # Two people of a tenant may choose the same key; a meeting is one person's.
            idempotency_key = f"{caller.user} {idempotency_key}"
        return self._create_once(meeting, idempotency_key, request_digest(wishes))

    def _create_once(self, meeting: Meeting, key: str, digest: str) -> Meeting:
        """Follow the key from this region's claim to the region that has the meeting, or can make it.

        A home where another request claimed the key meanwhile leads on. That ends: each region has one
        claim of a key. Two regions that lead to each other agree in a moment, as replicas do.
        """
        wanted = self._claimed(meeting, key, digest)
        first, seen = wanted.id, set[MeetingId]()
        while wanted.id not in seen:
            seen.add(wanted.id)
            created = Change.creation(wanted)
            with self._in_region(wanted.home_region):
                earlier = self._store.create(created, key, digest)
            if earlier is None:
                return self._settled(created.after, first, key, digest)
            found_in = wanted.home_region
            if found_in == self._region:
                first = earlier.meeting
            wanted = _as_claimed(wanted, earlier, digest, found_in)
            with self._in_region(wanted.home_region):
                found = self._store.by_id(wanted.id)
            if found is not None:
                return self._settled(found, first, key, digest)
        raise StoreUnavailableError("Another request with this Idempotency-Key is under way.")

    def _claimed(self, meeting: Meeting, key: str, digest: str) -> Meeting:
        """What the key is for, from now on if not before. One of here is claimed and made in one write."""
        if meeting.home_region == self._region or not self._fleet.is_split:
            return meeting
        earlier = self._store.claim(meeting, key, digest, None)
        return meeting if earlier is None else _as_claimed(meeting, earlier, digest, self._region)

    def _settled(self, meeting: Meeting, first: MeetingId, key: str, digest: str) -> Meeting:
        """Let this region's claim name what was found: of two that differ the later would win everywhere."""
        if first != meeting.id:
            self._store.claim(meeting, key, digest, first)
        return meeting

    def _home(self, meeting: Meeting, where: RegionWish, now: datetime) -> str:
        """The best region for the client that has room for the meeting; the best of all where none has."""
        if not self._fleet.is_split:
            # Any region's nodes can carry it, wherever it is written.
            return self._region
        order = in_order(where, self._region, self._fleet.regions)
        if meeting.starts_at is not None and meeting.starts_at > now + SOON:
            return order[0]
        return region_with_room(order, lambda one: self._nodes(one, now), meeting, now) or order[0]

    def _nodes(self, region: str, now: datetime) -> Sequence[Node]:
        if region in self._passed_by_until and now < self._passed_by_until[region]:
            return ()
        try:
            return self._fleet.snapshot(region)
        except StoreUnavailableError:
            if region == self._region:
                raise
            log.warning("region %s tells nothing of its nodes: no meeting is made there", region)
            self._passed_by_until[region] = now + PASSED_BY
            return ()

    def _draft(self, caller: Keeper, wishes: MeetingWishes, now: datetime) -> Meeting:
        return Meeting(
            id=MeetingId(new_id("mtg", self._random_bytes)),
            code=new_code(self._random_bytes),
            tenant=caller.tenant,
            organiser=caller.user if isinstance(caller, UserCaller) else None,
            home_region=self._region,
            created_at=now,
            title=wishes.title,
            guests=wishes.guests,
            max_participants=self._tenants.size_of(caller.tenant, wishes.max_participants),
            end_after_empty=wishes.end_after_empty,
            metadata=wishes.metadata,
            starts_at=wishes.starts_at,
            ends_at=wishes.ends_at,
            max_duration=wishes.max_duration,
            passcode_hash=wishes.passcode_hash,
            waiting_room=wishes.waiting_room,
            auto_admit=wishes.auto_admit,
            auto_admit_external_ids=wishes.auto_admit_external_ids,
            expected_participants=wishes.expected_participants,
            media=wishes.media,
            recording=wishes.recording,
        )


def _as_claimed(meeting: Meeting, earlier: EarlierRequest, digest: str, found_in: str) -> Meeting:
    """The meeting that a key was claimed for, as this request describes it."""
    if earlier.request_digest != digest:
        raise IdempotencyConflictError("This Idempotency-Key came with another request before.")
    return dataclasses.replace(meeting, id=earlier.meeting, home_region=earlier.home or found_in)


def request_digest(wishes: MeetingWishes) -> str:
    """The same for the same wishes. Of a passcode only that there is one: its hash never repeats."""
    plain: dict[str, Any] = {
        **vars(wishes),
        "passcode_hash": wishes.passcode_hash is not None,
        "metadata": dict(wishes.metadata),
    }
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=_plain).encode()).hexdigest()


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else str(value)
