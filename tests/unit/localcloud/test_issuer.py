"""The issuer of a local run: what it gives to whom, and what it refuses."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chalicelib.domain.identifiers import Tenant
from chalicelib.domain.issuers import TrustedIssuer
from chalicelib.stores.issuers import OidcIssuers
from localcloud.issuer import (
    AUDIENCE,
    CLIENT_ID,
    CODE_SECONDS,
    MOST_CODES,
    Issuer,
    IssuerPages,
    RefusedError,
    challenge_of,
)

URL = "http://127.0.0.1:8080/oidc"
BACK = "http://127.0.0.1:8080/sign-in"
VERIFIER = "v" * 43
QUERY = {
    "response_type": "code",
    "client_id": CLIENT_ID,
    "redirect_uri": BACK,
    "state": "s t&a=te",
    "code_challenge": challenge_of(VERIFIER),
    "code_challenge_method": "S256",
}
NOW = 1_800_000_000.0


class World:
    def __init__(self) -> None:
        self.seconds = 0.0
        self.issuer = Issuer(URL, BACK, lambda: self.seconds)

    def form(self, **changes: str) -> dict[str, str]:
        answer = parse_qs(urlsplit(self.issuer.answer(QUERY, "ada")).query)
        sound = {
            "grant_type": "authorization_code",
            "code": answer["code"][0],
            "redirect_uri": BACK,
            "client_id": CLIENT_ID,
            "code_verifier": VERIFIER,
        }
        return {**sound, **changes}


@pytest.fixture
def world() -> World:
    return World()


def test_its_access_token_is_the_apis_and_its_id_token_is_not(world: World):
    documents: dict[str, Any] = {
        f"{URL}/.well-known/openid-configuration": world.issuer.discovery(),
        f"{URL}/jwks.json": world.issuer.jwks(),
    }
    people = OidcIssuers([TrustedIssuer(URL, AUDIENCE, CLIENT_ID, Tenant("local"))], documents.__getitem__)
    granted = world.issuer.exchange(world.form(), time.time())
    person = people.person(granted["access_token"])
    assert person is not None
    assert (person.name, person.tenant) == ("Ada Lovelace", "local")
    assert people.person(granted["id_token"]) is None


def refresh(world: World, token: str, **changes: str) -> dict[str, Any]:
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": CLIENT_ID}
    return world.issuer.exchange({**form, **changes}, NOW)


def test_a_refresh_token_is_good_once_and_gives_the_next(world: World):
    token = world.issuer.exchange(world.form(), NOW)["refresh_token"]
    seen = {token}
    for _ in range(3):
        granted = refresh(world, token)
        assert granted["access_token"]
        token = granted["refresh_token"]
        assert token not in seen
        seen.add(token)


def test_a_refresh_token_that_comes_again_ends_the_sign_in(world: World):
    first = world.issuer.exchange(world.form(), NOW)["refresh_token"]
    other = world.issuer.exchange(world.form(), NOW)["refresh_token"]
    second = refresh(world, first)["refresh_token"]
    for token in (first, second, ""):
        with pytest.raises(RefusedError, match="unknown or was used"):
            refresh(world, token)
    assert refresh(world, other), "somebody else's goes on"


def test_a_refresh_token_is_for_its_client_alone(world: World):
    token = world.issuer.exchange(world.form(), NOW)["refresh_token"]
    with pytest.raises(RefusedError):
        refresh(world, token, client_id="another")
    assert refresh(world, token)


def test_a_code_is_exchanged_once(world: World):
    form = world.form()
    world.issuer.exchange(form, NOW)
    with pytest.raises(RefusedError, match="used"):
        world.issuer.exchange(form, NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "made up"},
        {"code_verifier": "w" * 43},
        {"code_verifier": ""},
        {"client_id": "another"},
        {"redirect_uri": f"{BACK}/"},
        {"grant_type": "password"},
    ],
)
def test_a_code_is_for_one_client_one_address_and_one_verifier(world: World, changes: dict[str, str]):
    with pytest.raises(RefusedError):
        world.issuer.exchange(world.form(**changes), NOW)


def test_a_code_that_nobody_used_gets_too_old(world: World):
    form = world.form()
    world.seconds = CODE_SECONDS + 1
    with pytest.raises(RefusedError):
        world.issuer.exchange(form, NOW)


def test_codes_that_nobody_uses_are_forgotten(world: World):
    form = world.form()
    for _ in range(MOST_CODES):
        world.issuer.answer(QUERY, "ada")
    with pytest.raises(RefusedError):
        world.issuer.exchange(form, NOW)


def test_who_is_nobody_of_the_two_is_denied(world: World):
    for person in ("eve", "", None):
        answer = parse_qs(urlsplit(world.issuer.answer(QUERY, person)).query)
        assert answer["error"] == ["access_denied"]
        assert answer["state"] == [QUERY["state"]]
        assert "code" not in answer


async def test_the_page_sends_nobody_to_an_address_that_is_not_known(world: World):
    application = web.Application()
    IssuerPages(world.issuer).add_to(application.router)
    async with TestClient(TestServer(application)) as client:
        for changes in ({"redirect_uri": "https://evil.example"}, {"client_id": "another"}):
            answer = await client.get("/oidc/authorize", params={**QUERY, **changes}, allow_redirects=False)
            assert answer.status == 400
        for changes in (
            {"code_challenge_method": "plain"},
            {"code_challenge": ""},
            {"response_type": "token"},
        ):
            answer = await client.get("/oidc/authorize", params={**QUERY, **changes}, allow_redirects=False)
            assert answer.status == 303
            assert answer.headers["Location"].startswith(f"{BACK}?")
            assert "error=" in answer.headers["Location"]
        page = await client.get("/oidc/authorize", params={**QUERY, "state": '"><script>'})
        assert "<script>" not in await page.text()
        for body in (b"\xff\xfe", b"", b"code=%ff"):
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = await client.post("/oidc/token", data=body, headers=headers)
            assert answer.status == 400
        assert (await client.post("/oidc/token", json={})).status == 400
