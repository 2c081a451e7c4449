"""Signatures of links to recordings, which CloudFront checks; on one machine localcloud does so in its place.

Source: "Use signed URLs", Amazon CloudFront developer guide: custom policies, RSA 2048 with SHA-1.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, replace
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
from chalicelib.stores.regions import used_region

# A key that was changed is used within this time; the edge takes both meanwhile.
KEPT_SECONDS = 300.0
_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 3})


@dataclass(frozen=True)
class _Edge:
    """What serves a region's recordings, and who signs for it."""

    base_url: str
    signer: CloudFrontSigner
    # Of tokens in paths; None until the operator has made one.
    path_key: str | None
    read_at: float


class SignedLinks:
    """Links of the region that is used now: each has an edge and a key of its own."""

    def __init__(self, base_url: str, secret: str, region: str = "", url_parameter: str = "") -> None:
        """
        Args:
            base_url: Of the own region's edge; keys follow it.
            secret: In each region's Secrets Manager: `{"keyId", "privateKeyPem", "pathKey"}`.
            url_parameter: In Systems Manager, where each region tells the others its base URL.
        """
        self._base_url = base_url
        self._secret = secret
        self._region = region
        self._url_parameter = url_parameter
        self._edge_by_region: dict[str, _Edge] = {}

    def query(self, prefix: str, expires_at: datetime) -> str:
        """What opens every object under a prefix until a moment: Policy, Signature and Key-Pair-Id."""
        edge = self._current()
        resource = f"{edge.base_url}/{quote(prefix)}*"
        policy = {
            "Statement": [
                {
                    "Resource": resource,
                    "Condition": {"DateLessThan": {"AWS:EpochTime": int(expires_at.timestamp())}},
                }
            ]
        }
        text = json.dumps(policy, separators=(",", ":"))
        signed: str = edge.signer.generate_presigned_url(resource, policy=text)
        return signed.partition("?")[2]

    def path_url(self, prefix: str, key: str, expires_at: datetime) -> str | None:
        """An address that opens an object and, for what it names beside itself, its whole prefix.

        The token is in the path, so that a player which follows relative references keeps it. None where the
        edge has no key for it. The edge checks it by infra/functions/open_path.js.
        """
        edge = self._current()
        if edge.path_key is None:
            return None
        ends = int(expires_at.timestamp())
        mac = hmac.new(edge.path_key.encode(), f"{ends} {prefix}".encode(), hashlib.sha256).digest()
        token = base64.urlsafe_b64encode(mac).decode().rstrip("=")
        return f"{edge.base_url}/p/{ends}.{token}/{quote(key)}"

    def url(self, key: str) -> str:
        return f"{self._current().base_url}/{quote(key)}"

    def _current(self) -> _Edge:
        region = used_region(self._region)
        known = self._edge_by_region.get(region)
        if known is not None and time.monotonic() - known.read_at <= KEPT_SECONDS:
            return known
        try:
            edge = self._read(None if region == self._region else region)
        except (BotoCoreError, ClientError, ValueError, LookupError, TypeError) as error:
            # A key once read is good until it is changed; only a first read cannot do without.
            if known is None:
                raise StoreUnavailableError("The key of links to recordings cannot be read.") from error
            edge = replace(known, read_at=time.monotonic())
        self._edge_by_region[region] = edge
        return edge

    def _read(self, region: str | None) -> _Edge:
        """The edge of another region, or of this one where None."""
        base_url = self._base_url
        if region is not None:
            parameters: Any = open_client("ssm", _CONFIG, region)
            base_url = parameters.get_parameter(Name=self._url_parameter)["Parameter"]["Value"]
        client: Any = open_client("secretsmanager", _CONFIG, region)
        value = json.loads(client.get_secret_value(SecretId=self._secret)["SecretString"])
        key = load_pem_private_key(value["privateKeyPem"].encode(), password=None)
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("the key of links is an RSA key")

        def sign(message: bytes) -> bytes:
            # CloudFront knows no other hash with RSA; what is signed is ours, so that no collision helps.
            return key.sign(message, padding.PKCS1v15(), hashes.SHA1())

        signer = CloudFrontSigner(value["keyId"], sign)
        return _Edge(base_url.rstrip("/"), signer, value.get("pathKey"), time.monotonic())
