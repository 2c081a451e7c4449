"""Which part of the project may import which: the arrows, and how to find an import that has none.

A part is a module or folder, named by its dotted or slashed path; the longest name that fits a file is
its part. A part may always import itself. Pure: sources come in as text, violations go out as sentences.
"""

from __future__ import annotations

import ast
import posixpath
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

Arrows = Mapping[str, frozenset[str]]


def _arrows(**lines: str) -> dict[str, frozenset[str]]:
    return {name.replace("__", "."): frozenset(allowed.split()) for name, allowed in lines.items()}


# Written as in the layout: the part, then all of the project that it may import.
CHALICELIB = {
    "chalicelib.bootstrap": frozenset({"chalicelib.config", "chalicelib.services", "chalicelib.stores"}),
    "chalicelib.config": frozenset[str](),
    "chalicelib.errors": frozenset[str](),
    "chalicelib.routes": frozenset({"chalicelib.bootstrap", "chalicelib.errors"}),
    "chalicelib.services": frozenset({"chalicelib.domain", "chalicelib.errors"}),
    "chalicelib.domain": frozenset[str](),
    "chalicelib.stores": frozenset({"chalicelib.domain", "chalicelib.errors"}),
}
MEDIA_NODE = {
    "media_node.__main__": frozenset({"media_node.process", "media_node.config"}),
    "media_node.process": frozenset({"media_node.node", "media_node.config"}),
    "media_node.certificate": frozenset[str](),
    "media_node.config": frozenset[str](),
    "media_node.node": frozenset({"media_node", "packet_plane"}),
    "media_node.signaling": frozenset({"media_node.meetings", "media_node.quantities", "media_node.errors"}),
    "media_node.tokens": frozenset({"media_node.errors"}),
    "media_node.hosting": frozenset(
        {
            "media_node.admission",
            "media_node.bandwidth",
            "media_node.connections",
            "media_node.forwarding",
            "media_node.isolation",
            "media_node.link_news",
            "media_node.live_meetings",
            "media_node.meetings",
            "media_node.signaling",
            "media_node.tokens",
            "media_node.transport",
            "media_node.quantities",
            "media_node.errors",
        }
    ),
    "media_node.entrance": frozenset(
        {
            "media_node.admission",
            "media_node.hosting",
            "media_node.meetings",
            "media_node.signaling",
            "media_node.tokens",
            "media_node.transport",
            "media_node.quantities",
            "media_node.errors",
        }
    ),
    "media_node.commands": frozenset(
        {
            "media_node.admission",
            "media_node.control",
            "media_node.hosting",
            "media_node.meetings",
            "media_node.recording",
            "media_node.relay",
            "media_node.quantities",
        }
    ),
    "media_node.connection_tests": frozenset(
        {
            "media_node.admission",
            "media_node.connections",
            "media_node.forwarding",
            "media_node.meetings",
            "media_node.signaling",
            "media_node.transport",
            "media_node.quantities",
            "media_node.errors",
        }
    ),
    "media_node.live_meetings": frozenset(
        {
            "media_node.connections",
            "media_node.distribution",
            "media_node.forwarding",
            "media_node.isolation",
            "media_node.meetings",
            "media_node.signaling",
            "media_node.quantities",
            "media_node.errors",
        }
    ),
    "media_node.worker_threads": frozenset[str](),
    "media_node.downlink_loss": frozenset[str](),
    "media_node.isolation": frozenset({"media_node.quantities"}),
    "media_node.plane_events": frozenset(
        {
            "media_node.bandwidth",
            "media_node.connections",
            "media_node.forwarding",
            "media_node.hosting",
            "media_node.isolation",
            "media_node.quantities",
            "packet_plane",
        }
    ),
    "media_node.admission": frozenset(
        {"media_node.meetings", "media_node.tokens", "media_node.quantities", "media_node.errors"}
    ),
    "media_node.distribution": frozenset(
        {
            "media_node.bandwidth",
            "media_node.best_layers",
            "media_node.forwarding",
            "media_node.isolation",
            "media_node.meetings",
            "media_node.source",
            "media_node.quantities",
            "media_node.errors",
        }
    ),
    "media_node.best_layers": frozenset(
        {"media_node.bandwidth", "media_node.source", "media_node.quantities"}
    ),
    "media_node.source": frozenset({"media_node.bandwidth", "media_node.meetings", "media_node.quantities"}),
    "media_node.connections": frozenset(
        {
            "media_node.forwarding",
            "media_node.meetings",
            "media_node.transport",
            "media_node.quantities",
            "media_node.errors",
        }
    ),
    "media_node.meetings": frozenset({"media_node.bandwidth", "media_node.quantities", "media_node.errors"}),
    "media_node.bandwidth": frozenset({"media_node.quantities", "media_node.errors"}),
    "media_node.transport": frozenset({"media_node.quantities", "media_node.errors"}),
    "media_node.forwarding": frozenset({"media_node.meetings", "media_node.quantities", "packet_plane"}),
    # A link has a plane of its own for what comes through it.
    "media_node.relay": frozenset(
        {
            "media_node.connections",
            "media_node.forwarding",
            "media_node.meetings",
            "media_node.transport",
            "media_node.quantities",
            "media_node.errors",
            "packet_plane",
        }
    ),
    "media_node.backups": frozenset(
        {"media_node.recording", "media_node.relay", "media_node.transport", "media_node.quantities"}
    ),
    # A recorder process turns what a tap hands over into segments with the plane's own library.
    "media_node.recording": frozenset(
        {"media_node.metrics", "media_node.quantities", "media_node.errors", "packet_plane"}
    ),
    "media_node.recorded_meetings": frozenset(
        {
            "media_node.forwarding",
            "media_node.live_meetings",
            "media_node.meetings",
            "media_node.recording",
            "media_node.quantities",
        }
    ),
    "media_node.control": frozenset({"media_node.quantities", "media_node.errors"}),
    "media_node.metrics": frozenset[str](),
    "media_node.scraping": frozenset[str](),
    "media_node.quality": frozenset({"media_node.quantities"}),
    "media_node.link_quality": frozenset({"media_node.quality", "media_node.quantities"}),
    "media_node.link_news": frozenset({"media_node.meetings", "media_node.quantities"}),
    "media_node.usage": frozenset({"media_node.quality", "media_node.quantities"}),
    "media_node.report": frozenset(
        {"media_node.meetings", "media_node.metrics", "media_node.quantities", "media_node.usage"}
    ),
    "media_node.observation": frozenset(
        {
            "media_node.bandwidth",
            "media_node.distribution",
            "media_node.downlink_loss",
            "media_node.forwarding",
            "media_node.link_quality",
            "media_node.metrics",
            "media_node.quality",
            "media_node.usage",
            "media_node.quantities",
            "packet_plane",
        }
    ),
    "media_node.errors": frozenset[str](),
    "media_node.quantities": frozenset[str](),
}
PYTHON_ARROWS: Arrows = {
    "app": frozenset({"chalicelib"}),
    "chalicelib": frozenset[str](),
    **CHALICELIB,
    "media_node": frozenset[str](),
    **MEDIA_NODE,
    "packet_plane": frozenset[str](),
    "parley": frozenset[str](),
    # What CDK makes in AWS, localcloud makes: the tables are the one thing it takes from inside.
    "localcloud": frozenset({"app", "chalicelib.stores.tables"}),
    "infra": frozenset[str](),
}
# A library that only these parts may touch, so that replacing it stays a change of one part.
SOLE_USERS: Arrows = _arrows(
    chalice="app chalicelib.routes",
    pynamodb="chalicelib.stores",
    OpenSSL="media_node.transport",
    packet_plane="media_node.forwarding media_node.node media_node.observation media_node.plane_events "
    "media_node.recording media_node.relay",
    aws_cdk="infra",
)
# Rules that must hold on any machine at any time: the standard library and nothing else.
PURE_PARTS = frozenset({"chalicelib.domain", "chalicelib.errors"})

