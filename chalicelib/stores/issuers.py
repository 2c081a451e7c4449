"""People's tokens, verified with the keys that their issuer publishes.

Trusts nothing that a token says before its signature is checked, but the choice among configured issuers.
Source: OpenID Connect Discovery 1.0, RFC 7517 (JWK), RFC 8725 (algorithm, issuer, keys of that issuer only).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt
import urllib3
from urllib3.exceptions import HTTPError

from chalicelib.domain.issuers import Person, SignIn, TrustedIssuer, person_of
from chalicelib.errors import StoreUnavailableError

# Asymmetric ones alone: whoever has a public key must not be able to sign with it (RFC 8725, 2.1).
ALGORITHMS = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
LEAST_RSA_BITS = 2048
LONGEST_TOKEN = 16_384
MOST_DOCUMENT_BYTES = 256 * 1024
# An issuer that retires a key is heard of within this time; a new key at once, when a token names it.
KEPT_SECONDS = 600.0
# Tokens with made-up key ids must not become requests to the issuer.
LEAST_SECONDS_BETWEEN = 10.0
# Keys that were read are good for this long while the issuer does not answer.
STALE_SECONDS = 86_400.0
LEEWAY_SECONDS = 30

Fetch = Callable[[str], Any]


@dataclass(frozen=True)
class Published:
    """What an issuer says of itself, and when that was read."""

    read_at: float
    sign_in: SignIn
    key_by_id: Mapping[str, jwt.PyJWK]


class IssuerAnswerError(Exception):
    """The issuer did not answer, or not as OpenID Connect Discovery says."""


def fetch_json(url: str) -> Any:
    """One GET, without redirects, of at most MOST_DOCUMENT_BYTES.

    Raises:
        IssuerAnswerError: No answer, or one that is no JSON.
    """
    timeout = urllib3.Timeout(connect=1.0, read=2.0)
    try:
        answer = _POOL.request(
            "GET", url, redirect=False, retries=False, timeout=timeout, preload_content=False
        )
        body = answer.read(MOST_DOCUMENT_BYTES + 1)
        answer.release_conn()
        if answer.status != 200 or len(body) > MOST_DOCUMENT_BYTES:
            raise IssuerAnswerError(f"{url} answered {answer.status} with {len(body)} bytes")
        return json.loads(body)
    except (HTTPError, ValueError, RecursionError) as error:
        raise IssuerAnswerError(f"{url} did not answer with JSON") from error


_POOL = urllib3.PoolManager(maxsize=4)


class OidcIssuers:
    def __init__(
        self,
        trusted: Sequence[TrustedIssuer],
        fetch: Fetch = fetch_json,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._trusted = {one.issuer: one for one in trusted}
        self._fetch = fetch
        self._monotonic = monotonic
        self._published: dict[str, Published] = {}
        self._asked_at: dict[str, float] = {}

    def person(self, token: str) -> Person | None:
        """Who a token names; None for every token that is not valid, whatever is wrong with it.

        Raises:
            StoreUnavailableError: The issuer's keys cannot be read now.
        """
        if not self._trusted or len(token) > LONGEST_TOKEN:
            return None
        try:
            header = jwt.get_unverified_header(token)
            named = jwt.decode(token, options={"verify_signature": False}).get("iss")
            trusted = self._trusted.get(named) if isinstance(named, str) else None
            algorithm, kid = header.get("alg"), header.get("kid")
            if trusted is None or algorithm not in ALGORITHMS or not isinstance(kid, str) or "crit" in header:
                return None
            key = self._key(trusted, kid)
            if key is None or not _fits(key, str(algorithm)):
                return None
            claims = _verified(token, key, str(algorithm), trusted.issuer)
        except (jwt.InvalidTokenError, ValueError, TypeError, ArithmeticError, RecursionError):
            return None
        return person_of(trusted, header, claims)

    def sign_ins(self) -> list[SignIn]:
        """
        Raises:
            StoreUnavailableError: An issuer does not answer, and never did.
        """
        return [self._current(trusted).sign_in for trusted in self._trusted.values()]

    def _key(self, trusted: TrustedIssuer, kid: str) -> jwt.PyJWK | None:
        published = self._current(trusted)
        if kid not in published.key_by_id and self._may_ask(trusted.issuer):
            published = self._read(trusted, published)
        return published.key_by_id.get(kid)

    def _current(self, trusted: TrustedIssuer) -> Published:
        known = self._published.get(trusted.issuer)
        if known is None:
            return self._read(trusted, None)
        if self._monotonic() - known.read_at < KEPT_SECONDS or not self._may_ask(trusted.issuer):
            return known
        return self._read(trusted, known)

    def _may_ask(self, issuer: str) -> bool:
        asked = self._asked_at.get(issuer)
        return asked is None or self._monotonic() - asked >= LEAST_SECONDS_BETWEEN

    def _read(self, trusted: TrustedIssuer, known: Published | None) -> Published:
        now = self._monotonic()
        self._asked_at[trusted.issuer] = now
        try:
            published = read_issuer(trusted, self._fetch, now)
        except IssuerAnswerError as error:
            if known is not None and now - known.read_at < STALE_SECONDS:
                return known
            raise StoreUnavailableError("The issuer cannot be asked for its keys now.") from error
        self._published[trusted.issuer] = published
        return published


def read_issuer(trusted: TrustedIssuer, fetch: Fetch, now: float) -> Published:
    """
    Raises:
        IssuerAnswerError: see there; also where the document is another issuer's.
    """
    url = f"{trusted.issuer.rstrip('/')}/.well-known/openid-configuration"
    document = fetch(url)
    if not isinstance(document, dict) or document.get("issuer") != trusted.issuer:
        raise IssuerAnswerError(f"{url} is not the document of {trusted.issuer}")
    names = ("jwks_uri", "authorization_endpoint", "token_endpoint")
    jwks_uri, authorization, token = (_address(document.get(name), trusted.issuer) for name in names)
    keys = fetch(jwks_uri)
    listed = keys.get("keys") if isinstance(keys, dict) else None
    if not isinstance(listed, list):
        raise IssuerAnswerError(f"{jwks_uri} is no set of keys")
    sign_in = SignIn(trusted.issuer, trusted.client_id, trusted.scope, authorization, token)
    return Published(now, sign_in, _keys(listed))


def _address(value: Any, issuer: str) -> str:
    """HTTPS, but for an issuer on this very machine that is itself without."""
    if not isinstance(value, str):
        raise IssuerAnswerError("the document of the issuer lacks an address")
    own, other = urlsplit(issuer), urlsplit(value)
    if other.scheme != "https" and (own.scheme, own.netloc) != (other.scheme, other.netloc):
        raise IssuerAnswerError(f"{value[:100]} is not an address of HTTPS")
    return value


def _keys(listed: list[Any]) -> dict[str, jwt.PyJWK]:
    found: dict[str, jwt.PyJWK] = {}
    for entry in listed:
        if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
            continue
        if entry.get("use", "sig") != "sig" or entry.get("kty") not in ALGORITHMS.values():
            continue
        try:
            found[entry["kid"]] = jwt.PyJWK.from_dict(entry)
        except (jwt.PyJWKError, jwt.InvalidKeyError, ValueError, TypeError):
            # A key of a kind that is unknown here says nothing about the others.
            continue
    return found


def _fits(key: jwt.PyJWK, algorithm: str) -> bool:
    """Whether the key is for the algorithm that the header names, and long enough."""
    if key.algorithm_name != algorithm or key.key_type != ALGORITHMS[algorithm]:
        return False
    return key.key_type != "RSA" or key.key.key_size >= LEAST_RSA_BITS


def _verified(token: str, key: jwt.PyJWK, algorithm: str, issuer: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        token,
        key.key,
        algorithms=[algorithm],
        issuer=issuer,
        leeway=LEEWAY_SECONDS,
        # Whom it is for is asked in domain/issuers.py: Cognito says it in another claim.
        options={"require": ["exp", "iat", "sub", "iss"], "verify_aud": False},
    )
    return claims
