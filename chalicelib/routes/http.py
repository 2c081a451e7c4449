"""What every route shares: who calls, the JSON body, problem details, one log line and one metric.

Source: RFC 9457 (problem details), RFC 9110 (status codes, Retry-After).
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.metrics import MetricUnit
from chalice.app import Request, Response
from pydantic import BaseModel, ValidationError

from chalicelib import errors
from chalicelib.bootstrap import (
    ApiKeyCaller,
    Keeper,
    Operation,
    Services,
    UserCaller,
    may_keep,
    require_scope,
    services,
)
from chalicelib.routes.measures import count_unanswered

logger = Logger(service="parley", child=True)

STATUS_BY_CODE: Mapping[str, tuple[int, str]] = {
    "malformed_json": (400, "Bad Request"),
    "malformed_form": (400, "Bad Request"),
    "invalid_scope": (400, "Bad Request"),
    "unauthorized": (401, "Unauthorized"),
    "forbidden": (403, "Forbidden"),
    "guests_not_allowed": (403, "Forbidden"),
    "passcode_required": (403, "Forbidden"),
    "passcode_wrong": (403, "Forbidden"),
    "removed": (403, "Forbidden"),
    "insufficient_scope": (403, "Forbidden"),
    "not_found": (404, "Not Found"),
    "method_not_allowed": (405, "Method Not Allowed"),
    "meeting_not_found": (404, "Not Found"),
    "participant_not_found": (404, "Not Found"),
    "recording_not_found": (404, "Not Found"),
    "recording_off": (409, "Conflict"),
    "meeting_encrypted": (409, "Conflict"),
    "already_recording": (409, "Conflict"),
    "meeting_empty": (409, "Conflict"),
    "recording_not_running": (409, "Conflict"),
    "recording_held": (409, "Conflict"),
    "recording_busy": (409, "Conflict"),
    "recordings_kept": (409, "Conflict"),
    "recording_deleted": (410, "Gone"),
    "meeting_full": (409, "Conflict"),
    "meeting_not_open": (409, "Conflict"),
    "limit_reached": (409, "Conflict"),
    "precondition_failed": (412, "Precondition Failed"),
    "too_many_requests": (429, "Too Many Requests"),
    "meeting_ended": (410, "Gone"),
    "unsupported_media_type": (415, "Unsupported Media Type"),
    "validation_failed": (422, "Unprocessable Content"),
    "meeting_locked": (423, "Locked"),
    "too_many_attempts": (429, "Too Many Requests"),
    "idempotency_conflict": (422, "Unprocessable Content"),
    "no_capacity": (503, "Service Unavailable"),
    "store_unavailable": (503, "Service Unavailable"),
    "internal_error": (500, "Internal Server Error"),
}
OAUTH_ERRORS = {
    "unauthorized": "invalid_client",
    "invalid_scope": "invalid_scope",
    "no_capacity": "temporarily_unavailable",
    "store_unavailable": "temporarily_unavailable",
}
LONGEST_IDEMPOTENCY_KEY = 255
# More than any body has: to name each of ten thousand unknown ones would cost half a second.
MOST_FIELDS = 100
MOST_ERRORS = 50
RETRY_AFTER_SECONDS = {"no_capacity": 5, "store_unavailable": 1}

_Body = TypeVar("_Body", bound=BaseModel)


def allowed_origins() -> frozenset[str]:
    """Whose pages may read answers, as the environment says."""
    return services().config.allowed_origins


class Call:
    """One request with the services that answer it."""

    def __init__(self, request: Request) -> None:
        self.services: Services = services()
        self._request = request
        self.request_id: str = request.context.get("requestId", "")
        # Of the connection itself: a header of the client's could say anything.
        self.source: str | None = request.context.get("identity", {}).get("sourceIp")
        self.path: str = request.context.get("path", "")
        self.method: str = request.method
        authorization: str | None = request.headers.get("authorization")
        self.is_basic: bool = (authorization or "").lower().startswith("basic ")
        self.caller = self.services.callers.caller_of(authorization)

    def header(self, name: str) -> str | None:
        value: str | None = self._request.headers.get(name)
        return value

    @property
    def raw(self) -> bytes:
        body: Any = self._request.raw_body
        return bytes(body or b"")

    def require_match(self, shown: Any) -> None:
        """Refuse a change of what the caller read in another state (RFC 9110, 13.1.1).

        Args:
            shown: The JSON that a GET of it answers with now.

        Raises:
            PreconditionFailedError: If-Match names other states only.
        """
        asked = self.header("if-match")
        if asked is not None and not _names(asked, entity_tag(plain_json(shown))):
            raise errors.PreconditionFailedError("It changed since you read it: read it again.")

    def query(self) -> dict[str, str]:
        return dict(self._request.query_params or {})

    def body(self, model: type[_Body]) -> _Body:
        """The JSON body as a checked value; no body is an empty object.

        Raises:
            UnsupportedMediaTypeError, MalformedJsonError, ValidationFailedError: see there.
        """
        raw = self.raw
        content_type = (self.header("content-type") or "application/json").split(";")[0].strip().lower()
        if raw and content_type != "application/json":
            raise errors.UnsupportedMediaTypeError(
                f"The body has to be application/json, not {content_type}."
            )
        return checked(model, parse_json(raw))


def key_of(call: Call, operation: Operation | None = None) -> ApiKeyCaller:
    """The key that calls.

    Raises:
        UnauthorizedError: No key does.
        InsufficientScopeError: The key is not for this operation.
    """
    if not isinstance(call.caller, ApiKeyCaller):
        raise errors.UnauthorizedError("This call needs an API key.")
    if operation is not None:
        require_scope(call.caller, operation)
    return call.caller


def keeper_of(call: Call, operation: Operation) -> Keeper:
    """Who keeps the installation running: a tenant's server, or a person who operates it.

    Raises:
        UnauthorizedError, InsufficientScopeError: see key_of.
        ForbiddenError: Somebody signed in who is not named as an operator.
    """
    if not isinstance(call.caller, UserCaller):
        return key_of(call, operation)
    if not may_keep(call.caller, operation):
        raise errors.ForbiddenError("This is for the people who run this installation.")
    return call.caller


def maker_of(call: Call, operation: Operation) -> Keeper:
    """Who may have meetings: a tenant's server, or somebody who signed in.

    Raises:
        UnauthorizedError, InsufficientScopeError: see key_of.
    """
    return call.caller if isinstance(call.caller, UserCaller) else key_of(call, operation)


def idempotency_key(call: Call) -> str | None:
    key = call.header("idempotency-key")
    if key is not None and not (
        1 <= len(key) <= LONGEST_IDEMPOTENCY_KEY and key.isascii() and key.isprintable()
    ):
        rule = f"An Idempotency-Key has 1 to {LONGEST_IDEMPOTENCY_KEY} printable ASCII characters."
        raise errors.ValidationFailedError([errors.BrokenRule("/Idempotency-Key", rule)])
    return key


def parse_json(raw: bytes) -> Any:
    if not raw:
        return {}
    try:
        return json.loads(
            raw.decode(),
            parse_constant=_refuse_constant,
            parse_float=_number,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError) as error:
        raise errors.MalformedJsonError("The body is not JSON in UTF-8.") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name that comes twice is refused: who reads the first and who reads the last would disagree."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name came twice")
    return found


def _number(text: str) -> float | int:
    """JSON has one kind of numbers: 1.0 is the whole number 1."""
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def checked(model: type[_Body], value: Any) -> _Body:
    if not isinstance(value, dict):
        rule = errors.BrokenRule("", "The body has to be a JSON object.")
        raise errors.ValidationFailedError([rule])
    if len(value) > MOST_FIELDS:
        rule = errors.BrokenRule("", f"No body or query has more than {MOST_FIELDS} fields.")
        raise errors.ValidationFailedError([rule])
    try:
        return model.model_validate(value)
    except ValidationError as error:
        broken = [
            errors.BrokenRule(_pointer(problem["loc"]), problem["msg"].removeprefix("Value error, "))
            for problem in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise errors.ValidationFailedError(broken[:MOST_ERRORS]) from error


def _pointer(location: tuple[int | str, ...]) -> str:
    """RFC 6901."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in location)