RUST_ARROWS: Arrows = {
    "core": frozenset[str](),
    "udp": frozenset[str](),
    "tcp": frozenset[str](),
    "netem": frozenset[str](),
    # Whole meetings in virtual time, for tests.
    "clients": frozenset({"core", "netem"}),
    # Tests with real clients.
    "tunlink": frozenset({"netem"}),
    # Threads that drive a plane over sockets, without a word of Python.
    "worker": frozenset({"core", "udp", "tcp"}),
    # A recorder's core: segments of what a tap hands over.
    "recording": frozenset({"core"}),
    # The last two behind the feature `rehearsal`, for tests.
    "python": frozenset({"core", "recording", "udp", "worker", "clients", "netem"}),
}
# Tests of a crate may use these too.
RUST_TEST_ARROWS: Arrows = {"core": frozenset({"clients", "netem"}), "udp": frozenset({"netem"})}

_EDGES = frozenset({"protocol"})
TYPESCRIPT_ARROWS: Arrows = {
    "protocol": frozenset[str](),
    "api": frozenset[str](),
    "signaling": _EDGES,
    "rtc": _EDGES,
    "media": _EDGES,
    "e2ee": _EDGES,
    "meeting": frozenset({"protocol", "api", "signaling", "rtc", "media", "e2ee"}),
    "ui": frozenset({"meeting"}),
}


@dataclass(frozen=True)
class Source:
    """A file by its path from the root of its tree, with slashes."""

    path: str
    text: str


def part_of(name: str, parts: Iterable[str], separator: str = ".") -> str | None:
    """The longest part that `name` is or lies in."""
    fitting = [part for part in parts if name == part or name.startswith(part + separator)]
    return max(fitting, key=len, default=None)


