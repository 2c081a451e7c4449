"""What a machine of the fleet runs at its first boot: the release, and the scripts that attend to it.

The scripts are in the template, so that a release knows nothing of AWS.
"""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import aws_ec2 as ec2

MACHINE = Path(__file__).parents[1] / "machine"
SCRIPTS = ("facts.sh", "prepare.sh", "certificate.sh", "attend.sh")
UNITS = ("parley-node.service", "parley-attend.service")
INSTALLED, SETTINGS = "/opt/parley", "/etc/parley"
TLS = "/var/lib/parley/tls"
END_OF_FILE = "END_OF_FILE"


def boot_script(release: str, machine: Mapping[str, str], node: Mapping[str, str]) -> ec2.UserData:
    """Install, then leave the rest to `parley-attend`.

    Args:
        release: S3 URL of the archive with install.sh and `run`, as scripts/package_node.py makes it.
        machine: Settings of the scripts.
        node: Settings of the node that are the same at each start.
    """
    data = ec2.UserData.for_linux()
    data.add_commands(
        "set -eu",
        f"mkdir -p {INSTALLED}/machine {SETTINGS}",
        "useradd --system --home-dir /var/lib/parley --shell /sbin/nologin parley",
        f"aws s3 cp {release} /tmp/media-node.tar.gz",
        f"tar -xzf /tmp/media-node.tar.gz -C {INSTALLED}",
        f"{INSTALLED}/install.sh",
        *_file(f"{SETTINGS}/machine.env", _lines(machine)),
        *_file(f"{SETTINGS}/node.env", _lines(node)),
    )
    for name in SCRIPTS:
        data.add_commands(*_file(f"{INSTALLED}/machine/{name}", (MACHINE / name).read_text()))
    for name in UNITS:
        data.add_commands(*_file(f"/etc/systemd/system/{name}", (MACHINE / name).read_text()))
    data.add_commands(
        f"chmod +x {INSTALLED}/machine/*.sh",
        "systemctl daemon-reload",
        "systemctl enable --now parley-attend",
    )
    return data


def _lines(settings: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def _file(path: str, text: str) -> list[str]:
    return [f"cat > {path} <<'{END_OF_FILE}'", text.rstrip("\n"), END_OF_FILE]
