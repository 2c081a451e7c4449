"""The stream pump hands records over in order, again after a failure, and goes on where it stopped."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from localcloud.stream_pump import StreamPump, taken_records


class Stream:
    """One shard whose records are numbers."""

    def __init__(self, count: int) -> None:
        self.numbers = [str(n) for n in range(1, count + 1)]
        # How often a place to read from was asked for, and which of them are none any more.
        self.iterators = 0
        self.expired: set[str] = set()

    def describe_table(self, TableName: str) -> Any:
        return {"Table": {"LatestStreamArn": f"arn/{TableName}"}}

    def describe_stream(self, StreamArn: str) -> Any:
        return {"StreamDescription": {"Shards": [{"ShardId": "s"}]}}

    def get_shard_iterator(self, StreamArn: str, ShardId: str, **start: str) -> Any:
        self.iterators += 1
        return {"ShardIterator": start.get("SequenceNumber", "0")}

    def get_records(self, ShardIterator: str, Limit: int) -> Any:
        if ShardIterator in self.expired:
            raise TimeoutError("the iterator has expired")
        found = [n for n in self.numbers if int(n) > int(ShardIterator)][:Limit]
        return {
            "Records": [record(n) for n in found],
            "NextShardIterator": found[-1] if found else ShardIterator,
        }


def record(number: str) -> dict[str, Any]:
    created = datetime(2026, 11, 23, tzinfo=UTC)
    return {
        "eventName": "INSERT",
        "dynamodb": {"SequenceNumber": number, "ApproximateCreationDateTime": created},
    }


class Handler:
    """Takes events as JSON carries them; fails at the numbers it is told."""

    def __init__(self, *failing: str) -> None:
        self.failing = set(failing)
        self.seen: list[str] = []

    async def __call__(self, event: dict[str, Any]) -> Any:
        json.dumps(event)
        failures = []
        for one in event["Records"]:
            number = one["dynamodb"]["SequenceNumber"]
            self.seen.append(number)
            if number in self.failing:
                failures.append({"itemIdentifier": number})
        return {"batchItemFailures": failures}


def a_pump(stream: Any, handler: Handler, folder: Path) -> StreamPump:
    return StreamPump(stream, stream, "t", folder / "position.json", handler)


async def test_records_are_handed_over_once_and_in_order(tmp_path: Path):
    stream, handler = Stream(250), Handler()
    pump = a_pump(stream, handler, tmp_path)
    assert [await pump.pump_once() for _ in range(4)] == [100, 100, 50, 0]
    assert handler.seen == stream.numbers


async def test_the_next_run_goes_on_where_this_one_stopped(tmp_path: Path):
    stream, handler = Stream(3), Handler()
    await a_pump(stream, handler, tmp_path).pump_once()
    stream.numbers.append("4")
    await a_pump(stream, handler, tmp_path).pump_once()
    assert handler.seen == ["1", "2", "3", "4"]


async def test_a_stream_in_which_nothing_happens_is_read_on_by_one_call(tmp_path: Path):
    stream, handler = Stream(3), Handler()
    pump = a_pump(stream, handler, tmp_path)
    for _ in range(5):
        await pump.pump_once()
    found_after_the_records = 2
    assert stream.iterators == found_after_the_records
    stream.numbers.append("4")
    await pump.pump_once()
    assert handler.seen == ["1", "2", "3", "4"]


async def test_an_iterator_that_has_expired_is_found_anew_and_nothing_is_lost(tmp_path: Path):
    stream, handler = Stream(3), Handler()
    pump = a_pump(stream, handler, tmp_path)
    await pump.pump_once()
    await pump.pump_once()
    stream.expired.add("3")
    stream.numbers.append("4")
    with pytest.raises(TimeoutError):
        await pump.pump_once()
    stream.expired.clear()
    await pump.pump_once()
    assert handler.seen == ["1", "2", "3", "4"]
    asked_again = 3
    assert stream.iterators == asked_again


@pytest.mark.parametrize("broken", ["", "{", "[]", "1"])
async def test_a_position_that_cannot_be_read_starts_at_the_beginning(tmp_path: Path, broken: str):
    (tmp_path / "position.json").write_text(broken)
    handler = Handler()
    await a_pump(Stream(2), handler, tmp_path).pump_once()
    assert handler.seen == ["1", "2"]


async def test_a_record_that_fails_holds_back_those_after_it(tmp_path: Path):
    stream, handler = Stream(4), Handler("3")
    pump = a_pump(stream, handler, tmp_path)
    with pytest.raises(RuntimeError):
        await pump.pump_once()
    handler.failing.clear()
    await pump.pump_once()
    assert handler.seen == ["1", "2", "3", "4", "3", "4"]


def test_a_handler_that_names_no_record_of_the_batch_took_none():
    records = [record("1"), record("2")]
    assert taken_records(records, {"batchItemFailures": [{"itemIdentifier": "9"}]}) == []
    assert taken_records(records, {"batchItemFailures": []}) == records
    assert taken_records(records, None) == records
