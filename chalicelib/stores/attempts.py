"""Counts of attempts that end by themselves: one item each, forgotten by the table's TTL."""

from __future__ import annotations

from datetime import datetime, timedelta

from pynamodb.exceptions import UpdateError

from chalicelib.stores.control_items import AttemptItem
from chalicelib.stores.failures import translate_failures, was_refused

# TTL deletes late, and clocks differ a little.
KEPT_AFTER_END = timedelta(hours=1)


@translate_failures
class DynamoAttempts:
    def take(self, counter: str, most: int, ends: datetime) -> int | None:
        """Count one attempt; the count with it, or None where the limit was reached before."""
        item = AttemptItem(f"ATT#{counter}", "META")
        expires = int((ends + KEPT_AFTER_END).timestamp())
        try:
            item.update(
                actions=[AttemptItem.tried.add(1), AttemptItem.expires.set(expires)],
                condition=AttemptItem.tried.does_not_exist() | (AttemptItem.tried < most),
            )
        except UpdateError as error:
            if not was_refused(error):
                raise
            return None
        return int(item.tried)

    def give_back(self, counter: str) -> None:
        """Take back an attempt that was none."""
        AttemptItem(f"ATT#{counter}", "META").update(actions=[AttemptItem.tried.add(-1)])
