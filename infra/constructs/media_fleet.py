"""The media nodes of one region: network, launch template, autoscaling group, and what a node may do."""

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.config import Deployment, Region

SIGNALING_PORT = 443
MEDIA_PORT = 3478
# A node that is to go has this long to move its meetings.
DRAIN_TIME = cdk.Duration.minutes(2)


class MediaFleet(Construct):
    """An autoscaling group of nodes with public addresses: clients reach them without any relay between."""

    def __init__(
        self, scope: Construct, name: str, *, deployment: Deployment, region: Region, report_queue: sqs.IQueue
    ) -> None:
        super().__init__(scope, name)
        self.vpc = self._network()
        self.role = self._role(deployment, region, report_queue)
        template = self._launch_template(deployment, region, report_queue)
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
        self.group.add_lifecycle_hook(
            "Drain",
            lifecycle_transition=autoscaling.LifecycleTransition.INSTANCE_TERMINATING,
            heartbeat_timeout=DRAIN_TIME,
            default_result=autoscaling.DefaultResult.CONTINUE,
        )

    def _network(self) -> ec2.Vpc:
        public = ec2.SubnetConfiguration(name="public", subnet_type=ec2.SubnetType.PUBLIC)
        vpc = ec2.Vpc(self, "Network", max_azs=3, nat_gateways=0, subnet_configuration=[public])
        vpc.add_flow_log("Flows")
        return vpc

    def _role(self, deployment: Deployment, region: Region, report_queue: sqs.IQueue) -> iam.Role:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
        report_queue.grant_send_messages(role)
        own_queues = cdk.Stack.of(self).format_arn(
            service="sqs", resource=f"{deployment.command_queue_prefix}*"
        )
        # A node makes its own command queue at start: its name is not known before.
        actions = ["sqs:CreateQueue", "sqs:GetQueueUrl", "sqs:ReceiveMessage", "sqs:DeleteMessage"]
        role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[own_queues]))
        bucket = f"{deployment.node_release_bucket}-{region.name}"
        s3.Bucket.from_bucket_name(self, "Releases", bucket).grant_read(role, deployment.node_release_key)
        return role

    def _launch_template(
        self, deployment: Deployment, region: Region, report_queue: sqs.IQueue
    ) -> ec2.LaunchTemplate:
        return ec2.LaunchTemplate(
            self,
            "Template",
            instance_type=ec2.InstanceType(region.instance_type),
            machine_image=ec2.MachineImage.latest_amazon_linux2023(cpu_type=ec2.AmazonLinuxCpuType.ARM_64),
            role=self.role,
            security_group=self._security_group(),
            require_imdsv2=True,
            http_put_response_hop_limit=1,
            associate_public_ip_address=True,
            block_devices=[
                ec2.BlockDevice(
                    device_name="/dev/xvda",
                    volume=ec2.BlockDeviceVolume.ebs(
                        16, encrypted=True, volume_type=ec2.EbsDeviceVolumeType.GP3
                    ),
                )
            ],
            user_data=_user_data(deployment, region, report_queue),
        )

    def _security_group(self) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(self, "Ports", vpc=self.vpc, description="Signaling and media of clients")
        anyone = ec2.Peer.any_ipv4()
        group.add_ingress_rule(anyone, ec2.Port.tcp(SIGNALING_PORT), "signaling, WHIP and WHEP")
        group.add_ingress_rule(anyone, ec2.Port.udp(MEDIA_PORT), "media")
        group.add_ingress_rule(anyone, ec2.Port.tcp(MEDIA_PORT), "media where no UDP passes")
        return group


def node_group_name(deployment: Deployment) -> str:
    """Known before the group is made: the function that scales it belongs to another construct."""
    return f"{deployment.project}-nodes"


def _user_data(deployment: Deployment, region: Region, report_queue: sqs.IQueue) -> ec2.UserData:
    """Fetch the release, give it its environment, start it; unit and installer are in the release."""
    data = ec2.UserData.for_linux()
    source = f"s3://{deployment.node_release_bucket}-{region.name}/{deployment.node_release_key}"
    token = '-H "X-aws-ec2-metadata-token: $TOKEN" http://169.254.169.254/latest'
    environment = [
        f"AWS_DEFAULT_REGION={region.name}",
        f"PARLEY_REGION={region.name}",
        "PARLEY_NODE_HOST=0.0.0.0",
        f"PARLEY_NODE_PORT={SIGNALING_PORT}",
        "PARLEY_MEDIA_HOST=0.0.0.0",
        f"PARLEY_MEDIA_PORT={MEDIA_PORT}",
        "PARLEY_MEDIA_ADDRESSES=$ADDRESS",
        f"PARLEY_NODE_CAPACITY_UNITS={region.capacity_units}",
        "PARLEY_ZONE=$ZONE",
        "PARLEY_INSTANCE=$INSTANCE",
        f"PARLEY_JWKS_URL={deployment.app_url}/v1/.well-known/jwks.json",
        f"PARLEY_REPORT_QUEUE_URL={report_queue.queue_url}",
        f"PARLEY_COMMAND_QUEUE_PREFIX={deployment.command_queue_prefix}",
    ]
    data.add_commands(
        "set -eu",
        'TOKEN=$(curl -sf -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 300" http://169.254.169.254/latest/api/token)',
        f"ADDRESS=$(curl -sf {token}/meta-data/public-ipv4)",
        f"ZONE=$(curl -sf {token}/meta-data/placement/availability-zone)",
        f"INSTANCE=$(curl -sf {token}/meta-data/instance-id)",
        "mkdir -p /opt/parley /etc/parley",
        f"aws s3 cp {source} /tmp/media-node.tar.gz",
        "tar -xzf /tmp/media-node.tar.gz -C /opt/parley",
        "cat > /etc/parley/node.env <<END",
        *environment,
        "END",
        "/opt/parley/install.sh",
    )
    return data
