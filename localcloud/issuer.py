"""A small OpenID Connect issuer for one machine: two people who are ready to sign in, without a password.

Authorization code with PKCE, refresh tokens that are each good once, and nothing else. It is served on a
loopback address only: whoever reaches it may be either of the two. Its keys live as long as the run.
Never part of a deployment.
Source: RFC 6749 sections 4.1 and 6, RFC 7636 (PKCE), RFC 9068, RFC 9700 section 4.14, OpenID Connect Core 1.0
and Discovery 1.0.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec

CLIENT_ID = "parley-web"
AUDIENCE = "parley-api"
PEOPLE = {"ada": "Ada Lovelace", "grace": "Grace Hopper"}
# Who of them runs the installation; the other one shows what everybody sees.
OPERATORS = ("ada",)
SCOPE = "openid profile"
CODE_SECONDS = 60.0
TOKEN_SECONDS = 3600
# Codes that nobody exchanges are forgotten, the oldest first; sign-ins alike.
MOST_CODES = 1000
MOST_SESSIONS = 1000
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sign in</title>
<style>
  body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 24rem; margin: 15vh auto; padding: 0 1rem }}
  button {{ display: block; width: 100%; margin: .5rem 0; padding: .75rem; font: inherit; cursor: pointer }}
</style>
<h1>Who are you?</h1>
<p>This page stands for your organisation's own while Parley runs on one machine.</p>
<form method="post" action="?{query}">{buttons}</form>
"""


