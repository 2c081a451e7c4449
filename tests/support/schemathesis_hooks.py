"""What schemathesis may take for no finding: refusals whose rule is about more than the form of a request.

A document tells the form of each field. It cannot tell that a meeting has ended meanwhile, that an
Idempotency-Key was used before, or that an end lies before its start.
"""

from __future__ import annotations

import os
from typing import Any

import schemathesis

# State: what was true a moment ago is not any more.
STATES = {
    *("meeting_ended", "meeting_locked", "meeting_full", "precondition_failed", "idempotency_conflict"),
    # Every node may have been drained.
    *("no_capacity", "limit_reached"),
    # A token for more than its key may do; a form with a field twice.
    *("invalid_scope", "malformed_form"),
}
# Rules between fields, or about what there is: times in order, regions and places of lists that exist.
FIELDS = {
    *("/endsAt", "/startsAt", "/retainUntil", "/to", "/from"),
    *("/region", "/cursor", "/url", "/maxParticipants"),
}


# What was deleted, by its path.
_deleted: set[str] = set()


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    if case.method == "DELETE" and response.status_code < 300:
        _deleted.add(case.formatted_path)


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """False for a failure that is none."""
    if type(failure).__name__ == "IgnoredAuth" and case.method == "DELETE" and "`404 " in failure.message:
        # The same request once more, without credentials: what was just deleted is not there for anybody.
        return response.status_code != 204
    if type(failure).__name__ == "EnsureResourceAvailability":
        # A repeated Idempotency-Key is answered with what it made once, also when that was deleted since.
        return not any(f"{case.formatted_path}/".startswith(f"{path}/") for path in _deleted)
    if type(failure).__name__ not in ("RejectedPositiveData", "ServerError"):
        return True
    try:
        problem = response.json()
    except ValueError:
        return True
    pointers = {rule["pointer"] for rule in problem.get("errors", [])}
    return not (problem.get("code") in STATES or (pointers and pointers <= FIELDS))


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """The key that all this is sent with has to live."""
    return (case.path_parameters or {}).get("key") != os.environ["PARLEY_TEST_KEY"]
