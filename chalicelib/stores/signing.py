"""Tokens, signed with the first key of one secret in Secrets Manager and verified with any of its keys.

Source: RFC 7519 (JWT), RFC 7517 (JWK), RFC 7518 section 3.4 (ES256).
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from typing import Any

import jwt
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chalicelib.errors import StoreUnavailableError
from chalicelib.stores.clients import open_client

# A rotated key reaches every instance within this time; nodes ask again for a key id they do not know.
KEPT_SECONDS = 300.0
# Ours have some hundred bytes; a longer one is not worth reading.
LONGEST_TOKEN = 4096
_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 3})


@dataclass(frozen=True)
class SigningKey:
    kid: str
    private_key: EllipticCurvePrivateKey


class SecretSigner:
    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._keys: list[SigningKey] = []
        self._read_at = float("-inf")

    def sign(self, claims: dict[str, Any], typ: str = "JWT") -> str:
        key = self._current_keys()[0]
        headers = {"kid": key.kid, "typ": typ}
        return jwt.encode(claims, key.private_key, algorithm="ES256", headers=headers)

    def verify(self, token: str, audience: str, issuer: str, typ: str = "JWT") -> dict[str, Any] | None:
        """The claims of a token of ours that is still valid; None for anything else.

        A token is taken for what its type and audience say, and for no other kind (RFC 8725, 3.11 and 3.12).
        """
        if len(token) > LONGEST_TOKEN:
            return None
        try:
            header = jwt.get_unverified_header(token)
            key = next((key for key in self._current_keys() if key.kid == header.get("kid")), None)
            if key is None or header.get("typ") != typ:
                return None
            claims: dict[str, Any] = jwt.decode(
                token,
                key.private_key.public_key(),
                algorithms=["ES256"],
                audience=audience,
                issuer=issuer,
                options={"require": ["exp", "sub", "aud", "iss"], "strict_aud": True},
            )
        except (jwt.InvalidTokenError, ValueError, TypeError, ArithmeticError, RecursionError):
            return None
        return claims

    def jwks(self) -> dict[str, Any]:
        return {"keys": [_jwk(key) for key in self._current_keys()]}

    def _current_keys(self) -> list[SigningKey]:
        if time.monotonic() - self._read_at > KEPT_SECONDS:
            try:
                self._keys = self._read()
            except (BotoCoreError, ClientError) as error:
                # Keys once read are good until they rotate; only a first read cannot do without.
                if not self._keys:
                    raise StoreUnavailableError("the signing keys could not be read") from error
            self._read_at = time.monotonic()
        return self._keys

    def _read(self) -> list[SigningKey]:
        client = open_client("secretsmanager", _CONFIG)
        value = json.loads(client.get_secret_value(SecretId=self._secret)["SecretString"])
        return [SigningKey(entry["kid"], _private_key(entry["privateKeyPem"])) for entry in value["keys"]]


def _private_key(pem: str) -> EllipticCurvePrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("a signing key must be on the curve P-256")
    return key


def _jwk(key: SigningKey) -> dict[str, str]:
    numbers = key.private_key.public_key().public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "use": "sig",
        "alg": "ES256",
        "kid": key.kid,
        "x": _base64url(numbers.x),
        "y": _base64url(numbers.y),
    }


def _base64url(coordinate: int) -> str:
    return base64.urlsafe_b64encode(coordinate.to_bytes(32, "big")).rstrip(b"=").decode()
