"""What the whole installation shares: meetings and accounts, signing keys, people who sign in."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.config import Deployment
from infra.constructs.user_pool import UserPool


class GlobalStack(cdk.Stack):
    """Made once, in the first region; what regions need of it is replicated to them."""

    def __init__(self, scope: Construct, name: str, *, deployment: Deployment, **options: Any) -> None:
        super().__init__(scope, name, **options)
        others = [region.name for region in deployment.regions[1:]]
        self.control_table = _control_table(self, deployment, others)
        self.signing_secret = secretsmanager.Secret(
            self,
            "SigningKeys",
            secret_name=deployment.signing_secret,
            description="ES256 keys of join tokens; the first is the current one",
            replica_regions=[secretsmanager.ReplicaRegion(region=region) for region in others],
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        if deployment.cognito is not None:
            UserPool(self, "Users", deployment=deployment, settings=deployment.cognito)


def _control_table(scope: Construct, deployment: Deployment, replicas: list[str]) -> dynamodb.TableV2:
    def index(name: str, partition: str, sort: str, *only: str) -> dynamodb.GlobalSecondaryIndexPropsV2:
        return dynamodb.GlobalSecondaryIndexPropsV2(
            index_name=name,
            partition_key=_text(partition),
            sort_key=_text(sort),
            projection_type=dynamodb.ProjectionType.INCLUDE if only else dynamodb.ProjectionType.ALL,
            non_key_attributes=list(only) or None,
        )

    return dynamodb.TableV2(
        scope,
        "Control",
        table_name=deployment.control_table,
        partition_key=_text("pk"),
        sort_key=_text("sk"),
        billing=dynamodb.Billing.on_demand(),
        encryption=dynamodb.TableEncryptionV2.aws_managed_key(),
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        # New events are heard of through it.
        dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE,
        time_to_live_attribute="expires",
        deletion_protection=True,
        removal_policy=cdk.RemovalPolicy.RETAIN,
        global_secondary_indexes=[
            index("byTenant", "listKey", "listSort"),
            index("live", "liveKey", "listSort"),
            index("byNode", "nodeKey", "pk", "units"),
            index("byOrganiser", "organiser", "listSort"),
        ],
        replicas=[dynamodb.ReplicaTableProps(region=region) for region in replicas],
    )


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
