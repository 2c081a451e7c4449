"""What is watched: alarms that reach somebody, and pages that show what is really measured."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk.assertions import Match, Template
from prometheus_client.parser import text_string_to_metric_families

from chalicelib.domain.scaling import load_of
from chalicelib.routes.measures import count_made_elsewhere, count_unanswered, tell_load
from infra.app import build, read_context
from infra.config import read_deployment
from media_node.metrics import NodeCounts, ReceiverCounts, WorkerCounts, format_metrics
from media_node.observation import Observation
from media_node.quality import QualityLog
from tests.support.builders import NOW, a_node

GRAFANA = Path(__file__).parents[2] / "infra/grafana/media-nodes.json"


@pytest.fixture(scope="module")
def stacks(tmp_path_factory):
    package = tmp_path_factory.mktemp("lambda")
    (package / "app.py").write_text("")
    settings = {**cast(dict[str, Any], read_context()["parley"]), "lambdaPackage": str(package)}
    app = cdk.App(outdir=str(tmp_path_factory.mktemp("cdk.out")))
    return build(app, read_deployment({"parley": settings}))


@pytest.fixture(scope="module")
def first(stacks):
    return Template.from_stack(stacks.regional[0])


@pytest.fixture(scope="module")
def second(stacks):
    return Template.from_stack(stacks.regional[1])


def alarms(template: Template) -> dict[str, dict]:
    found = template.find_resources("AWS::CloudWatch::Alarm")
    return {re.sub(r"[0-9A-F]{8}$", "", name): one["Properties"] for name, one in found.items()}


def test_every_alarm_tells_the_topic_when_it_begins_and_when_it_is_over(stacks):
    for stack in (*stacks.regional, stacks.web):
        template = Template.from_stack(stack)
        (topic,) = template.find_resources("AWS::SNS::Topic")
        found = alarms(template)
        assert found
        for name, one in found.items():
            assert one["AlarmActions"] == [{"Ref": topic}], name
            assert one["OKActions"] == [{"Ref": topic}], name
            assert one["AlarmDescription"], name


def test_the_topic_is_encrypted_with_a_key_that_alarms_may_use(first):
    (key,) = (name for name in first.find_resources("AWS::KMS::Key") if name.startswith("AlarmTopic"))
    first.has_resource_properties("AWS::SNS::Topic", {"KmsMasterKeyId": {"Fn::GetAtt": [key, "Arn"]}})
    first.has_resource_properties(
        "AWS::KMS::Key",
        {
            "EnableKeyRotation": True,
            "KeyPolicy": Match.object_like(
                {
                    "Statement": Match.array_with(
                        [Match.object_like({"Principal": {"Service": "cloudwatch.amazonaws.com"}})]
                    )
                }
            ),
        },
    )
    first.has_resource_properties(
        "AWS::SNS::Subscription", {"Protocol": "email", "Endpoint": "operators@example.com"}
    )


def test_each_function_that_fails_wakes_somebody(first, second):
    for template, rotates in ((first, True), (second, False)):
        watched = {
            next(one["Value"]["Ref"] for one in alarm["Dimensions"])
            for alarm in alarms(template).values()
            if alarm.get("MetricName") == "Errors"
        }
        functions = template.find_resources("AWS::Lambda::Function")
        handlers = {functions[name]["Properties"]["Handler"] for name in watched}
        own = {
            one["Properties"]["Handler"]
            for one in functions.values()
            if one["Properties"]["Handler"].startswith("app.")
        }
        # An operator calls it and sees what it says.
        assert handlers == own - {"app.provision"}
        assert ("app.rotate_keys" in handlers) == rotates


@pytest.mark.parametrize(
    ("name", "metric", "missing"),
    [
        ("AlarmsThrottled", "Throttles", "notBreaching"),
        ("AlarmsReportsAge", "ApproximateAgeOfOldestMessage", "notBreaching"),
        ("AlarmsWebhooksAge", "ApproximateAgeOfOldestMessage", "notBreaching"),
        ("AlarmsJobsAge", "ApproximateAgeOfOldestMessage", "notBreaching"),
        ("AlarmsJobsWait", "ApproximateNumberOfMessagesVisible", "notBreaching"),
        ("AlarmsHearEventsAge", "IteratorAge", "notBreaching"),
        ("AlarmsBlocked", "BlockedRequests", "notBreaching"),
        ("AlarmsPlacementsRefused", "Unanswered", "notBreaching"),
        ("AlarmsparleycontrolWriteThrottled", "WriteThrottleEvents", "notBreaching"),
        ("AlarmsparleyfleetReadThrottled", "ReadThrottleEvents", "notBreaching"),
        # What must be there: its silence is the alarm.
        ("AlarmsNoReadyNode", "NodesReady", "breaching"),
        ("AlarmsClockStands", "Invocations", "breaching"),
    ],
)
def test_what_must_not_be_wakes_somebody(first, name, metric, missing):
    alarm = alarms(first)[name]
    assert (alarm["MetricName"], alarm["TreatMissingData"]) == (metric, missing)


def test_one_failed_request_in_a_hundred_wakes_somebody_and_two_of_a_quiet_night_do_not(first):
    alarm = alarms(first)["AlarmsFailedRequests"]
    expression = next(one["Expression"] for one in alarm["Metrics"] if "Expression" in one)
    assert expression == "IF(failures >= 5, 100 * failures / requests, 0)"
    assert alarm["Threshold"] == 1


def test_reports_are_missed_before_their_nodes_count_as_lost(first):
    assert alarms(first)["AlarmsReportsAge"]["Threshold"] < 10


def told(capsys, tell) -> set[tuple[str, tuple[str, ...]]]:
    """Name and dimensions of each metric in the lines of the log."""
    tell()
    found = set()
    for line in capsys.readouterr().out.splitlines():
        (directive,) = json.loads(line)["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "Parley"
        for metric in directive["Metrics"]:
            found.add((metric["Name"], tuple(sorted(directive["Dimensions"][0]))))
    return found


def asked(value: object) -> set[tuple[str, tuple[str, ...]]]:
    """Name and dimensions of each of our own metrics in what was rendered."""
    rows = re.findall(r'\["Parley","(\w+)"((?:,"\w+","\w+")*)', json.dumps(value).replace("\\", ""))
    return {(name, tuple(sorted(re.findall(r',"(\w+)","\w+"', rest)))) for name, rest in rows}


def test_alarms_and_the_page_ask_for_what_the_functions_tell(first, capsys, monkeypatch):
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "parley")
    measured = told(capsys, lambda: tell_load(load_of([a_node()], NOW)))
    measured |= told(capsys, lambda: count_unanswered("no_capacity"))
    measured |= told(capsys, count_made_elsewhere)
    (page,) = first.find_resources("AWS::CloudWatch::Dashboard").values()
    shown = asked(page)
    assert {"NodesReady", "UnitsPromised", "BusiestNode", "Unanswered"} <= {name for name, _ in shown}
    assert shown <= measured
    woken = {
        (one["MetricName"], tuple(sorted(each["Name"] for each in one["Dimensions"])))
        for one in alarms(first).values()
        if one.get("Namespace") == "Parley"
    }
    assert woken <= measured


def test_the_page_shows_each_part_of_the_region(first):
    (page,) = first.find_resources("AWS::CloudWatch::Dashboard").values()
    assert page["Properties"]["DashboardName"] == "parley-eu-central-1"
    text = json.dumps(page)
    for metric in (
        *("Latency", "5XXError", "BlockedRequests", "Throttles", "Duration", "ConcurrentExecutions"),
        *("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "WriteThrottleEvents", "IteratorAge"),
        *("ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible", "NetworkOut"),
    ):
        assert metric in text, metric


def test_an_alarm_is_made_of_a_metric_once(stacks):
    for stack in stacks.regional:
        names = [one.node.path for one in stack.node.find_all() if isinstance(one, cloudwatch.Alarm)]
        assert len(names) == len(set(names))


def metric_names() -> set[str]:
    """What a node's /metrics has, media included."""
    media = Observation.media(cast(Observation, SimpleNamespace(quality=QualityLog())))
    worker = WorkerCounts(drops={"stranger": 1}, latency=((None, 1),))
    receivers = ReceiverCounts((1.0,), (1.0,), (1.0,), (0.0,), {"bandwidth": 1}, 1)
    counts = NodeCounts(
        1,
        1,
        1,
        1,
        1,
        1,
        1,
        1,
        1,
        False,
        False,
        0.5,
        0,
        (worker,),
        receivers,
        media,
        failures_by_part={"keys": 1},
    )
    families = text_string_to_metric_families(format_metrics(lambda: counts).decode())
    return {sample.name for family in families for sample in family.samples}


def test_every_metric_of_the_grafana_page_is_one_that_nodes_have():
    page = json.loads(GRAFANA.read_text())
    expressions = [target["expr"] for panel in page["panels"] for target in panel.get("targets", [])]
    shown = {name for one in expressions for name in re.findall(r"\bparley_\w+", one)}
    assert shown <= metric_names()
    # Nothing that a node counts is left out, but the sum and count of the histogram.
    assert metric_names() - shown == {
        "parley_forward_latency_seconds_sum",
        "parley_forward_latency_seconds_count",
    }


def test_panels_of_the_grafana_page_lie_beside_each_other():
    panels = json.loads(GRAFANA.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (place["x"] + right, place["y"] + down)
            for right in range(place["w"])
            for down in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
