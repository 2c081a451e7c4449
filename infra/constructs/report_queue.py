"""The queue of load reports, its dead letters, and the alarm that says that some were not understood."""

import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.alarm import add_alarm

# A report is of no use once five newer ones have come.
RETENTION = cdk.Duration.minutes(5)
MAX_RECEIVES = 5


class ReportQueue(Construct):
    """Reports of one region's nodes."""

    def __init__(
        self, scope: Construct, name: str, *, queue_name: str, handler_timeout: cdk.Duration
    ) -> None:
        super().__init__(scope, name)
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=f"{queue_name}-dead",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=queue_name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=RETENTION,
            # Six times the handler's time, as Lambda asks of its sources.
            visibility_timeout=cdk.Duration.seconds(6 * handler_timeout.to_seconds()),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=MAX_RECEIVES),
        )
        add_alarm(
            self,
            "DeadLetterAlarm",
            self.dead_letters.metric_approximate_number_of_messages_visible(),
            "Load reports that no attempt could take in: a node of another version?",
        )
