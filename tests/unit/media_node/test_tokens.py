"""Join tokens: sound ones pass, every known way of forging one does not."""

import asyncio
import base64
import hashlib
import hmac
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from jwt.algorithms import ECAlgorithm

from media_node.errors import KeySetError, TokenError
from media_node.tokens import TokenVerifier

NODE = "node_here"
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


def jwk(key: ec.EllipticCurvePrivateKey, key_id: str) -> dict:
    return {**json.loads(ECAlgorithm.to_jwk(key.public_key())), "kid": key_id, "alg": "ES256", "use": "sig"}


class KeyServer:
    def __init__(self):
        self.keys = [jwk(KEY, "one")]
        self.fetched = 0
        self.is_down = False

    async def fetch(self) -> dict:
        self.fetched += 1
        if self.is_down:
            raise OSError("connection refused")
        return {"keys": self.keys}


def claims(**changes) -> dict:
    now = int(time.time())
    found = {
        "iss": "http://127.0.0.1/v1",
        "aud": "parley-media",
        "sub": "par_anna",
        "mtg": "mtg_one",
        "node": NODE,
        "role": "host",
        "name": "Anna",
        "grants": {"publish": ["camera"], "subscribe": True, "moderate": True},
        "epoch": 3,
        "mxp": 50,
        "iat": now,
        "nbf": now,
        "exp": now + 300,
        "jti": "x",
        **changes,
    }
    return {name: value for name, value in found.items() if value is not ...}


def sign(payload: dict, key=KEY, key_id: str = "one", algorithm: str = "ES256") -> str:
    return jwt.encode(payload, key, algorithm=algorithm, headers={"kid": key_id})


@pytest.fixture
def server():
    return KeyServer()


@pytest.fixture
def verifier(server):
    return TokenVerifier(NODE, server.fetch)


async def test_a_sound_token_says_who_may_do_what(verifier):
    found = await verifier.verify(sign(claims()), 100.0)
    assert (found.participant, found.meeting, found.epoch) == ("par_anna", "mtg_one", 3)
    assert found.publish == {"camera"}
    assert found.may_moderate
    assert found.max_participants == 50


def unsigned(payload: dict) -> str:
    return jwt.encode(payload, "", algorithm="none", headers={"kid": "one"})


