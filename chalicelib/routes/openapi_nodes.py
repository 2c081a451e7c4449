"""Regions and media nodes in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from chalicelib.routes.openapi_words import (
    ANYBODY,
    COUNT,
    KEEPER,
    TEXT,
    TIME,
    Schema,
    listing,
    nullable,
    operation,
    parameter,
    record,
    reference,
)

NODE_SCHEMAS: dict[str, Schema] = {
    "Region": record(id=TEXT, home={"type": "boolean"}),
    "Node": record(
        id=TEXT,
        region=TEXT,
        zone=nullable(TEXT),
        url=TEXT,
        metricsUrl=TEXT,
        state={"type": "string", "enum": ["ready", "draining", "drained", "lost"]},
        bootId=TEXT,
        capacityUnits=COUNT,
        usedUnits=COUNT,
        reservedUnits={"type": "integer"},
        cpuBusy={"type": "number"},
        meetings=COUNT,
        drainUntil={
            **nullable(TIME),
            "description": "While it drains: when whoever is still there is sent away. Null: nobody is.",
        },
        lastReportAt=TIME,
    ),
}


def node_paths() -> dict[str, Any]:
    node = parameter("node", "path", TEXT, "An id (`node_…`).")
    return {
        "/regions": {"get": operation("list_regions", "The regions", 200, listing("Region"), ANYBODY, "401")},
        "/nodes": {
            "get": operation("list_nodes", "The media nodes", 200, listing("Node"), KEEPER, "401 403")
        },
        "/nodes/{node}": {
            "parameters": [node],
            "get": operation("show_node", "One media node", 200, reference("Node"), KEEPER, "401 403 404"),
        },
        "/nodes/{node}/drain": {
            "parameters": [node],
            "post": operation("drain_node", "Let it take no new meetings", 202, reference("Node"), KEEPER,
                              "400 401 403 404 422", "Drain"),
        },
        "/nodes/{node}/undrain": {
            "parameters": [node],
            "post": operation("undrain_node", "Let it take meetings again", 202, reference("Node"), KEEPER,
                              "400 401 403 404 422", "NoContent"),
        },
    }  # fmt: skip
