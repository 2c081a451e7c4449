"""What the API never sees: known attacks, and floods of requests that come without credentials."""

from typing import Any

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

# Of one address in five minutes: a large office that joins at once is far below. Servers and people who
# signed in send credentials, and are counted by the API itself.
GUEST_REQUESTS = 3_000
# Bodies of up to 64 KiB are meant to be: the API has limits of its own.
ALLOWED = ("SizeRestrictions_BODY",)
# What it is called in its metrics.
ACL_METRIC = "Api"


class Firewall(Construct):
    def __init__(self, scope: Construct, name: str, *, api: apigateway.RestApi) -> None:
        super().__init__(scope, name)
        acl = wafv2.CfnWebACL(
            self,
            "Acl",
            scope="REGIONAL",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visibility(ACL_METRIC),
            rules=[_guests(0), _managed(1, "AWSManagedRulesCommonRuleSet"),
                   _managed(2, "AWSManagedRulesKnownBadInputsRuleSet")],
        )  # fmt: skip
        wafv2.CfnWebACLAssociation(
            self, "OnApi", resource_arn=api.deployment_stage.stage_arn, web_acl_arn=acl.attr_arn
        )


def _guests(priority: int) -> Any:
    """They are told as the API would tell them: 429, and when to come again."""
    rule = wafv2.CfnWebACL
    has_credentials = rule.StatementProperty(
        size_constraint_statement=rule.SizeConstraintStatementProperty(
            field_to_match=rule.FieldToMatchProperty(single_header={"Name": "authorization"}),
            comparison_operator="GT",
            size=0,
            text_transformations=[rule.TextTransformationProperty(priority=0, type="NONE")],
        )
    )
    return rule.RuleProperty(
        name="Guests",
        priority=priority,
        action=rule.RuleActionProperty(
            block={
                "customResponse": {
                    "responseCode": 429,
                    "responseHeaders": [{"name": "Retry-After", "value": "300"}],
                }
            }
        ),
        statement=rule.StatementProperty(
            rate_based_statement=rule.RateBasedStatementProperty(
                aggregate_key_type="IP",
                limit=GUEST_REQUESTS,
                scope_down_statement=rule.StatementProperty(
                    not_statement=rule.NotStatementProperty(statement=has_credentials)
                ),
            )
        ),
        visibility_config=_visibility("Guests"),
    )


def _managed(priority: int, group: str) -> Any:
    rule = wafv2.CfnWebACL
    return rule.RuleProperty(
        name=group,
        priority=priority,
        override_action=rule.OverrideActionProperty(none={}),
        statement=rule.StatementProperty(
            managed_rule_group_statement=rule.ManagedRuleGroupStatementProperty(
                vendor_name="AWS",
                name=group,
                rule_action_overrides=[
                    rule.RuleActionOverrideProperty(name=one, action_to_use=rule.RuleActionProperty(count={}))
                    for one in ALLOWED
                    if group == "AWSManagedRulesCommonRuleSet"
                ],
            )
        ),
        visibility_config=_visibility(group),
    )


def _visibility(name: str) -> Any:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )
