"""The media nodes of one region: network, launch template, autoscaling group, and what a node may do."""

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.config import Deployment, Region
from infra.constructs.machine import (
    NODE,
    TLS,
    add_hooks,
    boot_script,
    launch_template,
    machine_role,
    release_of,
)
from infra.constructs.zone import zone_of

SIGNALING_PORT = 443
MEDIA_PORT = 3478
# For a Prometheus in the nodes' own network; the port that exporters of OpenTelemetry have.
METRICS_PORT = 9464
# On disk, in what systemd leaves when the node ends: its /tmp is emptied then, and is memory.
SPOOL = "/var/lib/parley/spool"
# To install the release, or to get a name; a machine that does not is replaced.
PREPARE_TIME = cdk.Duration.minutes(10)
# A node that is to go has this long to tell its clients, and its recorders to store what waits (attend.sh).
DRAIN_TIME = cdk.Duration.minutes(18)


class MediaFleet(Construct):
    """An autoscaling group of nodes with public addresses: clients reach them without any relay between."""

    def __init__(
        self, scope: Construct, name: str, *, deployment: Deployment, region: Region, report_queue: sqs.IQueue
    ) -> None:
        super().__init__(scope, name)
        self.vpc = self._network()
        self.role = self._role(deployment, region, report_queue)
        certificate = self._names(deployment, region)
        data = _user_data(deployment, region, report_queue, certificate)
        template = launch_template(self, self.role, self._security_group(), region.instance_type, data)
        self.group = autoscaling.AutoScalingGroup(
            self,
            "Nodes",
            vpc=self.vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
            launch_template=template,
            auto_scaling_group_name=node_group_name(deployment),
            min_capacity=region.minimum_nodes,
            max_capacity=region.maximum_nodes,
            # Meetings live there: only nodes that say so themselves, drained, may be taken.
            new_instances_protected_from_scale_in=True,
            health_checks=autoscaling.HealthChecks.ec2(grace_period=cdk.Duration.minutes(3)),
            group_metrics=[autoscaling.GroupMetrics.all()],
        )
        self.group.add_warm_pool(min_size=region.warm_nodes, pool_state=autoscaling.PoolState.STOPPED)
        # Else a machine on its way into the pool would be stopped while it installs.
        add_hooks(self.group, PREPARE_TIME, DRAIN_TIME)

    def _network(self) -> ec2.Vpc:
        public = ec2.SubnetConfiguration(name="public", subnet_type=ec2.SubnetType.PUBLIC)
        vpc = ec2.Vpc(self, "Network", max_azs=3, nat_gateways=0, subnet_configuration=[public])
        vpc.add_flow_log("Flows")
        return vpc

    def _role(self, deployment: Deployment, region: Region, report_queue: sqs.IQueue) -> iam.Role:
        role = machine_role(self, deployment, region, node_group_name(deployment))
        report_queue.grant_send_messages(role)
        own_queues = cdk.Stack.of(self).format_arn(
            service="sqs", resource=f"{deployment.command_queue_prefix}*"
        )
        # A node makes its own command queue at start: its name is not known before.
        actions = ["sqs:CreateQueue", "sqs:GetQueueUrl", "sqs:ReceiveMessage", "sqs:DeleteMessage"]
        role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[own_queues]))
        return role

    def _names(self, deployment: Deployment, region: Region) -> acm.ICertificate | None:
        """A certificate for all nodes of the region, which they export, and the right to name themselves."""
        zone, domain = zone_of(self, deployment), deployment.node_domain(region)
        if zone is None or domain is None:
            return None
        certificate = acm.Certificate(
            self,
            "Certificate",
            domain_name=f"*.{domain}",
            validation=acm.CertificateValidation.from_dns(zone),
            allow_export=True,
        )
        # An address that a node had may be somebody else's tomorrow: nobody but ACM certifies its name.
        route53.CaaAmazonRecord(self, "Authority", zone=zone, record_name=f"{domain}.")
        export = iam.PolicyStatement(
            actions=["acm:ExportCertificate"], resources=[certificate.certificate_arn]
        )
        name = iam.PolicyStatement(
            actions=["route53:ChangeResourceRecordSets"],
            resources=[zone.hosted_zone_arn],
            conditions={
                "ForAllValues:StringLike": {
                    "route53:ChangeResourceRecordSetsNormalizedRecordNames": [f"*.{domain}"]
                },
                "ForAllValues:StringEquals": {
                    "route53:ChangeResourceRecordSetsRecordTypes": ["A"],
                    "route53:ChangeResourceRecordSetsActions": ["UPSERT", "DELETE"],
                },
            },
        )
        changes = cdk.Stack.of(self).format_arn(
            service="route53", region="", account="", resource="change", resource_name="*"
        )
        wait = iam.PolicyStatement(actions=["route53:GetChange"], resources=[changes])
        for statement in (export, name, wait):
            self.role.add_to_policy(statement)
        return certificate

    def _security_group(self) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(self, "Ports", vpc=self.vpc, description="Signaling and media of clients")
        anyone = ec2.Peer.any_ipv4()
        group.add_ingress_rule(anyone, ec2.Port.tcp(SIGNALING_PORT), "signaling, WHIP and WHEP")
        group.add_ingress_rule(anyone, ec2.Port.udp(MEDIA_PORT), "media")
        group.add_ingress_rule(anyone, ec2.Port.tcp(MEDIA_PORT), "media where no UDP passes")
        inside = ec2.Peer.ipv4(self.vpc.vpc_cidr_block)
        group.add_ingress_rule(inside, ec2.Port.tcp(METRICS_PORT), "metrics, from within")
        return group


def node_group_name(deployment: Deployment) -> str:
    """Known before the group is made: the function that scales it belongs to another construct."""
    return f"{deployment.project}-nodes"


def _user_data(
    deployment: Deployment, region: Region, report_queue: sqs.IQueue, certificate: acm.ICertificate | None
) -> ec2.UserData:
    machine = {
        "AWS_DEFAULT_REGION": region.name,
        "PARLEY_NODE_GROUP": node_group_name(deployment),
        "PARLEY_NODE_DOMAIN": deployment.node_domain(region) or "",
        "PARLEY_ZONE_ID": deployment.hosted_zone.id if deployment.hosted_zone is not None else "",
        "PARLEY_CERTIFICATE_ARN": certificate.certificate_arn if certificate is not None else "",
    }
    node = {
        "AWS_DEFAULT_REGION": region.name,
        "PARLEY_REGION": region.name,
        "PARLEY_NODE_HOST": "0.0.0.0",
        "PARLEY_NODE_PORT": str(SIGNALING_PORT),
        "PARLEY_METRICS_PORT": str(METRICS_PORT),
        "PARLEY_MEDIA_HOST": "0.0.0.0",
        "PARLEY_MEDIA_PORT": str(MEDIA_PORT),
        "PARLEY_NODE_CAPACITY_UNITS": str(region.capacity_units),
        "PARLEY_JWKS_URL": f"{deployment.app_url}/v1/.well-known/jwks.json",
        "PARLEY_REPORT_QUEUE_URL": report_queue.queue_url,
        "PARLEY_COMMAND_QUEUE_PREFIX": deployment.command_queue_prefix,
        "PARLEY_RECORDING_SPOOL": SPOOL,
    }
    if certificate is not None:
        node |= {"PARLEY_TLS_CERTIFICATE": f"{TLS}/certificate.pem", "PARLEY_TLS_KEY": f"{TLS}/key.pem"}
    return boot_script(NODE, release_of(deployment, region), machine, node)
