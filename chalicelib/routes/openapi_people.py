"""What the OpenAPI document says of coming into a meeting and of its participants."""

from __future__ import annotations

from typing import Any, get_args

from chalicelib.routes.bodies import PersonState
from chalicelib.routes.openapi_words import MODERATOR, TEXT, Schema, listing, operation, parameter, reference


def join_operation(name: str, summary: str, security: Any, problems: str, body: str | None = None) -> Schema:
    result = operation(name, summary, 201, reference("Admission"), security, problems, body)
    waiting = {"application/json": {"schema": reference("Waiting")}}
    result["responses"]["202"] = {"description": "A host has to say yes first.", "content": waiting}
    return result


def people(meeting: Schema) -> dict[str, Schema]:
    """The participants of a meeting, and what hosts do to them."""
    one = [meeting, parameter("participant", "path", TEXT, "An id (`par_…`).")]
    shown, everybody = reference("Participant"), listing("Participant")
    refused = "400 401 403 404 410 413 415 422"
    listed = operation("list_participants", "Who was, is, and waits to be there", 200, everybody, MODERATOR,
                       "401 403 404 422")  # fmt: skip
    states = {"type": "string", "enum": list(get_args(PersonState))}
    listed["parameters"] = [parameter("state", "query", states, "Only participants in this state.")]
    removed = operation("remove_participant", "Remove somebody for good; oneself: leave", 204, {}, MODERATOR,
                        "401 403 404 410 422")  # fmt: skip
    removed["parameters"] = [
        parameter("ban", "query", {"type": "string", "enum": ["true", "false"], "default": "false"},
                  "Also whoever comes from the same address.")
    ]  # fmt: skip
    base = "/meetings/{meeting}/participants"

    def act(
        name: str, summary: str, status: int, answer: Schema, where: list[Schema], body: str = "NoContent"
    ) -> Schema:
        done = operation(name, summary, status, answer, MODERATOR, refused, body)
        return {"parameters": where, "post": done}

    return {
        base: {"parameters": [meeting], "get": listed},
        f"{base}/admit-all": act("admit_all", "Let in everybody who waits", 200, everybody, [meeting]),
        f"{base}/mute-all": act(
            "mute_all",
            "Stop sources of everybody but oneself, and of hosts only by a host, a server or the organiser",
            204,
            {},
            [meeting],
            "Mute",
        ),
        f"{base}/{{participant}}": {
            "parameters": one,
            "get": operation("show_participant", "One participant", 200, shown, MODERATOR, "401 403 404"),
            "patch": operation("change_participant", "Another role or name, live", 200, shown, MODERATOR,
                               refused, "ChangeParticipant"),
            "delete": removed,
        },
        f"{base}/{{participant}}/admit": act(
            "admit_participant", "Let in who waits, or back in who was put out", 200, shown, one
        ),
        f"{base}/{{participant}}/deny": act("deny_participant", "Refuse who waits", 200, shown, one),
        f"{base}/{{participant}}/mute": act(
            "mute_participant", "Stop sources of somebody, who may start them again", 204, {}, one, "Mute"
        ),
    }  # fmt: skip
