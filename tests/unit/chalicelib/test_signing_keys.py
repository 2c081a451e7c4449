"""Keys come, sign and go: each token is verified by everybody for as long as it lives."""

from __future__ import annotations

import dataclasses
import itertools
import json
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import jwt
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.signing_keys import PERIOD, PUBLISHED_AFTER, PUBLISHED_BEFORE, KeptKey, rotated
from chalicelib.services.rotation import Rotation
from chalicelib.stores.signing import SecretSigner
from chalicelib.stores.signing_keys import SecretKeys, new_key
from tests.support.builders import NOW

HOUR = timedelta(hours=1)


@given(st.lists(st.integers(1, 400), max_size=60), st.lists(st.integers(0, 59), max_size=3))
def test_whenever_it_runs_a_key_is_known_before_it_signs_and_for_as_long_as_its_tokens_live(
    hours: list[int], forced: list[int]
):
    numbers = itertools.count()
    now = NOW
    keys = rotated([], now, lambda: KeptKey(str(next(numbers)), "", now))
    published: dict[str, datetime] = {keys[0].kid: now - PUBLISHED_BEFORE}
    signed: dict[str, datetime] = {}
    for step, pause in enumerate(hours):
        signed[keys[0].kid] = now + pause * HOUR
        now += pause * HOUR
        # As many runs as there are hours would do no more than one does at the end of them.
        fresh = KeptKey(str(next(numbers)), "", now)
        keys = rotated(keys, now, partial(dataclasses.replace, fresh), at_once=step in forced)
        for key in keys:
            published.setdefault(key.kid, now)
        assert now - published[keys[0].kid] >= PUBLISHED_BEFORE
        known = {key.kid for key in keys}
        assert all(kid in known for kid, last in signed.items() if now - last < PUBLISHED_AFTER - HOUR)
        assert len(known) == len(keys) <= 4


def test_a_key_signs_for_its_period_and_is_forgotten_a_day_later():
    first = KeptKey("first", "", NOW)
    second = KeptKey("second", "", NOW + PERIOD)
    assert rotated([first], NOW + PERIOD - HOUR, lambda: second) == [first]
    keys = rotated([first], NOW + PERIOD, lambda: second)
    assert keys == [first, second]
    assert rotated(keys, NOW + PERIOD + HOUR / 2, lambda: second) == [first, second]
    keys = rotated(keys, NOW + PERIOD + HOUR, lambda: second)
    assert [key.kid for key in keys] == ["second", "first"]
    assert len(rotated(keys, NOW + PERIOD + PUBLISHED_AFTER, lambda: second)) == 2
    assert [key.kid for key in rotated(keys, NOW + PERIOD + HOUR + PUBLISHED_AFTER, lambda: second)] == [
        "second"
    ]


class Secrets:
    """One secret; a token that comes again with another value is refused, as Secrets Manager does."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.version = 1
        self.tokens: set[str] = set()

    def get_secret_value(self, SecretId: str) -> dict[str, Any]:
        return {"SecretString": self.value, "VersionId": str(self.version)}

    def put_secret_value(self, SecretId: str, SecretString: str, ClientRequestToken: str) -> None:
        assert 32 <= len(ClientRequestToken) <= 64
        if ClientRequestToken in self.tokens:
            raise ClientError({"Error": {"Code": "ResourceExistsException"}}, "PutSecretValue")
        self.tokens.add(ClientRequestToken)
        self.value, self.version = SecretString, self.version + 1


def test_a_secret_that_was_just_made_gets_its_first_key():
    secrets = Secrets("a password that CDK made")
    SecretKeys("name", secrets).change(lambda keys: rotated(keys, NOW, lambda: new_key(NOW)))
    (entry,) = json.loads(secrets.value)["keys"]
    key: Any = load_pem_private_key(entry["privateKeyPem"].encode(), None)
    assert jwt.decode(jwt.encode({"a": 1}, key, "ES256"), key.public_key(), ["ES256"]) == {"a": 1}
    kept = SecretKeys("name", secrets)
    assert kept.change(lambda keys: list(keys))[0].created_at == NOW
    assert secrets.version == 2


def test_of_two_runs_at_once_one_adds_a_key():
    secrets = Secrets(json.dumps({"keys": []}))
    keys = SecretKeys("name", secrets)

    def late(found: Any) -> list[KeptKey]:
        # The other run is through before this one writes.
        if secrets.version == 1:
            keys.change(lambda same: rotated(same, NOW, lambda: new_key(NOW)))
        return rotated(found, NOW, lambda: new_key(NOW))

    keys.change(late)
    assert len(json.loads(secrets.value)["keys"]) == 1
    assert secrets.version == 2


def test_tokens_of_the_old_key_and_of_the_new_one_are_verified_through_the_change(monkeypatch: Any):
    secrets = Secrets("{}")
    keys = SecretKeys("name", secrets)
    monkeypatch.setattr("chalicelib.stores.signing.open_client", lambda *_, **__: secrets)
    now = NOW
    tokens = []
    claims = {"sub": "par_a", "iss": "https://api", "aud": "parley-resume", "exp": 4_000_000_000}
    for hours in (0, 30 * 24, 1, 1):
        now += hours * HOUR
        Rotation(keys, new_key).run(now)
        signer = SecretSigner("name")
        tokens.append(signer.sign(claims))
        assert all(signer.verify(token, "parley-resume", "https://api") for token in tokens)
        assert {jwt.get_unverified_header(token)["kid"] for token in tokens} <= {
            key["kid"] for key in signer.jwks()["keys"]
        }
    assert len({jwt.get_unverified_header(token)["kid"] for token in tokens}) == 2