class RefusedError(Exception):
    """What OAuth calls the mistake, and a sentence about it."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code


@dataclass(frozen=True)
class Grant:
    """What a code stands for, until it is exchanged."""

    person: str
    redirect_uri: str
    challenge: str
    nonce: str | None
    expires: float


@dataclass
class Session:
    """One sign-in, by the refresh tokens that it has had."""

    person: str
    # The one that is good now; whoever brings an earlier one has stolen it, or was stolen from.
    token: str
    earlier: set[str] = field(default_factory=set)


class Issuer:
    """The protocol without HTTP."""

    def __init__(self, url: str, redirect_uri: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.url = url
        self._redirect_uri = redirect_uri
        self._monotonic = monotonic
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._kid = os.urandom(8).hex()
        self._grants: OrderedDict[str, Grant] = OrderedDict()
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks.json",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "authorization_response_iss_parameter_supported": True,
        }

    def jwks(self) -> dict[str, Any]:
        public: Any = jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": self._kid, "use": "sig", "alg": "ES256"}]}

    def check_client(self, query: Mapping[str, str]) -> None:
        """
        Raises:
            RefusedError: Not a client or an address that is known: nothing may be sent there.
        """
        if query.get("client_id") != CLIENT_ID or query.get("redirect_uri") != self._redirect_uri:
            raise RefusedError("invalid_request", "This client, or its address, is not known here.")

    def check_request(self, query: Mapping[str, str]) -> None:
        """
        Raises:
            RefusedError: The client asks for something that there is not.
        """
        if query.get("response_type") != "code":
            raise RefusedError("unsupported_response_type", "There is `code` only.")
        if query.get("code_challenge_method") != "S256" or len(query.get("code_challenge", "")) != 43:
            raise RefusedError("invalid_request", "PKCE with S256 is needed.")

    def answer(self, query: Mapping[str, str], person: str | None = None, error: str | None = None) -> str:
        """The address to send the browser back to, with a code or an error."""
        fields = {"state": query.get("state", ""), "iss": self.url}
        if error is not None:
            fields["error"] = error
        elif person not in PEOPLE:
            fields["error"] = "access_denied"
        else:
            fields["code"] = self._new_code(query, person)
        return f"{self._redirect_uri}?{urlencode(fields)}"

    def exchange(self, form: Mapping[str, str], now: float) -> dict[str, Any]:
        """
        Raises:
            RefusedError: The code is not one that this client got for this verifier, or was used before; or
                the refresh token is not the newest of its sign-in.
        """
        if form.get("grant_type") == "refresh_token":
            return self._refresh(form, int(now))
        if form.get("grant_type") != "authorization_code":
            raise RefusedError(
                "unsupported_grant_type", "There are `authorization_code` and `refresh_token`."
            )
        grant = self._grants.pop(form.get("code", ""), None)
        if grant is None or grant.expires < self._monotonic():
            raise RefusedError("invalid_grant", "This code is unknown, used or too old.")
        if form.get("client_id") != CLIENT_ID or form.get("redirect_uri") != grant.redirect_uri:
            raise RefusedError("invalid_grant", "This code was given to another client or address.")
        if not hmac.compare_digest(challenge_of(form.get("code_verifier", "")), grant.challenge):
            raise RefusedError("invalid_grant", "The verifier is another.")
        session = Session(grant.person, token=_secret())
        self._sessions[_secret()] = session
        if len(self._sessions) > MOST_SESSIONS:
            self._sessions.popitem(last=False)
        return self._tokens(session, grant.nonce, int(now))

    def _refresh(self, form: Mapping[str, str], now: int) -> dict[str, Any]:
        """Each refresh token is good once; one that comes again ends the whole sign-in (RFC 9700, 4.14.2)."""
        token = form.get("refresh_token", "")
        for name, session in self._sessions.items():
            if token in session.earlier:
                del self._sessions[name]
                break
            if hmac.compare_digest(token.encode(), session.token.encode()):
                if form.get("client_id") != CLIENT_ID:
                    break
                session.earlier.add(token)
                session.token = _secret()
                return self._tokens(session, None, now)
        raise RefusedError("invalid_grant", "This refresh token is unknown or was used.")

    def _new_code(self, query: Mapping[str, str], person: str | None) -> str:
        code = _secret()
        self._grants[code] = Grant(
            person=person or "",
            redirect_uri=query["redirect_uri"],
            challenge=query["code_challenge"],
            nonce=query.get("nonce"),
            expires=self._monotonic() + CODE_SECONDS,
        )
        if len(self._grants) > MOST_CODES:
            self._grants.popitem(last=False)
        return code

    def _tokens(self, session: Session, nonce: str | None, now: int) -> dict[str, Any]:
        common = {
            "iss": self.url,
            "sub": session.person,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "name": PEOPLE[session.person],
        }
        access = {
            **common,
            "aud": AUDIENCE,
            "client_id": CLIENT_ID,
            "scope": SCOPE,
            "jti": os.urandom(8).hex(),
        }
        identity = {**common, "aud": CLIENT_ID}
        if nonce is not None:
            identity["nonce"] = nonce
        return {
            "access_token": self._sign(access, "at+jwt"),
            "id_token": self._sign(identity, "JWT"),
            "refresh_token": session.token,
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "scope": SCOPE,
        }

    def _sign(self, claims: dict[str, Any], typ: str) -> str:
        return jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": self._kid, "typ": typ})


def _secret() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()


def challenge_of(verifier: str) -> str:
    """RFC 7636, 4.2."""
    digest = hashlib.sha256(verifier.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class IssuerPages:
    """The protocol over HTTP, under /oidc."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    def add_to(self, router: web.UrlDispatcher) -> None:
        router.add_get("/oidc/.well-known/openid-configuration", self._show_discovery)
        router.add_get("/oidc/jwks.json", self._show_jwks)
        router.add_get("/oidc/authorize", self._ask)
        router.add_post("/oidc/authorize", self._choose)
        router.add_post("/oidc/token", self._exchange)

    async def _show_discovery(self, _: web.Request) -> web.Response:
        return web.json_response(self._issuer.discovery())

    async def _show_jwks(self, _: web.Request) -> web.Response:
        return web.json_response(self._issuer.jwks())

    async def _ask(self, request: web.Request) -> web.Response:
        self._check(request)
        buttons = "".join(
            f'<button name="person" value="{html.escape(one)}">{html.escape(name)}</button>'
            for one, name in PEOPLE.items()
        )
        page = PAGE.format(query=html.escape(urlencode(request.query)), buttons=buttons)
        policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
        headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
        return web.Response(text=page, content_type="text/html", headers=headers)

    async def _choose(self, request: web.Request) -> web.Response:
        self._check(request)
        form = await _form(request)
        raise web.HTTPSeeOther(self._issuer.answer(request.query, form.get("person", "")))

    def _check(self, request: web.Request) -> None:
        try:
            self._issuer.check_client(request.query)
        except RefusedError as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        try:
            self._issuer.check_request(request.query)
        except RefusedError as error:
            raise web.HTTPSeeOther(self._issuer.answer(request.query, error=error.code)) from error

    async def _exchange(self, request: web.Request) -> web.Response:
        headers = {"Cache-Control": "no-store"}
        try:
            return web.json_response(
                self._issuer.exchange(await _form(request), time.time()), headers=headers
            )
        except RefusedError as error:
            answer = {"error": error.code, "error_description": str(error)}
            return web.json_response(answer, status=400, headers=headers)


async def _form(request: web.Request) -> dict[str, str]:
    """The text fields of a form; what is no form has none."""
    if request.content_type != "application/x-www-form-urlencoded":
        return {}
    try:
        fields = await request.post()
    except (ValueError, LookupError):
        return {}
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def trusted_by_the_api(issuer_url: str, tenant: str) -> str:
    """PARLEY_ISSUERS for a control plane whose people are this issuer's."""
    entry = {
        "issuer": issuer_url,
        "audience": AUDIENCE,
        "clientId": CLIENT_ID,
        "tenant": tenant,
        "scope": SCOPE,
        "operators": list(OPERATORS),
    }
    return json.dumps([entry])
