"""S3 and SQS in this process; the process that decodes is a real one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tests.support.composing import Studio
from tests.support.mocked_aws import mocked_aws
from tests.support.recorded_meeting import BUCKET


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    with mocked_aws(monkeypatch):
        s3, sqs = boto3.client("s3"), boto3.client("sqs")
        s3.create_bucket(Bucket=BUCKET)
        dead = sqs.create_queue(QueueName="jobs-dead")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
        jobs = sqs.create_queue(QueueName="jobs", Attributes={"RedrivePolicy": redrive})["QueueUrl"]
        reports = sqs.create_queue(QueueName="reports")["QueueUrl"]
        yield Studio(s3, sqs, jobs, reports, tmp_path)
