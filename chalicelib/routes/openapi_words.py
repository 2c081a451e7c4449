"""Schemas and operations that every part of the OpenAPI document is made of."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}
COUNT: Schema = {"type": "integer", "minimum": 0}
MINUTES: Schema = {"type": "number", "minimum": 0}
KEY: list[dict[str, list[str]]] = [{"apiKey": []}, {"accessToken": []}]
MAKER: list[dict[str, list[str]]] = [*KEY, {"user": []}]
MODERATOR: list[dict[str, list[str]]] = [*MAKER, {"participant": []}]
WAITING: list[dict[str, list[str]]] = [{"participant": []}]
# The same credentials as of makers; of people those who operate the installation.
KEEPER = MAKER
ANYBODY: list[dict[str, list[str]]] = [*MAKER, {}]


def nullable(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def record(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def listing(name: str) -> Schema:
    return record(items={"type": "array", "items": reference(name)}, nextCursor=nullable(TEXT))


PROBLEM_TITLES = {
    "400": "The body is not JSON, or not the form that was to come.",
    "401": "No credentials, or none that are valid.",
    "403": "Not allowed.",
    "404": "Not there, or not the caller's to see.",
    "409": "Not in the state that this needs, full, or as many as there may be: `code` says which.",
    "410": "The meeting has ended, or the recording was deleted.",
    "413": "The body is too large.",
    "415": "The body is not application/json.",
    "422": "What was sent breaks a rule.",
    "412": "It changed since it was read: If-Match names another state.",
    "423": "The meeting is locked: nobody new comes in.",
    "429": "Too many requests or attempts; see Retry-After.",
    "503": "No capacity, or a store that does not answer; see Retry-After.",
}


def operation(
    name: str,
    summary: str,
    status: int,
    answer: Schema,
    security: Any,
    problems: str,
    body: str | None = None,
) -> Schema:
    content = {"application/json": {"schema": answer}}
    problem = {"application/problem+json": {"schema": reference("Problem")}}
    done: Schema = {"description": "Done."} if status == 204 else {"description": "Done.", "content": content}
    responses: Schema = {str(status): done}
    for code in sorted({*problems.split(), "429", "503"}):
        responses[code] = {"description": PROBLEM_TITLES[code], "content": problem}
    result: Schema = {"operationId": name, "summary": summary, "security": security, "responses": responses}
    if body is not None:
        result["requestBody"] = {"content": {"application/json": {"schema": reference(body)}}}
    return result


def parameter(name: str, place: str, schema: Schema, description: str) -> Schema:
    required = {"required": True} if place == "path" else {}
    return {"name": name, "in": place, "schema": schema, "description": description, **required}


CURSOR = parameter(
    "cursor",
    "query",
    {"type": "string", "pattern": "^[A-Za-z0-9_-]+$", "minLength": 1, "maxLength": 400},
    "`nextCursor` of the page before.",
)
OF = parameter(
    "of",
    "query",
    {"type": "string", "enum": ["caller", "tenant"], "default": "caller"},
    "What the caller made (of a key: all of its tenant), or all of the tenant: for those who operate it.",
)
IF_MATCH = parameter(
    "If-Match", "header", TEXT, "The `ETag` of what was read: it is changed only if it still is that."
)
