"""What brings events to webhooks: the table's stream, the queue of wake-ups, the clock, their functions."""

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from aws_cdk import custom_resources
from constructs import Construct

MakeFunction = Callable[[str, str, cdk.Duration], lambda_.Function]

# Longer than the longest run of deliveries and one last request.
DELIVER_TIMEOUT = cdk.Duration.seconds(40)
STREAM_TIMEOUT = cdk.Duration.seconds(20)
# Receivers are slow, not many: their waiting must not take the functions that people wait for.
MOST_DELIVERING = 50
DEAD_LETTER_DAYS = cdk.Duration.days(14)


class Webhooks(Construct):
    """Deliveries of one region's meetings. Functions that call receivers see the control table and no key."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        queue_name: str,
        control_table: dynamodb.ITableV2,
        control_table_name: str,
        make_function: MakeFunction,
    ) -> None:
        super().__init__(scope, name)
        self.dead_letters = _queue(
            self, "DeadLetters", f"{queue_name}-dead", retention_period=DEAD_LETTER_DAYS
        )
        self.queue = _queue(
            self,
            "Queue",
            queue_name,
            visibility_timeout=cdk.Duration.seconds(6 * DELIVER_TIMEOUT.to_seconds()),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=5),
        )
        deliver = make_function("Deliver", "app.handle_webhooks", DELIVER_TIMEOUT)
        deliver.add_event_source(
            sources.SqsEventSource(
                self.queue,
                batch_size=1,
                max_concurrency=MOST_DELIVERING,
                report_batch_item_failures=True,
            )
        )
        hear = make_function("HearEvents", "app.handle_events", STREAM_TIMEOUT)
        self._listen(hear, control_table, control_table_name)
        due = make_function("DeliverDue", "app.deliver_due", STREAM_TIMEOUT)
        events.Rule(
            self,
            "EveryMinute",
            schedule=events.Schedule.rate(cdk.Duration.minutes(1)),
            targets=[targets.LambdaFunction(due)],
        )
        for function in (deliver, hear, due):
            control_table.grant_read_write_data(function)
            self.queue.grant_send_messages(function)
        self.dead_letters.metric_approximate_number_of_messages_visible().create_alarm(
            self,
            "DeadLetterAlarm",
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description="Events or wake-ups that no function could take: webhooks come late.",
        )

    def _listen(self, hear: lambda_.Function, table: dynamodb.ITableV2, table_name: str) -> None:
        """A replica's stream has a name that only the deployment knows: it is asked for then."""
        describe = custom_resources.AwsSdkCall(
            service="DynamoDB",
            action="describeTable",
            parameters={"TableName": table_name},
            output_paths=["Table.LatestStreamArn"],
            physical_resource_id=custom_resources.PhysicalResourceId.of(f"{table_name}-stream"),
        )
        asked = custom_resources.AwsCustomResource(
            self,
            "StreamName",
            on_update=describe,
            install_latest_aws_sdk=False,
            policy=custom_resources.AwsCustomResourcePolicy.from_statements(
                [iam.PolicyStatement(actions=["dynamodb:DescribeTable"], resources=[table.table_arn])]
            ),
        )
        stream = asked.get_response_field("Table.LatestStreamArn")
        hear.add_event_source_mapping(
            "Stream",
            event_source_arn=stream,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=100,
            report_batch_item_failures=True,
            bisect_batch_on_error=True,
            retry_attempts=20,
            on_failure=sources.SqsDlq(self.dead_letters),
            filters=[
                lambda_.FilterCriteria.filter(
                    {
                        "eventName": lambda_.FilterRule.is_equal("INSERT"),
                        "dynamodb": {"Keys": {"sk": {"S": lambda_.FilterRule.begins_with("EVT#")}}},
                    }
                )
            ],
        )
        actions = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
        streams = f"{table.table_arn}/stream/*"
        hear.add_to_role_policy(iam.PolicyStatement(actions=actions, resources=[streams]))
        hear.add_to_role_policy(iam.PolicyStatement(actions=["dynamodb:ListStreams"], resources=["*"]))


def _queue(scope: Construct, name: str, queue_name: str, **options: Any) -> sqs.Queue:
    return sqs.Queue(
        scope,
        name,
        queue_name=queue_name,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        **options,
    )
