"""What a receiver loses, whichever of its streams a report speaks of last."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from media_node.downlink_loss import DownlinkLoss


@dataclass(frozen=True)
class Seen:
    transport: int = 1
    loss: float = 0.0
    fraction_lost: float = 0.0
    acknowledged_bps: int | None = 1_000_000


def test_what_feedback_tells_of_each_packet_counts_and_no_report_of_one_stream():
    losses = DownlinkLoss()
    losses.handle_second([Seen(loss=0.2, fraction_lost=0.0), Seen(2, loss=0.0, fraction_lost=0.5)])
    assert losses.share_by_transport == {1: 0.2, 2: 0.0}


def test_without_such_feedback_reports_are_what_there_is():
    losses = DownlinkLoss()
    losses.handle_second([Seen(loss=0.0, fraction_lost=0.25, acknowledged_bps=None)])
    assert losses.share_by_transport == {1: 0.25}


def test_one_short_interval_does_not_speak_for_the_second_and_loss_that_is_over_is_soon_forgotten():
    losses = DownlinkLoss()
    losses.handle_second([Seen()])
    losses.handle_second([Seen(loss=0.04)])
    assert losses.share_by_transport[1] == pytest.approx(0.02)
    for _ in range(4):
        losses.handle_second([Seen(loss=0.2)])
    assert losses.share_by_transport[1] > 0.18
    for _ in range(4):
        losses.handle_second([Seen()])
    assert losses.share_by_transport[1] < 0.02


def test_nothing_is_kept_of_who_left():
    losses = DownlinkLoss()
    losses.handle_second([Seen(loss=0.2)])
    losses.handle_second([])
    losses.handle_second([Seen(loss=0.0)])
    assert losses.share_by_transport == {1: 0.0}
