"""cdk-nag's rules over all stacks: each finding is mended, or kept for a reason that is written down."""

import json

import aws_cdk as cdk
import cdk_nag
import pytest

from infra.acknowledged import ACKNOWLEDGED
from infra.app import build
from infra.config import Cognito, Deployment, HostedZone, Region


@pytest.fixture(scope="module")
def findings(tmp_path_factory) -> set[tuple[str, str]]:
    """Rule and path of the construct of each finding."""
    package = tmp_path_factory.mktemp("lambda")
    (package / "app.py").write_text("# the package that scripts/package_lambda.py makes\n")
    out = tmp_path_factory.mktemp("cdk.out")
    app = cdk.App(outdir=str(out))
    deployment = Deployment(
        account="111111111111",
        regions=(Region("eu-central-1"), Region("us-east-1")),
        app_url="https://meet.example.com",
        api_host="api.meet.example.com",
        lambda_package=str(package),
        node_release_bucket="releases",
        node_release_key="media-node/1.tar.gz",
        recording_link_public_key="-----BEGIN PUBLIC KEY-----",
        cognito=Cognito("acme"),
        hosted_zone=HostedZone("Z123", "example.com"),
    )
    build(app, deployment)
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
    # It knows nothing of what is acknowledged.
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    (report,) = json.loads((out / "validation-report.json").read_text())["pluginReports"]
    return {
        (violation["ruleName"], construct["constructPath"])
        for violation in report["violations"]
        for construct in violation["violatingConstructs"]
    }


def test_each_finding_is_mended_or_kept_for_a_reason(findings):
    assert {path.split("/")[0] for _, path in findings} == {
        *("parley-global", "parley-web", "parley-eu-central-1", "parley-us-east-1")
    }
    new = [one for one in sorted(findings) if not any(entry.covers(*one) for entry in ACKNOWLEDGED)]
    assert not new


def test_no_reason_is_kept_for_what_is_found_no_more(findings):
    idle = [entry for entry in ACKNOWLEDGED if not any(entry.covers(*one) for one in findings)]
    assert not idle
    assert all(entry.reason for entry in ACKNOWLEDGED)
