"""The packet plane built for tests: in virtual time, and with a command that breaks an invariant.

`scripts/setup.py` builds it beside the one that is shipped, with the feature `rehearsal`. It is a module of
its own: what it makes is not what the installed one makes.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from importlib.machinery import ExtensionFileLoader
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# A folder for PYTHONPATH: a node that is started with it has this plane.
FOLDER = ROOT / ".setup/rehearsal"
LIBRARY = FOLDER / "packet_plane/_packet_plane.abi3.so"


@cache
def rehearsal() -> Any:
    """The module, loaded beside the installed one."""
    assert LIBRARY.exists(), "the plane for tests is not built: run `make setup`"
    name = "rehearsal._packet_plane"
    loader = ExtensionFileLoader(name, str(LIBRARY))
    spec = importlib.util.spec_from_file_location(name, LIBRARY, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module
