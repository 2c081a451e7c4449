"""What a region's recordings need: their bucket, who writes and reads it, jobs for composers, links, clocks.

Nodes add under names of their own below `nodes/`; they list and delete nothing, and read what they put into
the backup bucket alone. Composers read those and add under `compositions/`. People read by way of CloudFront,
whose links the API signs. docs/recording.md says what lies where, docs/decisions/0018 why.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.config import Deployment, Region

# Runs at the edge, before anything is served.
OPEN_PATH = Path(__file__).parents[1] / "functions/open_path.js"
MakeFunction = Callable[..., lambda_.Function]

# As chalicelib's configuration has them: the API tells the class of a film by its age.
INFREQUENT_DAYS, ARCHIVE_DAYS = 30, 90
# A composer says each half minute that it is still at a job.
JOB_VISIBILITY = cdk.Duration.minutes(2)
# A composer that is started by another gets it anew; then somebody has to look.
MOST_RECEIVES = 5
# Until the next one has surely started, so that the clock never stands still.
KEEP_SECONDS = 66
KEEP_TIMEOUT, SWEEP_TIMEOUT = cdk.Duration.seconds(90), cdk.Duration.minutes(15)
# Who asks, as IAM fills it in: of a machine the role's id and the instance's, `AROA…:i-…`. Its node begins
# the keys of its objects with that (PARLEY_RECORDING_OWNER): no machine can write over what another wrote.
OWN_NAME = "${aws:userid}"
# What a key of a tenant is known by in policies: the function that makes it writes the tag.
TENANT_KEY = {"StringEquals": {"aws:ResourceTag/parley:tenant-key": "recordings"}}


class Recordings(Construct):
    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        deployment: Deployment,
        region: Region,
        control_table: dynamodb.ITableV2,
        fleet_table: dynamodb.ITableV2,
        make_function: MakeFunction,
    ) -> None:
        super().__init__(scope, name)
        self._deployment = deployment
        self.key = kms.Key(
            self,
            "Key",
            description="Recordings of tenants that have no key of their own",
            enable_key_rotation=True,
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        self.bucket = _bucket(self, "Bucket", deployment.recordings_bucket(region), self.key)
        # What nodes write to while the first one refuses; they bring it back when that heals.
        self.backup_bucket = _bucket(
            self, "BackupBucket", deployment.recordings_backup_bucket(region), self.key
        )
        self.dead_letters, self.jobs = _job_queues(self, deployment.composition_queue)
        self.link_secret = secretsmanager.Secret(
            self,
            "LinkKey",
            secret_name=deployment.recording_link_secret,
            description='Signs links to recordings: {"keyId", "privateKeyPem"}, put there by the operator',
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        self.distribution = self._distribution() if deployment.recording_link_public_key else None
        keep = make_function("KeepRecordings", "app.keep_recordings", KEEP_TIMEOUT, 2)
        sweep = make_function("SweepRecordings", "app.sweep_recordings", SWEEP_TIMEOUT, 1)
        for function in (keep, sweep):
            control_table.grant_read_write_data(function)
            fleet_table.grant_read_data(function)
        self._let_keep(keep)
        self._let_sweep(sweep)
        self._every_minute("Keep", keep, {"repeatForSeconds": KEEP_SECONDS})
        self._every_minute("Sweep", sweep, {})
        self.keep = keep

    def let_api_open(self, rest: lambda_.Function) -> None:
        """The API lists what was recorded and signs links to it; it reads no object."""
        self.link_secret.grant_read(rest)
        self._allow(rest, ["s3:ListBucket"], self.bucket.bucket_arn)
        if self.distribution is not None:
            url = f"https://{self.distribution.domain_name}"
            rest.add_environment("PARLEY_RECORDINGS_URL", url)
            ssm.StringParameter(
                self,
                "Url",
                parameter_name=self._deployment.recordings_url_parameter,
                description="What serves this region's recordings, for the functions of the others",
                string_value=url,
            )

    def let_provision(self, provision: lambda_.Function) -> None:
        """The operator's function makes keys of tenants, with the tag and the name that say what they are."""
        account = cdk.Stack.of(self).format_arn(service="kms", resource="key", resource_name="*")
        alias = cdk.Stack.of(self).format_arn(
            service="kms", resource="alias", resource_name="parley-recordings-*"
        )
        provision.add_environment("PARLEY_ACCOUNT", self._deployment.account)
        asked = {"StringEquals": {"aws:RequestTag/parley:tenant-key": "recordings"}}
        self._allow(provision, ["kms:CreateKey", "kms:TagResource"], "*", conditions=asked)
        self._allow(provision, ["kms:EnableKeyRotation", "kms:CreateAlias"], account, conditions=TENANT_KEY)
        self._allow(provision, ["kms:CreateAlias"], alias)
        self._allow(provision, ["kms:DescribeKey"], account)
        if self.distribution is not None:
            provision.add_environment("PARLEY_RECORDINGS_DISTRIBUTION", self.distribution.distribution_arn)

    def let_nodes_write(self, role: iam.Role) -> None:
        """Add objects under each node's own prefix, encrypted with the keys that commands name.

        What a node has put into the backup bucket it may read again, to bring it back; nothing else.
        """
        own = f"nodes/{OWN_NAME}/*"
        self._allow(role, ["s3:PutObject"], self.bucket.arn_for_objects(own))
        self._allow(role, ["s3:PutObject", "s3:GetObject"], self.backup_bucket.arn_for_objects(own))
        self._let_encrypt(role, "kms:GenerateDataKey", "kms:Decrypt")

    def let_count(self, scale: lambda_.Function) -> None:
        """See how many films are to be made."""
        self._allow(scale, ["sqs:GetQueueUrl", "sqs:GetQueueAttributes"], self.jobs.queue_arn)

    def let_composers_work(self, role: iam.Role) -> None:
        """Take jobs and hand them on; read what was recorded, write films; delete nothing."""
        self.jobs.grant_consume_messages(role)
        self.jobs.grant_send_messages(role)
        # Without it S3 answers 403 for what is not there, and a lease that nobody took is such.
        self._allow(role, ["s3:ListBucket"], self.bucket.bucket_arn)
        self._allow(role, ["s3:GetObject"], self.bucket.arn_for_objects("nodes/*"))
        films = self.bucket.arn_for_objects("compositions/*")
        self._allow(role, ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"], films)
        self._let_encrypt(role, "kms:GenerateDataKey", "kms:Decrypt")

    def _let_keep(self, keep: lambda_.Function) -> None:
        self._allow(keep, ["s3:PutObject"], self.bucket.arn_for_objects("compositions/*"))
        self._let_encrypt(keep, "kms:GenerateDataKey")
        self.jobs.grant_send_messages(keep)

    def _let_sweep(self, sweep: lambda_.Function) -> None:
        self._allow(sweep, ["s3:ListBucket"], self.bucket.bucket_arn)
        for prefix in ("nodes/*", "compositions/*"):
            self._allow(sweep, ["s3:DeleteObject"], self.bucket.arn_for_objects(prefix))
        self._allow(sweep, ["s3:ListBucket"], self.backup_bucket.bucket_arn)
        self._allow(sweep, ["s3:DeleteObject"], self.backup_bucket.arn_for_objects("nodes/*"))
        lists = self.bucket.arn_for_objects("deleted/*")
        self._allow(sweep, ["s3:GetObject", "s3:PutObject"], lists)
        self._let_encrypt(sweep, "kms:GenerateDataKey", "kms:Decrypt")

    def _let_encrypt(self, who: iam.IGrantable, *actions: str) -> None:
        tenants = cdk.Stack.of(self).format_arn(service="kms", resource="key", resource_name="*")
        self._allow(who, list(actions), self.key.key_arn)
        self._allow(who, list(actions), tenants, conditions=TENANT_KEY)

    def _allow(self, who: iam.IGrantable, actions: list[str], resource: str, conditions: Any = None) -> None:
        who.grant_principal.add_to_principal_policy(
            iam.PolicyStatement(actions=actions, resources=[resource], conditions=conditions)
        )

    def _every_minute(self, name: str, function: lambda_.Function, event: dict[str, Any]) -> None:
        events.Rule(
            self,
            f"{name}EveryMinute",
            schedule=events.Schedule.rate(cdk.Duration.minutes(1)),
            targets=[targets.LambdaFunction(function, event=events.RuleTargetInput.from_object(event))],
        )

    def _distribution(self) -> cloudfront.Distribution:
        """Serves what a link of the API opens, and nothing without one."""
        public_key = cloudfront.PublicKey(
            self, "LinkPublicKey", encoded_key=self._deployment.recording_link_public_key
        )
        cdk.CfnOutput(self, "LinkKeyId", value=public_key.public_key_id)
        origin = origins.S3BucketOrigin.with_origin_access_control(self.bucket)
        cache, headers = self._cache(), self._headers()
        return cloudfront.Distribution(
            self,
            "Media",
            comment="Recordings, by signed links",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origin,
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                trusted_key_groups=[cloudfront.KeyGroup(self, "LinkKeys", items=[public_key])],
                cache_policy=cache,
                response_headers_policy=headers,
            ),
            additional_behaviors={
                "p/*": cloudfront.BehaviorOptions(
                    origin=origin,
                    viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                    cache_policy=cache,
                    response_headers_policy=headers,
                    function_associations=[
                        cloudfront.FunctionAssociation(
                            event_type=cloudfront.FunctionEventType.VIEWER_REQUEST, function=self._opener()
                        )
                    ],
                )
            },
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
        )

    def _opener(self) -> cloudfront.Function:
        """Checks the token in the path of links for players; its key is put there by the operator."""
        keys = cloudfront.KeyValueStore(self, "PathKeys")
        cdk.CfnOutput(self, "PathKeysArn", value=keys.key_value_store_arn)
        return cloudfront.Function(
            self,
            "OpenPath",
            code=cloudfront.FunctionCode.from_inline(OPEN_PATH.read_text()),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
            key_value_store=keys,
        )

    def _cache(self) -> cloudfront.CachePolicy:
        """What is deleted is gone from the edges as soon as its links are."""
        return cloudfront.CachePolicy(
            self,
            "Cached",
            comment="As long as a link is good",
            min_ttl=cdk.Duration.seconds(0),
            default_ttl=cdk.Duration.minutes(5),
            max_ttl=cdk.Duration.minutes(5),
        )

    def _headers(self) -> cloudfront.ResponseHeadersPolicy:
        """The app's player reads thumbnails and chapters from its own page."""
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            cors_behavior=cloudfront.ResponseHeadersCorsBehavior(
                access_control_allow_credentials=False,
                access_control_allow_headers=["Range"],
                access_control_allow_methods=["GET", "HEAD"],
                access_control_allow_origins=[self._deployment.app_url],
                access_control_expose_headers=["Content-Range", "Content-Length"],
                origin_override=True,
            ),
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True)
            ),
        )


