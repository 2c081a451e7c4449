"""What is measured of one region: the metrics that its alarms and its dashboard have in common."""

from collections.abc import Mapping
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs

from infra.constructs.firewall import ACL_METRIC

MINUTE, FIVE_MINUTES = cdk.Duration.minutes(1), cdk.Duration.minutes(5)
# As the functions tell them (chalicelib/routes/measures.py).
NAMESPACE, SERVICE = "Parley", {"service": "parley"}


@dataclass(frozen=True)
class Measured:
    """The parts of a region that are watched."""

    region: str
    api: apigateway.RestApi
    function_by_name: Mapping[str, lambda_.Function]
    queue_by_name: Mapping[str, sqs.Queue]
    dead_letters_by_name: Mapping[str, sqs.Queue]
    tables: tuple[str, ...]
    node_group: str

    def of_api(self, name: str, statistic: str = "Sum", period: cdk.Duration = MINUTE) -> cloudwatch.Metric:
        stage = {"ApiName": self.api.rest_api_name, "Stage": self.api.deployment_stage.stage_name}
        return _metric("AWS/ApiGateway", name, stage, statistic, period)

    def of_table(self, table: str, name: str, statistic: str = "Sum") -> cloudwatch.Metric:
        return _metric("AWS/DynamoDB", name, {"TableName": table}, statistic, MINUTE)

    def of_nodes(self, name: str, statistic: str = "Average") -> cloudwatch.Metric:
        """What the function `scale` tells each minute."""
        return _metric(NAMESPACE, name, SERVICE, statistic, MINUTE)

    def of_machines(self, name: str, statistic: str) -> cloudwatch.Metric:
        group = {"AutoScalingGroupName": self.node_group}
        return _metric("AWS/EC2", name, group, statistic, FIVE_MINUTES)

    def unanswered(self, code: str, period: cdk.Duration = MINUTE) -> cloudwatch.Metric:
        """Sound requests that the region could not answer, by the code of the problem."""
        return _metric(NAMESPACE, "Unanswered", {**SERVICE, "code": code}, "Sum", period)

    def made_elsewhere(self) -> cloudwatch.Metric:
        """Meetings that this region was asked for and another one has."""
        return _metric(NAMESPACE, "MadeElsewhere", SERVICE, "Sum", MINUTE)

    def blocked(self, period: cdk.Duration = MINUTE) -> cloudwatch.Metric:
        everything = {"WebACL": ACL_METRIC, "Rule": "ALL", "Region": self.region}
        return _metric("AWS/WAFV2", "BlockedRequests", everything, "Sum", period)


def _metric(
    namespace: str, name: str, dimensions: Mapping[str, str], statistic: str, period: cdk.Duration
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dict(dimensions),
        statistic=statistic,
        period=period,
    )