# Python.


def python_violations(sources: Iterable[Source]) -> list[str]:
    files = list(sources)
    modules = {module_name(source.path) for source in files}
    roots = {name.split(".")[0] for name in PYTHON_ARROWS}
    return [
        f"{source.path}:{line}: {problem}"
        for source in files
        for line, imported in python_imports(source, modules)
        if (problem := _python_problem(module_name(source.path), imported, roots)) is not None
    ]


def _python_problem(module: str, imported: str, roots: set[str]) -> str | None:
    part = part_of(module, PYTHON_ARROWS)
    if part is None:
        return f"no line of the layout names {module}"
    root = imported.split(".")[0]
    users = SOLE_USERS.get(root)
    if users is not None and root != module.split(".")[0] and part_of(module, users) is None:
        return f"only {' and '.join(sorted(users))} may import {root}"
    if root not in roots:
        if part in PURE_PARTS and root not in sys.stdlib_module_names:
            return f"{part} may import the standard library only, not {imported}"
        return None
    target = part_of(imported, PYTHON_ARROWS)
    if target == part or target is None or part_of(imported, PYTHON_ARROWS[part]) is not None:
        return None
    # A package's own __init__ names the package; its parts have lines of their own.
    if target == imported and "." not in target and part.startswith(target + "."):
        return None
    return f"{part} may not import {imported}"


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix(".pyi").removesuffix("/__init__").replace("/", ".")


def python_imports(source: Source, modules: set[str]) -> Iterator[tuple[int, str]]:
    """Every module that a file imports, absolute; `from a import b` names a.b where b is a module."""
    for node in ast.walk(ast.parse(source.text, source.path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(source.path, node)
            for alias in node.names:
                submodule = f"{base}.{alias.name}"
                inner = submodule in modules or submodule in PYTHON_ARROWS
                yield node.lineno, submodule if inner else base


def _absolute(path: str, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    package = posixpath.dirname(path).split("/")
    kept = package[: len(package) - node.level + 1]
    return ".".join([*kept, *([node.module] if node.module else [])])


# Rust.


def rust_violations(manifests: Mapping[str, str]) -> list[str]:
    """Check the crates' manifests, by folder name under crates/."""
    crates = {folder: tomllib.loads(text) for folder, text in manifests.items()}
    folder_by_package = {manifest["package"]["name"]: folder for folder, manifest in crates.items()}
    violations = []
    for folder, manifest in crates.items():
        if folder not in RUST_ARROWS:
            violations.append(f"crates/{folder}: no line of the layout names it")
            continue
        for section, name in _crate_dependencies(manifest):
            target = folder_by_package.get(name)
            allowed = RUST_ARROWS[folder]
            if section == "dev-dependencies":
                allowed |= RUST_TEST_ARROWS.get(folder, frozenset())
            if target is not None and target not in allowed:
                violations.append(f"crates/{folder}: may not have {target} in its {section}")
    return violations


def _crate_dependencies(manifest: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    tables: list[Mapping[str, object]] = [manifest]
    targets = manifest.get("target")
    if isinstance(targets, dict):
        tables += targets.values()
    for table in tables:
        for section in ("dependencies", "dev-dependencies", "build-dependencies"):
            entries = table.get(section)
            if isinstance(entries, dict):
                for name, value in entries.items():
                    renamed = value.get("package") if isinstance(value, dict) else None
                    yield section, renamed or name


# TypeScript.

# `import … from 'x'`, `export … from 'x'`, `import 'x'` and `import('x')`.
_TYPESCRIPT_IMPORT = re.compile(
    r"""(?:^\s*(?:import|export)\b[^'";]*?\bfrom\s*|^\s*import\s*|\bimport\s*\(\s*)['"]([^'"]+)['"]""",
    re.MULTILINE,
)


def typescript_violations(sources: Iterable[Source]) -> list[str]:
    """Check files by their path under web/src. Files at its top put the app together and may use all."""
    violations = []
    for source in sources:
        folder = source.path.split("/")[0]
        if "/" not in source.path:
            continue
        if folder not in TYPESCRIPT_ARROWS:
            violations.append(f"{source.path}: no line of the layout names {folder}/")
            continue
        for imported in typescript_imports(source):
            target = imported.split("/")[0]
            if target == ".." or (target != folder and target not in TYPESCRIPT_ARROWS[folder]):
                violations.append(f"{source.path}: {folder}/ may not import {imported}")
    return violations


def typescript_imports(source: Source) -> Iterator[str]:
    """Paths under web/src that a file imports; packages are left out."""
    for match in _TYPESCRIPT_IMPORT.finditer(source.text):
        if match[1].startswith("."):
            yield posixpath.normpath(posixpath.join(posixpath.dirname(source.path), match[1]))
