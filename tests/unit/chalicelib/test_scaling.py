"""How many nodes a region has: enough, not too many, and none is ended with people on it."""

from __future__ import annotations

from datetime import timedelta

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.placement import LOST_AFTER, Node
from chalicelib.domain.scaling import ScalingDecision, ScalingPolicy, composers_wanted, decide, load_of
from chalicelib.errors import StoreUnavailableError
from chalicelib.services.fleet import Fleet
from chalicelib.services.scaling import ComposerScaling, Scaling
from chalicelib.stores.node_group import AutoScalingNodeGroup
from tests.support.builders import NOW, a_node
from tests.support.memory_stores import MemoryFleet, MemoryMeetings, RecordingCommands

POLICY = ScalingPolicy(minimum=2, maximum=20)


def fleet(*promised: int, state: str = "ready") -> list[Node]:
    return [a_node(reserved_units=units, reported_state=state) for units in promised]


def test_a_fleet_at_its_target_is_left_alone():
    assert decide(fleet(60, 55, 50), NOW, POLICY) == ScalingDecision(desired=3)


def test_a_fleet_beyond_its_target_grows_at_once():
    assert decide(fleet(90, 90, 90), NOW, POLICY).desired == 5


def test_what_nodes_send_counts_where_it_is_more_than_was_foretold():
    nodes = [a_node(used_units=90) for _ in range(3)]
    assert decide(nodes, NOW, POLICY).desired == 5


def test_a_draining_node_is_taken_back_before_another_is_started():
    draining = fleet(10, 40, state="draining")
    decision = decide([*fleet(80, 80, 80), *draining], NOW, POLICY)
    assert decision.undrain == (draining[1].id, draining[0].id)
    assert decision.desired == 5


def test_the_emptiest_node_drains_when_the_others_have_room_to_spare():
    nodes = fleet(30, 5, 30, 30)
    decision = decide(nodes, NOW, POLICY)
    assert (decision.drain, decision.desired) == ((nodes[1].id,), 4)
    # It is gone from the group only when it is empty.
    nodes[1] = a_node(id=nodes[1].id, reported_state="drained")
    decision = decide(nodes, NOW, POLICY)
    assert (decision.end, decision.desired) == ((nodes[1].id,), 3)


def test_a_node_stays_where_those_that_drain_may_still_need_its_room():
    draining = fleet(100, 100, state="draining")
    decision = decide([*fleet(10, 10, 10, 10), *draining], NOW, POLICY)
    assert (decision.drain, decision.undrain) == ((), ())


def test_a_lost_node_is_replaced():
    lost = a_node(reserved_units=50, reported_at=NOW - LOST_AFTER - timedelta(seconds=1))
    assert decide([*fleet(70), lost], NOW, POLICY).desired == 2


def test_no_fleet_at_all_gets_its_minimum():
    assert decide([], NOW, POLICY) == ScalingDecision(desired=2)


nodes = st.lists(
    st.builds(
        lambda reserved, used, state, age: a_node(
            reserved_units=reserved,
            used_units=used,
            reported_state=state,
            reported_at=NOW - timedelta(seconds=age),
        ),
        st.integers(0, 110),
        st.integers(0, 110),
        st.sampled_from(["ready", "draining", "drained"]),
        st.sampled_from([0, 5, 20]),
    ),
    max_size=30,
)


@given(nodes)
def test_whatever_the_fleet_is_limits_hold_and_only_drained_nodes_end(found: list[Node]):
    decision = decide(found, NOW, POLICY)
    state = {one.id: one.state(NOW) for one in found}
    assert POLICY.minimum <= decision.desired <= POLICY.maximum
    assert all(state[one] == "drained" for one in decision.end)
    assert all(state[one] == "ready" for one in decision.drain)
    assert all(state[one] == "draining" for one in decision.undrain)
    assert not (decision.drain and decision.undrain)
    ready = sum(one == "ready" for one in state.values())
    assert not decision.drain or ready - len(decision.drain) >= POLICY.minimum


@given(nodes)
def test_what_was_drained_is_not_wanted_back_in_the_next_decision(found: list[Node]):
    first = decide(found, NOW, POLICY)
    then = [
        a_node(
            id=one.id,
            reserved_units=one.reserved_units,
            used_units=one.used_units,
            reported_state="draining" if one.id in first.drain else one.reported_state,
            reported_at=one.reported_at,
        )
        for one in found
        if one.id not in first.end
    ]
    if first.drain:
        assert decide(then, NOW, POLICY).undrain == ()


class KnownGroup:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, object]] = []

    def resize(self, desired: int) -> None:
        self.told.append(("resize", desired))

    def end(self, instance: str) -> None:
        self.told.append(("end", instance))


