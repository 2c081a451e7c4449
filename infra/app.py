"""`cdk synth`: the global stack and one stack per region, from the context of cdk.json."""

import sys
from pathlib import Path

# CDK runs this file by itself; the parts are imported by their full names.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import aws_cdk as cdk

from infra.config import Deployment, DeploymentError, read_deployment
from infra.stacks.global_stack import GlobalStack
from infra.stacks.regional_stack import RegionalStack


def build(app: cdk.App, deployment: Deployment) -> tuple[GlobalStack, list[RegionalStack]]:
    """Add all stacks of a deployment to an app."""
    home = cdk.Environment(account=deployment.account, region=deployment.home.name)
    shared = GlobalStack(app, f"{deployment.project}-global", deployment=deployment, env=home)
    regional = []
    for region in deployment.regions:
        environment = cdk.Environment(account=deployment.account, region=region.name)
        name = f"{deployment.project}-{region.name}"
        stack = RegionalStack(app, name, deployment=deployment, region=region, env=environment)
        stack.add_dependency(shared, "tables and keys are replicated before a region uses them")
        regional.append(stack)
    return shared, regional


def main() -> None:
    app = cdk.App()
    try:
        deployment = read_deployment({"parley": app.node.try_get_context("parley")})
    except DeploymentError as error:
        sys.exit(f"infra: {error}")
    build(app, deployment)
    app.synth()


if __name__ == "__main__":
    main()
