"""The scripts of a machine of the fleet, run here with commands that only write down what they were asked."""

from __future__ import annotations

import configparser
import json
import os
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from infra.constructs.media_fleet import DRAIN_TIME
from tests.support.certificates import write_pair

MACHINE = Path(__file__).parents[2] / "infra/machine"
DOMAIN = "eu-central-1.nodes.example.com"
NAME = f"i-1.{DOMAIN}"
# Each fact is a file; one that is not there is a 404, which `curl -f` fails for.
CURL = """#!/bin/bash
echo "curl $*" >> "$CALLS"
url="${@: -1}"
[[ $url == */api/token ]] && { echo token; exit 0; }
cat "$FACTS/$(basename "$url")" 2>/dev/null || exit 22
"""
AWS = """#!/bin/bash
echo "aws $*" | tr -d '\\n' >> "$CALLS"
echo >> "$CALLS"
case "$1 $2" in
  "acm export-certificate") python3 "$EXPORT" "$@" ;;
  "route53 change-resource-record-sets") echo /change/C1 ;;
  "sts get-caller-identity") echo AROAEXAMPLE:i-1 ;;
esac
"""
OTHER = """#!/bin/bash
echo "$(basename "$0") $*" >> "$CALLS"
"""
# Each look finds one recorder fewer.
RECORDERS = """#!/bin/bash
left=$(cat "$FACTS/recorders")
echo $((left - 1)) > "$FACTS/recorders"
[ "$left" -gt 0 ]
"""
NOBODY = "#!/bin/bash\nexit 1\n"
# As ACM does: the key comes encrypted with the passphrase of the call.
EXPORT = """
import json, pathlib, sys
from cryptography.hazmat.primitives import serialization
passphrase = pathlib.Path(sys.argv[sys.argv.index("--passphrase") + 1].removeprefix("fileb://")).read_bytes()
folder = pathlib.Path(__file__).parent
key = serialization.load_pem_private_key((folder / "key.pem").read_bytes(), None)
form = serialization.PrivateFormat.PKCS8
encrypted = key.private_bytes(
    serialization.Encoding.PEM, form, serialization.BestAvailableEncryption(passphrase)
)
certificate = (folder / "certificate.pem").read_text()
print(json.dumps({"Certificate": certificate, "CertificateChain": "", "PrivateKey": encrypted.decode()}))
"""


@dataclass
class Machine:
    """A folder that stands for a machine."""

    root: Path
    environment: dict[str, str]

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", str(MACHINE / script)], env=self.environment, capture_output=True, text=True, timeout=30
        )

    def know(self, **facts: str) -> None:
        for name, value in facts.items():
            (self.root / "facts" / name.replace("_", "-")).write_text(value)

    def calls(self, *words: str) -> list[str]:
        """What was asked of AWS and of systemd so far, with all of the words."""
        lines = (self.root / "calls").read_text().splitlines()
        return [line for line in lines if not line.startswith("curl") and all(one in line for one in words)]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    commands = tmp_path / "bin"
    for folder in (commands, tmp_path / "facts"):
        folder.mkdir()
    stubs = {"curl": CURL, "aws": AWS, "pgrep": NOBODY} | dict.fromkeys(
        ("systemctl", "chown", "sleep"), OTHER
    )
    for name, text in stubs.items():
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    (tmp_path / "calls").touch()
    write_pair(tmp_path, 7)
    (tmp_path / "export.py").write_text(EXPORT)
    settings = {
        "PARLEY_NODE_GROUP": "parley-nodes",
        "PARLEY_NODE_DOMAIN": DOMAIN,
        "PARLEY_ZONE_ID": "Z123",
        "PARLEY_CERTIFICATE_ARN": "arn:certificate",
    }
    (tmp_path / "machine.env").write_text("".join(f"export {name}={one}\n" for name, one in settings.items()))
    environment = {
        "PATH": f"{commands}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "CALLS": str(tmp_path / "calls"),
        "FACTS": str(tmp_path / "facts"),
        "EXPORT": str(tmp_path / "export.py"),
        "PARLEY_MACHINE_ENV": str(tmp_path / "machine.env"),
        "PARLEY_RUN": str(tmp_path / "run"),
        "PARLEY_TLS": str(tmp_path / "tls"),
    }
    made = Machine(tmp_path, environment)
    made.know(
        public_ipv4="203.0.113.9", local_ipv4="10.0.1.9", instance_id="i-1", availability_zone="eu-central-1b"
    )
    return made


