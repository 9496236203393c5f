"""No private name of another package is used: the next release may not have it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from textwrap import dedent

import pytest
from support.source_files import expect_none, parse, place, python_files

FOLDERS = ("kitctl", "kernel", "benchmarks", "datasets", "tests")
OURS = {"kitctl", "kernel", "drawing", "recipes", "support"}
# Names without an underscore that are their library's own all the same.
INNER_NAMES = {
    **dict.fromkeys(("process_value", "type_descriptor", "get_params"), "Typer"),
    "display_type_rich": "Typer",
    "server_state": "uvicorn",
    "__dataclass_fields__": "dataclasses (use dataclasses.fields)",
}
# Attributes that a library lets others read, but not set.
READ_ONLY = {"returncode": "subprocess"}
# What the documentation of namedtuple names.
DOCUMENTED = {"_asdict", "_fields", "_make", "_replace"}
GETTERS = {"getattr", "setattr", "hasattr", "delattr"}


def private_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and complaint for each private name of others that the code uses."""
    own = _names_defined_in(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) if name in INNER_NAMES:
                yield node.lineno, f".{name} is an inner name of {INNER_NAMES[name]}"
            case ast.Attribute(attr=name, ctx=ast.Store()) if name in READ_ONLY:
                yield node.lineno, f".{name} is {READ_ONLY[name]}'s to set"
            case ast.Attribute(attr=name) if is_private(name) and name not in own:
                yield node.lineno, f".{name} belongs to another class or package"
            case ast.Call(func=ast.Name(id=getter), args=[_, ast.Constant(value=str(name)), *_]):
                if getter in GETTERS and (name in INNER_NAMES or is_private(name)):
                    yield node.lineno, f"{getter}(…, {name!r}) reaches for a private name"
            case ast.Import(names=aliases):
                for alias in aliases:
                    yield from _private_import(node.lineno, alias.name)
            case ast.ImportFrom(module=module, names=aliases):
                for alias in aliases:
                    yield from _private_import(node.lineno, f"{module or ''}.{alias.name}")


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in DOCUMENTED


def _private_import(line: int, name: str) -> Iterator[tuple[int, str]]:
    first, *below = name.split(".")
    if first not in OURS and first != "__future__" and any(map(is_private, [first, *below])):
        yield line, f"{name} is a private name of {first}"


def _names_defined_in(tree: ast.Module) -> set[str]:
    """Return the private attributes and methods that the classes of a file define themselves."""
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name, ctx=ast.Store()):
                names.add(name)
    return names


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_private_name_of_another_package_is_used(folder: str) -> None:
    used = [
        f"{place(path, line)}: {complaint}; use what its documentation names, or do without"
        for path in python_files(folder)
        for line, complaint in private_names(parse(path))
    ]
    expect_none(used)


@pytest.mark.parametrize(
    "code",
    [
        "model._flatten_layers()",
        "class Layer(keras.Layer):\n    def call(self):\n        self._flatten_layers()",
        "class Layer(keras.Layer):\n    def call(self):\n        super()._call()",
        "parameter.process_value = None",
        "hasattr(parameter, 'type_descriptor')",
        "getattr(model, '_layers')",
        "len(server.server_state.connections)",
        "process.returncode = 0",
        "cls.__dataclass_fields__.keys()",
        "from typer._click import Command",
        "import concurrent.futures._base",
        "from typer import _types",
    ],
)
def test_a_private_name_is_seen(code: str) -> None:
    assert list(private_names(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "class A:\n    _b: int = 0\n    def c(self):\n        return self._b",
        "class A:\n    def __init__(self):\n        self._b = 0\n    def c(self, other):\n"
        "        return other._b",
        "class A:\n    def _b(self): ...\n    def c(self):\n        return super()._b()",
        "from kitctl.cli import _words",
        "from __future__ import annotations",
        "if process.returncode: ...",
        "self.__class__.__name__",
        "__version__ = '1'",
    ],
)
def test_a_name_of_our_own_is_not_a_private_name_of_others(code: str) -> None:
    assert not list(private_names(ast.parse(dedent(code))))
