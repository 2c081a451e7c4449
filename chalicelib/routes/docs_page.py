"""The OpenAPI document as a page that people read: no script, no file besides it."""

from __future__ import annotations

import functools
import html
import json
from typing import Any

from chalicelib.routes.openapi import document

STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8882;--accent:#3461d9}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:2rem 1.25rem 6rem}
h1{margin:0}h2{font-size:1.05rem;margin:2.25rem 0 .4rem;overflow-wrap:anywhere}
code,pre{font:.875em/1.45 ui-monospace,monospace}
pre{background:var(--soft);border-radius:8px;padding:.8rem 1rem;overflow:auto;margin:.5rem 0}
.verb{display:inline-block;min-width:4.2em;color:var(--accent);font-weight:700}
section{border-top:1px solid var(--line)}table{border-collapse:collapse;width:100%}
td{border-top:1px solid var(--line);padding:.35rem .6rem .35rem 0;vertical-align:top}
nav a{display:block;text-decoration:none;padding:.1rem 0;overflow-wrap:anywhere}
nav{columns:18rem;margin:1.5rem 0}summary{cursor:pointer}a{color:var(--accent)}
"""


@functools.cache
def page(api_url: str) -> str:
    told = document(api_url)
    operations = [
        (verb.upper(), path, operation, item.get("parameters", []))
        for path, item in told["paths"].items()
        for verb, operation in item.items()
        if verb != "parameters"
    ]
    links = "".join(
        f'<a href="#{one["operationId"]}"><code><span class="verb">{verb}</span>'
        f"{html.escape(path)}</code></a>"
        for verb, path, one, _ in operations
    )
    parts = "".join(_operation(*entry) for entry in operations)
    schemas = "".join(_schema(name, schema) for name, schema in sorted(told["components"]["schemas"].items()))
    base = html.escape(api_url)
    about = html.escape(told["info"]["description"])
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Parley API</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{STYLE}</style></head><body><h1>Parley API</h1><p>{about} Base: "
        f'<code>{base}</code>. <a href="{base}/openapi.json">OpenAPI 3.1</a></p>'
        f"<nav>{links}</nav>{parts}<section><h2>Schemas</h2>{schemas}</section></body></html>"
    )


def _operation(verb: str, path: str, told: dict[str, Any], shared: list[dict[str, Any]]) -> str:
    who = "anybody" if {} in told["security"] else "an API key"
    rows = "".join(
        f"<tr><td><code>{html.escape(one['name'])}</code></td><td>{one['in']}</td>"
        f"<td>{html.escape(one['description'])}</td></tr>"
        for one in [*shared, *told.get("parameters", [])]
    )
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    answers = "".join(
        f"<tr><td><code>{status}</code></td>"
        f"<td>{html.escape(answer['description'])} {_shape(answer)}</td></tr>"
        for status, answer in told["responses"].items()
    )
    return (
        f'<section id="{told["operationId"]}"><h2><code><span class="verb">{verb}</span>'
        f"{html.escape(path)}</code></h2><p>{html.escape(told['summary'])}. For {who}.</p>"
        + (f"<table>{rows}</table>" if rows else "")
        + (f"<p>Body: {_named(body)}</p>" if body else "")
        + f"<details><summary>Answers</summary><table>{answers}</table></details></section>"
    )


def _shape(answer: dict[str, Any]) -> str:
    kinds = [content["schema"] for content in answer.get("content", {}).values() if "schema" in content]
    return _named(kinds[0]) if kinds else ""


def _named(schema: dict[str, Any]) -> str:
    """A link to the schema that is meant; a list says so."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f'<a href="#schema-{name}">{name}</a>'
    items = schema.get("properties", {}).get("items", {}).get("items")
    if items:
        return f"list of {_named(items)}"
    return " or ".join(_named(one) for one in schema.get("anyOf", []))


def _schema(name: str, schema: dict[str, Any]) -> str:
    text = html.escape(json.dumps(schema, indent=2, ensure_ascii=False))
    return f'<details id="schema-{name}"><summary><code>{name}</code></summary><pre>{text}</pre></details>'