def signed_with_the_public_key(payload: dict) -> str:
    public = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "one"}).encode()).rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps(payload).encode()).rstrip(b"=")
    signature = hmac.new(public, header + b"." + body, hashlib.sha256).digest()
    return (header + b"." + body + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def sign_as_it_is(header: object, payload: object) -> str:
    """Truly signed, whatever the header says."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, payload)]
    r, s = decode_dss_signature(KEY.sign(b".".join(parts), ec.ECDSA(hashes.SHA256())))
    signature = base64.urlsafe_b64encode(r.to_bytes(32) + s.to_bytes(32)).rstrip(b"=")
    return b".".join([*parts, signature]).decode()


GOOD_HEADER = {"alg": "ES256", "kid": "one"}


async def test_the_one_form_of_a_token_is_good(verifier):
    assert await verifier.verify(sign_as_it_is(GOOD_HEADER, claims()), 100.0)


@pytest.mark.parametrize(
    "token",
    [
        sign_as_it_is({**GOOD_HEADER, "alg": "ES384"}, claims()),
        sign_as_it_is({**GOOD_HEADER, "alg": "none"}, claims()),
        sign_as_it_is({**GOOD_HEADER, "crit": ["exp"]}, claims()),
        sign_as_it_is({"alg": "ES256"}, claims()),
        sign_as_it_is(["ES256", "one"], claims()),
        sign_as_it_is(GOOD_HEADER, [claims()]),
        sign_as_it_is(GOOD_HEADER, claims(aud=["parley-resume"])),
        sign_as_it_is(GOOD_HEADER, claims(exp="soon")),
        sign_as_it_is(GOOD_HEADER, claims(iat=int(time.time()) + 600)),
        sign_as_it_is(GOOD_HEADER, claims(iat=...)),
        sign_as_it_is(GOOD_HEADER, claims())[:-4],
        sign_as_it_is(GOOD_HEADER, claims()).rpartition(".")[0] + "." + "A" * 86,
        sign_as_it_is(GOOD_HEADER, claims()).replace(".", "..", 1),
        "A." + sign_as_it_is(GOOD_HEADER, claims()).partition(".")[2],
        "",
        "not a token",
        "a.b.c",
        "x" * 100_000,
        unsigned(claims()),
        signed_with_the_public_key(claims()),
        sign(claims(), OTHER_KEY),
        sign(claims(), key_id="unknown"),
        sign(claims(aud="parley-resume")),
        sign(claims(aud=...)),
        sign(claims(node="node_elsewhere")),
        sign(claims(exp=int(time.time()) - 60)),
        sign(claims(nbf=int(time.time()) + 600)),
        sign(claims(exp=...)),
        sign(claims(sub=5)),
        sign(claims(name="\ud800")),
        sign(claims(mtg=...)),
        sign(claims(epoch="many")),
        sign(claims(grants="all")),
    ],
)
async def test_refuses(verifier, token):
    with pytest.raises(TokenError):
        await verifier.verify(token, 100.0)


async def test_a_token_without_a_node_is_good_on_any(verifier):
    assert (await verifier.verify(sign(claims(node=None)), 100.0)).participant == "par_anna"


async def test_an_expired_token_is_good_for_resuming_alone(verifier):
    token = sign(claims(exp=int(time.time()) - 60))
    assert (await verifier.verify(token, 100.0, allow_expired=True)).participant == "par_anna"


async def test_fetches_an_unknown_key_at_once_but_not_for_every_forgery(verifier, server):
    await verifier.verify(sign(claims()), 100.0)
    server.keys = [jwk(KEY, "one"), jwk(OTHER_KEY, "two")]
    assert await verifier.verify(sign(claims(), OTHER_KEY, "two"), 110.0)
    for step in range(20):
        with pytest.raises(TokenError):
            await verifier.verify(sign(claims(), key_id="nobody's"), 110.1 + step * 0.1)
    assert server.fetched == 2


async def test_a_join_during_the_first_fetch_waits_for_it(server):
    may_answer = asyncio.Event()

    async def slow_fetch() -> dict:
        await may_answer.wait()
        return await server.fetch()

    verifier = TokenVerifier(NODE, slow_fetch)
    first = asyncio.ensure_future(verifier.refresh(100.0))
    await asyncio.sleep(0)
    join = asyncio.ensure_future(verifier.verify(sign(claims()), 100.1))
    await asyncio.sleep(0)
    assert not join.done()
    may_answer.set()
    await first
    assert (await join).participant == "par_anna"
    assert server.fetched == 1


async def test_keeps_the_old_keys_when_new_ones_cannot_be_had(verifier, server):
    await verifier.refresh(0.0)
    server.is_down = True
    with pytest.raises(KeySetError):
        await verifier.refresh(400.0)
    assert await verifier.verify(sign(claims()), 401.0)
    assert not verifier.needs_refresh(401.0)
    assert verifier.needs_refresh(701.0)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        [1],
        "keys",
        7,
        True,
        {},
        {"keys": None},
        {"keys": 5},
        {"keys": []},
        {"keys": "abc"},
        {"keys": [None, 1, "x", []]},
        {"keys": [{"kty": 5}]},
        {"keys": [{"kty": "EC", "crv": [], "x": {}, "y": 1}]},
        {"keys": [{**jwk(KEY, "one"), "x": 4}]},
        {"keys": [{**jwk(KEY, "one"), "kid": ["one"]}]},
    ],
)
async def test_an_answer_of_any_other_shape_keeps_the_old_keys(answer):
    answers = iter([{"keys": [jwk(KEY, "one")]}, answer])

    async def fetch():
        return next(answers)

    verifier = TokenVerifier(NODE, fetch)
    await verifier.refresh(100.0)
    with pytest.raises(KeySetError):
        await verifier.refresh(400.0)
    assert await verifier.verify(sign(claims()), 401.0)


async def test_keys_of_other_kinds_sign_nothing(verifier, server):
    other = ec.generate_private_key(ec.SECP384R1())
    server.keys = [{**json.loads(ECAlgorithm.to_jwk(other.public_key())), "kid": "one", "alg": "ES384"}]
    for token in (sign(claims()), sign(claims(), other, algorithm="ES384")):
        with pytest.raises(TokenError):
            await verifier.verify(token, 100.0)
