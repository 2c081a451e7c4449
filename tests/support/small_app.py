"""A small Chalice app with the handlers that localcloud calls: what the gateway tests send requests to.

It echoes events back, so that a test sees what the adapter made of a request.
"""

from __future__ import annotations

import base64
import time
from typing import Any

from chalice import BadRequestError, Response

from chalicelib.routes.cors import Cors
from chalicelib.routes.edge import Edge

PAGE = "https://page.example"

app: Any = Edge("small", lambda: Cors(frozenset({PAGE})))
app.api.binary_types.append("application/x-thing")


@app.route("/v1/things/{thing}", methods=["GET", "POST"])
def echo(thing: str) -> Any:
    event = app.current_request
    return {
        "thing": thing,
        "method": event.method,
        "query": event.to_dict()["query_params"],
        "headers": dict(event.headers),
        "context": event.context,
        "body": base64.b64encode(event.raw_body).decode(),
    }


@app.route("/v1/things/fixed", methods=["GET"])
def fixed() -> Any:
    return {"fixed": True}


@app.route("/v1/binary", methods=["POST"], content_types=["application/x-thing"])
def binary() -> Any:
    return Response(app.current_request.raw_body[::-1], headers={"Content-Type": "application/x-thing"})


@app.route("/v1/slow/{name}")
def slow(name: str) -> Any:
    time.sleep(0.02)
    return {"name": app.current_request.uri_params["name"], "asked": name}


@app.route("/v1/bad")
def bad() -> Any:
    raise BadRequestError("no")


@app.middleware("http")
def note(event: Any, get_response: Any) -> Any:
    response = get_response(event)
    response.headers["X-Seen"] = "yes"
    return response
