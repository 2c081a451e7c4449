"""The second recorder of a recording: which node is told to be it, when it is replaced, what people hear."""

from __future__ import annotations

import dataclasses
from typing import Any

import jwt
import pytest

from chalicelib.domain.placement import Node, choose_backup
from chalicelib.domain.recording import Recording, prefixes_best_first
from chalicelib.services import recording_upkeep
from chalicelib.services.join import Admission
from tests.support.builders import a_node
from tests.unit.chalicelib.test_recording_services import Studio


class Pair(Studio):
    """A recorded meeting on one of three nodes; recordings are to have a second recorder."""

    def __init__(self) -> None:
        super().__init__()
        self.world.recorders._rules = dataclasses.replace(self.world.rules, has_backup=True)
        self.nodes = [self.world.add_node(), self.world.add_node(), self.world.add_node()]
        self.made = self.world.create(recording="allowed")
        self.ann: Admission = self.world.join(self.made)
        self.recording = self.recordings.start(self.by(), self.made.id, "speaker", None)

    @property
    def placement(self) -> Any:
        found = self.world.store.by_id(self.made.id)
        assert found is not None
        assert found.placement is not None
        return found.placement

    @property
    def first(self) -> Node:
        return next(one for one in self.nodes if one.id == self.placement.node)

    @property
    def standby(self) -> Node:
        return next(one for one in self.nodes if one.id == self.placement.standby)

    @property
    def third(self) -> Node:
        return next(one for one in self.nodes if one.id not in (self.first.id, self.standby.id))

    def told(self) -> list[tuple[str, str]]:
        """What was sent since the last time, and to which of the three."""
        names = {one.command_queue_url: one.id for one in self.nodes}
        sent: list[tuple[str, str]] = [
            (one[0], names[one[1]]) for one in self.world.commands.sent if one[2] == self.recording.id
        ]
        self.world.commands.sent.clear()
        return sent

    def says_first(self, state: str = "recording", reason: str | None = None) -> None:
        mine = self.recorder(self.first, self.recording, state, reason=reason)
        self.report(self.first, self.ann, recorders=[mine])

    def says_backup(
        self, node: Node, state: str = "recording", reason: str | None = None, **more: Any
    ) -> None:
        mine = self.recorder(node, self.recording, state, reason=reason, role="backup")
        self.report(dataclasses.replace(node, **more), recorders=[mine])

    def now(self) -> Recording:
        return self.read(self.recording)


@pytest.fixture
def pair() -> Pair:
    return Pair()


def test_the_standby_named_beside_the_node_is_told_to_record_it_too(pair: Pair):
    assert pair.told() == [("startBackup", pair.standby.id), ("startRecording", pair.first.id)]
    (source,) = pair.world.commands.sources
    claims = jwt.decode(source.token, options={"verify_signature": False})
    assert (source.url, claims["node"], claims["mtg"]) == (pair.first.url, pair.first.id, pair.made.id)
    assert claims["role"] == "recorder"
    assert (claims["grants"]["takeAll"], claims["grants"]["publish"]) == (True, [])
    assert claims["exp"] - claims["iat"] == 600


def test_it_is_settled_when_both_record_and_nobody_is_asked_again(pair: Pair):
    pair.says_first()
    pair.told()
    pair.clock()
    assert pair.told() == [("startBackup", pair.standby.id)]
    pair.says_backup(pair.standby)
    assert (pair.now().state, pair.now().unsettled_since) == ("recording", None)
    pair.told()
    pair.clock()
    assert pair.told() == []
    assert len(prefixes_best_first(pair.now())) == 2


def test_a_backup_that_lost_its_way_is_told_where_the_meeting_is(pair: Pair):
    pair.says_first()
    pair.says_backup(pair.standby, "degraded", "disconnected")
    pair.told()
    pair.clock()
    assert pair.told() == [("startBackup", pair.standby.id)]
    # Trouble of its own is not helped by another start.
    pair.says_backup(pair.standby, "degraded", "disk_full")
    pair.told()
    pair.clock()
    assert pair.told() == []


def test_a_recording_that_lacks_a_backup_keeps_no_other_from_being_attended_to(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recording_upkeep, "MOST_AT_ONCE", 1)
    pair.says_first()
    other = pair.world.create(recording="allowed")
    pair.world.join(other)
    begun = pair.recordings.start(pair.by(), other.id, "speaker", None)
    pair.world.commands.sent.clear()
    pair.clock()
    sent = {(one[0], one[2]) for one in pair.world.commands.sent}
    assert ("startBackup", pair.recording.id) in sent
    assert ("startRecording", begun.id) in sent


