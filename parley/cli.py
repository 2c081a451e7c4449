"""The command line: what a person at a terminal asks of a Parley. Errors are one sentence and exit code 1."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from parley.client import Client
from parley.errors import ParleyError
from parley.settings import find_connection
from parley.takes import verify_take

application = typer.Typer(
    no_args_is_help=True, help="Meetings and media nodes of a Parley.", add_completion=False
)
meetings = typer.Typer(no_args_is_help=True, help="Create, list and end meetings.")
application.add_typer(meetings, name="meetings")
recording = typer.Typer(no_args_is_help=True, help="Look at what was recorded.")
application.add_typer(recording, name="recording")
console = Console()


def client() -> Client:
    return Client(find_connection(os.environ, Path.cwd()))


@meetings.command("create")
def create_meeting(
    title: Annotated[str | None, typer.Option(help="What the meeting is called.")] = None,
    guests: Annotated[bool, typer.Option(help="Whether a link is enough to join.")] = True,
    max_participants: Annotated[int | None, typer.Option(min=2, max=1000)] = None,
) -> None:
    """Create a meeting and print its link."""
    wishes: dict[str, Any] = {"title": title, "guests": guests, "maxParticipants": max_participants}
    with client() as api:
        meeting = api.create_meeting(**{name: value for name, value in wishes.items() if value is not None})
    # Plain lines, so that a script can take them.
    print(meeting["link"])
    print(meeting["id"])


@meetings.command("list")
def list_meetings(
    state: Annotated[str | None, typer.Option(help="created, live or ended")] = None,
) -> None:
    """List meetings, newest first."""
    table = Table("Code", "Title", "State", "People", "Created", "Id")
    with client() as api:
        for meeting in api.meetings(state):
            title, people = escape(meeting["title"] or ""), str(meeting["participantCount"])
            created = meeting["createdAt"][:16].replace("T", " ")
            table.add_row(meeting["code"], title, meeting["state"], people, created, meeting["id"])
    console.print(table)


@meetings.command("end")
def end_meeting(meeting: Annotated[str, typer.Argument(help="An id or a code.")]) -> None:
    """End a meeting for everyone."""
    with client() as api:
        ended = api.end_meeting(meeting)
    print(f"{ended['code']} has ended.")


@recording.command("verify")
def verify_recording(
    folder: Annotated[Path, typer.Argument(help="A take as it lies in the bucket, downloaded.")],
) -> None:
    """Find segments that were changed or are missing; exit code 1 if there are any."""
    verdict = verify_take(folder)
    for problem in verdict.problems:
        print(problem)
    print(f"{verdict.segments} segments in {verdict.pages} pages, {len(verdict.problems)} problems.")
    if verdict.is_unfinished:
        print(
            "No page is the final one: the recorder did not end by itself, and later segments are not listed."
        )
    raise typer.Exit(1 if verdict.problems else 0)


@application.command("drain")
def drain(
    node: Annotated[str, typer.Argument(help="A node's id.")],
    seconds: Annotated[int | None, typer.Option(help="How long its meetings may go on.")] = None,
) -> None:
    """Let a node take no new meetings; `parley nodes` says when it is drained."""
    with client() as api:
        api.drain(node, seconds)
    print(f"{node} drains.")


@application.command("undrain")
def undrain(node: Annotated[str, typer.Argument(help="A node's id.")]) -> None:
    """Let a node take meetings again."""
    with client() as api:
        api.undrain(node)
    print(f"{node} takes meetings again.")


@application.command("nodes")
def list_nodes() -> None:
    """List the media nodes and how full they are."""
    table = Table("Node", "State", "Units", "CPU", "Meetings", "URL")
    with client() as api:
        for node in api.nodes():
            units = f"{node['usedUnits']} used, {node['reservedUnits']} reserved of {node['capacityUnits']}"
            name = f"{node['id']}\n[dim]{escape(node['region'])}[/]"
            table.add_row(
                name, node["state"], units, f"{node['cpuBusy']:.0%}", str(node["meetings"]), node["url"]
            )
    console.print(table)


@application.command("doctor")
def doctor() -> None:
    """Check every part from here, one line each; exit code 1 if one of them is not well."""
    with client() as api:
        checks: list[tuple[str, Callable[[], bool]]] = [
            ("API answers", lambda: api.health()["status"] == "ok"),
            ("API key is valid", lambda: isinstance(next(api.meetings(), {}), dict)),
            ("Signing keys are published", lambda: len(api.jwks()["keys"]) > 0),
            ("A media node is ready", lambda: any(node["state"] == "ready" for node in api.nodes())),
            ("Ready nodes are reachable from here", lambda: nodes_answer(api)),
        ]
        failed = 0
        for title, check in checks:
            try:
                well, why = check(), ""
            except ParleyError as error:
                well, why = False, f": {error}"
            failed += not well
            console.print(f"{'[green]ok[/]  ' if well else '[red]FAIL[/]'} {title}{escape(why)}")
    raise typer.Exit(1 if failed else 0)


def nodes_answer(api: Client) -> bool:
    ready = [node for node in api.nodes() if node["state"] == "ready"]
    return bool(ready) and all(api.node_is_ready(node) for node in ready)


def main() -> None:
    try:
        application()
    except ParleyError as error:
        print(f"parley: {error}", file=sys.stderr)
        raise SystemExit(1) from None
