"""Headers that come with answers, and what a reader who has an answer already sends."""

from __future__ import annotations

from typing import Any

from chalicelib.routes.openapi_words import TEXT, Schema, parameter

_NUMBER: Schema = {"type": "integer", "minimum": 0}


def _header(description: str, schema: Schema, *, always: bool = False) -> Schema:
    return {"description": description, "schema": schema, **({"required": True} if always else {})}


HEADERS: dict[str, Schema] = {
    "X-Request-Id": _header("Names the request in the service's log.", TEXT, always=True),
    "RateLimit-Limit": _header("How many requests may come at once.", _NUMBER),
    "RateLimit-Remaining": _header("How many of them are left.", _NUMBER),
    "RateLimit-Reset": _header("Seconds until all of them are.", _NUMBER),
    "RateLimit-Policy": _header("The limit, and the seconds that it is counted over.", TEXT),
    "ETag": _header("Names this state of what is shown.", {"type": "string", "pattern": '^"[0-9a-f]+"$'}),
    "Location": _header("Where it is.", {"type": "string", "format": "uri"}, always=True),
    "Retry-After": _header("Seconds to wait for.", _NUMBER, always=True),
    "WWW-Authenticate": _header("How to say who calls.", TEXT, always=True),
}
COUNTED = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy")
OF_STATUS = {"401": ("WWW-Authenticate",), "429": ("Retry-After",), "503": ("Retry-After",)}
IF_NONE_MATCH = parameter(
    "If-None-Match", "header", TEXT, "The `ETag` of what is known: 304 while it is still that."
)


def show_headers(paths: dict[str, Any]) -> None:
    """Write the headers beside every answer, and 304 beside what can be asked for again."""
    for item in paths.values():
        for verb, operation in item.items():
            if verb == "parameters":
                continue
            if verb == "get" and "200" in operation["responses"]:
                operation["parameters"] = [*operation.get("parameters", []), IF_NONE_MATCH]
                operation["responses"]["304"] = {"description": "It is as the caller knows it."}
            for status, response in operation["responses"].items():
                names = ("X-Request-Id", *COUNTED, *OF_STATUS.get(status, ()))
                if status == "304" or (verb == "get" and status == "200"):
                    names = (*names, "ETag")
                if status == "201" and verb == "post":
                    names = (*names, "Location")
                response["headers"] = {
                    name: {"$ref": f"#/components/headers/{name}"} for name in names
                }  # fmt: skip
