"""One page in CloudWatch that shows how a region is: API, functions, tables, queues, nodes."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.constructs.measured import MINUTE, NAMESPACE, Measured

WIDTH, HEIGHT = 8, 6


class Dashboard(Construct):
    def __init__(self, scope: Construct, name: str, *, title: str, measured: Measured) -> None:
        super().__init__(scope, name)
        page = cloudwatch.Dashboard(self, "Page", dashboard_name=title)
        page.add_widgets(*_api(measured))
        page.add_widgets(*_functions(measured))
        page.add_widgets(*_tables(measured))
        page.add_widgets(*_queues(measured))
        page.add_widgets(*_nodes(measured))


def _api(measured: Measured) -> list[cloudwatch.IWidget]:
    answers = cloudwatch.MathExpression(
        expression=(
            f"SEARCH('{{{NAMESPACE},operation,service,status}} MetricName=\"Answers\" status=\"5xx\"', 'Sum')"
        ),
        label="",
        period=MINUTE,
    )
    return [
        _graph(
            "API: requests and errors",
            [
                measured.of_api("Count").with_(label="requests"),
                measured.of_api("4XXError").with_(label="4xx"),
                measured.of_api("5XXError").with_(label="5xx"),
                measured.blocked().with_(label="blocked by the firewall"),
            ],
        ),
        _graph(
            "API: latency, ms",
            [measured.of_api("Latency", each).with_(label=each) for each in ("p50", "p95", "p99")],
        ),
        _graph(
            "API: what could not be answered",
            [
                answers,
                measured.unanswered("no_capacity").with_(label="placements refused"),
                measured.unanswered("store_unavailable").with_(label="a store was away"),
                measured.made_elsewhere().with_(label="meetings made in another region"),
            ],
        ),
    ]


def _functions(measured: Measured) -> list[cloudwatch.IWidget]:
    functions = measured.function_by_name
    return [
        _graph(
            "Functions: errors and throttles",
            [one.metric_errors(period=MINUTE, label=f"{name} errors") for name, one in functions.items()]
            + [functions["Rest"].metric_throttles(period=MINUTE, label="Rest throttles")],
        ),
        _graph(
            "Functions: duration p95, ms",
            [
                one.metric_duration(period=MINUTE, statistic="p95", label=name)
                for name, one in functions.items()
                # It runs for a minute by intent.
                if name != "KeepTime"
            ],
        ),
        _graph(
            "Functions: running at once",
            [
                one.metric("ConcurrentExecutions", period=MINUTE, statistic="Maximum", label=name)
                for name, one in functions.items()
            ],
        ),
    ]


def _tables(measured: Measured) -> list[cloudwatch.IWidget]:
    return [
        _graph(
            f"DynamoDB: {title}",
            [
                measured.of_table(table, f"{prefix}{name}").with_(label=f"{table} {label}")
                for table in measured.tables
                for name, label in names
                for prefix in prefixes
            ],
        )
        for title, prefixes, names in (
            (
                "units a minute",
                ("Consumed",),
                (("ReadCapacityUnits", "read"), ("WriteCapacityUnits", "written")),
            ),
            ("throttled", ("",), (("ReadThrottleEvents", "reads"), ("WriteThrottleEvents", "writes"))),
            ("conditions that did not hold", ("",), (("ConditionalCheckFailedRequests", "conditions"),)),
        )
    ]


def _queues(measured: Measured) -> list[cloudwatch.IWidget]:
    functions = measured.function_by_name
    return [
        _graph(
            "Queues: age of the oldest message, s",
            [
                queue.metric_approximate_age_of_oldest_message(period=MINUTE, label=name)
                for name, queue in measured.queue_by_name.items()
            ],
        ),
        _graph(
            "Queues: waiting, and dead letters",
            [
                queue.metric_approximate_number_of_messages_visible(period=MINUTE, label=name)
                for name, queue in measured.queue_by_name.items()
            ]
            + [
                queue.metric_approximate_number_of_messages_visible(
                    period=MINUTE, label=f"{name}: dead letters"
                )
                for name, queue in measured.dead_letters_by_name.items()
            ],
        ),
        _graph(
            "Events: age of the oldest in the stream, ms",
            [
                functions[name].metric("IteratorAge", period=MINUTE, statistic="Maximum", label=name)
                for name in ("HearEvents", "ArchiveEvents")
            ],
        ),
    ]


def _nodes(measured: Measured) -> list[cloudwatch.IWidget]:
    return [
        _graph(
            "Nodes",
            [
                measured.of_nodes(name).with_(label=label)
                for name, label in (
                    ("NodesReady", "ready"),
                    ("NodesDraining", "draining"),
                    ("NodesLost", "lost"),
                )
            ],
        ),
        _graph(
            "Nodes: units (Mbit/s) promised, of those there are",
            [measured.of_nodes("UnitsPromised"), measured.of_nodes("UnitsCapacity")],
        ),
        _graph(
            "Nodes: busy, percent; bytes sent",
            [
                measured.of_nodes("BusyNodes").with_(label="on average"),
                measured.of_nodes("BusiestNode", "Maximum").with_(label="the busiest"),
                measured.of_machines("CPUUtilization", "Maximum").with_(label="the busiest, as EC2 sees it"),
            ],
            [measured.of_machines("NetworkOut", "Sum").with_(label="sent")],
        ),
    ]


def _graph(
    title: str, left: Sequence[cloudwatch.IMetric], right: Sequence[cloudwatch.IMetric] = ()
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title, left=list(left), right=list(right), width=WIDTH, height=HEIGHT, period=MINUTE
    )