def test_a_backup_whose_node_drains_is_replaced_before_it_is_stopped(pair: Pair):
    pair.says_first()
    pair.says_backup(pair.standby)
    leaving, third = pair.standby, pair.third
    pair.told()
    pair.says_backup(leaving, reported_state="draining")
    assert pair.told() == [("startBackup", third.id)]
    pair.says_backup(third)
    assert pair.told() == [("stopRecording", leaving.id)]
    pair.says_backup(leaving, "stopped", reported_state="draining")
    assert (pair.now().state, pair.now().unsettled_since) == ("recording", None)


def test_a_backup_whose_node_is_lost_is_replaced(pair: Pair):
    pair.says_first()
    pair.says_backup(pair.standby)
    lost, third = pair.standby, pair.third
    pair.told()
    for _ in range(4):
        pair.world.pass_time(4)
        pair.says_first()
        pair.report(third)
    pair.world.timekeeper.run("clock", pair.world.now)
    pair.clock()
    assert ("startBackup", third.id) in pair.told()
    assert [take.state for take in pair.now().takes if take.node == lost.id] == ["failed"]
    assert pair.now().state == "recording"


def test_what_the_first_says_of_the_second_is_the_state_that_people_see(pair: Pair):
    pair.says_first()
    pair.says_first("degraded", "no_backup")
    degraded = pair.now()
    pair.says_first()
    assert (degraded.state, degraded.reason) == ("degraded", "no_backup")
    assert (pair.now().state, pair.now().reason) == ("recording", None)
    types = [event.type for event in pair.world.store.events(pair.made.id, 0, 100)]
    assert types[-2:] == ["recording.degraded", "recording.recovered"]


def test_a_backup_alone_is_no_recording_that_has_begun_nor_one_that_goes_on(pair: Pair):
    pair.says_backup(pair.standby)
    begun = pair.now().state
    pair.says_first()
    pair.told()
    pair.report(pair.first, pair.ann)
    assert (begun, ("startRecording", pair.first.id) in pair.told()) == ("starting", True)
    pair.clock(10)
    assert pair.now().state == "degraded"


def test_a_stop_reaches_both_and_it_has_stopped_when_both_have(pair: Pair):
    pair.says_first()
    pair.says_backup(pair.standby)
    pair.told()
    pair.recordings.direct(pair.by(), pair.recording.id, "stopped")
    assert set(pair.told()) == {("stopRecording", pair.first.id), ("stopRecording", pair.standby.id)}
    pair.says_first("stopped")
    half = pair.now().state
    pair.says_backup(pair.standby, "stopped")
    assert (half, pair.now().state) == ("stopping", "processing")


def test_a_stop_after_an_hour_without_a_backup_is_waited_for_all_the_same(pair: Pair):
    pair.says_first("degraded", "no_backup")
    pair.world.pass_time(3_600)
    pair.says_first("degraded", "no_backup")
    pair.recordings.direct(pair.by(), pair.recording.id, "stopped")
    pair.clock()
    assert pair.now().state == "stopping"


def test_a_pause_reaches_both(pair: Pair):
    pair.says_first()
    pair.says_backup(pair.standby)
    pair.told()
    pair.recordings.direct(pair.by(), pair.recording.id, "paused")
    assert set(pair.told()) == {("pauseRecording", pair.first.id), ("pauseRecording", pair.standby.id)}
    pair.says_first("paused")
    pair.says_backup(pair.standby, "paused")
    assert (pair.now().state, pair.now().unsettled_since) == ("paused", None)


def test_each_recording_finds_its_own_backup_where_no_standby_is_ready_and_keeps_it():
    nodes = [a_node() for _ in range(20)]
    now, carrying, gone = nodes[0].reported_at, nodes[0].id, nodes[7]
    names = [f"rec_{number}" for number in range(60)]
    chosen = {name: choose_backup(nodes, carrying, [], name, now) for name in names}
    assert len({node.id for node in chosen.values() if node is not None}) > 10
    assert nodes[0] not in chosen.values()
    rest = [node for node in nodes if node is not gone]
    for name, node in chosen.items():
        assert node is gone or choose_backup(rest, carrying, [], name, now) is node
    assert choose_backup(nodes[:1], carrying, [], "rec_a", now) is None
    assert choose_backup(nodes, carrying, [carrying, nodes[3].id], "rec_a", now) is nodes[3]
