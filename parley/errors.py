"""What a caller of the SDK has to expect.

ParleyError
├── NotConfiguredError   neither the environment nor a running Parley says where the API is
├── UnreachableError     nothing answered there
├── TakeError            a folder that holds no take of a recording
└── ApiError             the API answered with problem details (RFC 9457)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ParleyError(Exception):
    pass


class NotConfiguredError(ParleyError):
    pass


class UnreachableError(ParleyError):
    pass


class TakeError(ParleyError):
    pass


class ApiError(ParleyError):
    """The API said no; `code` is stable, `detail` is for people."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code", "unexpected"))
        self.detail = str(problem.get("detail", f"The API answered {status}."))
        self.request_id = problem.get("requestId")
        broken = [f"{rule.get('pointer')}: {rule.get('detail')}" for rule in problem.get("errors", [])]
        super().__init__("; ".join(broken) or self.detail)
