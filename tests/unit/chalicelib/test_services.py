"""Use cases over stores in memory: join, end, reports, sweep, accounts."""

from __future__ import annotations

import base64
import dataclasses
import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest

from chalicelib.domain.egress import egress_units
from chalicelib.domain.identifiers import KeyId, Tenant
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.permissions import ApiKeyCaller, Guest
from chalicelib.domain.placement import LOST_AFTER, Node
from chalicelib.domain.regions import RegionWish
from chalicelib.errors import (
    BarredError,
    ForbiddenError,
    GuestsNotAllowedError,
    IdempotencyConflictError,
    MeetingEndedError,
    MeetingFullError,
    MeetingNotFoundError,
    NoCapacityError,
    UnauthorizedError,
    ValidationFailedError,
)
from chalicelib.services.accounts import KEPT_SECONDS, Accounts
from chalicelib.services.creating import Creating, MeetingWishes
from chalicelib.services.fleet import SNAPSHOT_SECONDS, Fleet
from chalicelib.services.join import Admission, Join, JoinWishes, Waiting
from chalicelib.services.meetings import Meetings
from chalicelib.services.moderation import Moderation, Moderator
from chalicelib.services.passcodes import Passcodes
from chalicelib.services.placing import Placing
from chalicelib.services.presence import PresenceWriter
from chalicelib.services.recorders import Recorders, RecorderTokens, Rules
from chalicelib.services.reports import Reports, parse_report
from chalicelib.services.sweep import Sweep
from chalicelib.services.tenants import Tenants
from chalicelib.services.timekeeper import Timekeeper
from chalicelib.stores.regions import in_region
from tests.support.builders import NOW, a_node
from tests.support.memory_stores import (
    MemoryApiKeys,
    MemoryAttempts,
    MemoryFleet,
    MemoryMeetings,
    MemoryPresence,
    OneKeySigner,
    RecordingCommands,
)

ACME = ApiKeyCaller(Tenant("acme"), KeyId("key_1"))
OTHER = ApiKeyCaller(Tenant("other"), KeyId("key_2"))
ISSUER = "http://api/v1"


class World:
    """The control plane with its own time and chance."""

    def __init__(self) -> None:
        self.now: datetime = NOW
        self.seconds = 0.0
        chance = random.Random(11)
        self.fleet_store = MemoryFleet()
        self.store = MemoryMeetings(self.fleet_store)
        self.commands = RecordingCommands()
        self.signer = OneKeySigner()
        self.fleet = Fleet(self.fleet_store, self.store, self.commands, ["local"], lambda: self.seconds)
        self.tenants = Tenants(self.store.tenants, lambda: self.seconds)
        self.meetings = Meetings(self.store, self.fleet, self.tenants)
        self.creating = Creating(self.store, self.fleet, self.tenants, in_region, "local", chance.randbytes)
        self.joins = Join(
            self.meetings,
            self.store,
            Placing(self.store, self.fleet, self.tenants, chance.randrange),
            self.signer,
            Passcodes(MemoryAttempts(), time_cost=1, memory=8),
            ISSUER,
            chance.randbytes,
            lambda: self.now,
        )
        tokens = RecorderTokens(self.signer, ISSUER, chance.randbytes)
        self.rules = Rules("parley-recordings")
        self.recorders = Recorders(self.store, self.fleet, self.tenants, self.rules, tokens)
        self.presence = PresenceWriter(
            MemoryPresence(self.fleet_store), self.store, self.commands, self.recorders
        )
        self.reports = Reports(self.fleet, self.presence)
        self.sweep = Sweep(self.meetings, self.store, self.fleet, "local")
        self.timekeeper = Timekeeper(self.meetings, self.store, self.fleet_store, self.presence, "local")

    def pass_time(self, seconds: float) -> None:
        self.seconds += seconds
        self.now += timedelta(seconds=seconds)

    def add_node(self, **changes: Any) -> Node:
        node = a_node(reported_at=self.now, **changes)
        self.fleet_store.record(node)
        return node

    def create(self, key: str | None = None, **changes: Any) -> Meeting:
        wishes = MeetingWishes(None, True, 100, timedelta(minutes=10), None, {})
        return self.creating.create(ACME, dataclasses.replace(wishes, **changes), key, self.now)

    def join(self, meeting: Meeting, caller: Any = Guest(), **changes: Any) -> Admission:  # noqa: B008
        admission = self.ask(meeting, caller, **changes)
        assert isinstance(admission, Admission)
        return admission

    def ask(self, meeting: Meeting, caller: Any = Guest(), **changes: Any) -> Admission | Waiting:  # noqa: B008
        wishes = JoinWishes("Ann", None, None, None)
        return self.joins.join(caller, meeting.id, dataclasses.replace(wishes, **changes))

    def report(
        self, node: Node, sequence: int, *present: Admission, epoch: int = 1, state: str = "ready"
    ) -> bool:
        by_meeting: dict[str, list[str]] = {}
        for admission in present:
            by_meeting.setdefault(admission.meeting.id, []).append(admission.participant.id)
        entries = [
            {"id": name, "epoch": epoch, "participants": people} for name, people in by_meeting.items()
        ]
        body = a_report(node, sequence=sequence, meetings=entries, state=state)
        return self.reports.take(json.dumps(body), int(self.now.timestamp() * 1000), "request")

    def read(self, meeting: Meeting) -> Meeting:
        return self.store.meeting_by_id[meeting.id]

    def reserved(self, node: Node) -> int:
        return self.fleet_store.node_by_key["local", node.id].reserved_units


