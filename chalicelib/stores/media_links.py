"""Signatures of links to recordings, which CloudFront checks; on one machine localcloud does so in its place.

Source: "Use signed URLs", Amazon CloudFront developer guide: custom policies, RSA 2048 with SHA-1.
"""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Any
from urllib.parse import quote

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chalicelib.errors import StoreUnavailableError
from chalicelib.stores.clients import open_client

# A key that was changed is used within this time; the edge takes both meanwhile.
KEPT_SECONDS = 300.0
_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 3})


class SignedLinks:
    def __init__(self, base_url: str, secret: str) -> None:
        """
        Args:
            base_url: Of the edge; keys follow it.
            secret: In Secrets Manager: `{"keyId", "privateKeyPem"}`.
        """
        self._base_url = base_url.rstrip("/")
        self._secret = secret
        self._signer: Any = None
        self._read_at = float("-inf")

    def query(self, prefix: str, expires_at: datetime) -> str:
        """What opens every object under a prefix until a moment: Policy, Signature and Key-Pair-Id."""
        resource = f"{self.url(prefix)}*"
        policy = {
            "Statement": [
                {
                    "Resource": resource,
                    "Condition": {"DateLessThan": {"AWS:EpochTime": int(expires_at.timestamp())}},
                }
            ]
        }
        text = json.dumps(policy, separators=(",", ":"))
        signed: str = self._current().generate_presigned_url(resource, policy=text)
        return signed.partition("?")[2]

    def url(self, key: str) -> str:
        return f"{self._base_url}/{quote(key)}"

    def _current(self) -> Any:
        if time.monotonic() - self._read_at > KEPT_SECONDS:
            try:
                self._signer = self._read()
            except (BotoCoreError, ClientError, ValueError, LookupError, TypeError) as error:
                # A key once read is good until it is changed; only a first read cannot do without.
                if self._signer is None:
                    raise StoreUnavailableError("The key of links to recordings cannot be read.") from error
            self._read_at = time.monotonic()
        return self._signer

    def _read(self) -> Any:
        client: Any = open_client("secretsmanager", _CONFIG)
        value = json.loads(client.get_secret_value(SecretId=self._secret)["SecretString"])
        key = load_pem_private_key(value["privateKeyPem"].encode(), password=None)
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("the key of links is an RSA key")

        def sign(message: bytes) -> bytes:
            # CloudFront knows no other hash with RSA; what is signed is ours, so that no collision helps.
            return key.sign(message, padding.PKCS1v15(), hashes.SHA1())

        return CloudFrontSigner(value["keyId"], sign)
