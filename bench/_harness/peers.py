"""The servers of one benchmark, started together, and the worlds of clients on them."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench._harness import servers
from bench._harness.engine import Engine, EngineError, running_engine


@contextmanager
def started(
    names: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[tuple[Engine, dict[str, servers.Target]]]:
    """The generator and those of "ideal", "parley" and "janus" that are asked for and can be had."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        engine = stack.enter_context(running_engine())
        targets: dict[str, servers.Target | None] = {}
        for name in names:
            if name == "ideal":
                targets[name] = servers.ideal()
            elif name == "janus":
                targets[name] = stack.enter_context(servers.janus(Path(folder)))
            else:
                targets[name] = stack.enter_context(servers.parley(Path(folder), environment))
        yield engine, {name: target for name, target in targets.items() if target is not None}


def alternate(
    engine: Engine, worlds: Sequence[str], do: str, rounds: int, **load: Any
) -> dict[str, list[dict[str, Any]]]:
    """Rounds of one load, taking turns; the first of each only warms up."""
    runs: dict[str, list[dict[str, Any]]] = {world: [] for world in worlds}
    for number in range(rounds + 1):
        for world in worlds:
            try:
                run = engine.ask(do, world=world, **load)
            except EngineError as error:
                print(f"  {world}: {error}", file=sys.stderr)
                continue
            if number > 0:
                runs[world].append(run)
    return runs