def a_report(of: Node, **changes: Any) -> dict[str, Any]:
    return {
        "type": "nodeReport",
        "version": 1,
        "node": of.id,
        "bootId": "boot-1",
        "sequence": 2,
        "region": "local",
        "url": of.url,
        "metricsUrl": of.metrics_url,
        "commandQueueUrl": of.command_queue_url,
        "state": of.reported_state,
        "capacityUnits": 100,
        "usedUnits": 0,
        "cpuBusy": 0.5,
        "counters": {},
        "meetings": [],
        **changes,
    }


@pytest.fixture
def world() -> World:
    return World()


def claims_of(world: World, token: str, audience: str = "parley-media") -> dict[str, Any]:
    # The tests' time is not the machine's: only the signature and the audience are checked here.
    key = jwt.PyJWKSet.from_dict(world.signer.jwks()).keys[0]
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    claims: dict[str, Any] = jwt.decode(token, key.key, ["ES256"], audience=audience, options=options)
    return claims


def test_a_guest_gets_a_node_and_a_token_that_says_so(world: World):
    node, meeting = world.add_node(), world.create(max_participants=12)
    admission = world.join(meeting)
    assert admission.node.id == node.id
    claims = claims_of(world, admission.token)
    assert claims["iss"] == ISSUER
    assert claims["sub"] == admission.participant.id
    assert (claims["mtg"], claims["node"], claims["epoch"], claims["mxp"]) == (meeting.id, node.id, 1, 12)
    assert (claims["role"], claims["name"]) == ("participant", "Ann")
    assert claims["grants"]["moderate"] is False
    assert claims["exp"] - claims["iat"] == 300


def test_the_second_participant_comes_to_the_same_node(world: World):
    for _ in range(5):
        world.add_node()
    meeting = world.create()
    admissions = [world.join(meeting) for _ in range(6)]
    assert len({admission.node.id for admission in admissions}) == 1
    assert len({admission.participant.id for admission in admissions}) == 6
    assert {claims_of(world, admission.token)["epoch"] for admission in admissions} == {1}


def test_concurrent_first_joins_place_the_meeting_once(world: World):
    nodes = [world.add_node() for _ in range(4)]
    meeting = world.create()
    with ThreadPoolExecutor(8) as pool:
        admissions = list(pool.map(lambda _: world.join(meeting), range(16)))
    assert len({admission.node.id for admission in admissions}) == 1
    assert sum(world.reserved(node) for node in nodes) == egress_units(4, "video")
    assert world.read(meeting).epoch == 1


