"""What a Lambda function returned, as an HTTP response. Pure; anything malformed is a 502."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from localcloud.gateway.event import HttpRequest, is_binary
from localcloud.gateway.problem import HttpResponse, bad_gateway

# These describe one connection, or are the listener's to compute.
DROPPED_HEADERS = {
    "connection",
    "content-length",
    "transfer-encoding",
    "keep-alive",
    "upgrade",
    "date",
    "server",
}


def http_response(result: Any, request: HttpRequest, binary_types: Sequence[str]) -> HttpResponse:
    """Turn a proxy integration's result into a response.

    Raises:
        GatewayProblem: 502, the result has not the form of the proxy integration.
    """
    if not isinstance(result, dict):
        raise bad_gateway()
    status = result.get("statusCode")
    if isinstance(status, str) and status.isdigit():
        status = int(status)
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
        raise bad_gateway()
    body = result.get("body")
    if body is not None and not isinstance(body, str):
        raise bad_gateway()
    headers = _headers(result)
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return HttpResponse(status, headers, _body(body or "", result, request, binary_types))


def _headers(result: dict[str, Any]) -> list[tuple[str, str]]:
    single = {} if result.get("headers") is None else result["headers"]
    multiple = {} if result.get("multiValueHeaders") is None else result["multiValueHeaders"]
    if not isinstance(single, dict) or not isinstance(multiple, dict):
        raise bad_gateway()
    repeated = {name.lower() for name in multiple}
    pairs = [(name, value) for name, value in single.items() if name.lower() not in repeated]
    pairs += [(name, value) for name, values in multiple.items() for value in values]
    return [(name, _text(value)) for name, value in pairs if name.lower() not in DROPPED_HEADERS]


def _text(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if "\r" in text or "\n" in text:
        raise bad_gateway()
    return text


def _body(body: str, result: dict[str, Any], request: HttpRequest, binary_types: Sequence[str]) -> bytes:
    # API Gateway decodes only for a client whose first accepted media type is a binary one.
    accepted = (request.header("accept") or "").split(",")[0]
    if result.get("isBase64Encoded") and is_binary(accepted, binary_types):
        try:
            return base64.b64decode(body, validate=True)
        except binascii.Error as error:
            raise bad_gateway() from error
    return body.encode()
