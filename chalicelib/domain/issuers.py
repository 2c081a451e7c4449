"""Issuers of people's tokens that an installation trusts, and what their tokens must say. Reads no signature.

Source: OpenID Connect Core 1.0, RFC 9068 (access tokens as JWT), RFC 8725 sections 3.8 to 3.12 (issuer,
subject, audience, type).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.identifiers import Tenant, UserId

LONGEST_SUBJECT = 255
LONGEST_NAME = 100


@dataclass(frozen=True)
class TrustedIssuer:
    """One issuer, and whose people it knows."""

    issuer: str
    # What an access token has to be made for; where it names nobody (Cognito), it has to be of this client.
    audience: str
    client_id: str
    tenant: Tenant
    # Types that its access tokens carry in their header: `at+jwt` as RFC 9068 says, or what it has instead.
    types: frozenset[str] = frozenset({"at+jwt"})
    scope: str = "openid profile"
    # Who runs the installation: subjects that are named one by one, and the members of a group.
    operators: frozenset[str] = frozenset()
    operator_group: str | None = None


@dataclass(frozen=True)
class Person:
    """Somebody an issuer vouches for."""

    tenant: Tenant
    user: UserId
    name: str | None
    operates: bool = False


@dataclass(frozen=True)
class SignIn:
    """Where the web app sends people who sign in (authorization code with PKCE)."""

    issuer: str
    client_id: str
    scope: str
    authorization_endpoint: str
    token_endpoint: str


def person_of(trusted: TrustedIssuer, header: Mapping[str, Any], claims: Mapping[str, Any]) -> Person | None:
    """Who a verified token names; None if it is another kind of token, or for somebody else."""
    if str(header.get("typ", "")).lower().removeprefix("application/") not in trusted.types:
        return None
    # An ID token tells a client who signed in; it is no right to call anybody.
    if claims.get("token_use", "access") != "access" or "nonce" in claims or "at_hash" in claims:
        return None
    if claims.get("iss") != trusted.issuer or not _is_for(trusted, claims):
        return None
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= LONGEST_SUBJECT:
        return None
    operates = subject in trusted.operators or _is_in(trusted.operator_group, claims)
    return Person(trusted.tenant, user_id(trusted.issuer, subject), _name(claims), operates)


def _is_for(trusted: TrustedIssuer, claims: Mapping[str, Any]) -> bool:
    audience = claims.get("aud")
    if audience is None:
        return claims.get("client_id") == trusted.client_id
    audiences = audience if isinstance(audience, list) else [audience]
    return trusted.audience in audiences


def _is_in(group: str | None, claims: Mapping[str, Any]) -> bool:
    """Whether the issuer says that they are in the group; Cognito has a name of its own for the claim."""
    if group is None:
        return False
    return any(
        isinstance(groups, list) and group in groups
        for groups in (claims.get("groups"), claims.get("cognito:groups"))
    )


def user_id(issuer: str, subject: str) -> UserId:
    """The same for the same person of the same issuer, and for nobody else."""
    digest = hashlib.sha256(f"{issuer}\n{subject}".encode("utf-8", "surrogatepass")).digest()[:16]
    return UserId(f"usr_{base64.b32encode(digest).decode().rstrip('=').lower()}")


def _name(claims: Mapping[str, Any]) -> str | None:
    for field in ("name", "preferred_username", "username"):
        name = claims.get(field)
        if isinstance(name, str) and name.strip() and name.isprintable():
            return name.strip()[:LONGEST_NAME]
    return None