def test_a_resume_token_gives_the_same_participant_again(world: World, monkeypatch: pytest.MonkeyPatch):
    world.now = datetime.now(NOW.tzinfo)
    world.add_node()
    meeting = world.create()
    first = world.join(meeting)
    again = world.join(meeting, resume_token=first.resume_token)
    assert again.participant.id == first.participant.id
    assert len(world.store.participants(meeting.id)) == 1


@pytest.mark.parametrize("kind", ["garbage", "forged", "other meeting", "join token"])
def test_a_resume_token_that_is_not_ours_makes_a_new_participant(world: World, kind: str):
    world.now = datetime.now(NOW.tzinfo)
    world.add_node()
    meeting, other = world.create(), world.create()
    first = world.join(meeting)
    forged = {
        "iss": ISSUER,
        "aud": "parley-resume",
        "sub": first.participant.id,
        "mtg": meeting.id,
        "exp": 9e9,
    }
    token = {
        "garbage": "x.y.z",
        "forged": OneKeySigner().sign(forged),
        "other meeting": world.join(other).resume_token,
        "join token": first.token,
    }[kind]
    assert world.join(meeting, resume_token=token).participant.id != first.participant.id


def test_a_guest_cannot_choose_a_role_and_a_server_can(world: World):
    world.add_node()
    meeting = world.create()
    with pytest.raises(ForbiddenError):
        world.join(meeting, role="host")
    assert world.join(meeting, role="participant").participant.role == "participant"
    hosted = world.join(meeting, caller=ACME, role="host")
    assert claims_of(world, hosted.token)["grants"]["moderate"] is True


def test_a_meeting_without_guests_refuses_them(world: World):
    world.add_node()
    meeting = world.create(guests=False)
    with pytest.raises(GuestsNotAllowedError):
        world.join(meeting)
    assert world.join(meeting, caller=ACME)


def test_another_tenant_does_not_learn_that_a_meeting_exists(world: World):
    meeting = world.create()
    with pytest.raises(MeetingNotFoundError):
        world.join(meeting, caller=OTHER)
    with pytest.raises(MeetingNotFoundError):
        world.meetings.end(OTHER, meeting.id, "r", world.now)
    with pytest.raises(UnauthorizedError):
        world.meetings.end(Guest(), meeting.id, "r", world.now)


def test_a_meeting_is_found_by_its_code_in_any_case(world: World):
    meeting = world.create()
    assert world.meetings.find(Guest(), meeting.code.upper(), "see_meeting_public") == meeting
    for name in ("zzz-zzzz-zzz", "nonsense", "", "mtg_" + "a" * 26):
        with pytest.raises(MeetingNotFoundError):
            world.meetings.find(Guest(), name, "see_meeting_public")


def test_nobody_joins_an_ended_meeting(world: World):
    world.add_node()
    meeting = world.create()
    world.meetings.end(ACME, meeting.id, "r", world.now)
    with pytest.raises(MeetingEndedError):
        world.join(meeting)


def test_without_a_node_there_is_no_capacity(world: World):
    meeting = world.create()
    with pytest.raises(NoCapacityError):
        world.join(meeting)
    world.pass_time(SNAPSHOT_SECONDS + 0.1)
    world.add_node()
    assert world.join(meeting)


def test_a_full_fleet_is_no_capacity_and_nothing_is_overbooked(world: World):
    node = world.add_node(capacity_units=17)
    meetings = [world.create() for _ in range(4)]
    world.join(meetings[0])
    world.join(meetings[1])
    with pytest.raises(NoCapacityError):
        world.join(meetings[2])
    assert world.reserved(node) == 2 * egress_units(4, "video") == 14


def test_a_full_meeting_refuses_newcomers_and_takes_back_its_own(world: World):
    world.now = datetime.now(NOW.tzinfo)
    node = world.add_node()
    meeting = world.create(max_participants=2)
    first, second = world.join(meeting), world.join(meeting)
    world.report(node, 2, first, second)
    with pytest.raises(MeetingFullError):
        world.join(meeting)
    assert world.join(meeting, resume_token=second.resume_token).participant.id == second.participant.id


