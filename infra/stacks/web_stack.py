"""What CloudFront serves. It takes certificates, and counts its requests, in one region alone."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.config import Deployment
from infra.constructs.alarm import add_alarm
from infra.constructs.alarm_topic import AlarmTopic
from infra.constructs.web_site import WebSite
from infra.constructs.zone import zone_of

# Of CloudFront's certificates and metrics, wherever the rest is.
REGION = "us-east-1"


class WebStack(cdk.Stack):
    """Made once. It refers to the regions by the API's name only, so that no stack waits for another."""

    def __init__(self, scope: Construct, name: str, *, deployment: Deployment, **options: Any) -> None:
        super().__init__(scope, name, **options)
        site = WebSite(
            self,
            "Web",
            api_host=deployment.api_host,
            app_host=deployment.app_host,
            zone=zone_of(self, deployment),
            framed_by=deployment.framed_by,
        )
        failures = cloudwatch.Metric(
            namespace="AWS/CloudFront",
            metric_name="5xxErrorRate",
            dimensions_map={"DistributionId": site.distribution.distribution_id, "Region": "Global"},
            statistic="Average",
            period=cdk.Duration.minutes(5),
        )
        add_alarm(
            self,
            "FailedPages",
            failures,
            "More than one request in a hundred fails at CloudFront: the API's name, or all its regions.",
        )
        AlarmTopic(self, "AlarmTopic", email=deployment.alarm_email).hear_all()
        cdk.CfnOutput(self, "WebAddress", value=site.distribution.distribution_domain_name)
        cdk.CfnOutput(self, "WebBucket", value=site.bucket.bucket_name)
