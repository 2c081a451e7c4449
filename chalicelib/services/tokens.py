"""Who the bearer of a token is, one of our own or of a trusted issuer.

What the bearer may do is looked up, never read from the token.

Source: RFC 6749 section 4.4 (client credentials), RFC 9068 (access tokens as JWT), RFC 8725 (JWT, explicit
types and audiences).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.identifiers import MeetingId, ParticipantId, RandomBytes, is_id
from chalicelib.domain.permissions import (
    ApiKeyCaller,
    Caller,
    LinkCaller,
    ParticipantCaller,
    Scope,
    UserCaller,
)
from chalicelib.domain.recording_links import SECRET_PREFIX, link_id
from chalicelib.errors import InvalidScopeError, UnauthorizedError
from chalicelib.services.accounts import Accounts
from chalicelib.services.protocols import People, Signer

Clock = Callable[[], datetime]
RESUME_AUDIENCE = "parley-resume"
WAITING_AUDIENCE = "parley-waiting"
ACCESS_AUDIENCE = "parley-api"
ACCESS_TYPE = "at+jwt"
ACCESS_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True)
class AccessToken:
    token: str
    lifetime: timedelta
    scopes: frozenset[Scope]


class Callers:
    """Who calls, from an Authorization header: a server, a user, somebody of a meeting, or anybody."""

    def __init__(self, accounts: Accounts, signer: Signer, issuer: str, people: People, clock: Clock) -> None:
        self._people = people
        self._accounts = accounts
        self._signer = signer
        self._issuer = issuer
        self._clock = clock

    def caller_of(self, authorization: str | None) -> Caller:
        """
        Raises:
            UnauthorizedError: Credentials came that are not valid. They are never taken for a guest's.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            return self._accounts.caller_of(authorization)
        return self._bearer(token.strip())

    def access_token(
        self, caller: ApiKeyCaller, wanted: str | None, now: datetime, random_bytes: RandomBytes
    ) -> AccessToken:
        """A token that stands for a key for an hour, or until the key is revoked.

        Args:
            wanted: Scopes with spaces between them; None is all that the key has.

        Raises:
            InvalidScopeError: The key has not all of them.
        """
        asked = frozenset(wanted.split(" ")) if wanted else caller.scopes
        scopes = frozenset(scope for scope in caller.scopes if scope in asked)
        if len(scopes) != len(asked):
            raise InvalidScopeError("The key does not have every scope that was asked for.")
        claims = {
            "iss": self._issuer,
            "aud": ACCESS_AUDIENCE,
            "sub": caller.key,
            "client_id": caller.key,
            "scope": " ".join(sorted(scopes)),
            "iat": int(now.timestamp()),
            "exp": int((now + ACCESS_LIFETIME).timestamp()),
            "jti": random_bytes(16).hex(),
        }
        return AccessToken(self._signer.sign(claims, ACCESS_TYPE), ACCESS_LIFETIME, scopes)

    def _bearer(self, token: str) -> Caller:
        if token.startswith(SECRET_PREFIX):
            return LinkCaller(link_id(token), self._clock())
        claims = self._signer.verify(token, ACCESS_AUDIENCE, self._issuer, ACCESS_TYPE)
        if claims is not None:
            key = self._accounts.find(str(claims["sub"]))
            if key is None:
                raise UnauthorizedError("The API key of this token was revoked.")
            granted = str(claims.get("scope", "")).split(" ")
            return ApiKeyCaller(key.tenant, key.id, frozenset(one for one in key.scopes if one in granted))
        for audience in (RESUME_AUDIENCE, WAITING_AUDIENCE):
            claims = self._signer.verify(token, audience, self._issuer)
            if claims is not None:
                meeting, participant = str(claims.get("mtg")), str(claims["sub"])
                if is_id(meeting, "mtg") and is_id(participant, "par"):
                    return ParticipantCaller(MeetingId(meeting), ParticipantId(participant))
        person = self._people.person(token)
        if person is not None:
            return UserCaller(person.tenant, person.user, person.name, person.operates)
        raise UnauthorizedError("This token is not valid here, or no longer.")