def test_a_growing_meeting_reserves_more_before_it_needs_it(world: World):
    node = world.add_node()
    meeting = world.create()
    present = [world.join(meeting) for _ in range(2)]
    assert world.reserved(node) == egress_units(4, "video")
    world.report(node, 2, *present)
    world.join(meeting)
    assert world.reserved(node) == egress_units(8, "video")


def test_a_meeting_moves_from_a_lost_node_with_the_next_epoch(world: World):
    world.add_node()
    meeting = world.create()
    first = world.join(meeting)
    world.pass_time(LOST_AFTER.total_seconds() + 1)
    fresh = world.add_node()
    moved = world.join(meeting)
    assert moved.node.id == fresh.id != first.node.id
    assert claims_of(world, moved.token)["epoch"] == 2


def test_the_snapshot_of_the_fleet_is_kept_for_two_seconds(world: World):
    world.add_node()
    world.join(world.create())
    late = world.add_node(capacity_units=10_000)
    assert world.join(world.create()).node.id != late.id
    world.pass_time(SNAPSHOT_SECONDS + 0.1)
    world.fleet_store.record(dataclasses.replace(late, sequence=2, reported_at=world.now))
    assert late.id in {node.id for node in world.fleet.snapshot("local")}


def test_a_report_makes_a_meeting_active_and_its_end_reaches_the_node(world: World):
    node = world.add_node()
    meeting = world.create()
    admission = world.join(meeting)
    assert world.report(node, 2, admission)
    assert (world.read(meeting).state, world.read(meeting).present) == ("live", 1)
    ended = world.meetings.end(ACME, meeting.id, "r", world.now)
    assert (ended.state, ended.end_reason) == ("ended", "requested")
    assert world.commands.ended == [(node.command_queue_url, meeting.id)]
    assert world.reserved(node) == 0
    world.meetings.end(ACME, meeting.id, "r", world.now)
    assert len(world.commands.ended) == 1


def test_a_node_that_still_carries_an_ended_meeting_is_told_again(world: World):
    node = world.add_node()
    meeting = world.create()
    admission = world.join(meeting)
    world.meetings.end(ACME, meeting.id, "r", world.now)
    world.commands.ended.clear()
    world.report(node, 2, admission)
    assert world.commands.ended == [(node.command_queue_url, meeting.id)]


def test_reports_in_any_order_end_in_the_state_of_the_latest(world: World):
    node = world.add_node()
    meeting = world.create()
    ann, bob = world.join(meeting), world.join(meeting)
    assert world.report(node, 4, ann, bob)
    assert not world.report(node, 3, ann)
    assert not world.report(node, 4, ann, bob)
    assert world.read(meeting).present == 2
    assert world.report(node, 5)
    assert world.read(meeting).present == 0
    assert {entry.state for entry in world.store.participants(meeting.id)} == {"left"}


@pytest.mark.parametrize(
    "change",
    [
        {"type": "other"},
        {"version": 2},
        {"node": "n1"},
        {"state": "gone"},
        {"sequence": -1},
        {"sequence": True},
        {"sequence": 1.5},
        {"capacityUnits": "500"},
        {"url": ""},
        {"meetings": None},
        {"meetings": [1]},
        {"meetings": [{"id": "m", "epoch": 1, "participants": [1]}]},
        {"meetings": [{"id": "m", "participants": []}]},
        {"cpuBusy": float("nan")},
        {"cpuBusy": "busy"},
    ],
)
def test_a_report_that_is_none_is_refused(change: dict[str, Any]):
    with pytest.raises(ValidationFailedError):
        parse_report(json.dumps(a_report(a_node(), **change)), NOW)


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"x"', "1"])
def test_a_body_that_is_no_report_is_refused(body: str):
    with pytest.raises(ValidationFailedError):
        parse_report(body, NOW)


def test_the_sweep_ends_what_the_clock_missed(world: World):
    node = world.add_node()
    meeting, unused = world.create(end_after_empty=timedelta(seconds=30)), world.create()
    admission = world.join(meeting)
    world.report(node, 2, admission)
    world.report(node, 3)
    world.pass_time(29)
    assert world.sweep.run("r", world.now).ended == 0
    world.pass_time(2)
    assert world.sweep.run("r", world.now).ended == 1
    assert world.read(meeting).end_reason == "empty"
    assert world.read(unused).state == "created"