def test_a_decision_reaches_nodes_and_their_group():
    store, commands, group = MemoryFleet(), RecordingCommands(), KnownGroup()
    full, empty, other = fleet(30, 5, 30)
    gone = a_node(reported_state="drained", instance="i-1")
    by_hand = a_node(reported_state="drained")
    for node in (full, empty, other, gone, by_hand):
        store.record(node)
        store.reserve(store.node_by_key["local", node.id], node.reserved_units)
    whole = Fleet(store, MemoryMeetings(store), commands, ["local"])
    Scaling(whole, group, "local", least=2, most=20).run("r", NOW)
    assert commands.sent == [("drain", empty.command_queue_url, None)]
    assert group.told == [("end", "i-1"), ("resize", 3)]


def test_the_group_is_told_through_its_api_and_what_is_gone_is_no_error():
    client = boto3.client(
        "autoscaling", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    group = AutoScalingNodeGroup("parley-nodes", client)
    with Stubber(client) as stub:
        wanted = {"AutoScalingGroupName": "parley-nodes", "DesiredCapacity": 3}
        stub.add_response("set_desired_capacity", {}, wanted)
        group.resize(3)
        ended = {"InstanceId": "i-1", "ShouldDecrementDesiredCapacity": True}
        operation = "terminate_instance_in_auto_scaling_group"
        stub.add_response(operation, {}, ended)
        group.end("i-1")
        stub.add_client_error(operation, "ValidationError", "no such instance", expected_params=ended)
        group.end("i-1")
        stub.add_client_error("set_desired_capacity", "Throttling", "later", expected_params=wanted)
        with pytest.raises(StoreUnavailableError):
            group.resize(3)


def test_the_load_of_a_region_counts_ready_nodes_and_names_the_others():
    nodes = [
        a_node(reserved_units=30, used_units=10, cpu_busy=0.2),
        a_node(reserved_units=10, used_units=40, cpu_busy=0.6),
        a_node(reserved_units=50, reported_state="draining", cpu_busy=0.9),
        a_node(reported_at=NOW - LOST_AFTER - timedelta(seconds=1)),
    ]
    load = load_of(nodes, NOW)
    assert (load.ready, load.draining, load.lost) == (2, 1, 1)
    assert (load.promised_units, load.capacity_units) == (70, 2 * nodes[0].capacity_units)
    assert load.busiest == 0.6
    assert load.busy == pytest.approx(0.4)


def test_a_region_without_nodes_has_a_load_of_nothing():
    load = load_of([], NOW)
    assert (load.ready, load.capacity_units, load.busy, load.busiest) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("jobs", "machines", "wanted"),
    [
        *((0, 0, 0), (1, 0, 1), (2, 0, 1), (3, 0, 2), (3, 1, 2), (100, 2, 10)),
        # Those that are there leave by themselves: a film may be under way on each.
        *((0, 3, 3), (1, 3, 3), (100, 12, 12)),
    ],
)
def test_machines_for_films_are_added_for_each_job_and_never_taken_away(jobs, machines, wanted):
    assert composers_wanted(jobs, 2, machines, most=10) == wanted


class Composers:
    """A group of machines, and a queue with jobs."""

    def __init__(self, jobs: int, machines: int) -> None:
        self.jobs, self.machines = jobs, machines
        self.told: list[int] = []

    def count(self) -> int:
        return self.jobs

    def send(self, job: object) -> None:
        self.jobs += 1

    def size(self) -> int:
        return self.machines

    def resize(self, desired: int) -> None:
        self.machines = desired
        self.told.append(desired)


def test_the_group_of_composers_is_told_once_what_it_is_to_have():
    composers = Composers(jobs=5, machines=0)
    scaling = ComposerScaling(composers, composers, jobs_at_once=2, most=10)
    assert [scaling.run(), scaling.run()] == [3, 3]
    assert composers.told == [3]
    composers.jobs = 0
    assert scaling.run() == 3
    assert composers.told == [3]


def test_where_nobody_starts_machines_no_queue_is_asked():
    class Silent(Composers):
        def count(self) -> int:
            raise AssertionError

    silent = Silent(1, 0)
    assert ComposerScaling(silent, silent, jobs_at_once=2, most=0).run() == 0


def test_a_group_says_how_many_it_wants_and_one_that_is_not_there_is_told():
    client = boto3.client(
        "autoscaling", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    group = AutoScalingNodeGroup("parley-composers", client)
    asked = {"AutoScalingGroupNames": ["parley-composers"]}
    one = {
        "AutoScalingGroupName": "parley-composers",
        "MinSize": 0,
        "MaxSize": 10,
        "DesiredCapacity": 4,
        "DefaultCooldown": 0,
        "AvailabilityZones": ["eu-central-1a"],
        "HealthCheckType": "EC2",
        "CreatedTime": NOW,
    }
    with Stubber(client) as stub:
        stub.add_response("describe_auto_scaling_groups", {"AutoScalingGroups": [one]}, asked)
        assert group.size() == 4
        stub.add_response("describe_auto_scaling_groups", {"AutoScalingGroups": []}, asked)
        with pytest.raises(StoreUnavailableError):
            group.size()
