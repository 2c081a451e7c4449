"""Links to recordings are what CloudFront checks: a policy, for a prefix and a time, signed with its key."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chalicelib.domain.identifiers import Tenant
from chalicelib.errors import StoreUnavailableError
from chalicelib.stores.media_links import SignedLinks
from chalicelib.stores.recording_objects import KmsKeys, S3RecordingObjects, SqsCompositionQueue
from chalicelib.stores.regions import in_region
from localcloud.media_edge import MediaEdge
from tests.support.builders import NOW
from tests.support.mocked_aws import mocked_aws

BASE = "https://media.example.com"
KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Any:
    with mocked_aws(monkeypatch):
        yield


def keep_secret(text: str) -> None:
    boto3.client("secretsmanager").create_secret(Name="links", SecretString=text)


def sound_secret() -> str:
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return json.dumps({"keyId": "K1", "privateKeyPem": pem})


def unwrapped(text: str) -> bytes:
    """CloudFront's own form of base64 in URLs."""
    return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")))


def test_a_query_is_signed_for_one_prefix_until_one_moment():
    keep_secret(sound_secret())
    links = SignedLinks(f"{BASE}/", "links")
    fields = parse_qs(links.query("compositions/rec_x/abc/", NOW + timedelta(minutes=5)), strict_parsing=True)
    assert fields["Key-Pair-Id"] == ["K1"]
    policy = unwrapped(fields["Policy"][0])
    [statement] = json.loads(policy)["Statement"]
    assert statement["Resource"] == f"{BASE}/compositions/rec_x/abc/*"
    ends = int((NOW + timedelta(minutes=5)).timestamp())
    assert statement["Condition"] == {"DateLessThan": {"AWS:EpochTime": ends}}
    signature = unwrapped(fields["Signature"][0])
    KEY.public_key().verify(signature, policy, padding.PKCS1v15(), hashes.SHA1())
    with pytest.raises(InvalidSignature):
        KEY.public_key().verify(signature, policy + b" ", padding.PKCS1v15(), hashes.SHA1())
    assert links.url("a b/ü.mp4") == f"{BASE}/a%20b/%C3%BC.mp4"


def test_an_address_with_a_token_opens_a_film_where_the_edge_has_a_key():
    keep_secret(json.dumps({**json.loads(sound_secret()), "pathKey": "abcd"}))
    prefix = "compositions/rec_a/b/"
    ends = datetime.fromtimestamp(1000, UTC)
    url = SignedLinks(BASE, "links").path_url(prefix, f"{prefix}hls/master.m3u8", ends)
    assert url is not None
    assert url.startswith(f"{BASE}/p/1000.")
    edge = MediaEdge(None, "bucket", f"{BASE}/", "K1", KEY.public_key(), "abcd", lambda: 999.0)
    assert edge.opened(url.removeprefix(f"{BASE}/p/")) == f"{prefix}hls/master.m3u8"


def test_without_a_key_for_tokens_there_is_no_address_with_one():
    keep_secret(sound_secret())
    assert SignedLinks(BASE, "links").path_url("x/", "x/y", NOW) is None


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"keyId": "K1", "privateKeyPem": "x"}'])
def test_without_a_sound_key_no_link_is_given(text: str):
    if text:
        keep_secret(text)
    with pytest.raises(StoreUnavailableError):
        SignedLinks(BASE, "links").query("x/", NOW)


def test_objects_are_listed_in_pages_read_and_deleted_in_both_buckets():
    s3 = boto3.client("s3")
    for bucket in ("main", "backup"):
        s3.create_bucket(Bucket=bucket)
    objects = S3RecordingObjects("main", "backup")
    for number in range(7):
        objects.put(f"a/{number}", b"x" * number, "text/plain")
    s3.put_object(Bucket="backup", Key="a/7", Body=b"backup")
    first = objects.page("a/", None, 3)
    assert [one.key for one in first] == ["a/0", "a/1", "a/2"]
    assert [one.key for one in objects.page("a/", first[-1].key, 10)] == [
        f"a/{number}" for number in range(3, 7)
    ]
    everything = list(objects.everything("a/"))
    assert [(one.bucket, one.key) for one in everything[-2:]] == [("main", "a/6"), ("backup", "a/7")]
    assert everything[3].size_bytes == 3
    assert (objects.read("a/2"), objects.read("a/none")) == (b"xx", None)
    objects.delete(everything)
    objects.delete(everything)
    assert list(objects.everything("a/")) == []
    with pytest.raises(StoreUnavailableError):
        S3RecordingObjects("nowhere").put("x", b"", "text/plain")


