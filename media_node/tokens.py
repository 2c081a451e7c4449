"""Join tokens, verified offline: ES256 JWTs of the control plane, checked against a cached JWKS.

Never trusts a token's own header for the algorithm (RFC 8725 section 3.1). The key set is fetched at start,
every five minutes, and at once for an unknown key id, but not more than every five seconds.
"""

import asyncio
import json
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import jwt
from jwt import PyJWKSet

from media_node.errors import KeySetError, TokenError

AUDIENCE = "parley-media"
TEST_AUDIENCE = "parley-test"
REFRESH_SECONDS = 300.0
RETRY_SECONDS = 5.0
MAX_TOKEN_BYTES = 8192
# Clocks of control plane and node may differ by this much.
LEEWAY_SECONDS = 5
# What reading JSON of another shape than a key set's comes to.
OTHER_SHAPES = (ValueError, TypeError, AttributeError, LookupError, RecursionError)

FetchKeySet = Callable[[], Awaitable[Any]]


@dataclass(frozen=True)
class Claims:
    """What a join token says about its bearer."""

    participant: str
    meeting: str
    role: str
    display_name: str
    publish: frozenset[str]
    may_subscribe: bool
    may_moderate: bool
    epoch: int
    max_participants: int | None
    token_id: str
    # A recorder of another node: it is sent every track, and is nobody in the meeting.
    takes_all: bool = False


class TokenVerifier:
    """Verifies join tokens for one node."""

    def __init__(self, node: str, fetch: FetchKeySet) -> None:
        self._node = node
        self._fetch = fetch
        self._keys: dict[str, Any] = {}
        self._fetched_at = float("-inf")
        # One fetch at a time; who meets an unknown key meanwhile waits for it.
        self._fetching = asyncio.Lock()

    async def refresh(self, now: float) -> None:
        """Fetch the key set; the old one stays when that fails.

        Raises:
            KeySetError: It cannot be had or read.
        """
        async with self._fetching:
            await self._replace_keys(now)

    async def _replace_keys(self, now: float) -> None:
        self._fetched_at = now
        try:
            key_set = PyJWKSet.from_dict(await self._fetch())
            keys = {key.key_id: key for key in key_set.keys if key.key_id}
        except (OSError, TimeoutError, jwt.PyJWTError, *OTHER_SHAPES) as exc:
            raise KeySetError(f"the signing keys cannot be read: {exc!r}") from exc
        self._keys = keys

    def needs_refresh(self, now: float) -> bool:
        wait = REFRESH_SECONDS if self._keys else RETRY_SECONDS
        return now - self._fetched_at >= wait

    async def verify(self, token: str, now: float, *, allow_expired: bool = False) -> Claims:
        """The claims of a sound token.

        Raises:
            TokenError: Forged, expired, for another audience or node, or not a token at all.
        """
        return _claims(await self._payload(token, now, AUDIENCE, allow_expired=allow_expired))

    async def verify_test(self, token: str, now: float) -> str:
        """The number of a sound token for a connection test, which opens one only once.

        Raises:
            TokenError: As `verify`; a token that lets into a meeting is none for a test, nor the other way.
        """
        payload = await self._payload(token, now, TEST_AUDIENCE)
        number = payload.get("jti")
        if not isinstance(number, str) or not number:
            raise TokenError("the token has no number")
        return number

    async def _payload(
        self, token: str, now: float, audience: str, *, allow_expired: bool = False
    ) -> dict[str, Any]:
        if len(token) > MAX_TOKEN_BYTES:
            raise TokenError("the token is too long")
        try:
            key = await self._key(_key_id(token), now)
            options = {"require": ["exp", "iat", "sub", "aud"], "verify_exp": not allow_expired}
            payload = jwt.decode(
                token,
                key.key,
                algorithms=["ES256"],
                audience=audience,
                leeway=LEEWAY_SECONDS,
                options=options,  # type: ignore[arg-type]
            )
        except jwt.ExpiredSignatureError as exc:
            raise TokenError("the token has expired: join again") from exc
        except jwt.PyJWTError as exc:
            raise TokenError(f"the token is not valid: {exc}") from exc
        if payload.get("node") not in (None, self._node):
            raise TokenError("the token is for another node")
        return payload

    async def _key(self, key_id: str, now: float) -> Any:
        if key_id not in self._keys:
            async with self._fetching:
                await self._look_for(key_id, now)
        if key_id not in self._keys:
            raise TokenError("the token's key is unknown")
        return self._keys[key_id]

    async def _look_for(self, key_id: str, now: float) -> None:
        if key_id in self._keys or now - self._fetched_at < RETRY_SECONDS:
            return
        try:
            await self._replace_keys(now)
        except KeySetError as exc:
            raise TokenError("the token's key is unknown and the keys cannot be fetched") from exc


def _claims(payload: dict[str, Any]) -> Claims:
    try:
        grants = payload.get("grants") or {}
        limit = payload.get("mxp")
        return Claims(
            participant=_text(payload, "sub"),
            meeting=_text(payload, "mtg"),
            role=_text(payload, "role"),
            display_name=_text(payload, "name"),
            publish=frozenset(str(source) for source in grants.get("publish", [])),
            may_subscribe=bool(grants.get("subscribe", True)),
            may_moderate=bool(grants.get("moderate", False)),
            epoch=int(payload.get("epoch", 0)),
            max_participants=None if limit is None else int(limit),
            token_id=str(payload.get("jti", "")),
            takes_all=payload.get("role") == "recorder" and grants.get("takeAll") is True,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise TokenError(f"the token lacks a claim or has it in another form: {exc}") from exc


def _key_id(token: str) -> str:
    """The key that a token names; what is wrong with the token otherwise is found when it is verified."""
    header = token.partition(".")[0]
    try:
        return str(json.loads(urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"])
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise TokenError("the token names no key") from exc


def _text(payload: dict[str, Any], name: str) -> str:
    value = payload[name]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is text")
    # JSON can escape what is not Unicode, and nobody could be told of it.
    value.encode()
    return value
