"""The house rules, read from the source: who may import whom, and how long a file may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent

# A room of kitctl → the rooms it may import. Imports go down only.
MAY_IMPORT = {
    "errors": set(),
    "config": {"errors"},
    "domain": {"errors"},
    "packing": {"domain", "errors"},
    "ports": {"domain", "errors"},
    "adapters": {"ports", "domain", "config", "errors"},
    "operations": {"ports", "packing", "domain", "config", "errors"},
    "render": {"operations", "ports", "packing", "domain", "errors"},
    "sandbox": {"errors"},
    # Shares no code with adapters/, so that it can catch their mistakes.
    "local": {"sandbox", "errors"},
    "cli": {
        *("operations", "render", "adapters", "sandbox", "local", "packing"),
        *("ports", "domain", "config", "errors"),
    },
    "__main__": {"cli", "errors"},
    "__init__": set(),
}

# What takes long to import → the only place that may name it outside a function.
HEAVY = (
    "tensorflow",
    "keras",
    "pandas",
    "matplotlib",
    "kaggle",
    "kagglesdk",
    "rich",
    "starlette",
    "uvicorn",
)

LONGEST_FILE = 400


def sources(folder: str) -> list[Path]:
    return sorted((PROJECT / folder).rglob("*.py"))


def imports(path: Path, *, at_module_level: bool = False) -> Iterator[str]:
    """Every dotted name that a file imports, relative ones made absolute."""
    tree = ast.parse(path.read_text("utf-8"))
    package = path.relative_to(PROJECT).with_suffix("").parts[:-1]
    for node in _module_level(tree) if at_module_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _module_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """What runs when the file is imported (not what stands under TYPE_CHECKING)."""
    pending: list[ast.stmt] = list(tree.body)
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.If | ast.Try | ast.With | ast.ClassDef):
            # Not what stands in a method: that runs when it is called.
            for child in ast.iter_child_nodes(node):
                pending += child.body if isinstance(child, ast.ExceptHandler) else []
                pending += [child] if isinstance(child, ast.stmt) else []


def room(name: str) -> str:
    """`kitctl.cli.push` → `cli`; the package itself → `__init__`."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in MAY_IMPORT else "__init__"


def test_every_file_of_kitctl_has_a_room_that_the_rules_know() -> None:
    rooms = {
        path.relative_to(PROJECT / "kitctl").with_suffix("").parts[0] for path in sources("kitctl")
    }
    assert rooms <= MAY_IMPORT.keys()


def test_imports_inside_kitctl_go_down_only() -> None:
    wrong = [
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in sources("kitctl")
        for name in imports(path)
        if name.split(".")[0] == "kitctl"
        and room(name)
        not in {own := path.relative_to(PROJECT / "kitctl").with_suffix("").parts[0], "__init__"}
        and room(name) not in MAY_IMPORT[own]
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("program", "other"), [("kernel", "kitctl"), ("kitctl", "kernel"), ("datasets", "kitctl")]
)
def test_the_two_programs_never_import_each_other(program: str, other: str) -> None:
    wrong = [
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in sources(program)
        for name in imports(path)
        if name.split(".")[0] == other
    ]
    assert not wrong


def test_only_the_kaggle_adapter_imports_the_official_client() -> None:
    importers = {
        path.relative_to(PROJECT / "kitctl").parts[:2]
        for path in sources("kitctl")
        if any(name.split(".")[0] in {"kaggle", "kagglesdk"} for name in imports(path))
    }
    assert {folder for folder, _ in importers} == {"adapters"}
    assert all(name.startswith("kaggle") for _, name in importers)


def test_no_file_of_kitctl_imports_a_heavy_package_before_it_is_used() -> None:
    wrong = [
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in sources("kitctl")
        # The server's own files are loaded only by the process that serves.
        if "local" not in path.relative_to(PROJECT / "kitctl").parts[:1]
        for name in imports(path, at_module_level=True)
        if name.split(".")[0] in HEAVY
    ]
    assert not wrong


@pytest.mark.parametrize("folder", ["kernel", "kitctl", "datasets", "tests", "benchmarks"])
def test_no_file_is_longer_than_a_sitting(folder: str) -> None:
    long = {
        str(path.relative_to(PROJECT)): lines
        for path in sources(folder)
        if (lines := len(path.read_text("utf-8").splitlines())) > LONGEST_FILE
    }
    assert not long
