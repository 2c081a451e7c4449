"""Arrows point inward: the project's own imports, and the checker that watches them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.boundaries import (
    PYTHON_ARROWS,
    Source,
    python_violations,
    rust_violations,
    typescript_violations,
)

ROOT = Path(__file__).resolve().parents[2]


def sources(folder: Path, *patterns: str) -> Iterator[Source]:
    for pattern in patterns:
        for path in sorted(folder.rglob(pattern)):
            if "node_modules" not in path.parts:
                yield Source(path.relative_to(folder).as_posix(), path.read_text())


def python_sources() -> Iterator[Source]:
    roots = sorted({name.split(".")[0] for name in PYTHON_ARROWS} - {"app", "packet_plane"})
    if (ROOT / "app.py").exists():
        yield Source("app.py", (ROOT / "app.py").read_text())
    for root in roots:
        for source in sources(ROOT / root, "*.py"):
            yield Source(f"{root}/{source.path}", source.text)


def test_python_parts_import_only_what_the_layout_allows():
    found = list(python_sources())
    assert len(found) > 20, "the search for sources finds them"
    assert python_violations(found) == []


def test_crates_depend_only_on_what_the_layout_allows():
    crates = ROOT / "packet_plane/crates"
    manifests = {path.parent.name: path.read_text() for path in crates.glob("*/Cargo.toml")}
    assert "core" in manifests
    assert rust_violations(manifests) == []


def test_web_parts_import_only_what_the_layout_allows():
    found = [
        source
        for source in sources(ROOT / "web/src", "*.ts", "*.tsx")
        if ".test." not in source.path and "/testing/" not in source.path
    ]
    assert len(found) > 20, "the search for sources finds them"
    assert typescript_violations(found) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("chalicelib/domain/meeting.py", "from chalicelib.stores.meetings import Meetings"),
        ("chalicelib/domain/meeting.py", "from chalicelib import stores"),
        ("chalicelib/domain/meeting.py", "import boto3"),
        ("chalicelib/domain/meeting.py", "from ..stores import meetings"),
        ("chalicelib/services/join.py", "def f():\n    import chalicelib.routes.meetings"),
        ("chalicelib/services/join.py", "from chalice import Response"),
        ("chalicelib/routes/meetings.py", "from chalicelib.stores.tables import MeetingModel"),
        ("chalicelib/config.py", "import media_node.config"),
        ("chalicelib/novelty.py", "import chalicelib.domain"),
        ("media_node/meetings/meeting.py", "from media_node.transport.sdp import parse_offer"),
        ("media_node/meetings/meeting.py", "from media_node import node"),
        ("media_node/signaling/edge.py", "import packet_plane"),
        ("media_node/node.py", "import OpenSSL"),
        ("media_node/control.py", "import chalicelib.errors"),
        ("localcloud/server.py", "from media_node.node import Node"),
        ("localcloud/server.py", "from chalicelib.services.join import Join"),
        ("parley/client.py", "from localcloud.settings import ROOT"),
        ("infra/app.py", "import chalicelib.config"),
        ("stray/module.py", "import app"),
    ],
)
def test_a_forbidden_python_import_is_found(path: str, text: str):
    assert python_violations([Source(path, text)])


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("app.py", "from chalice import Chalice\nfrom chalicelib.routes import meetings"),
        ("chalicelib/services/join.py", "from chalicelib.domain.meeting import Meeting\nimport pydantic"),
        ("chalicelib/services/join.py", "from chalicelib.services import place"),
        (
            "chalicelib/domain/meeting.py",
            "from datetime import datetime\nfrom .participant import Participant",
        ),
        ("chalicelib/domain/meeting.py", "from chalicelib.domain import participant"),
        ("media_node/transport/dtls.py", "import aiortc\nfrom media_node.errors import MediaNodeError"),
        ("media_node/node.py", "from media_node import metrics\nfrom media_node.forwarding import reconcile"),
        ("localcloud/gateway/gateway.py", "from localcloud.control_plane import ControlPlane\nimport app"),
    ],
)
def test_an_allowed_python_import_is_not_found(path: str, text: str):
    assert python_violations([Source(path, text)]) == []


def manifest(name: str, section: str, dependency: str) -> str:
    return f'[package]\nname = "{name}"\n[{section}]\n{dependency}\n'


CORE = manifest("plane-core", "dependencies", 'rustc-hash = "2"')


@pytest.mark.parametrize(
    "manifests",
    [
        {"core": CORE, "udp": manifest("plane-udp", "dependencies", 'plane-core = { path = "../core" }')},
        {"core": CORE, "udp": manifest("plane-udp", "dependencies", 'c = { package = "plane-core" }')},
        {
            "core": CORE,
            "netem": manifest("netem", "target.'cfg(unix)'.dependencies", "plane-core.workspace = true"),
        },
        {
            "core": manifest("c", "dependencies", "n.workspace = true"),
            "netem": manifest("n", "dependencies", ""),
        },
        {"core": CORE, "extra": manifest("extra", "dependencies", "")},
    ],
)
def test_a_forbidden_crate_dependency_is_found(manifests: dict[str, str]):
    assert rust_violations(manifests)


def test_tests_of_core_may_use_the_network_emulator():
    core = manifest("c", "dev-dependencies", "n.workspace = true")
    assert rust_violations({"core": core, "netem": manifest("n", "dependencies", "")}) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("protocol/parse.ts", "import { Meeting } from '../meeting/Meeting.ts';"),
        ("rtc/Connection.ts", "import type { Signaling } from '../signaling/index.ts';"),
        ("meeting/Meeting.ts", "export * from '../ui/App.tsx';"),
        ("ui/App.tsx", "import {\n  Connection,\n} from '../rtc/index.ts';"),
        ("ui/pages/Join.tsx", "const page = await import('../../signaling/index.ts');"),
        ("media/capture.ts", "import '../../../secrets.ts';"),
        ("widgets/Button.tsx", "export const x = 1;"),
    ],
)
def test_a_forbidden_web_import_is_found(path: str, text: str):
    assert typescript_violations([Source(path, text)])


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("meeting/Meeting.ts", "import { Connection } from '../rtc/index.ts';\nimport { x } from 'zustand';"),
        ("ui/pages/Join.tsx", "import { Meeting } from '../../meeting/index.ts';\nimport '../style.css';"),
        ("main.tsx", "import { App } from './ui/App.tsx';"),
    ],
)
def test_an_allowed_web_import_is_not_found(path: str, text: str):
    assert typescript_violations([Source(path, text)]) == []
