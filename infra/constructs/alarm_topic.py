"""Where the alarms of a stack are told: one topic, and whoever subscribes to it."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as cloudwatch_actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct


class AlarmTopic(Construct):
    """Encrypted with a key of its own: CloudWatch may not use the one that AWS keeps for SNS."""

    def __init__(self, scope: Construct, name: str, *, email: str | None) -> None:
        super().__init__(scope, name)
        key = kms.Key(
            self,
            "Key",
            description="Alarms on their way to whoever is told of them",
            enable_key_rotation=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True)
        alarms = iam.ServicePrincipal(
            "cloudwatch.amazonaws.com",
            conditions={"StringEquals": {"aws:SourceAccount": cdk.Stack.of(self).account}},
        )
        key.grant(alarms, "kms:Decrypt", "kms:GenerateDataKey*")
        self.topic.grant_publish(alarms)
        if email is not None:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))
        cdk.CfnOutput(self, "Arn", value=self.topic.topic_arn)

    def hear_all(self) -> None:
        """Tell of every alarm of the stack, and of the end of each; after all of them are made."""
        action = cloudwatch_actions.SnsAction(self.topic)
        for one in cdk.Stack.of(self).node.find_all():
            if isinstance(one, cloudwatch.Alarm):
                one.add_alarm_action(action)
                one.add_ok_action(action)
