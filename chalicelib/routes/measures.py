"""What CloudWatch counts of the control plane, told as lines of the log (embedded metric format).

Dashboards and alarms in infra/ name these metrics; a test holds them to it. No dimension grows with the load.
"""

from __future__ import annotations

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from chalicelib.bootstrap import FleetLoad

NAMESPACE = "Parley"


def count_unanswered(code: str) -> None:
    """A request that was sound and that the region could not answer: `no_capacity`, `store_unavailable`."""
    _count("Unanswered", code=code)


def count_made_elsewhere() -> None:
    """A meeting whose home is another region than the asked one, and was named by nobody."""
    _count("MadeElsewhere")


def _count(name: str, **dimensions: str) -> None:
    # One object each, so that threads of a local run do not mix theirs.
    metrics = EphemeralMetrics(namespace=NAMESPACE)
    for dimension, value in dimensions.items():
        metrics.add_dimension(dimension, value)
    metrics.add_metric(name, MetricUnit.Count, 1)
    metrics.flush_metrics()


def tell_load(load: FleetLoad) -> None:
    """How a region's nodes are, once a minute."""
    metrics = EphemeralMetrics(namespace=NAMESPACE)
    for name, value in {
        "NodesReady": load.ready,
        "NodesDraining": load.draining,
        "NodesLost": load.lost,
        "UnitsCapacity": load.capacity_units,
        "UnitsPromised": load.promised_units,
    }.items():
        metrics.add_metric(name, MetricUnit.Count, value)
    metrics.add_metric("BusiestNode", MetricUnit.Percent, 100 * load.busiest)
    metrics.add_metric("BusyNodes", MetricUnit.Percent, 100 * load.busy)
    metrics.flush_metrics()
