"""The keys of tokens as Secrets Manager keeps them, one secret for all."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chalicelib.domain.signing_keys import KeptKey
from chalicelib.errors import StoreUnavailableError
from chalicelib.stores.clients import open_client

_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3})


class SecretKeys:
    def __init__(self, secret: str, client: Any = None) -> None:
        self._secret = secret
        self._client = client

    def change(self, decide: Callable[[Sequence[KeptKey]], list[KeptKey]]) -> list[KeptKey]:
        """Keep the keys that are decided on, if they are others than before; returns them.

        Of two changes of the same version one is kept: the version's id is the change's token.

        Raises:
            StoreUnavailableError: They could not be read or kept.
        """
        self._client = self._client or open_client("secretsmanager", _CONFIG)
        try:
            found = self._client.get_secret_value(SecretId=self._secret)
            before = _read(found["SecretString"])
            after = decide(before)
            if after != before:
                token = hashlib.sha256(f"after {found['VersionId']}".encode()).hexdigest()[:32]
                self._client.put_secret_value(
                    SecretId=self._secret, SecretString=_written(after), ClientRequestToken=token
                )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceExistsException":
                raise StoreUnavailableError("the signing keys could not be changed") from error
            return before
        except BotoCoreError as error:
            raise StoreUnavailableError("the signing keys could not be changed") from error
        return after


def new_key(now: datetime) -> KeptKey:
    """A key for ES256 (RFC 7518 section 3.4)."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return KeptKey(base64.b32encode(os.urandom(10)).decode().lower(), pem.decode(), now)


def _read(text: str) -> list[KeptKey]:
    """None in a secret that was just made: CDK fills it with a password."""
    try:
        entries = json.loads(text)["keys"]
    except (ValueError, KeyError, TypeError):
        return []
    return [
        KeptKey(
            entry["kid"],
            entry["privateKeyPem"],
            datetime.fromisoformat(entry["createdAt"]),
            datetime.fromisoformat(entry["retiredAt"]) if entry.get("retiredAt") else None,
        )
        for entry in entries
    ]


def _written(keys: Sequence[KeptKey]) -> str:
    return json.dumps({"keys": [_entry(key) for key in keys]})


def _entry(key: KeptKey) -> dict[str, str]:
    entry = {
        "kid": key.kid,
        "alg": "ES256",
        "privateKeyPem": key.private_key_pem,
        "createdAt": _text(key.created_at),
    }
    return entry if key.retired_at is None else {**entry, "retiredAt": _text(key.retired_at)}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
