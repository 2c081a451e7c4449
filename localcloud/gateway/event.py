"""A request as the Lambda proxy event of a REST API, format version 1.0. Pure."""

from __future__ import annotations

import base64
import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

ACCOUNT = "000000000000"
API = "local"
STAGE = "api"
# The only one: which route a path is, the function finds itself.
RESOURCE = "/{proxy+}"


@dataclass(frozen=True)
class HttpRequest:
    """What the listener read. `path` and `query` are as sent; header order and case too."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    source_ip: str

    def header(self, name: str) -> str | None:
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None


def proxy_event(
    request: HttpRequest, *, request_id: str, now: datetime, binary_types: Sequence[str]
) -> dict[str, Any]:
    """Build the event that API Gateway hands to the Lambda function of a proxy resource.

    Maps that would be empty are null, the last of several values wins in the single-value maps, and a
    body that is of a binary type, or no text at all, is base64.
    """
    query = parse_qsl(request.query, keep_blank_values=True, errors="replace")
    body, is_base64 = _body(request, binary_types)
    path = unquote(request.path)
    return {
        "resource": RESOURCE,
        "path": path,
        "httpMethod": request.method,
        "headers": dict(request.headers) or None,
        "multiValueHeaders": _multi(request.headers),
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": _multi(query),
        "pathParameters": {"proxy": path[1:]},
        "stageVariables": None,
        "requestContext": _request_context(request, request_id, now),
        "body": body,
        "isBase64Encoded": is_base64,
    }


def is_binary(content_type: str | None, binary_types: Sequence[str]) -> bool:
    if not content_type:
        return False
    media_type = content_type.split(";")[0].strip().lower()
    return any(fnmatch.fnmatchcase(media_type, pattern.lower()) for pattern in binary_types)


def _request_context(request: HttpRequest, request_id: str, now: datetime) -> dict[str, Any]:
    domain = (request.header("host") or "localhost").split(":")[0]
    return {
        "accountId": ACCOUNT,
        "apiId": API,
        "domainName": domain,
        "domainPrefix": domain.split(".")[0],
        "extendedRequestId": request_id,
        "httpMethod": request.method,
        "identity": {
            "accountId": None,
            "apiKey": None,
            "caller": None,
            "sourceIp": request.source_ip,
            "user": None,
            "userAgent": request.header("user-agent"),
            "userArn": None,
        },
        "path": unquote(request.path),
        "protocol": "HTTP/1.1",
        "requestId": request_id,
        "requestTime": now.astimezone(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(now.timestamp() * 1000),
        "resourceId": "proxy",
        "resourcePath": RESOURCE,
        "stage": STAGE,
    }


def _multi(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]] | None:
    values: dict[str, list[str]] = {}
    for key, value in pairs:
        values.setdefault(key, []).append(value)
    return values or None


def _body(request: HttpRequest, binary_types: Sequence[str]) -> tuple[str | None, bool]:
    if not request.body:
        return None, False
    if not is_binary(request.header("content-type"), binary_types):
        try:
            return request.body.decode(), False
        except UnicodeDecodeError:
            # The gateway would replace what is not UTF-8, and a signature or a hash would never match:
            # the handler gets the bytes and can say what is wrong with them.
            pass
    return base64.b64encode(request.body).decode(), True
