"""One region: its fleet table, API, functions, queues, recordings bucket and media nodes."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.config import Deployment, Region
from infra.constructs.alarm_topic import AlarmTopic
from infra.constructs.alarms import Alarms
from infra.constructs.composer_fleet import ComposerFleet
from infra.constructs.control_plane import CONTROL_INDEXES, ControlPlane
from infra.constructs.dashboard import Dashboard
from infra.constructs.media_fleet import MediaFleet


class RegionalStack(cdk.Stack):
    """All that meetings of this region need; shared table and keys are used through their replicas."""

    def __init__(
        self, scope: Construct, name: str, *, deployment: Deployment, region: Region, **options: Any
    ) -> None:
        super().__init__(scope, name, **options)
        table_arn = self.format_arn(
            service="dynamodb", resource="table", resource_name=deployment.control_table
        )
        control_table = dynamodb.TableV2.from_table_attributes(
            self,
            "Control",
            table_arn=table_arn,
            global_indexes=CONTROL_INDEXES,
        )
        secret = secretsmanager.Secret.from_secret_name_v2(self, "SigningKeys", deployment.signing_secret)
        self.control_plane = ControlPlane(
            self,
            "ControlPlane",
            deployment=deployment,
            region=region,
            control_table=control_table,
            fleet_table=_fleet_table(self, deployment),
            signing_secret=secret,
        )
        self.fleet = MediaFleet(
            self,
            "Fleet",
            deployment=deployment,
            region=region,
            report_queue=self.control_plane.reports.queue,
        )
        self.control_plane.recordings.let_nodes_write(self.fleet.role)
        ComposerFleet(
            self,
            "Composers",
            deployment=deployment,
            region=region,
            vpc=self.fleet.vpc,
            recordings=self.control_plane.recordings,
            report_queue=self.control_plane.reports.queue,
        )
        measured = self.control_plane.measured(deployment, region)
        Alarms(self, "Alarms", measured=measured)
        Dashboard(self, "Dashboard", title=f"{deployment.project}-{region.name}", measured=measured)
        AlarmTopic(self, "AlarmTopic", email=deployment.alarm_email).hear_all()
        if deployment.hosted_zone is None:
            cdk.CfnOutput(self, "ApiUrl", value=self.control_plane.api.url)


def _fleet_table(scope: Construct, deployment: Deployment) -> dynamodb.TableV2:
    """Nodes as they report themselves: lost with its region, rebuilt from reports within seconds."""
    return dynamodb.TableV2(
        scope,
        "FleetTable",
        table_name=deployment.fleet_table,
        partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
        sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
        billing=dynamodb.Billing.on_demand(),
        encryption=dynamodb.TableEncryptionV2.aws_managed_key(),
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        time_to_live_attribute="expires",
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