def test_a_lost_release_heals_within_thirty_seconds(world: World):
    node = world.add_node()
    held = world.join(world.create())
    world.fleet_store.reserve(world.fleet_store.node_by_key["local", node.id], 50)
    sequence, started = 1, world.now
    while world.reserved(node) != egress_units(4, "video"):
        sequence += 1
        world.pass_time(2)
        world.report(node, sequence, held)
        assert world.now - started <= timedelta(seconds=30)
        if sequence == 7:
            # What is granted in the meantime is not taken for a leak.
            held_too = world.join(world.create())
            world.meetings.finish(held_too.meeting, "requested", "r", world.now)


def test_what_is_set_aside_is_left_alone_while_meetings_come_and_go(world: World):
    node = world.add_node()
    for sequence in range(2, 14):
        world.pass_time(2)
        world.join(world.create())
        world.report(node, sequence)
    assert world.reserved(node) == 12 * egress_units(4, "video")


def test_a_standby_is_named_and_stays_the_same_while_it_is_ready(world: World):
    first, second, third = (world.add_node(zone=zone) for zone in "aab")
    meeting = world.create()
    admissions = [world.join(meeting) for _ in range(4)]
    standby = admissions[0].standby
    assert standby is not None
    assert standby.id != admissions[0].node.id
    assert standby.zone != admissions[0].node.zone
    assert {one.standby.id for one in admissions if one.standby} == {standby.id}
    for sequence in range(2, 9):
        world.pass_time(2)
        for node in (first, second, third):
            if node.id != standby.id:
                world.report(node, sequence)
    later = world.join(meeting)
    assert later.node.id == admissions[0].node.id
    assert later.standby is not None
    assert later.standby.id != standby.id
    assert "standby" in world.store.events(meeting.id, 0, 100)[-1].data["meeting"]["placement"]
    assert world.store.events(meeting.id, 0, 100)[-1].type == "meeting.standby_named"


def test_one_node_alone_has_no_standby(world: World):
    world.add_node()
    assert world.join(world.create()).standby is None


def test_a_node_that_refuses_is_left_for_another_while_nobody_is_there(world: World):
    nodes = [world.add_node() for _ in range(2)]
    meeting = world.create()
    first = world.join(meeting)
    again = world.join(meeting, refused_by=first.node.id)
    assert again.node.id != first.node.id
    assert claims_of(world, again.token)["epoch"] == 2
    # Somebody else's old refusal is none of this node's.
    assert world.join(meeting, refused_by=first.node.id).node.id == again.node.id
    world.report(next(node for node in nodes if node.id == again.node.id), 2, again, epoch=2)
    with pytest.raises(NoCapacityError):
        world.join(meeting, refused_by=again.node.id)


def test_a_drained_node_loses_its_meetings_to_others_and_a_draining_one_keeps_them(world: World):
    node = world.add_node()
    meeting = world.create()
    first = world.join(meeting)
    world.fleet.drain(node.id, 60, "r")
    world.report(node, 2, first, state="draining")
    other = world.add_node()
    world.pass_time(SNAPSHOT_SECONDS + 0.1)
    assert world.join(meeting).node.id == node.id
    assert world.join(world.create()).node.id == other.id
    world.report(node, 3, state="drained")
    world.pass_time(SNAPSHOT_SECONDS + 0.1)
    moved = world.join(meeting)
    assert (moved.node.id, moved.meeting.epoch) == (other.id, 2)
    world.fleet.undrain(node.id, "r")
    queue = node.command_queue_url
    assert world.commands.sent == [("drain", queue, 60), ("undrain", queue)]


def test_a_node_that_began_anew_since_the_snapshot_gets_no_meeting(world: World):
    node = world.add_node()
    world.fleet.snapshot("local")
    world.fleet_store.record(dataclasses.replace(node, boot_id="boot-2", reported_at=world.now))
    with pytest.raises(NoCapacityError):
        world.join(world.create())
    world.pass_time(SNAPSHOT_SECONDS + 0.1)
    assert world.join(world.create())


