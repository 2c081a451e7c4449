"""What meetings cost: sums that can be followed by hand, and a page that says what they are."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from chalicelib.domain import egress
from chalicelib.domain.scaling import ScalingPolicy
from infra.config import Region
from infra.costs import (
    Fleet,
    Prices,
    Recorded,
    Shape,
    costs,
    egress_dollars,
    node_hours,
    published,
    recorded_costs,
    recorded_table,
)
from tests.support.mocked_aws import mocked_aws

OPERATIONS = Path(__file__).parents[2] / "docs/operations.md"


def test_the_page_says_what_is_computed():
    assert "\n".join(published()) in OPERATIONS.read_text()
    assert "\n".join(recorded_table(Recorded(), Prices())) in OPERATIONS.read_text()


def test_a_meeting_is_as_large_as_placement_foretells():
    people = Shape().people
    voices = egress.VOICE_BPS * min(people - 1, egress.VOICES)
    pictures = egress.LARGE_PICTURE_BPS + egress.SMALL_PICTURE_BPS * (people - 2)
    assert Shape().egress_mbps == pytest.approx(people * (voices + pictures) / egress.UNIT_BPS)


@pytest.mark.parametrize(
    ("gigabytes", "dollars"),
    [(0, 0), (1_000, 90), (10_000, 900), (20_000, 900 + 850), (200_000, 900 + 3_400 + 7_000 + 2_500)],
)
def test_egress_is_paid_by_the_tier(gigabytes, dollars):
    assert egress_dollars(gigabytes, Prices()) == pytest.approx(dollars)


def test_nodes_are_paid_for_what_scaling_keeps_on_them():
    # A hundred meetings of 6 Mbit/s fill one node for half an hour.
    assert node_hours(100, Shape(egress_mbps=6), Fleet(promised_mbps=600)) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("machine", "units"),
    [(Region("x").instance_type, Region("x").capacity_units), ("c7g.xlarge", 1800), ("c7g.2xlarge", 3600)],
)
def test_a_node_is_filled_to_what_its_machine_sends_without_end(machine, units, monkeypatch):
    with mocked_aws(monkeypatch):
        found = boto3.client("ec2").describe_instance_types(InstanceTypes=[machine])
    (card,) = found["InstanceTypes"][0]["NetworkInfo"]["NetworkCards"]
    # A unit is a megabit of media; IP and UDP add 28 bytes to some 1,200.
    sent = units * (1_200 + 28) / 1_200
    assert 0.95 < sent / (card["BaselineBandwidthInGbps"] * 1_000) <= 1
    assert f"| {machine} | {card['BaselineBandwidthInGbps']} | {units} |" in OPERATIONS.read_text()


def test_what_nodes_cost_is_of_the_share_that_scaling_keeps_on_them():
    assert Fleet().promised_mbps == pytest.approx(ScalingPolicy(1, 1).target * Region("x").capacity_units)


def test_egress_is_the_most_of_it_and_another_region_writes_all_again():
    one = {line.what: line.dollars for line in costs(1_000, Shape(), Fleet(), Prices())}
    two = {line.what: line.dollars for line in costs(1_000, Shape(), Fleet(regions=2), Prices())}
    assert one["egress to the Internet"] > 0.9 * sum(one.values())
    assert two.pop("DynamoDB, written units") == pytest.approx(2 * one.pop("DynamoDB, written units"))
    assert two == one


def test_an_hour_of_four_is_recorded_in_14400_segments_and_its_film_made_on_a_third_of_a_machine():
    prices = Prices(thousand_puts=1.0, thousand_gets=1.0, spot_hour=1.0)
    one = {line.what: line.dollars for line in recorded_costs(Recorded(idle_share=0), prices)}
    assert one["segments and pages, written"] == pytest.approx(14.4 + 0.36)
    assert one["segments, read by the composer"] == pytest.approx(14.4)
    assert one["spot machine that composes"] == pytest.approx(0.3)


def test_a_second_recorder_writes_and_keeps_all_again_and_costs_no_other_film():
    one = {line.what: line.dollars for line in recorded_costs(Recorded(), Prices())}
    two = {line.what: line.dollars for line in recorded_costs(Recorded(recorders=2), Prices())}
    assert two["segments and pages, written"] == pytest.approx(2 * one["segments and pages, written"])
    assert two["spot machine that composes"] == one["spot machine that composes"]
    month = "segments and film, a month in standard"
    assert one[month] < two[month] < 2 * one[month]