def test_links_to_another_regions_recordings_are_its_own_edges_signed_with_its_key():
    other = rsa.generate_private_key(65537, 2048)
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    keep_secret(sound_secret())
    secret = json.dumps({"keyId": "K2", "privateKeyPem": pem})
    boto3.client("secretsmanager", "eu-west-1").create_secret(Name="links", SecretString=secret)
    boto3.client("ssm", "eu-west-1").put_parameter(Name="/url", Value="https://d2.example", Type="String")
    links = SignedLinks(BASE, "links", "us-east-1", "/url")
    for _ in range(2):
        with in_region("eu-west-1"):
            fields = parse_qs(links.query("nodes/x/", NOW), strict_parsing=True)
            assert links.url("nodes/x/1") == "https://d2.example/nodes/x/1"
        assert fields["Key-Pair-Id"] == ["K2"]
        policy = unwrapped(fields["Policy"][0])
        assert json.loads(policy)["Statement"][0]["Resource"] == "https://d2.example/nodes/x/*"
        signature = unwrapped(fields["Signature"][0])
        other.public_key().verify(signature, policy, padding.PKCS1v15(), hashes.SHA1())
        assert links.url("nodes/x/1") == f"{BASE}/nodes/x/1"
        assert parse_qs(links.query("nodes/x/", NOW))["Key-Pair-Id"] == ["K1"]
    with in_region("ap-south-1"), pytest.raises(StoreUnavailableError):
        links.query("nodes/x/", NOW)


def test_objects_of_another_region_are_looked_for_in_its_bucket():
    boto3.client("s3").create_bucket(Bucket="rec-us-east-1")
    where = {"LocationConstraint": "eu-west-1"}
    boto3.client("s3", "eu-west-1").create_bucket(
        Bucket="rec-eu-west-1",
        CreateBucketConfiguration=where,
    )
    objects = S3RecordingObjects("rec-{region}", None, "us-east-1")

    def listed() -> list[tuple[str, str]]:
        return [(one.bucket, one.key) for one in objects.page("a/", None, 10)]

    objects.put("a/here", b"x", "text/plain")
    with in_region("eu-west-1"):
        assert listed() == []
        objects.put("a/there", b"x", "text/plain")
        assert listed() == [("rec-eu-west-1", "a/there")]
    assert listed() == [("rec-us-east-1", "a/here")]


def test_a_job_is_a_message_of_the_queue():
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    SqsCompositionQueue("jobs").send({"job": "job_x"})
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"]) == {"job": "job_x"}
    with pytest.raises(StoreUnavailableError):
        SqsCompositionQueue("none").send({"job": "job_x"})


def test_jobs_that_wait_and_those_under_way_are_counted():
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    queue = SqsCompositionQueue("jobs")
    for number in range(3):
        queue.send({"job": f"job_{number}"})
    assert queue.count() == 3
    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, VisibilityTimeout=60)
    assert queue.count() == 3
    with pytest.raises(StoreUnavailableError):
        SqsCompositionQueue("none").count()


def test_a_tenants_key_is_made_once_rotates_and_is_read_by_one_distribution():
    keys = KmsKeys("123456789012", "arn:aws:cloudfront::123456789012:distribution/D1")
    arn = keys.make(Tenant("Zoë & sons"))
    assert keys.make(Tenant("Zoë & sons")) == arn
    assert keys.make(Tenant("acme")) != arn
    kms = boto3.client("kms")
    assert kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]
    policy = json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
    reader = policy["Statement"][1]
    assert reader["Action"] == "kms:Decrypt"
    assert reader["Condition"]["StringEquals"]["aws:SourceArn"].endswith("distribution/D1")
