"""Machines of the fleet: what they run at their first boot, and what all groups of them have in common.

The scripts are in the template, so that a release knows nothing of AWS.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.config import Deployment, Region

MACHINE = Path(__file__).parents[1] / "machine"
INSTALLED, SETTINGS = "/opt/parley", "/etc/parley"
TLS = "/var/lib/parley/tls"
END_OF_FILE = "END_OF_FILE"


@dataclass(frozen=True)
class Kind:
    """What one kind of machine runs: scripts and units of infra/machine, the last unit is what is enabled."""

    settings_file: str
    scripts: Sequence[str]
    units: Sequence[str]


NODE = Kind(
    "node.env",
    ("facts.sh", "prepare.sh", "certificate.sh", "attend.sh"),
    ("parley-node.service", "parley-attend.service"),
)
COMPOSER = Kind(
    "composer.env",
    ("facts.sh", "attend-composers.sh"),
    ("parley-composer@.service", "parley-attend-composers.service"),
)


def boot_script(
    kind: Kind,
    release: str,
    machine: Mapping[str, str],
    settings: Mapping[str, str],
    more: Sequence[str] = (),
) -> ec2.UserData:
    """Install, then leave the rest to the unit that attends.

    Args:
        release: S3 URL of the archive with install.sh and `run`, as scripts/package_node.py makes it.
        machine: Settings of the scripts.
        settings: Of what the machine runs, the same at each start.
        more: Commands before the unit is enabled.
    """
    data = ec2.UserData.for_linux()
    # The scripts read their settings as shell does: each is exported to what they call.
    exported = {f"export {name}": value for name, value in machine.items()}
    data.add_commands(
        "set -eu",
        f"mkdir -p {INSTALLED}/machine {SETTINGS}",
        "useradd --system --home-dir /var/lib/parley --shell /sbin/nologin parley",
        f"aws s3 cp {release} /tmp/media-node.tar.gz",
        f"tar -xzf /tmp/media-node.tar.gz -C {INSTALLED}",
        f"{INSTALLED}/install.sh",
        *write_file(f"{SETTINGS}/machine.env", _lines(exported)),
        *write_file(f"{SETTINGS}/{kind.settings_file}", _lines(settings)),
    )
    for name in kind.scripts:
        data.add_commands(*write_file(f"{INSTALLED}/machine/{name}", (MACHINE / name).read_text()))
    for name in kind.units:
        data.add_commands(*write_file(f"/etc/systemd/system/{name}", (MACHINE / name).read_text()))
    data.add_commands(
        f"chmod +x {INSTALLED}/machine/*.sh",
        *more,
        "systemctl daemon-reload",
        f"systemctl enable --now {kind.units[-1].removesuffix('.service')}",
    )
    return data


def release_of(deployment: Deployment, region: Region) -> str:
    """Where a region's machines fetch what they run."""
    return f"s3://{deployment.node_release_bucket}-{region.name}/{deployment.node_release_key}"


def machine_role(scope: Construct, deployment: Deployment, region: Region, group: str) -> iam.Role:
    """May fetch the release and say to its own group that a hook may go on."""
    role = iam.Role(scope, "Role", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
    allow_in_group(role, ["autoscaling:CompleteLifecycleAction"], group)
    bucket = f"{deployment.node_release_bucket}-{region.name}"
    s3.Bucket.from_bucket_name(scope, "Releases", bucket).grant_read(role, deployment.node_release_key)
    return role


def allow_in_group(who: iam.Role | lambda_.Function, actions: list[str], group: str) -> None:
    """Change one autoscaling group, known by its name before it is made."""
    resource = cdk.Stack.of(who).format_arn(
        service="autoscaling",
        resource="autoScalingGroup",
        resource_name=f"*:autoScalingGroupName/{group}",
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )
    statement = iam.PolicyStatement(actions=actions, resources=[resource])
    who.grant_principal.add_to_principal_policy(statement)


def launch_template(
    scope: Construct,
    role: iam.IRole,
    security_group: ec2.ISecurityGroup,
    instance_type: str,
    user_data: ec2.UserData,
) -> ec2.LaunchTemplate:
    return ec2.LaunchTemplate(
        scope,
        "Template",
        instance_type=ec2.InstanceType(instance_type),
        machine_image=ec2.MachineImage.latest_amazon_linux2023(cpu_type=ec2.AmazonLinuxCpuType.ARM_64),
        role=role,
        security_group=security_group,
        require_imdsv2=True,
        http_put_response_hop_limit=1,
        associate_public_ip_address=True,
        block_devices=[
            ec2.BlockDevice(
                device_name="/dev/xvda",
                volume=ec2.BlockDeviceVolume.ebs(16, encrypted=True, volume_type=ec2.EbsDeviceVolumeType.GP3),
            )
        ],
        user_data=user_data,
    )


def add_hooks(
    group: autoscaling.AutoScalingGroup, prepare_time: cdk.Duration, drain_time: cdk.Duration
) -> None:
    """A machine that does not say in time that it is installed is replaced; one that is to go may finish."""
    transition, result = autoscaling.LifecycleTransition, autoscaling.DefaultResult
    for name, moment, time, otherwise in (
        ("prepare", transition.INSTANCE_LAUNCHING, prepare_time, result.ABANDON),
        ("drain", transition.INSTANCE_TERMINATING, drain_time, result.CONTINUE),
    ):
        group.add_lifecycle_hook(
            name.capitalize(),
            lifecycle_hook_name=name,
            lifecycle_transition=moment,
            heartbeat_timeout=time,
            default_result=otherwise,
        )


def write_file(path: str, text: str) -> list[str]:
    """Commands that write a file as it is, without what a shell would put in."""
    return [f"cat > {path} <<'{END_OF_FILE}'", text.rstrip("\n"), END_OF_FILE]


def _lines(settings: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in settings.items())
