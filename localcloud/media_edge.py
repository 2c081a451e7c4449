"""What CloudFront does for recordings in AWS: checks a link's signature and time, and serves the object.

Owns the check and the copying of bytes from the stand-in of S3. Gives no links: those are the API's.

Source: "Use signed URLs", Amazon CloudFront developer guide (custom policies); RFC 9110, 14 (ranges).
"""

from __future__ import annotations

import asyncio
import base64
import fnmatch
import hashlib
import hmac
import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web
from botocore.exceptions import BotoCoreError, ClientError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

# Where links lead, under the app's own address.
PATH = "/media/"
# What has its token in the path, and such a path: when it ends, token, key and prefix of a film.
TOKEN_PATH = "p/"
TOKEN = re.compile(r"(\d{1,12})\.([A-Za-z0-9_-]{43})/((compositions/[^/]+/[^/]+/).+)", re.ASCII)
# A policy has some hundred bytes.
LONGEST_FIELD = 4096
CHUNK_BYTES = 256 * 1024
# Headers of an object that its reader is to see.
SHOWN = {
    "ContentType": "Content-Type", "ContentLength": "Content-Length", "ContentRange": "Content-Range",
    "ETag": "ETag",
}  # fmt: skip
NOT_SATISFIABLE = "InvalidRange"

log = logging.getLogger(__name__)


class RefusedError(Exception):
    """The link is not one of ours, for something else, or over."""


class MediaEdge:
    def __init__(
        self,
        s3: Any,
        bucket: str,
        base_url: str,
        key_id: str,
        key: RSAPublicKey,
        path_key: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        """
        Args:
            s3: A client of the stand-in.
            base_url: Under which links are given out, with the slash at its end.
            path_key: Of tokens in paths.
            now: Seconds since 1970.
        """
        self._s3 = s3
        self._bucket = bucket
        self._base_url = base_url
        self._key_id = key_id
        self._key = key
        self._path_key = path_key.encode()
        self._now = now

    def add_to(self, router: web.UrlDispatcher) -> None:
        # A GET route answers HEAD as well.
        router.add_get(f"{PATH}{{key:.*}}", self._handle)

    def check(self, key: str, fields: Mapping[str, str]) -> None:
        """
        Raises:
            RefusedError: The query does not open the object.
        """
        policy, signature = (_decoded(fields.get(name, "")) for name in ("Policy", "Signature"))
        if fields.get("Key-Pair-Id") != self._key_id:
            raise RefusedError("The link is signed with a key that is not known here.")
        try:
            # CloudFront's own choice of hash.
            self._key.verify(signature, policy, padding.PKCS1v15(), hashes.SHA1())
        except InvalidSignature:
            raise RefusedError("The link's signature is wrong.") from None
        # Signed: it is as the API wrote it.
        [statement] = json.loads(policy)["Statement"]
        if not fnmatch.fnmatchcase(f"{self._base_url}{key}", _pattern(statement["Resource"])):
            raise RefusedError("The link is for something else.")
        if self._now() >= statement["Condition"]["DateLessThan"]["AWS:EpochTime"]:
            raise RefusedError("The link has ended; ask for another one.")

    def opened(self, path: str) -> str:
        """The key of an object whose path begins with a token for its film, as infra/functions/open_path.js.

        Raises:
            RefusedError: The token does not open it.
        """
        found = TOKEN.fullmatch(path)
        if found is None or ".." in path:
            raise RefusedError("The link is damaged.")
        ends, mac, key, prefix = found.groups()
        sound = hmac.new(self._path_key, f"{ends} {prefix}".encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(base64.urlsafe_b64encode(sound).decode().rstrip("="), mac):
            raise RefusedError("The link's token is wrong.")
        if self._now() >= int(ends):
            raise RefusedError("The link has ended; ask for another one.")
        return key

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        try:
            if key.startswith(TOKEN_PATH):
                key = self.opened(key.removeprefix(TOKEN_PATH))
            else:
                self.check(key, request.query)
        except RefusedError as error:
            return web.Response(status=403, text=f"{error}\n")
        wanted = {"Range": request.headers["Range"]} if "Range" in request.headers else {}
        try:
            found = await asyncio.to_thread(self._s3.get_object, Bucket=self._bucket, Key=key, **wanted)
        except ClientError as error:
            missing = error.response["Error"]["Code"] != NOT_SATISFIABLE
            return web.Response(status=404 if missing else 416, text="There is nothing there.\n")
        except BotoCoreError:
            log.exception("%s was not read", key)
            return web.Response(status=503, headers={"Retry-After": "1"})
        return await self._send(request, found)

    async def _send(self, request: web.Request, found: Mapping[str, Any]) -> web.StreamResponse:
        headers = {name: str(found[field]) for field, name in SHOWN.items() if field in found}
        headers |= {"Accept-Ranges": "bytes", "Cache-Control": "private, no-store"}
        headers["X-Content-Type-Options"] = "nosniff"
        status = 206 if "Content-Range" in headers else 200
        response = web.StreamResponse(status=status, headers=headers)
        await response.prepare(request)
        body = found["Body"]
        try:
            while request.method != "HEAD" and (chunk := await asyncio.to_thread(body.read, CHUNK_BYTES)):
                await response.write(chunk)
        finally:
            body.close()
        return response


def _pattern(resource: str) -> str:
    """CloudFront knows `*` and `?` alone, where fnmatch knows brackets as well."""
    return resource.replace("[", "[[]")


def _decoded(field: str) -> bytes:
    if not field or len(field) > LONGEST_FIELD:
        raise RefusedError("The link has no policy or no signature.")
    try:
        return base64.b64decode(field.translate(str.maketrans("-_~", "+=/")), validate=True)
    except ValueError:
        raise RefusedError("The link is damaged.") from None
