"""API keys and the tokens that stand for them: what they may do, and when they end."""

from __future__ import annotations

import base64
import os
import random
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from chalicelib.domain.identifiers import KeyId, Tenant
from chalicelib.domain.permissions import ApiKeyCaller, Guest, Operation, Scope
from chalicelib.domain.scopes import ALL_SCOPES, SCOPE_BY_OPERATION, has_scope
from chalicelib.errors import (
    IdempotencyConflictError,
    InsufficientScopeError,
    InvalidScopeError,
    LimitReachedError,
    NotFoundError,
    StoreUnavailableError,
    UnauthorizedError,
)
from chalicelib.services.accounts import KEPT_SECONDS, USE_NOTED_EVERY, Accounts
from chalicelib.services.api_keys import MOST_KEYS, ApiKeys
from chalicelib.services.tokens import ACCESS_AUDIENCE, ACCESS_LIFETIME, Callers
from tests.support.builders import NOW
from tests.support.memory_stores import MemoryApiKeys, Nobody, OneKeySigner

ISSUER = "https://api.example/v1"


class World:
    def __init__(self) -> None:
        self.store = MemoryApiKeys()
        self.seconds = 0.0
        chance = random.Random(7).randbytes
        self.accounts = Accounts(
            self.store, chance, lambda: self.seconds, lambda: NOW + timedelta(seconds=self.seconds)
        )
        self.keys = ApiKeys(self.store, self.accounts.forget, chance)
        self.signer = OneKeySigner()
        self.callers = Callers(self.accounts, self.signer, ISSUER, Nobody(), lambda: NOW)
        first = self.accounts.provision(Tenant("acme"), "first", NOW)
        self.first = self.basic(first.id, first.secret)

    def basic(self, key: str, secret: str | None) -> ApiKeyCaller:
        pair = base64.b64encode(f"{key}:{secret}".encode()).decode()
        caller = self.callers.caller_of(f"Basic {pair}")
        assert isinstance(caller, ApiKeyCaller)
        return caller

    def token(self, caller: ApiKeyCaller, wanted: str | None = None) -> str:
        return self.callers.access_token(caller, wanted, NOW_REAL, os.urandom).token


# Tokens are verified against the real clock.
NOW_REAL = datetime.now(UTC)


@pytest.fixture
def world() -> World:
    return World()


def test_every_operation_is_in_a_scope_or_public():
    assert set(SCOPE_BY_OPERATION) == set(get_args(Operation))
    assert set(SCOPE_BY_OPERATION.values()) == {*ALL_SCOPES, "public"}


@pytest.mark.parametrize("operation", get_args(Operation))
@pytest.mark.parametrize("scope", get_args(Scope))
def test_a_key_reaches_as_far_as_its_scopes(operation: Operation, scope: Scope):
    caller = ApiKeyCaller(Tenant("acme"), KeyId("key_1"), frozenset({scope}))
    assert has_scope(caller, operation) is (SCOPE_BY_OPERATION[operation] in (scope, "public"))
    assert has_scope(Guest(), operation), "people have no scopes: the policy alone counts"


def test_an_operation_in_no_scope_is_refused_to_every_key():
    unlisted: Any = "delete_everything"
    assert not has_scope(ApiKeyCaller(Tenant("acme"), KeyId("key_1")), unlisted)


def test_a_made_key_calls_with_its_scopes(world: World):
    made = world.keys.create(world.first, "reader", frozenset({"meetings:read"}), None, NOW)
    assert world.basic(made.key.id, made.secret) == ApiKeyCaller(
        Tenant("acme"), made.key.id, frozenset({"meetings:read"})
    )
    kept = world.store.by_id(made.key.id)
    assert kept is not None
    assert made.secret is not None
    assert made.secret not in repr(kept), "the secret is kept by nobody"


def test_a_key_gives_no_scope_that_it_has_not(world: World):
    reader = ApiKeyCaller(Tenant("acme"), KeyId("key_1"), frozenset({"api-keys", "meetings:read"}))
    with pytest.raises(InsufficientScopeError):
        world.keys.create(reader, "more", frozenset({"meetings:write"}), None, NOW)
    assert world.keys.create(reader, "same", None, None, NOW).key.scopes == reader.scopes


