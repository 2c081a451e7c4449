"""The exposition format, read back by the library's own parser."""

from prometheus_client.parser import text_string_to_metric_families

from media_node.metrics import NodeCounts, WorkerCounts, format_metrics


def test_counts_appear_with_their_labels():
    worker = WorkerCounts(packets_received=7, packets_sent=8, cpu_seconds=1.5, drops={"stranger": 3})
    counts = NodeCounts(2, 1, 5, 0, 500, False, (worker, WorkerCounts(packets_received=1)))
    families = text_string_to_metric_families(format_metrics(lambda: counts).decode())
    values = {(s.name, *sorted(s.labels.values())): s.value for family in families for s in family.samples}
    assert values["parley_participants",] == 2
    assert values["parley_joins_total",] == 5
    assert values["parley_packets_received_total", "0"] == 7
    assert values["parley_packets_received_total", "1"] == 1
    assert values["parley_packets_dropped_total", "0", "stranger"] == 3
