"""The zone of the installation's names, as the configuration gives it: nothing is looked up."""

from aws_cdk import aws_route53 as route53
from constructs import Construct

from infra.config import Deployment


def zone_of(scope: Construct, deployment: Deployment) -> route53.IHostedZone | None:
    """None where the names are the operator's own."""
    zone = deployment.hosted_zone
    if zone is None:
        return None
    return route53.HostedZone.from_hosted_zone_attributes(
        scope, "Zone", hosted_zone_id=zone.id, zone_name=zone.name
    )
