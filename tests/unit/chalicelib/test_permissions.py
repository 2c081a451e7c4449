"""The policy, operation by operation: what this table does not say is refused."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

import pytest

from chalicelib.domain.identifiers import KeyId, Tenant, UserId
from chalicelib.domain.participant import ParticipantState, Role
from chalicelib.domain.permissions import (
    STANDINGS_BY_OPERATION,
    ApiKeyCaller,
    Guest,
    Operation,
    ParticipantCaller,
    Standing,
    UserCaller,
    is_allowed,
    may_keep,
    standing_of,
)
from tests.support.builders import a_meeting, a_participant

# Columns: tenant, host, cohost, participant, viewer, recorder, relay, waiting, removed, link, stranger,
# organiser, member, operator.
# x: to anybody; h: but not to a host, nor to make one; s: to oneself only; h s: both; n: where the recording
# names the caller; -: never.
STANDINGS: tuple[Standing, ...] = get_args(Standing)
TABLE = """
create_meeting      x - - - - - - - - - - x x x
list_meetings       x - - - - - - - - - - x x x
see_usage           x - - - - - - - - - - - - x
see_nodes           x - - - - - - - - - - - - x
drain_node          x - - - - - - - - - - - - x
manage_webhooks     x - - - - - - - - - - - - x
manage_api_keys     x - - - - - - - - - - - - x
choose_role         x - - - - - - - - - - - - -
see_meeting         x x x - - - - - - - - x - x
see_meeting_public  x x x x x x x x x x - x x x
see_events          x x x - - - - - - - - x - x
see_quality         x x x s s s s - - - - x - x
change_meeting      x x x - - - - - - - - x - -
end_meeting         x x - - - - - - - - - x - x
delete_meeting      x - - - - - - - - - - x - -
join_meeting        x x x x x x x x x x - x x x
await_admission     x x x x x x x x x - - - - -
list_participants   x x x - - - - - - - - x - x
see_participant     x x x s s s s - - - - x - x
admit_participant   x x h - - - - - - - - x - -
mute_participant    x x h s s s s - - - - x - -
rename_participant  x x h s s s s - - - - x - -
change_role         x x h - - - - - - - - x - -
remove_participant  x x h s s s s - - - - x - -
start_recording     x x x - - - - - - - - x - -
control_recording   x x x - - - - - - - - x - -
list_recordings     x - - - - - - - - - - x x x
see_recording       x x x n n n n n - n - x n x
open_recording      x x x n n n n n - n - x n n
compose_recording   x x x - - - - - - - - x - -
change_recording    x x - - - - - - - - - x - x
share_recording     x x - - - - - - - - - x - -
hold_recording      x - - - - - - - - - - - - x
delete_recording    x x - - - - - - - - - x - x
see_recording_access x x - - - - - - - - - x - x
link_recording      x x - - - - - - - - - x - -
"""
RULES = {
    line.split()[0]: dict(zip(STANDINGS, line.split()[1:], strict=True)) for line in TABLE.split("\n") if line
}


def test_the_table_names_every_operation():
    assert set(RULES) == set(get_args(Operation)) == set(STANDINGS_BY_OPERATION)


@pytest.mark.parametrize("operation", RULES)
@pytest.mark.parametrize("standing", STANDINGS)
def test_the_policy_is_what_the_table_says(operation: Any, standing: Standing):
    rule = RULES[operation][standing]
    absent = ("tenant", "waiting", "removed", "link", "stranger", "organiser", "member", "operator")
    is_present = standing not in absent
    for target in (None, *get_args(Role)):
        expected = rule == "x" or (rule == "h" and target != "host")
        assert is_allowed(standing, operation, target=target) is expected, target
        on_self = is_allowed(standing, operation, on_self=True, target=target)
        own = "s" in RULES[operation].values()
        assert on_self is (expected or (own and is_present)), target
        named = is_allowed(standing, operation, target=target, named=True)
        assert named is (expected or rule == "n"), target


@pytest.mark.parametrize("standing", STANDINGS)
def test_an_operation_that_nobody_listed_is_refused(standing: Standing):
    unlisted: Any = "delete_everything"
    assert not is_allowed(standing, unlisted)
    assert not is_allowed(standing, unlisted, on_self=True)


def test_a_key_is_the_tenant_of_its_own_meetings_and_a_stranger_to_others():
    meeting = a_meeting(tenant=Tenant("acme"))
    assert standing_of(ApiKeyCaller(Tenant("acme"), KeyId("k")), meeting, None) == "tenant"
    assert standing_of(ApiKeyCaller(Tenant("other"), KeyId("k")), meeting, None) == "stranger"
    assert standing_of(Guest(), meeting, None) == "link"


@pytest.mark.parametrize("state", get_args(ParticipantState))
def test_a_participant_is_its_role_only_while_it_is_let_in(state: Any):
    meeting = a_meeting()
    host = a_participant(meeting, role="host", state=state)
    caller = ParticipantCaller(meeting.id, host.id)
    expected = {
        "waiting": "waiting",
        "gone": "waiting",
        "admitted": "waiting",
        "removed": "removed",
        "denied": "removed",
    }
    assert standing_of(caller, meeting, host) == expected.get(state, "host")


def test_the_host_of_another_meeting_is_nobody_here():
    meeting, other = a_meeting(), a_meeting()
    host = a_participant(other, role="host", state="joined")
    assert standing_of(ParticipantCaller(other.id, host.id), meeting, host) == "link"
    assert standing_of(ParticipantCaller(meeting.id, host.id), meeting, None) == "link"
    demoted = dataclasses.replace(host, meeting=meeting.id, role="viewer")
    assert standing_of(ParticipantCaller(meeting.id, host.id), meeting, demoted) == "viewer"


def test_an_operator_keeps_the_tenant_of_its_issuer_and_hosts_nothing_but_its_own_meetings():
    ada = UserCaller(Tenant("acme"), UserId("usr_ada"), operates=True)
    others, own = a_meeting(tenant=Tenant("acme")), a_meeting(tenant=Tenant("acme"), organiser=ada.user)
    assert standing_of(ada, others, None) == "operator"
    assert standing_of(ada, own, None) == "organiser"
    assert standing_of(ada, a_meeting(tenant=Tenant("other")), None) == "link"
    assert may_keep(ada, "drain_node")
    assert not may_keep(dataclasses.replace(ada, operates=False), "drain_node")
    assert not is_allowed("operator", "open_recording"), "what was said stays with those who were there"