def answered(api: Any, view: Callable[..., Response]) -> Callable[..., Response]:
    """A view of the app whose errors are problem details, and whose answers are counted."""

    @functools.wraps(view)
    def wrapped(**path: str) -> Response:
        request = api.current_request
        manners: dict[str, str] = {"X-Request-Id": request.context.get("requestId", "")}
        try:
            call = Call(request)
            manners.update(_rate_limit(call))
            with _at_home(call, path):
                response = _conditional(call, view(call, **path))
        except errors.TooManyRequestsError as error:
            response = problem(error, request.context)
            manners.update(error.headers)
        except errors.ControlPlaneError as error:
            if not isinstance(error, errors.CallerError):
                logger.warning("not answered", exc_info=error)
                count_unanswered(error.code)
            response = problem(error, request.context)
        except Exception:
            # A fault of ours: the request id finds it in the log, and the client learns no more than that.
            logger.exception("failed")
            failure = errors.ControlPlaneError("This failed; the request id finds it in the log.")
            response = problem(failure, request.context)
        _count(view.__name__, response.status_code)
        response.headers.update(manners)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return wrapped


def _at_home(call: Call, path: Mapping[str, str]) -> AbstractContextManager[None]:
    """What is about a meeting or a recording uses the tables of its home region."""
    if "meeting" in path:
        return call.services.homes.of_meeting(path["meeting"])
    return call.services.homes.of_recording(path["recording"]) if "recording" in path else nullcontext()


