"""The archive of all events of one region: its bucket, what writes it, and what looks at it each day."""

from collections.abc import Callable

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.alarm import add_alarm
from infra.constructs.event_stream import EventStream

MakeFunction = Callable[[str, str, cdk.Duration], lambda_.Function]

# An object is a minute's events of a shard, or as many as a function is handed at most.
WINDOW = cdk.Duration.minutes(1)
BATCH_SIZE = 10_000
WRITE_TIMEOUT = cdk.Duration.seconds(60)
VERIFY_TIMEOUT = cdk.Duration.minutes(15)
# Nobody, the administrator of the bucket included, changes or removes an object before.
LOCKED = cdk.Duration.days(365)


class Archive(Construct):
    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        bucket_name: str,
        control_table: dynamodb.ITableV2,
        stream: EventStream,
        make_function: MakeFunction,
    ) -> None:
        super().__init__(scope, name)
        self.bucket = _bucket(self, bucket_name)
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
        )
        write = make_function("ArchiveEvents", "app.archive_events", WRITE_TIMEOUT)
        stream.feed(write, self.dead_letters, batch_size=BATCH_SIZE, window=WINDOW, is_partial=False)
        control_table.grant_read_write_data(write)
        self.bucket.grant_put(write)
        verify = make_function("VerifyArchive", "app.verify_archive", VERIFY_TIMEOUT)
        control_table.grant_read_data(verify)
        self.bucket.grant_read(verify)
        events.Rule(
            self,
            "EveryDay",
            schedule=events.Schedule.rate(cdk.Duration.days(1)),
            targets=[targets.LambdaFunction(verify, retry_attempts=0)],
        )
        add_alarm(
            self,
            "BrokenAlarm",
            verify.metric_errors(period=cdk.Duration.hours(1)),
            "The archive of events is not what was written, or could not be read: VerifyArchive logs it.",
        )
        add_alarm(
            self,
            "DeadLetterAlarm",
            self.dead_letters.metric_approximate_number_of_messages_visible(),
            "Events that could not be archived for a day; the message names the stream's records.",
        )


def _bucket(scope: Construct, name: str) -> s3.Bucket:
    return s3.Bucket(
        scope,
        "Bucket",
        bucket_name=name,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        versioned=True,
        object_lock_enabled=True,
        object_lock_default_retention=s3.ObjectLockRetention.compliance(LOCKED),
        removal_policy=cdk.RemovalPolicy.RETAIN,
        lifecycle_rules=[
            s3.LifecycleRule(
                transitions=[
                    s3.Transition(
                        storage_class=s3.StorageClass.INFREQUENT_ACCESS,
                        transition_after=cdk.Duration.days(30),
                    ),
                    s3.Transition(
                        storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL,
                        transition_after=cdk.Duration.days(90),
                    ),
                ],
            )
        ],
    )
