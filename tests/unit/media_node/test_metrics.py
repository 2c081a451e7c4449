"""The exposition format, read back by the library's own parser."""

from prometheus_client.parser import text_string_to_metric_families

from media_node.metrics import NodeCounts, ReceiverCounts, WorkerCounts, format_metrics

COUNTS = NodeCounts(
    participants=2,
    meetings=1,
    joins=5,
    joins_refused=4,
    tests=3,
    tests_refused=2,
    handshakes_failed=0,
    handshakes_deferred=0,
    capacity_units=500,
    is_draining=False,
    is_refusing=True,
    busy=0.8,
    shed=1,
    workers=(
        WorkerCounts(
            packets_received=7,
            packets_sent=8,
            cpu_seconds=1.5,
            drops={"stranger": 3},
            latency=((0.00005, 5), (0.0001, 2), (None, 1)),
            latency_sum_seconds=0.25,
        ),
        WorkerCounts(packets_received=1),
    ),
    receivers=ReceiverCounts(
        estimates_bps=tuple(1e6 * number for number in range(100)), shown_by_reason={"bandwidth": 3}, paused=1
    ),
    media=(("parley_freezes", "Freezes.", 9.0),),
    meetings_failed=6,
    failures_by_part={"pressure": 7},
)


def values_of(counts: NodeCounts) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(format_metrics(lambda: counts).decode())
    return {(s.name, *sorted(s.labels.values())): s.value for family in families for s in family.samples}


def test_counts_appear_with_their_labels():
    values = values_of(COUNTS)
    assert values["parley_participants",] == 2
    assert values["parley_joins_total",] == 5
    assert values["parley_joins_refused_total",] == 4
    assert values["parley_connection_tests_total",] == 3
    assert values["parley_connection_tests_refused_total",] == 2
    assert values["parley_refusing",] == 1
    assert values["parley_layers_shed",] == 1
    assert values["parley_packets_received_total", "0"] == 7
    assert values["parley_packets_received_total", "1"] == 1
    assert values["parley_packets_dropped_total", "0", "stranger"] == 3
    assert values["parley_freezes_total",] == 9
    assert values["parley_meetings_failed_total",] == 6
    assert values["parley_failures_total", "pressure"] == 7
    assert values["parley_shown_tracks", "bandwidth"] == 3


def test_the_latency_of_forwarding_is_a_histogram_whose_buckets_include_those_before():
    values = values_of(COUNTS)
    name = "parley_forward_latency_seconds"
    buckets = [values[f"{name}_bucket", *sorted(("0", bound))] for bound in ("5e-05", "0.0001", "+Inf")]
    assert buckets == [5, 7, 8]
    assert (values[f"{name}_count", "0"], values[f"{name}_sum", "0"]) == (8, 0.25)


def test_receivers_are_shown_by_quantiles_however_many_there_are():
    values = values_of(COUNTS)
    estimates = [values["parley_receiver_estimate_bps", quantile] for quantile in ("0.05", "0.5", "0.95")]
    assert estimates == [5e6, 50e6, 95e6]
    assert not any(name[0] == "parley_round_trip_seconds" for name in values)