def node_settings(machine: Machine) -> dict[str, str]:
    lines = (machine.root / "run/node.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_a_node_is_told_its_name_its_address_and_its_zone(machine):
    told = machine.run("prepare.sh")
    assert told.returncode == 0, told.stderr
    assert node_settings(machine) == {
        "PARLEY_NODE_PUBLIC_URL": f"https://{NAME}",
        "PARLEY_MEDIA_ADDRESSES": "203.0.113.9",
        "PARLEY_METRICS_HOST": "10.0.1.9",
        "PARLEY_ZONE": "eu-central-1b",
        "PARLEY_INSTANCE": "i-1",
        "PARLEY_RECORDING_OWNER": "AROAEXAMPLE:i-1",
    }


def test_the_name_leads_to_the_machine_before_the_node_starts(machine):
    assert machine.run("prepare.sh").returncode == 0
    (change,) = machine.calls("route53 change-resource-record-sets", "--hosted-zone-id Z123")
    batch = json.loads(change.split("--change-batch ")[1])
    (one,) = batch["Changes"]
    assert (one["Action"], one["ResourceRecordSet"]["Name"]) == ("UPSERT", f"{NAME}.")
    assert one["ResourceRecordSet"]["ResourceRecords"] == [{"Value": "203.0.113.9"}]
    (wait,) = machine.calls("route53 wait resource-record-sets-changed", "--id /change/C1")
    calls = machine.calls()
    assert calls.index(change) < calls.index(wait)


def test_a_machine_that_starts_anew_is_known_by_its_new_address(machine):
    machine.run("prepare.sh")
    machine.know(public_ipv4="203.0.113.77")
    assert machine.run("prepare.sh").returncode == 0
    assert node_settings(machine)["PARLEY_MEDIA_ADDRESSES"] == "203.0.113.77"


def test_a_node_does_not_start_without_knowing_its_address(machine):
    (machine.root / "facts/public-ipv4").unlink()
    assert machine.run("prepare.sh").returncode != 0
    assert not (machine.root / "run/node.env").exists()


def test_the_exported_certificate_and_its_key_are_readable_by_the_node_alone(machine):
    told = machine.run("certificate.sh")
    assert told.returncode == 0, told.stderr
    files = [machine.root / "tls" / name for name in ("certificate.pem", "key.pem")]
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*files)
    serialization.load_pem_private_key(files[1].read_bytes(), password=None)
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600, 0o600]
    assert machine.calls("chown parley", "key.pem")
    # Neither the passphrase nor the encrypted key stays behind.
    assert sorted(file.name for file in (machine.root / "tls").iterdir()) == ["certificate.pem", "key.pem"]


def test_a_certificate_that_cannot_be_fetched_leaves_the_one_that_is_there(machine):
    machine.run("certificate.sh")
    before = (machine.root / "tls/key.pem").read_bytes()
    (machine.root / "export.py").write_text("raise SystemExit(1)")
    assert machine.run("certificate.sh").returncode != 0
    assert (machine.root / "tls/key.pem").read_bytes() == before
    assert sorted(file.name for file in (machine.root / "tls").iterdir()) == ["certificate.pem", "key.pem"]


def test_a_machine_that_the_group_takes_away_ends_its_node_its_name_and_the_wait(machine):
    machine.run("prepare.sh")
    machine.know(target_lifecycle_state="Terminated")
    told = machine.run("attend.sh")
    assert told.returncode == 0, told.stderr
    stop, delete, complete = machine.calls()[-3:]
    assert stop == "systemctl stop parley-node"
    assert '"DELETE"' in delete
    assert f"{NAME}." in delete
    assert "complete-lifecycle-action" in complete
    assert "--lifecycle-hook-name drain" in complete


def test_what_recorders_still_have_to_store_goes_before_the_machine_does(machine):
    machine.know(target_lifecycle_state="Terminated", recorders="3")
    (machine.root / "bin/pgrep").write_text(RECORDERS)
    assert machine.run("attend.sh").returncode == 0
    stop, *waits, complete = machine.calls()[-5:]
    assert stop == "systemctl stop parley-node"
    assert waits == ["sleep 5"] * 3
    assert "--lifecycle-hook-name drain" in complete


def test_a_recorder_that_never_ends_does_not_keep_the_machine_beyond_the_wait_of_its_group(machine):
    machine.know(target_lifecycle_state="Terminated", recorders="1000")
    (machine.root / "bin/pgrep").write_text(RECORDERS)
    assert machine.run("attend.sh").returncode == 0
    waited = 5 * len(machine.calls("sleep"))
    assert 900 < waited < DRAIN_TIME.to_seconds()
    assert "complete-lifecycle-action" in machine.calls()[-1]


def test_neither_the_end_of_a_node_nor_its_death_ends_its_recorders(machine):
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read(MACHINE / "parley-node.service")
    # By default systemd ends all of a unit with its first process, and a unit of which the kernel took one.
    assert unit["Service"]["KillMode"] == "process"
    assert unit["Service"]["OOMPolicy"] == "continue"


def states(machine: Machine, *then: str) -> None:
    """Each look of the script finds the next state; the last one ends it."""
    text = "#!/bin/bash\n" + "".join(
        f'[ -f "$FACTS/{number}" ] || {{ touch "$FACTS/{number}"; '
        f'echo {state} > "$FACTS/target-lifecycle-state"; exit 0; }}\n'
        for number, state in enumerate(then)
    )
    (machine.root / "bin/sleep").write_text(text)


