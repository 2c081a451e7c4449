"""The control table's stream of this region, and the functions that hear of new events by it."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from aws_cdk import custom_resources
from constructs import Construct


class EventStream(Construct):
    """A replica's stream has a name that only the deployment knows: it is asked for then."""

    def __init__(self, scope: Construct, name: str, *, table: dynamodb.ITableV2, table_name: str) -> None:
        super().__init__(scope, name)
        self._table = table
        describe = custom_resources.AwsSdkCall(
            service="DynamoDB",
            action="describeTable",
            parameters={"TableName": table_name},
            output_paths=["Table.LatestStreamArn"],
            physical_resource_id=custom_resources.PhysicalResourceId.of(f"{table_name}-stream"),
        )
        asked = custom_resources.AwsCustomResource(
            self,
            "Name",
            on_update=describe,
            install_latest_aws_sdk=False,
            policy=custom_resources.AwsCustomResourcePolicy.from_statements(
                [iam.PolicyStatement(actions=["dynamodb:DescribeTable"], resources=[table.table_arn])]
            ),
        )
        self.arn = asked.get_response_field("Table.LatestStreamArn")

    def feed(
        self,
        function: lambda_.Function,
        dead_letters: sqs.IQueue,
        *,
        batch_size: int,
        window: cdk.Duration | None = None,
        is_partial: bool = True,
    ) -> None:
        """Hand new events to a function, in order; what it cannot take in a day goes to the dead letters.

        Args:
            is_partial: The function names the record from which on it wants a batch again; else it is the
                whole batch, as it was.
        """
        function.add_event_source_mapping(
            "Stream",
            event_source_arn=self.arn,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=batch_size,
            max_batching_window=window,
            report_batch_item_failures=is_partial,
            bisect_batch_on_error=is_partial,
            retry_attempts=20 if is_partial else None,
            on_failure=sources.SqsDlq(dead_letters),
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
        streams = f"{self._table.table_arn}/stream/*"
        function.add_to_role_policy(iam.PolicyStatement(actions=actions, resources=[streams]))
        function.add_to_role_policy(iam.PolicyStatement(actions=["dynamodb:ListStreams"], resources=["*"]))
