"""Pages of the lists that meetings and recordings are in, newest first."""

from __future__ import annotations

from itertools import islice
from typing import Any


def page_of(
    kind: Any, index: Any, key: str, state: str | None, limit: int, after: str | None
) -> tuple[list[Any], str | None]:
    """Up to `limit` items of a list, and the mark to go on after; None for the mark where none is left.

    Args:
        kind: The model of the items, with `list_sort` and `state`.
        index: One of its indexes.
        key: The list, as the index names it.
        state: Items in this state alone.
        after: The mark that the page before ended with.
    """
    query = index.query(
        key,
        # A mark is a sort key: what lies before it is older, as the order is descending.
        range_key_condition=kind.list_sort < after if after is not None else None,
        filter_condition=kind.state == state if state is not None else None,
        scan_index_forward=False,
        page_size=limit + 1,
    )
    found = list(islice(query, limit + 1))
    kept = found[:limit]
    return kept, kept[-1].list_sort if len(found) > limit else None
