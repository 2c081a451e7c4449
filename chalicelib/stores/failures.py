"""What pynamodb raises, as the one error that callers know: the store is not available."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from pynamodb.exceptions import PynamoDBException

from chalicelib.errors import StoreUnavailableError

_REFUSED, _MET = "ConditionalCheckFailedException", "TransactionConflictException"
_Store = TypeVar("_Store", bound=type)


def translate_failures(store: _Store) -> _Store:
    """Wrap every public method of a store; conditions that failed were already answered inside."""
    for name, method in list(vars(store).items()):
        if callable(method) and not name.startswith("_"):
            setattr(store, name, _translated(method))
    return store


def was_refused(error: PynamoDBException) -> bool:
    """Whether DynamoDB answered that the condition of a write does not hold.

    pynamodb's own question fails where no answer came, whose error carries None as its response.
    """
    return _code_of(error) == _REFUSED


def met_another(error: PynamoDBException) -> bool:
    """Whether a transaction held the item at this moment."""
    return _code_of(error) == _MET


def _code_of(error: PynamoDBException) -> object:
    response = getattr(error.cause, "response", None) or {}
    return response.get("Error", {}).get("Code")


def _translated(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        try:
            return method(*arguments, **named)
        except PynamoDBException as error:
            raise StoreUnavailableError("The state cannot be read or written now.") from error

    return wrapped
