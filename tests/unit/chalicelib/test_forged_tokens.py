"""Tokens of every kind that somebody could forge: none names anybody. RFC 8725, section 2, as a table."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.domain.identifiers import Tenant
from chalicelib.domain.issuers import TrustedIssuer, person_of, user_id
from chalicelib.errors import StoreUnavailableError
from chalicelib.stores.issuers import (
    KEPT_SECONDS,
    LEAST_SECONDS_BETWEEN,
    STALE_SECONDS,
    IssuerAnswerError,
    OidcIssuers,
)
from chalicelib.stores.signing import KEPT_SECONDS as SIGNER_KEPT_SECONDS
from chalicelib.stores.signing import SecretSigner, SigningKey

# The weak keys and secrets that PyJWT warns of are the point.
pytestmark = pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")

URL = "https://id.example/pool"
ACME = TrustedIssuer(URL, "parley-api", "parley-web", Tenant("acme"))
EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)
SHORT_RSA_KEY = rsa.generate_private_key(65537, 1024)
STRANGER = ec.generate_private_key(ec.SECP256R1())
P384_KEY = ec.generate_private_key(ec.SECP384R1())


def jwk(key: Any, kid: str, **fields: Any) -> dict[str, Any]:
    algorithm = jwt.algorithms.RSAAlgorithm if hasattr(key, "private_numbers") and isinstance(
        key, rsa.RSAPrivateKey
    ) else jwt.algorithms.ECAlgorithm  # fmt: skip
    public: Any = algorithm.to_jwk(key.public_key())
    return {**json.loads(public), "kid": kid, **fields}


class Issuer:
    """What an issuer publishes, and how often it was asked."""

    def __init__(self) -> None:
        self.keys = [
            jwk(EC_KEY, "ec", alg="ES256", use="sig"),
            jwk(RSA_KEY, "rsa"),
            jwk(SHORT_RSA_KEY, "short"),
            jwk(EC_KEY, "enc", use="enc"),
            {"kty": "oct", "kid": "oct", "k": "AAAA"},
            {"kty": "EC", "kid": "broken", "crv": "P-256", "x": "", "y": ""},
            {"no": "key"},
        ]
        self.document: Any = {
            "issuer": URL,
            "jwks_uri": f"{URL}/jwks",
            "authorization_endpoint": f"{URL}/authorize",
            "token_endpoint": f"{URL}/token",
        }
        self.asked: list[str] = []
        self.is_away = False
        self.seconds = 0.0
        self.people = OidcIssuers([ACME], self.fetch, lambda: self.seconds)

    def fetch(self, url: str) -> Any:
        self.asked.append(url)
        if self.is_away:
            raise IssuerAnswerError("away")
        return {"keys": self.keys} if url == f"{URL}/jwks" else self.document


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    sound = {"iss": URL, "aud": "parley-api", "sub": "ada", "iat": now, "exp": now + 300, "name": "Ada"}
    return {name: value for name, value in {**sound, **changes}.items() if value is not None}


def signed(key: Any = EC_KEY, algorithm: str = "ES256", kid: str | None = "ec", **changes: Any) -> str:
    header: dict[str, Any] = {"typ": changes.pop("typ", "at+jwt"), **changes.pop("header", {})}
    if kid is not None:
        header["kid"] = kid
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers=header)


def handmade(header: Any, payload: Any, signature: bytes = b"") -> str:
    def part(value: Any) -> str:
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    return f"{part(header)}.{part(payload)}.{part(signature)}"


def with_public_key_as_secret(key: Any, kid: str) -> str:
    """The oldest trick: HMAC with what everybody knows."""
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    token = handmade({"alg": "HS256", "typ": "at+jwt", "kid": kid}, claims())
    text = token.rpartition(".")[0]
    mac = hmac.new(public, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def changed(token: str, **changes: Any) -> str:
    header, _, signature = token.split(".")
    payload = base64.urlsafe_b64encode(json.dumps(claims(**changes)).encode()).rstrip(b"=").decode()
    return f"{header}.{payload}.{signature}"


FORGED: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "no token": lambda: "abc",
    "two parts": lambda: "a.b",
    "bytes that are no text": lambda: handmade(b"\xff\xfe", b"\x80"),
    "a header that is a list": lambda: handmade([], claims()),
    "a payload that is a number": lambda: handmade({"alg": "ES256", "kid": "ec", "typ": "at+jwt"}, 5),
    "a deep payload": lambda: handmade({"alg": "ES256", "kid": "ec"}, b"[" * 5000),
    "no algorithm": lambda: handmade({"typ": "at+jwt", "kid": "ec"}, claims()),
    "alg none": lambda: handmade({"alg": "none", "typ": "at+jwt", "kid": "ec"}, claims()),
    "alg None, spelled": lambda: handmade({"alg": "NoNe", "typ": "at+jwt", "kid": "ec"}, claims()),
    "alg that is a list": lambda: handmade({"alg": ["ES256"], "typ": "at+jwt", "kid": "ec"}, claims()),
    "HS256 with the public EC key": lambda: with_public_key_as_secret(EC_KEY, "ec"),
    "HS256 with the public RSA key": lambda: with_public_key_as_secret(RSA_KEY, "rsa"),
    "HS256 with the symmetric key of the set": lambda: signed(b"\0\0\0", "HS256", "oct"),
    "another's key under a known id": lambda: signed(STRANGER),
    "another's key brought along": lambda: signed(STRANGER, header={"jwk": jwk(STRANGER, "ec")}),
    "another's key by address": lambda: signed(STRANGER, header={"jku": "https://evil.example/jwks"}),
    "an unknown key id": lambda: signed(kid="nobody"),
    "a key id that is a path": lambda: signed(kid="../../dev/null"),
    "no key id": lambda: signed(kid=None),
    "a key for encryption": lambda: signed(kid="enc"),
    "a broken key": lambda: signed(kid="broken"),
    "a short RSA key": lambda: signed(SHORT_RSA_KEY, "RS256", "short"),
    "the RSA key with another algorithm": lambda: signed(RSA_KEY, "RS512", "rsa"),
    "the RSA key with a padding that it is not for": lambda: signed(RSA_KEY, "PS256", "rsa"),
    "another curve": lambda: signed(P384_KEY, "ES384"),
    "a critical extension": lambda: signed(header={"crit": ["exp"]}),
    "an ID token by type": lambda: signed(typ="JWT"),
    "an ID token by claim": lambda: signed(nonce="n"),
    "an ID token of Cognito": lambda: signed(token_use="id"),
    "another issuer": lambda: signed(iss="https://evil.example"),
    "the issuer with a slash": lambda: signed(iss=f"{URL}/"),
    "the issuer in capitals": lambda: signed(iss=URL.upper()),
    "an issuer that is a list": lambda: handmade({"alg": "ES256", "kid": "ec"}, claims(iss=[URL])),
    "no issuer": lambda: signed(iss=None),
    "another audience": lambda: signed(aud="someone-else"),
    "an audience that starts alike": lambda: signed(aud="parley-api-2"),
    "no audience, and another client": lambda: signed(aud=None, client_id="other"),
    "no audience and no client": lambda: signed(aud=None),
    "expired": lambda: signed(exp=int(time.time()) - 3600),
    "never expires": lambda: signed(exp=None),
    "expires in words": lambda: signed(exp="soon"),
    "expires at infinity": lambda: signed(exp=float("inf")),
    "not yet valid": lambda: signed(nbf=int(time.time()) + 3600),
    "issued in the future": lambda: signed(iat=int(time.time()) + 3600),
    "nobody": lambda: signed(sub=None),
    "an empty subject": lambda: signed(sub=""),
    "a long subject": lambda: signed(sub="x" * 300),
    "another payload under a sound signature": lambda: changed(signed(), sub="bob"),
    "a signature cut short": lambda: signed()[:-10],
    "a signature of zeros (CVE-2022-21449)": lambda: handmade(
        {"alg": "ES256", "kid": "ec", "typ": "at+jwt"}, claims(), bytes(64)
    ),
    "100 KiB": lambda: signed(padding="x" * 100 * 1024),
}


@pytest.mark.parametrize("kind", FORGED)
def test_no_forged_token_of_an_issuer_names_anybody(issuer: Issuer, kind: str):
    assert issuer.people.person(FORGED[kind]()) is None


@pytest.mark.parametrize(
    "sound",
    [
        signed,
        lambda: signed(RSA_KEY, "RS256", "rsa"),
        lambda: signed(typ="application/at+jwt"),
        lambda: signed(aud=["other", "parley-api"]),
        lambda: signed(aud=None, client_id="parley-web"),
        lambda: signed(exp=int(time.time()) - 10),
    ],
)
def test_a_sound_token_names_a_person_of_the_issuers_tenant(issuer: Issuer, sound: Callable[[], str]):
    person = issuer.people.person(sound())
    assert person is not None
    assert (person.tenant, person.user, person.name) == ("acme", user_id(URL, "ada"), "Ada")
    assert person.user != user_id("https://other.example", "ada")


@pytest.mark.parametrize(
    ("trusted", "said", "operates"),
    [
        ({"operators": frozenset({"ada"})}, {}, True),
        ({"operators": frozenset({"grace"})}, {}, False),
        ({"operator_group": "operators"}, {"groups": ["staff", "operators"]}, True),
        ({"operator_group": "operators"}, {"cognito:groups": ["operators"]}, True),
        ({"operator_group": "operators"}, {"groups": "operators"}, False),
        ({"operator_group": "operators"}, {"groups": ["operator"], "cognito:groups": None}, False),
        ({}, {"groups": ["operators", None]}, False),
    ],
)
def test_operators_are_whom_the_configuration_names(
    trusted: dict[str, Any], said: dict[str, Any], operates: bool
):
    entry = dataclasses.replace(ACME, **trusted)
    person = person_of(entry, {"typ": "at+jwt"}, claims(**said))
    assert person is not None
    assert person.operates is operates


def test_keys_are_asked_for_once_and_again_when_they_are_old(issuer: Issuer):
    for _ in range(3):
        assert issuer.people.person(signed())
    assert len(issuer.asked) == 2
    issuer.seconds = KEPT_SECONDS
    assert issuer.people.person(signed())
    assert len(issuer.asked) == 4


def test_a_new_key_counts_at_once_and_a_retired_one_no_longer(issuer: Issuer):
    assert issuer.people.person(signed())
    issuer.seconds = LEAST_SECONDS_BETWEEN
    issuer.keys = [jwk(STRANGER, "new", alg="ES256")]
    assert issuer.people.person(signed(STRANGER, kid="new"))
    assert issuer.people.person(signed()) is None


def test_made_up_key_ids_do_not_become_requests(issuer: Issuer):
    assert issuer.people.person(signed())
    for number in range(100):
        assert issuer.people.person(signed(kid=f"made-up-{number}")) is None
    assert len(issuer.asked) == 2


def test_keys_are_good_for_a_day_while_the_issuer_is_away(issuer: Issuer):
    assert issuer.people.person(signed())
    issuer.is_away = True
    issuer.seconds = STALE_SECONDS - 1
    assert issuer.people.person(signed())
    issuer.seconds = STALE_SECONDS + LEAST_SECONDS_BETWEEN
    with pytest.raises(StoreUnavailableError):
        issuer.people.person(signed())


def test_an_issuer_that_never_answered_is_a_failure_and_not_a_bad_token(issuer: Issuer):
    issuer.is_away = True
    with pytest.raises(StoreUnavailableError):
        issuer.people.person(signed())


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://evil.example"},
        {"issuer": f"{URL}/"},
        {"jwks_uri": "http://id.example/jwks"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": None},
        {"token_endpoint": 5},
    ],
)
def test_a_document_of_another_issuer_or_without_tls_is_not_believed(issuer: Issuer, changes: dict[str, Any]):
    issuer.document = {**issuer.document, **changes}
    with pytest.raises(StoreUnavailableError):
        issuer.people.person(signed())


def test_where_people_sign_in_is_what_the_issuer_says(issuer: Issuer):
    [found] = issuer.people.sign_ins()
    assert (found.client_id, found.authorization_endpoint) == ("parley-web", f"{URL}/authorize")


# Our own tokens, of the same kinds.


class OwnSigner(SecretSigner):
    def _read(self) -> list[SigningKey]:
        return [SigningKey("ec", EC_KEY), SigningKey("old", STRANGER)]


# What only an issuer's tokens are asked for; each would be signed with our own key here.
OUR_OWN_DO_NOT_SAY = {"a critical extension", "an ID token by claim", "an ID token of Cognito"} | {
    "a long subject",
    "an empty subject",
    "issued in the future",
}


@pytest.mark.parametrize("kind", sorted(FORGED.keys() - OUR_OWN_DO_NOT_SAY))
def test_no_forged_token_passes_as_our_own(kind: str):
    assert OwnSigner("secret").verify(FORGED[kind](), "parley-api", URL, "at+jwt") is None


def test_our_own_token_is_taken_for_its_kind_alone():
    signer = OwnSigner("secret")
    sound = {**claims(), "aud": "parley-resume"}
    assert signer.verify(signer.sign(sound), "parley-resume", URL)
    assert signer.verify(signer.sign(sound), "parley-waiting", URL) is None
    assert signer.verify(signer.sign(sound), "parley-resume", f"{URL}/v2") is None
    assert signer.verify(signer.sign(sound, "at+jwt"), "parley-resume", URL) is None
    both = {**sound, "aud": ["parley-resume", "parley-api"]}
    assert signer.verify(signer.sign(both), "parley-resume", URL) is None


def test_a_token_of_the_key_before_the_last_rotation_is_still_ours():
    token = jwt.encode(claims(), STRANGER, algorithm="ES256", headers={"kid": "old", "typ": "at+jwt"})
    assert OwnSigner("secret").verify(token, "parley-api", URL, "at+jwt")
    assert SIGNER_KEPT_SECONDS <= 300
