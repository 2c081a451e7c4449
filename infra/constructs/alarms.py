"""What wakes somebody in one region, beside the alarms that queues and archive bring themselves.

docs/operations.md says for each what to do.
"""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.constructs.alarm import add_alarm
from infra.constructs.measured import FIVE_MINUTES, MINUTE, Measured

# Of a hundred requests one; and never for one or two failures of a quiet night.
MOST_FAILED_PERCENT, LEAST_FAILED = 1, 5
# Nodes count as lost after 10 s without a report: reports that wait so long make the fleet look dead.
OLDEST_REPORT_SECONDS = 8
OLDEST_WAKE_UP_SECONDS = 300
# A film takes 0.6 of its meeting's time: six hours are a meeting of ten. That none is begun for half an hour
# says that there are no machines, whatever the reason.
OLDEST_JOB_SECONDS, JOBS_WAIT_MINUTES = 6 * 3600, 30
# The stream keeps a day; webhooks are meant to come within seconds, the archive within minutes.
OLDEST_EVENT = {"HearEvents": cdk.Duration.minutes(1), "ArchiveEvents": cdk.Duration.minutes(15)}
# Run by the clock: one that fails is tried again, three failures are no accident.
CLOCKS = ("KeepTime", "Sweep", "Scale", "DeliverDue")
MOST_CLOCK_ERRORS, MOST_ERRORS = 3, 10
MOST_THROTTLED = 10
# Of a region in five minutes: a hundred addresses that a flood of guests comes from.
MOST_BLOCKED = 10_000
HOUR = cdk.Duration.hours(1)


class Alarms(Construct):
    def __init__(self, scope: Construct, name: str, *, measured: Measured) -> None:
        super().__init__(scope, name)
        self._of_api(measured)
        self._of_functions(measured)
        self._of_tables(measured)
        self._of_queues(measured)
        self._of_nodes(measured)

    def _of_api(self, measured: Measured) -> None:
        failures = cloudwatch.MathExpression(
            expression=f"IF(failures >= {LEAST_FAILED}, 100 * failures / requests, 0)",
            using_metrics={
                "failures": measured.of_api("5XXError", period=FIVE_MINUTES),
                "requests": measured.of_api("Count", period=FIVE_MINUTES),
            },
            label="Failed requests, percent",
            period=FIVE_MINUTES,
        )
        add_alarm(
            self,
            "FailedRequests",
            failures,
            "One request in a hundred gets a 5xx: see Unanswered by code, and the functions' errors.",
            threshold=MOST_FAILED_PERCENT,
        )
        add_alarm(
            self,
            "Blocked",
            measured.blocked(FIVE_MINUTES),
            "The firewall blocks a flood: see its sampled requests for where it comes from.",
            threshold=MOST_BLOCKED,
        )

    def _of_functions(self, measured: Measured) -> None:
        for name, function in measured.function_by_name.items():
            if name in ("RotateKeys", "VerifyArchive", "Provision"):
                continue
            add_alarm(
                self,
                f"{name}Errors",
                function.metric_errors(period=FIVE_MINUTES),
                f"The function {name} fails: its log says why.",
                threshold=MOST_CLOCK_ERRORS if name in CLOCKS else MOST_ERRORS,
            )
        rotate = measured.function_by_name.get("RotateKeys")
        if rotate is not None:
            add_alarm(
                self,
                "RotateKeysErrors",
                rotate.metric_errors(period=HOUR),
                "Signing keys are not changed: while this lasts the current one goes on to sign.",
            )
        add_alarm(
            self,
            "ClockStands",
            measured.function_by_name["KeepTime"].metric_invocations(period=FIVE_MINUTES),
            "No run of KeepTime has begun: meetings do not end, people of lost nodes do not leave.",
            is_least=True,
        )
        add_alarm(
            self,
            "Throttled",
            measured.function_by_name["Rest"].metric_throttles(period=FIVE_MINUTES),
            "Requests find no function free: raise api_concurrency, and the account's quota before it.",
        )
        for name, age in OLDEST_EVENT.items():
            add_alarm(
                self,
                f"{name}Age",
                measured.function_by_name[name].metric("IteratorAge", statistic="Maximum", period=MINUTE),
                f"Events wait long for {name}: it fails, or is too slow for what happens.",
                threshold=age.to_milliseconds(),
                periods=3,
            )

    def _of_tables(self, measured: Measured) -> None:
        for table in measured.tables:
            for kind in ("Read", "Write"):
                add_alarm(
                    self,
                    f"{table}{kind}Throttled",
                    measured.of_table(table, f"{kind}ThrottleEvents").with_(period=FIVE_MINUTES),
                    f"DynamoDB throttles {table}: one partition is hot, or the table's quota is reached.",
                    threshold=MOST_THROTTLED,
                )

    def _of_queues(self, measured: Measured) -> None:
        for name, age in (("Reports", OLDEST_REPORT_SECONDS), ("Webhooks", OLDEST_WAKE_UP_SECONDS)):
            queue = measured.queue_by_name[name]
            add_alarm(
                self,
                f"{name}Age",
                queue.metric_approximate_age_of_oldest_message(period=MINUTE),
                f"Messages wait in the queue of {name}: its function fails or has too few at once.",
                threshold=age,
                periods=3,
            )

        jobs = measured.queue_by_name["Compositions"]
        add_alarm(
            self,
            "JobsWait",
            jobs.metric_approximate_number_of_messages_visible(period=MINUTE, statistic="Minimum"),
            "Films wait and no composer takes them: no spot machine, or all that are allowed are at work.",
            periods=JOBS_WAIT_MINUTES,
        )
        add_alarm(
            self,
            "JobsAge",
            jobs.metric_approximate_age_of_oldest_message(period=MINUTE),
            "A film is not done after six hours: the log of the composers says what it waits for.",
            threshold=OLDEST_JOB_SECONDS,
            periods=3,
        )

    def _of_nodes(self, measured: Measured) -> None:
        add_alarm(
            self,
            "NoReadyNode",
            measured.of_nodes("NodesReady", "Maximum"),
            "No media node is ready, or nobody tells: meetings begin in another region, or not at all.",
            periods=3,
            is_least=True,
        )
        add_alarm(
            self,
            "PlacementsRefused",
            measured.unanswered("no_capacity", FIVE_MINUTES),
            "Meetings found no room: raise maximum_nodes, or see why the group does not grow.",
            threshold=5,
        )
        add_alarm(
            self,
            "NodesLost",
            measured.of_nodes("NodesLost", "Minimum"),
            "Nodes stopped reporting in the last day and did not come back: see the group's activity.",
            threshold=3,
            periods=5,
        )