def test_a_repeated_create_is_one_key_and_its_secret_is_told_once(world: World):
    first = world.keys.create(world.first, "server", None, "again", NOW)
    second = world.keys.create(world.first, "server", None, "again", NOW + timedelta(seconds=9))
    assert first.secret is not None
    assert (second.key.id, second.secret) == (first.key.id, None)
    assert world.basic(first.key.id, first.secret).key == first.key.id
    with pytest.raises(IdempotencyConflictError):
        world.keys.create(world.first, "another", None, "again", NOW)


def test_a_tenant_has_so_many_keys_and_no_more(world: World):
    for number in range(MOST_KEYS - 1):
        world.keys.create(world.first, "k", None, f"n{number}", NOW)
    with pytest.raises(LimitReachedError):
        world.keys.create(world.first, "k", None, None, NOW)
    assert world.keys.create(world.first, "k", None, "n0", NOW).secret is None


def test_a_revoked_key_is_dead_here_at_once_and_elsewhere_within_a_minute(world: World):
    made = world.keys.create(world.first, "server", None, None, NOW)
    elsewhere = Callers(
        Accounts(world.store, os.urandom, lambda: world.seconds, lambda: NOW),
        world.signer,
        ISSUER,
        Nobody(),
        lambda: NOW,
    )
    token = world.token(world.basic(made.key.id, made.secret))
    assert elsewhere.caller_of(f"Bearer {token}")
    world.keys.revoke(world.first, made.key.id)
    with pytest.raises(UnauthorizedError):
        world.basic(made.key.id, made.secret)
    with pytest.raises(UnauthorizedError):
        world.callers.caller_of(f"Bearer {token}")
    world.seconds = KEPT_SECONDS
    assert KEPT_SECONDS <= 60
    with pytest.raises(UnauthorizedError):
        elsewhere.caller_of(f"Bearer {token}")


def test_another_tenants_key_is_not_there(world: World):
    other = world.accounts.provision(Tenant("other"), "theirs", NOW)
    with pytest.raises(NotFoundError):
        world.keys.find(world.first, other.id)
    with pytest.raises(NotFoundError):
        world.keys.revoke(world.first, other.id)
    assert [key.id for key in world.keys.list(world.first)] == [world.first.key]


def test_the_last_use_is_noted_once_in_a_while(world: World):
    def last_used() -> Any:
        return world.keys.find(world.first, world.first.key).last_used_at

    authorization = world.keys.create(world.first, "x", None, None, NOW)
    assert last_used() == NOW
    world.basic(authorization.key.id, authorization.secret)
    world.seconds = USE_NOTED_EVERY.total_seconds() - 1
    world.accounts.find(world.first.key)
    assert last_used() == NOW
    world.seconds += KEPT_SECONDS
    world.accounts.find(world.first.key)
    assert last_used() == NOW + timedelta(seconds=world.seconds)


def test_nobody_is_refused_because_a_use_could_not_be_noted(world: World, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise StoreUnavailableError("away")

    made = world.keys.create(world.first, "x", None, None, NOW)
    monkeypatch.setattr(world.store, "note_use", fail)
    assert world.basic(made.key.id, made.secret).key == made.key.id


def test_a_token_stands_for_its_key_with_the_scopes_that_were_asked_for(world: World):
    whole = world.callers.caller_of(f"Bearer {world.token(world.first)}")
    assert whole == world.first
    some = world.callers.caller_of(f"Bearer {world.token(world.first, 'webhooks meetings:read')}")
    assert some == ApiKeyCaller(Tenant("acme"), world.first.key, frozenset({"webhooks", "meetings:read"}))


@pytest.mark.parametrize("wanted", ["everything", "webhooks everything", " ", "webhooks  meetings:read"])
def test_no_token_is_given_for_more_than_the_key_may_do(world: World, wanted: str):
    with pytest.raises(InvalidScopeError):
        world.token(world.first, wanted)


def test_a_tokens_own_word_for_its_scopes_is_worth_no_more_than_its_key(world: World):
    made = world.keys.create(world.first, "reader", frozenset({"meetings:read"}), None, NOW)
    claims = {
        "iss": ISSUER,
        "aud": ACCESS_AUDIENCE,
        "sub": made.key.id,
        "scope": "meetings:read webhooks",
        "exp": int((NOW_REAL + ACCESS_LIFETIME).timestamp()),
    }
    caller = world.callers.caller_of(f"Bearer {world.signer.sign(claims, 'at+jwt')}")
    assert caller == ApiKeyCaller(Tenant("acme"), made.key.id, frozenset({"meetings:read"}))
    with pytest.raises(UnauthorizedError):
        world.callers.caller_of(f"Bearer {world.signer.sign(claims)}")
