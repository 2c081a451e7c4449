"""The edge opens what a link is for, while it is good, and nothing else."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from botocore.exceptions import ClientError
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from localcloud.media_edge import PATH, MediaEdge

KEY, OTHER = (rsa.generate_private_key(65537, 2048) for _ in range(2))
BASE = f"http://127.0.0.1:1{PATH}"
FILM = b"0123456789"


class OneObject:
    """A bucket with a film in it."""

    def get_object(self, *, Bucket: str, Key: str, Range: str | None = None) -> dict[str, Any]:
        if Key != "films/a/film.mp4":
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        found = {"ContentType": "video/mp4", "ETag": '"tag"'}
        if Range is None:
            return {**found, "ContentLength": len(FILM), "Body": io.BytesIO(FILM)}
        first, last = (int(end) for end in Range.removeprefix("bytes=").split("-"))
        if first >= len(FILM):
            raise ClientError({"Error": {"Code": "InvalidRange"}}, "GetObject")
        part = FILM[first : last + 1]
        span = f"bytes {first}-{last}/{len(FILM)}"
        return {**found, "ContentLength": len(part), "ContentRange": span, "Body": io.BytesIO(part)}


def query(resource: str, until: int = 1000, key: rsa.RSAPrivateKey = KEY, key_id: str = "local") -> str:
    condition = {"DateLessThan": {"AWS:EpochTime": until}}
    policy = json.dumps({"Statement": [{"Resource": resource, "Condition": condition}]})
    signer = CloudFrontSigner(key_id, lambda text: key.sign(text, padding.PKCS1v15(), hashes.SHA1()))
    signed: str = signer.generate_presigned_url("http://x", policy=policy)
    return signed.partition("?")[2]


@pytest.fixture
async def client() -> AsyncIterator[TestClient[Any, Any]]:
    application = web.Application()
    edge = MediaEdge(OneObject(), "bucket", BASE, "local", KEY.public_key(), lambda: 999.0)
    edge.add_to(application.router)
    async with TestClient(TestServer(application)) as client:
        yield client


async def test_a_link_opens_every_object_under_its_prefix_whole_or_in_parts(client: TestClient[Any, Any]):
    path = f"{PATH}films/a/film.mp4?{query(f'{BASE}films/a/*')}"
    answer = await client.get(path)
    assert (answer.status, await answer.read()) == (200, FILM)
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["Accept-Ranges"] == "bytes"
    part = await client.get(path, headers={"Range": "bytes=2-4"})
    assert (part.status, await part.read()) == (206, b"234")
    assert part.headers["Content-Range"] == "bytes 2-4/10"
    assert (await client.get(path, headers={"Range": "bytes=20-30"})).status == 416
    assert (await client.head(path)).status == 200
    missing = f"{PATH}films/a/other.mp4?{query(f'{BASE}films/a/*')}"
    assert (await client.get(missing)).status == 404


@pytest.mark.parametrize(
    "search",
    [
        "",
        "Policy=x&Signature=x&Key-Pair-Id=local",
        query(f"{BASE}films/a/*", until=999),
        query(f"{BASE}films/b/*"),
        query("http://elsewhere/media/films/a/*"),
        query(f"{BASE}films/a/*", key=OTHER),
        query(f"{BASE}films/a/*", key_id="another"),
        query(f"{BASE}films/[a]/*"),
        query(f"{BASE}films/a/*") + "x",
        "Policy=" + "A" * 5000 + "&Signature=x&Key-Pair-Id=local",
        "Policy=%C3%BC&Signature=%C3%BC&Key-Pair-Id=local",
    ],
)
async def test_what_is_not_a_link_to_it_that_is_good_now_is_403(client: TestClient[Any, Any], search: str):
    answer = await client.get(f"{PATH}films/a/film.mp4?{search}")
    assert answer.status == 403
    assert FILM not in await answer.read()