def test_a_full_region_spills_into_the_next(world: World):
    world.fleet.regions = ["local", "far", "farther"]
    full = world.add_node(capacity_units=10)
    far = world.add_node(region="far", capacity_units=10)
    world.add_node(region="farther")
    assert world.join(world.create()).node.id == full.id
    assert world.join(world.create()).node.id == far.id
    assert world.join(world.create(), region=RegionWish("farther")).node.region == "farther"
    assert world.join(world.create()).node.region == "farther"


def test_a_crowd_that_fits_nowhere_as_a_whole_begins_where_there_is_room(world: World):
    node = world.add_node(capacity_units=1_000)
    meeting = world.create(max_participants=1000, expected_participants=1000)
    assert world.join(meeting).node.id == node.id
    assert world.reserved(node) == egress_units(4, "video")


def test_one_idempotency_key_is_one_meeting_and_other_wishes_are_a_conflict(world: World):
    first = world.create("k", title="A")
    assert world.create("k", title="A").id == first.id
    with pytest.raises(IdempotencyConflictError):
        world.create("k", title="B")
    assert world.create("k2", title="A").id != first.id


def basic(key: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()


def test_a_key_with_its_secret_is_its_tenant():
    store = MemoryApiKeys()
    seconds = [0.0]
    accounts = Accounts(store, random.Random(5).randbytes, lambda: seconds[0])
    key = accounts.provision(Tenant("acme"), "server", NOW)
    assert accounts.caller_of(basic(key.id, key.secret)) == ApiKeyCaller(Tenant("acme"), key.id)
    assert accounts.caller_of(basic(key.id, key.secret))
    assert store.reads == 1
    seconds[0] = KEPT_SECONDS
    assert accounts.caller_of(basic(key.id, key.secret))
    assert store.reads == 2
    assert accounts.caller_of(None) == Guest()


def test_wrong_credentials_are_never_a_guests():
    accounts = Accounts(MemoryApiKeys(), random.Random(5).randbytes)
    key = accounts.provision(Tenant("acme"), "server", NOW)
    unknown = "key_" + "a" * 26
    wrong = [
        basic(key.id, "x"),
        basic(key.id, ""),
        basic(unknown, ""),
        basic("x", "y"),
        "Basic !!!",
        "Basic",
        "",
        "Bearer abc",
        "Basic " + base64.b64encode(b"nocolon").decode(),
        "Basic /w==",
    ]
    for authorization in wrong:
        with pytest.raises(UnauthorizedError):
            accounts.caller_of(authorization)


def test_a_join_that_is_repeated_with_its_key_lets_in_nobody_twice(world: World):
    world.add_node()
    meeting = world.create()
    first = world.join(meeting, key="k1", request="r")
    for _ in range(2):
        again = world.join(meeting, key="k1", request="r")
        assert again.participant.id == first.participant.id
        assert claims_of(world, again.token)["sub"] == first.participant.id
    assert len(world.store.participants(meeting.id)) == 1
    with pytest.raises(IdempotencyConflictError):
        world.join(meeting, key="k1", request="another")
    others = [
        world.join(meeting, key="k2", request="r"),
        world.join(meeting, caller=ACME, key="k1", request="r"),
        world.join(world.create(), key="k1", request="r"),
        world.join(meeting),
    ]
    assert len({first.participant.id, *(one.participant.id for one in others)}) == 5


def test_who_waits_and_asks_again_with_its_key_waits_once(world: World):
    world.add_node()
    meeting = world.create(waiting_room=True)
    asked = [world.ask(meeting, key="k", request="r") for _ in range(3)]
    assert len({one.participant.id for one in asked}) == 1
    assert [one.state for one in world.store.participants(meeting.id)] == ["waiting"]


def test_who_was_put_out_does_not_come_back_by_its_key(world: World):
    world.add_node()
    meeting = world.create()
    there = world.join(meeting, key="k", request="r")
    moderation = Moderation(world.meetings, world.store, world.fleet)
    moderation.remove(Moderator(ACME, meeting.id, "r", world.now), there.participant.id, ban=False)
    with pytest.raises(BarredError):
        world.join(meeting, key="k", request="r")
