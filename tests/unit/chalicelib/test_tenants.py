"""What a tenant may have at most, over stores in memory."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.identifiers import Tenant
from chalicelib.domain.tenant import NO_LIMITS, TenantLimits
from chalicelib.errors import LimitReachedError, ValidationFailedError
from chalicelib.services.moderation import Moderation, Moderator
from chalicelib.services.tenants import KEPT_SECONDS
from tests.unit.chalicelib.test_services import ACME, World


@pytest.fixture
def world() -> World:
    world = World()
    world.add_node()
    return world


def limit(world: World, **limits: int) -> None:
    world.tenants.set_limits(ACME.tenant, TenantLimits(**limits))


def test_no_more_meetings_go_live_than_the_tenant_may_have(world: World):
    limit(world, live_meetings=2)
    first, second, third = (world.create() for _ in range(3))
    for meeting in (first, second):
        world.join(meeting)
    with pytest.raises(LimitReachedError, match="its 2 live meetings"):
        world.join(third)
    assert world.read(third).placement is None
    # Who comes to a meeting that is live comes in, and the next begins when one has ended.
    world.join(second)
    world.meetings.end(ACME, first.id, "request", world.now)
    world.join(third)
    with pytest.raises(LimitReachedError):
        world.join(world.create())


def test_a_limit_does_not_touch_what_is_live(world: World):
    meeting = world.create()
    world.join(meeting)
    limit(world, live_meetings=0)
    world.join(meeting)
    with pytest.raises(LimitReachedError):
        world.join(world.create())
    world.tenants.set_limits(ACME.tenant, NO_LIMITS)
    world.join(world.create())


def test_meetings_hold_as_many_as_the_tenant_may_have(world: World):
    assert world.create(max_participants=None).max_participants == 100
    limit(world, participants_per_meeting=20)
    assert world.create(max_participants=None).max_participants == 20
    meeting = world.create(max_participants=12)
    for refused in (lambda: world.create(max_participants=21), lambda: resize(world, meeting.id, 21)):
        with pytest.raises(ValidationFailedError) as error:
            refused()
        assert [rule.pointer for rule in error.value.broken] == ["/maxParticipants"]
    resize(world, meeting.id, 20)
    assert world.read(meeting).max_participants == 20
    limit(world, participants_per_meeting=500)
    assert world.create(max_participants=None).max_participants == 100


def resize(world: World, meeting: Any, size: int) -> None:
    moderation = Moderation(world.meetings, world.store, world.fleet)
    moderation.configure(Moderator(ACME, meeting, "r", world.now), {"max_participants": size})


def test_a_limit_that_was_set_elsewhere_holds_here_within_a_minute(world: World):
    assert world.tenants.limits_of(ACME.tenant) == NO_LIMITS
    world.store.tenants.set_limits(ACME.tenant, TenantLimits(1))
    assert world.tenants.limits_of(ACME.tenant) == NO_LIMITS
    assert world.tenants.limits_of(Tenant("other")) == NO_LIMITS
    world.pass_time(KEPT_SECONDS)
    assert world.tenants.limits_of(ACME.tenant) == TenantLimits(1)
