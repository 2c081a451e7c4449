"""What brings events to webhooks: the table's stream, the queue of wake-ups, the clock, their functions."""

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.alarm import add_alarm
from infra.constructs.event_stream import EventStream

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
        stream: EventStream,
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
        stream.feed(hear, self.dead_letters, batch_size=100)
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
        add_alarm(
            self,
            "DeadLetterAlarm",
            self.dead_letters.metric_approximate_number_of_messages_visible(),
            "Events or wake-ups that no function could take: webhooks come late.",
        )


def _queue(scope: Construct, name: str, queue_name: str, **options: Any) -> sqs.Queue:
    return sqs.Queue(
        scope,
        name,
        queue_name=queue_name,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        **options,
    )