def _rate_limit(call: Call) -> dict[str, str]:
    """Headers that say what is left to the caller (draft-ietf-httpapi-ratelimit-headers-06).

    Raises:
        TooManyRequestsError: Nothing is.
    """
    left = call.services.limits.take(call.caller, call.source or "")
    headers = {
        "RateLimit-Limit": str(left.quota.burst),
        "RateLimit-Remaining": str(left.remaining),
        "RateLimit-Reset": str(left.reset_seconds),
        "RateLimit-Policy": f"{left.quota.burst};w={round(left.quota.burst / left.quota.per_second)}",
    }
    if not left.allowed:
        headers["Retry-After"] = headers["RateLimit-Reset"]
        raise errors.TooManyRequestsError("Too many requests; see Retry-After.", headers)
    return headers


def entity_tag(text: str) -> str:
    """The same for the same representation (RFC 9110, 8.8.3)."""
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'


def _conditional(call: Call, response: Response) -> Response:
    """Tag what was shown; who has it already gets no body (RFC 9110, 13.1.2)."""
    if call.method != "GET" or response.status_code != 200:
        return response
    tag = entity_tag(str(response.body))
    response.headers["ETag"] = tag
    response.headers["Vary"] = "Authorization"
    asked = call.header("if-none-match")
    if asked is not None and _names(asked, tag):
        return Response("", status_code=304, headers=response.headers)
    return response


def _names(field: str, tag: str) -> bool:
    """Whether a field of entity tags names this one; weak ones count, as nothing is sent for them."""
    return any(one.strip().removeprefix("W/") in (tag, "*") for one in field.split(","))


def _count(operation: str, status: int) -> None:
    # One metric object each, so that threads of a local run do not mix theirs.
    with single_metric(name="Answers", unit=MetricUnit.Count, value=1, namespace="Parley") as metric:
        metric.add_dimension("operation", operation)
        metric.add_dimension("status", f"{status // 100}xx")


def problem(error: errors.ControlPlaneError, context: Mapping[str, Any]) -> Response:
    status, title = STATUS_BY_CODE[error.code]
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": str(error),
        "instance": context.get("path", ""),
        "code": error.code,
        "requestId": context.get("requestId", ""),
    }
    if isinstance(error, errors.ValidationFailedError):
        body["errors"] = [{"pointer": rule.pointer, "detail": rule.detail} for rule in error.broken]
    headers = {"Content-Type": "application/problem+json"}
    if body["instance"].endswith("/oauth/token"):
        # What OAuth clients look for (RFC 6749, 5.2), beside what everybody else does.
        body |= {"error": OAUTH_ERRORS.get(error.code, "invalid_request"), "error_description": str(error)}
        headers["Content-Type"] = "application/json"
    if error.code in RETRY_AFTER_SECONDS:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS[error.code])
    if isinstance(error, errors.TooManyAttemptsError | errors.MeetingNotOpenError):
        headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, errors.MethodNotAllowedError):
        headers["Allow"] = ", ".join(error.allowed)
    if error.code == "unauthorized":
        headers["WWW-Authenticate"] = 'Basic realm="Parley", charset="UTF-8"'
    return json_response(body, status, headers)


def plain_json(body: Any) -> str:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    # Formatted here: Chalice's own encoder would turn what it does not know into text in silence.
    text = plain_json(body)
    return Response(text, headers={"Content-Type": "application/json", **(headers or {})}, status_code=status)