def let_open_elsewhere(rest: lambda_.Function, deployment: Deployment, other: Region) -> None:
    """Links to another region's recordings are made with its key, for its edge; as `let_api_open`."""
    stack = cdk.Stack.of(rest)
    secret = stack.format_arn(
        service="secretsmanager",
        region=other.name,
        resource="secret",
        # Secrets Manager adds six characters to each name.
        resource_name=f"{deployment.recording_link_secret}-??????",
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )
    url = stack.format_arn(
        service="ssm",
        region=other.name,
        resource="parameter",
        resource_name=deployment.recordings_url_parameter[1:],
    )
    bucket = stack.format_arn(
        service="s3", region="", account="", resource=deployment.recordings_bucket(other)
    )
    for action, resource in (
        ("secretsmanager:GetSecretValue", secret),
        ("ssm:GetParameter", url),
        ("s3:ListBucket", bucket),
    ):
        rest.add_to_role_policy(iam.PolicyStatement(actions=[action], resources=[resource]))


def _bucket(scope: Construct, name: str, bucket_name: str, key: kms.Key) -> s3.Bucket:
    """Without versions: what is deleted is to be gone. Names have 128 random bits and are written once."""
    archive = s3.Transition(
        storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL,
        transition_after=cdk.Duration.days(ARCHIVE_DAYS),
    )
    infrequent = s3.Transition(
        storage_class=s3.StorageClass.INFREQUENT_ACCESS,
        transition_after=cdk.Duration.days(INFREQUENT_DAYS),
    )
    return s3.Bucket(
        scope,
        name,
        bucket_name=bucket_name,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.KMS,
        encryption_key=key,
        # One request to KMS in a hundred objects.
        bucket_key_enabled=True,
        enforce_ssl=True,
        removal_policy=cdk.RemovalPolicy.RETAIN,
        lifecycle_rules=[
            s3.LifecycleRule(abort_incomplete_multipart_upload_after=cdk.Duration.days(1)),
            # Each move of an object is paid for, and segments are many: they make one.
            s3.LifecycleRule(prefix="nodes/", transitions=[archive]),
            s3.LifecycleRule(prefix="compositions/", transitions=[infrequent, archive]),
        ],
    )


def _job_queues(scope: Construct, name: str) -> tuple[sqs.Queue, sqs.Queue]:
    """The dead letters, with their alarm, and the queue of films to be made."""
    two_weeks = cdk.Duration.days(14)
    dead = sqs.Queue(
        scope,
        "DeadJobs",
        queue_name=f"{name}-dead",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=two_weeks,
    )
    jobs = sqs.Queue(
        scope,
        "Jobs",
        queue_name=name,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=two_weeks,
        visibility_timeout=JOB_VISIBILITY,
        dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=MOST_RECEIVES),
    )
    dead.metric_approximate_number_of_messages_visible().create_alarm(
        scope,
        "DeadJobAlarm",
        threshold=1,
        evaluation_periods=1,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description="Films that no composer could make; the recording says why it failed.",
    )
    return dead, jobs