def test_a_machine_in_the_warm_pool_waits_and_starts_its_node_when_it_is_put_to_service(machine):
    machine.know(target_lifecycle_state="Warmed:Stopped")
    states(machine, "Warmed:Stopped", "InService", "InService", "Terminated")
    assert machine.run("attend.sh").returncode == 0
    asked = [line for line in machine.calls() if "systemctl" in line or "complete" in line]
    hooks = [line.split("--lifecycle-hook-name ")[1].split()[0] for line in asked if "complete" in line]
    assert hooks == ["prepare", "prepare", "drain"]
    assert asked[1] == "systemctl start parley-node"


def test_a_node_that_does_not_start_is_tried_again_and_the_group_is_not_told_that_it_is_ready(machine):
    (machine.root / "bin/systemctl").write_text(
        '#!/bin/bash\necho "systemctl $*" >> "$CALLS"\n[ "$1" != start ] || [ -f "$FACTS/1" ]\n'
    )
    machine.know(target_lifecycle_state="InService")
    states(machine, "InService", "InService", "Terminated")
    assert machine.run("attend.sh").returncode == 0
    starts = [number for number, one in enumerate(machine.calls()) if one == "systemctl start parley-node"]
    (ready,) = [number for number, one in enumerate(machine.calls()) if "hook-name prepare" in one]
    assert len(starts) == 3
    assert ready > starts[-1]


def test_a_machine_without_a_group_is_in_service(machine):
    states(machine, "Terminated")
    assert machine.run("attend.sh").returncode == 0
    assert machine.calls("systemctl start parley-node")


def test_without_a_zone_there_is_neither_name_nor_certificate(machine):
    (machine.root / "machine.env").write_text("export PARLEY_NODE_GROUP=g PARLEY_NODE_DOMAIN=\n")
    assert machine.run("prepare.sh").returncode == 0
    assert node_settings(machine)["PARLEY_NODE_PUBLIC_URL"] == "http://203.0.113.9:443"
    assert [one.split()[1] for one in machine.calls("aws")] == ["sts"]


def composing(machine: Machine, idle: int = 600) -> None:
    (machine.root / "machine.env").write_text(
        "export PARLEY_COMPOSER_GROUP=parley-composers PARLEY_COMPOSERS=2\n"
    )
    machine.environment["PARLEY_IDLE_SECONDS"] = str(idle)


def test_a_machine_for_films_starts_its_composers_and_tells_the_group(machine):
    composing(machine)
    machine.know(target_lifecycle_state="Terminated")
    assert machine.run("attend-composers.sh").returncode == 0
    start, prepared, *_ = machine.calls()
    assert start == "systemctl start parley-composer@1 parley-composer@2"
    assert "--auto-scaling-group-name parley-composers --lifecycle-hook-name prepare" in prepared


def test_composers_finish_their_minute_before_the_group_takes_the_machine(machine):
    composing(machine)
    machine.know(target_lifecycle_state="Terminated")
    assert machine.run("attend-composers.sh").returncode == 0
    stop, complete = machine.calls()[-2:]
    assert stop == "systemctl stop parley-composer@1 parley-composer@2"
    assert "--lifecycle-hook-name drain" in complete


def test_composers_end_when_the_spot_market_wants_the_machine_back_and_another_takes_its_place(machine):
    composing(machine)
    machine.know(target_lifecycle_state="InService", instance_action='{"action": "terminate"}')
    assert machine.run("attend-composers.sh").returncode == 0
    assert machine.calls()[-1] == "systemctl stop parley-composer@1 parley-composer@2"
    assert not machine.calls("terminate-instance")


def test_a_machine_without_films_gives_itself_back_once_and_ends_its_composers_then(machine):
    composing(machine, idle=0)
    machine.know(target_lifecycle_state="InService")
    states(machine, "InService", "InService", "Terminated")
    assert machine.run("attend-composers.sh").returncode == 0
    (end,) = machine.calls("terminate-instance-in-auto-scaling-group")
    assert "--instance-id i-1 --should-decrement-desired-capacity" in end
    assert machine.calls().index(end) < machine.calls().index(machine.calls("systemctl stop")[0])


@pytest.mark.parametrize(("last", "is_kept"), [(3600, True), (-3600, False)])
def test_a_machine_is_kept_while_a_composer_shows_that_it_is_at_a_film(machine, last, is_kept):
    composing(machine, idle=1)
    # Two seconds at each look.
    (machine.root / "bin/date").write_text(
        '#!/bin/bash\nseen=$(cat "$FACTS/seen" 2> /dev/null || /bin/date +%s)\n'
        'echo $((seen + 2)) | tee "$FACTS/seen"\n'
    )
    (machine.root / "bin/date").chmod(0o755)
    (machine.root / "run").mkdir()
    (machine.root / "run/2").touch()
    at = time.time() + last
    os.utime(machine.root / "run/2", (at, at))
    machine.know(target_lifecycle_state="InService")
    states(machine, "InService", "Terminated")
    assert machine.run("attend-composers.sh").returncode == 0
    assert bool(machine.calls("terminate-instance")) is not is_kept
