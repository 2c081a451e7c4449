"""TOKEN authorizers: who may call, decided by a policy that is kept for its time to live.

Owns the evaluation of the policy and the cache. The token itself is only ever a key in that cache; it
is judged by the control plane's own authorizer function.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.gateway.problem import bad_gateway, forbidden, unauthorized

# Each entry holds a token; a cache that grows with what strangers send would be theirs to fill.
MOST_CACHED = 10_000

Invoke = Callable[[dict[str, Any]], Awaitable[Any]]


@dataclass(frozen=True)
class _Cached:
    result: dict[str, Any]
    expires: float


class TokenAuthorizer:
    """One authorizer function of the control plane."""

    def __init__(self, invoke: Invoke, *, ttl_seconds: float) -> None:
        self._invoke = invoke
        self._ttl_seconds = ttl_seconds
        self._cached: dict[str, _Cached] = {}

    async def authorize(self, token: str | None, method_arn: str, *, now: float) -> dict[str, Any]:
        """The request context's `authorizer` of an allowed call.

        Raises:
            GatewayProblem: 401 without a token, 403 if the policy does not allow the method, 502 if the
                function's answer is no policy.
        """
        if not token:
            raise unauthorized()
        result = self._remembered(token, now)
        if result is None:
            result = await self._ask(token, method_arn)
            self._remember(token, result, now)
        if not is_allowed(result["policyDocument"], method_arn):
            raise forbidden()
        context = {key: _context_value(value) for key, value in (result.get("context") or {}).items()}
        return {**context, "principalId": str(result["principalId"])}

    async def _ask(self, token: str, method_arn: str) -> dict[str, Any]:
        event = {"type": "TOKEN", "authorizationToken": token, "methodArn": method_arn}
        result = await self._invoke(event)
        if not isinstance(result, dict) or not isinstance(result.get("policyDocument"), dict):
            raise bad_gateway()
        if "principalId" not in result:
            raise bad_gateway()
        return result

    def _remembered(self, token: str, now: float) -> dict[str, Any] | None:
        cached = self._cached.get(token)
        return cached.result if cached is not None and now < cached.expires else None

    def _remember(self, token: str, result: dict[str, Any], now: float) -> None:
        if self._ttl_seconds <= 0:
            return
        if len(self._cached) >= MOST_CACHED:
            self._cached = {key: kept for key, kept in self._cached.items() if now < kept.expires}
        if len(self._cached) < MOST_CACHED:
            self._cached[token] = _Cached(result, now + self._ttl_seconds)


def is_allowed(policy: Mapping[str, Any], method_arn: str) -> bool:
    """IAM's rule: an explicit deny wins, and what nothing allows is denied."""
    allowed = False
    for statement in _listed(policy.get("Statement")):
        if not _names_invocation(statement) or not _names_resource(statement, method_arn):
            continue
        if statement.get("Effect") == "Deny":
            return False
        allowed = allowed or statement.get("Effect") == "Allow"
    return allowed


def _names_invocation(statement: Mapping[str, Any]) -> bool:
    return any(_wildcard("execute-api:invoke", action.lower()) for action in _listed(statement.get("Action")))


def _names_resource(statement: Mapping[str, Any], method_arn: str) -> bool:
    return any(_wildcard(method_arn, resource) for resource in _listed(statement.get("Resource")))


def _wildcard(value: str, pattern: str) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(expression, value, re.DOTALL) is not None


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _context_value(value: Any) -> Any:
    """A context carries strings, numbers and booleans, and arrives as text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    raise bad_gateway()
