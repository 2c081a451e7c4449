"""`python -m infra.app`, as `cdk synth` calls it: all stacks of the deployment that cdk.json describes."""

import json
import sys
from pathlib import Path
from typing import NamedTuple

import aws_cdk as cdk

from infra.config import Deployment, DeploymentError, read_deployment
from infra.stacks.global_stack import GlobalStack
from infra.stacks.regional_stack import RegionalStack
from infra.stacks.web_stack import REGION as WEB_REGION
from infra.stacks.web_stack import WebStack


class Stacks(NamedTuple):
    shared: GlobalStack
    web: WebStack
    regional: list[RegionalStack]


def build(app: cdk.App, deployment: Deployment) -> Stacks:
    """Add all stacks of a deployment to an app."""
    home = cdk.Environment(account=deployment.account, region=deployment.home.name)
    shared = GlobalStack(app, f"{deployment.project}-global", deployment=deployment, env=home)
    everywhere = cdk.Environment(account=deployment.account, region=WEB_REGION)
    web = WebStack(app, f"{deployment.project}-web", deployment=deployment, env=everywhere)
    regional = []
    for region in deployment.regions:
        environment = cdk.Environment(account=deployment.account, region=region.name)
        name = f"{deployment.project}-{region.name}"
        stack = RegionalStack(app, name, deployment=deployment, region=region, env=environment)
        # Tables and keys are replicated before a region uses them.
        stack.add_stack_dependency(shared)
        regional.append(stack)
    return Stacks(shared, web, regional)


def read_context() -> dict[str, object]:
    """The context that cdk.json keeps."""
    context: dict[str, object] = json.loads((Path(__file__).parent / "cdk.json").read_text())["context"]
    return context


def main() -> None:
    app = cdk.App()
    try:
        # The CDK command line hands its context in; without it the file is read here.
        given = app.node.try_get_context("parley")
        deployment = read_deployment({"parley": given} if given else read_context())
    except DeploymentError as error:
        sys.exit(f"infra: {error}")
    build(app, deployment)
    app.synth()


if __name__ == "__main__":
    main()
