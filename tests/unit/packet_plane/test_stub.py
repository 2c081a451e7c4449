"""The stub that type checkers read says what the built module is."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from types import ModuleType

import pytest

import packet_plane
from packet_plane import _packet_plane

STUB = Path(packet_plane.__file__).with_name("_packet_plane.pyi")


def stub_classes() -> dict[str, ast.ClassDef]:
    tree = ast.parse(STUB.read_text())
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def public_names(of: ModuleType | type) -> set[str]:
    return {name for name in vars(of) if not name.startswith("_")}


def stub_members(stub: ast.ClassDef) -> set[str]:
    fields = {
        node.target.id
        for node in stub.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    functions = {node.name for node in stub.body if isinstance(node, ast.FunctionDef)}
    return {name for name in fields | functions if not name.startswith("_")}


def stub_parameters(function: ast.FunctionDef) -> list[tuple[str, bool, object]]:
    """Name, whether keyword-only, and default (or `inspect.Parameter.empty`), without self."""
    arguments = function.args
    positional = arguments.args[1:]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    pairs = [(argument, False, default) for argument, default in zip(positional, defaults, strict=True)]
    pairs += [
        (argument, True, default)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    return [
        (argument.arg, keyword_only, inspect.Parameter.empty if default is None else literal(default))
        for argument, keyword_only, default in pairs
    ]


def literal(node: ast.expr) -> object:
    value = ast.literal_eval(node)
    return [] if value == () else value


def built_parameters(function: object) -> list[tuple[str, bool, object]]:
    parameters = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    return [
        (parameter.name, parameter.kind is inspect.Parameter.KEYWORD_ONLY, parameter.default)
        for parameter in parameters
        if parameter.name != "self"
    ]


def by_name(parameters: list[tuple[str, bool, object]]) -> dict[str, tuple[bool, bool]]:
    """Whether each is keyword-only and optional; how a default is written may differ."""
    return {
        name: (keyword_only, default is not inspect.Parameter.empty)
        for name, keyword_only, default in parameters
    }


def test_the_stub_names_exactly_the_classes_of_the_module():
    assert set(stub_classes()) == public_names(_packet_plane)


def test_the_package_offers_every_class_of_the_module():
    assert public_names(_packet_plane) <= set(packet_plane.__all__)
    assert all(hasattr(packet_plane, name) for name in packet_plane.__all__)


@pytest.mark.parametrize("name", sorted(stub_classes()))
def test_members_of_each_class_are_those_of_the_stub(name):
    built = getattr(_packet_plane, name)
    if issubclass(built, Exception):
        assert issubclass(built, RuntimeError)
        return
    assert stub_members(stub_classes()[name]) == public_names(built)


@pytest.mark.parametrize("name", sorted(stub_classes()))
def test_parameters_of_each_function_are_those_of_the_stub(name):
    built = getattr(_packet_plane, name)
    compared = 0
    for node in stub_classes()[name].body:
        if not isinstance(node, ast.FunctionDef) or node.decorator_list:
            continue
        function = built if node.name == "__init__" else getattr(built, node.name)
        assert by_name(built_parameters(function)) == by_name(stub_parameters(node)), node.name
        compared += 1
    has_functions = any(isinstance(node, ast.FunctionDef) for node in stub_classes()[name].body)
    assert bool(compared) == has_functions


def test_instances_cannot_be_changed_after_they_were_made():
    codec = packet_plane.Codec(payload_type=96, name="VP8", clock_rate=90_000)
    with pytest.raises(AttributeError):
        codec.payload_type = 97  # type: ignore[attr-defined]
