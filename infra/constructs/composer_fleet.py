"""The machines that compose films: spot ones, none while there is no job, and what they may do.

The function `scale` adds machines for jobs that wait; each gives itself back when it has had none for ten
minutes. What the spot market takes away costs the minute of a film that was under way, at most
(docs/recording.md, Composition).
"""

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.config import Deployment, Region
from infra.constructs.machine import (
    COMPOSER,
    SETTINGS,
    add_hooks,
    allow_in_group,
    boot_script,
    launch_template,
    machine_role,
    release_of,
    write_file,
)
from infra.constructs.recordings import Recordings

# Of two cores each, all Arm: the more kinds there are, the rarer the market has none.
INSTANCE_TYPES = ("c7g.large", "c6g.large", "m7g.large", "m6g.large", "c6gn.large")
# A composer and the process that decodes for it keep one core busy.
COMPOSERS_PER_MACHINE = 2
PREPARE_TIME = cdk.Duration.minutes(10)
# A minute of a film is made in less, on the slowest of these machines.
DRAIN_TIME = cdk.Duration.minutes(2)
AGENT = "/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl"
LOGS = "/var/log/parley"


class ComposerFleet(Construct):
    """An autoscaling group of its own, so that films never take what meetings need."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        deployment: Deployment,
        region: Region,
        vpc: ec2.IVpc,
        recordings: Recordings,
        report_queue: sqs.IQueue,
    ) -> None:
        super().__init__(scope, name)
        group_name = composer_group_name(deployment)
        self.role = machine_role(self, deployment, region, group_name)
        allow_in_group(self.role, ["autoscaling:TerminateInstanceInAutoScalingGroup"], group_name)
        recordings.let_composers_work(self.role)
        report_queue.grant_send_messages(self.role)
        log_group = logs.LogGroup(self, "Log", retention=logs.RetentionDays.ONE_MONTH)
        log_group.grant_write(self.role)
        # They call others; nobody calls them.
        ports = ec2.SecurityGroup(self, "Ports", vpc=vpc, description="Composers: nothing comes in")
        data = _user_data(deployment, region, recordings.jobs, report_queue, log_group)
        self.group = autoscaling.AutoScalingGroup(
            self,
            "Composers",
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
            mixed_instances_policy=_spot(launch_template(self, self.role, ports, INSTANCE_TYPES[0], data)),
            auto_scaling_group_name=group_name,
            min_capacity=0,
            max_capacity=region.maximum_composers,
            # Each says itself when it has nothing to do.
            new_instances_protected_from_scale_in=True,
            health_checks=autoscaling.HealthChecks.ec2(grace_period=cdk.Duration.minutes(3)),
            group_metrics=[autoscaling.GroupMetrics.all()],
        )
        add_hooks(self.group, PREPARE_TIME, DRAIN_TIME)


def composer_group_name(deployment: Deployment) -> str:
    """Known before the group is made: the function that adds machines belongs to another construct."""
    return f"{deployment.project}-composers"


def _spot(template: ec2.LaunchTemplate) -> autoscaling.MixedInstancesPolicy:
    return autoscaling.MixedInstancesPolicy(
        launch_template=template,
        launch_template_overrides=[
            autoscaling.LaunchTemplateOverrides(instance_type=ec2.InstanceType(one)) for one in INSTANCE_TYPES
        ],
        instances_distribution=autoscaling.InstancesDistribution(
            on_demand_base_capacity=0,
            on_demand_percentage_above_base_capacity=0,
            spot_allocation_strategy=autoscaling.SpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED,
        ),
    )


def _user_data(
    deployment: Deployment,
    region: Region,
    jobs: sqs.IQueue,
    report_queue: sqs.IQueue,
    log_group: logs.ILogGroup,
) -> ec2.UserData:
    machine = {
        "AWS_DEFAULT_REGION": region.name,
        "PARLEY_COMPOSER_GROUP": composer_group_name(deployment),
        "PARLEY_COMPOSERS": str(COMPOSERS_PER_MACHINE),
    }
    composer = {
        "AWS_DEFAULT_REGION": region.name,
        "PARLEY_COMPOSITION_QUEUE_URL": jobs.queue_url,
        "PARLEY_REPORT_QUEUE_URL": report_queue.queue_url,
    }
    return boot_script(COMPOSER, release_of(deployment, region), machine, composer, _log_commands(log_group))


def _log_commands(log_group: logs.ILogGroup) -> list[str]:
    """What composers write goes to CloudWatch: the machine is gone within minutes of its last job."""
    stack = cdk.Stack.of(log_group)
    collected = {
        "file_path": f"{LOGS}/composer-*.log",
        "log_group_name": log_group.log_group_name,
        "log_stream_name": "{instance_id}",
    }
    config = {"logs": {"logs_collected": {"files": {"collect_list": [collected]}}}}
    return [
        "dnf install -y amazon-cloudwatch-agent",
        f"install -d -o parley {LOGS}",
        *write_file(f"{SETTINGS}/logs.json", stack.to_json_string(config)),
        f"{AGENT} -a fetch-config -m ec2 -s -c file:{SETTINGS}/logs.json",
    ]
