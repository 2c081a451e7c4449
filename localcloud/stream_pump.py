"""From a DynamoDB stream to its Lambda handler, as an event source mapping does it.

Owns the polling and the position, which is kept on disk: what was written while nobody listened is handed
over at the next start. A batch that failed comes again from its first failure on, so that order is kept.
Source: "Using Lambda with DynamoDB" of the Lambda guide.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

# An event is on its way to its webhooks within this time.
PERIOD_SECONDS = 0.25
# Shards end after hours; new ones are found within this time.
LISTING_SECONDS = 10.0
BATCH = 100
BACKOFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)

Invoke = Callable[[dict[str, Any]], Awaitable[Any]]

log = logging.getLogger(__name__)


class StreamPump:
    """Moves the records of one table's stream; `run` until cancelled."""

    def __init__(
        self,
        dynamodb: Any,
        streams: Any,
        table: str,
        position: Path,
        invoke: Invoke,
        window_seconds: float = 0.0,
    ) -> None:
        self._dynamodb = dynamodb
        self._streams = streams
        self._table = table
        self._position_path = position
        self._invoke = invoke
        # How long records gather before they are handed over.
        self._window_seconds = window_seconds
        self._arn = ""
        self._listed_at = -LISTING_SECONDS
        # Where each shard is read on; `None`: to be found by the position.
        self._iterator_by_shard: dict[str, str | None] = {}
        self._position = self._kept_position()

    async def run(self) -> None:
        failures = 0
        while True:
            try:
                moved = await self.pump_once()
                failures = 0
                await asyncio.sleep(max(self._window_seconds, 0 if moved else PERIOD_SECONDS))
            except Exception as error:
                # The engine may be restarting; the stream keeps its records.
                pause = BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS) - 1)]
                failures += 1
                log.warning("stream pump failed, again in %s s: %s", pause, error)
                await asyncio.sleep(pause)

    async def pump_once(self) -> int:
        """Hand over one batch of each shard; returns how many records were taken."""
        now = asyncio.get_running_loop().time()
        if now - self._listed_at >= LISTING_SECONDS:
            await asyncio.to_thread(self._list_shards)
            self._listed_at = now
        return sum([await self._pump(shard) for shard in list(self._iterator_by_shard)])

    def _list_shards(self) -> None:
        if not self._arn:
            described = self._dynamodb.describe_table(TableName=self._table)
            self._arn = described["Table"]["LatestStreamArn"]
        shards = self._streams.describe_stream(StreamArn=self._arn)["StreamDescription"]["Shards"]
        known = self._iterator_by_shard
        self._iterator_by_shard = {shard["ShardId"]: known.get(shard["ShardId"]) for shard in shards}

    async def _pump(self, shard: str) -> int:
        answer = await asyncio.to_thread(self._records, shard)
        records = answer["Records"]
        if not records:
            self._iterator_by_shard[shard] = answer.get("NextShardIterator")
            return 0
        # Whatever goes wrong from here on, the next look is by the position.
        self._iterator_by_shard[shard] = None
        result = await self._invoke({"Records": [_plain(record, self._arn) for record in records]})
        taken = taken_records(records, result)
        if taken:
            self._position[shard] = taken[-1]["dynamodb"]["SequenceNumber"]
            self._keep_position()
        if len(taken) < len(records):
            raise RuntimeError(f"{len(records) - len(taken)} records were not taken")
        return len(taken)

    def _records(self, shard: str) -> Any:
        kept, self._iterator_by_shard[shard] = self._iterator_by_shard[shard], None
        iterator = kept or self._iterator_at_position(shard)
        return self._streams.get_records(ShardIterator=iterator, Limit=BATCH)

    def _iterator_at_position(self, shard: str) -> str:
        after = self._position.get(shard)
        start: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
        if after is not None:
            start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}
        found = self._streams.get_shard_iterator(StreamArn=self._arn, ShardId=shard, **start)
        return str(found["ShardIterator"])

    def _kept_position(self) -> dict[str, str]:
        try:
            kept = json.loads(self._position_path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return {str(shard): str(number) for shard, number in kept.items()} if isinstance(kept, dict) else {}

    def _keep_position(self) -> None:
        temporary = self._position_path.with_suffix(".new")
        temporary.write_text(json.dumps(self._position))
        temporary.replace(self._position_path)


def taken_records(records: list[dict[str, Any]], result: Any) -> list[dict[str, Any]]:
    """The records before the first that failed: those after it come again, as order matters."""
    failures = result.get("batchItemFailures") if isinstance(result, dict) else None
    if not failures:
        return records
    failed = {failure.get("itemIdentifier") for failure in failures}
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    first = next((index for index, number in enumerate(numbers) if number in failed), 0)
    return records[:first]


def _plain(record: Mapping[str, Any], arn: str) -> dict[str, Any]:
    """As Lambda hands it over: the same in JSON, times as seconds."""
    told = dict(record["dynamodb"])
    created = told.get("ApproximateCreationDateTime")
    if isinstance(created, datetime):
        told["ApproximateCreationDateTime"] = created.timestamp()
    return {**record, "dynamodb": told, "eventSourceARN": arn}
