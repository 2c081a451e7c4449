"""The edge opens what a link is for, while it is good, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from botocore.exceptions import ClientError
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from yarl import URL

from localcloud.media_edge import PATH, MediaEdge

ROOT = Path(__file__).parents[3]

KEY, OTHER = (rsa.generate_private_key(65537, 2048) for _ in range(2))
BASE = f"http://127.0.0.1:1{PATH}"
FILM = b"0123456789"
PATH_KEY = "0123abcd"
PREFIX = "compositions/rec_a/b/"
PLAYLIST = f"{PREFIX}hls/master.m3u8"


class OneObject:
    """A bucket with a film in it."""

    def get_object(self, *, Bucket: str, Key: str, Range: str | None = None) -> dict[str, Any]:
        if Key not in ("films/a/film.mp4", PLAYLIST, f"{PREFIX}hls/00000.m4s"):
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
    edge = MediaEdge(OneObject(), "bucket", BASE, "local", KEY.public_key(), PATH_KEY, lambda: 999.0)
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


def token(ends: int | str = 1000, prefix: str = PREFIX, key: str = PATH_KEY) -> str:
    mac = hmac.new(key.encode(), f"{ends} {prefix}".encode(), hashlib.sha256).digest()
    return f"{ends}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def answer_at_the_edge(uri: str, key: str | None = PATH_KEY) -> Any:
    """What the function of CloudFront answers with at second 999, run by Node.js."""
    source = (ROOT / "infra/functions/open_path.js").read_text()
    for line in ("import cf from 'cloudfront';\n", "import crypto from 'crypto';\n"):
        assert line in source
        source = source.replace(line, "")
    script = f"""
        const crypto = require('crypto');
        const cf = {{ kvs: () => ({{ get: async () => {{
            if ({json.dumps(key)} === null) throw new Error('no such key');
            return {json.dumps(key)};
        }} }}) }};
        Date.now = () => 999_000;
        {source}
        handler({{ request: {{ uri: {json.dumps(uri)} }} }}).then((one) => console.log(JSON.stringify(one)));
    """
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


async def test_a_token_in_the_path_opens_what_a_playlist_names_beside_itself(client: TestClient[Any, Any]):
    for key in (PLAYLIST, f"{PREFIX}hls/00000.m4s"):
        answer = await client.get(f"{PATH}p/{token()}/{key}")
        assert (answer.status, await answer.read()) == (200, FILM)
        assert answer_at_the_edge(f"/p/{token()}/{key}") == {"uri": f"/{key}"}
    assert (await client.get(f"{PATH}p/{token()}/{PREFIX}none")).status == 404


@pytest.mark.parametrize(
    "path",
    [
        "",
        PLAYLIST,
        f"{token(999)}/{PLAYLIST}",
        f"{token(2000)}/compositions/rec_a/c/hls/master.m3u8",
        f"{token(key='other')}/{PLAYLIST}",
        f"{token().replace('1000', '1001')}/{PLAYLIST}",
        f"{token()}/{PREFIX}hls/..%2F..%2Fc/master.m3u8",
        f"{token()}/films/a/film.mp4",
        f"{token(prefix='films/a/b/')}/films/a/b/film.mp4",
        f"{token()}x/{PLAYLIST}",
        f"{token('1' * 13)}/{PLAYLIST}",
        f"{token()}/{PREFIX}",
    ],
)
async def test_a_token_that_does_not_open_it_is_refused_here_and_at_the_edge(
    client: TestClient[Any, Any], path: str
):
    assert (await client.get(URL(f"{PATH}p/{path}", encoded=True))).status == 403
    assert answer_at_the_edge(f"/p/{unquote(path)}")["statusCode"] == 403


def test_without_a_key_the_edge_refuses():
    assert answer_at_the_edge(f"/p/{token()}/{PLAYLIST}", None)["statusCode"] == 403
