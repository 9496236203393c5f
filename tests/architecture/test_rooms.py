"""Which room may import which. Imports go down only, and never in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest
from support.source_files import expect_none, imports, module_name, place, python_files

from kitctl.cli.app import MODULES

# A room (a folder or a file directly in the package) → the rooms that it may import. Each room
# stands below all that it may import, so that a table lists the lowest rooms first.
KITCTL: dict[str, set[str]] = {
    "errors": set(),
    "languages": set(),
    "files": {"errors"},
    "config": {"files", "errors"},
    "domain": {"errors"},
    "packing": {"domain", "errors"},
    "ports": {"domain", "errors"},
    "adapters": {"ports", "domain", "files", "errors"},
    "operations": {"ports", "packing", "domain", "config", "files", "errors"},
    "render": {"operations", "ports", "packing", "domain", "files", "languages", "errors"},
    "sandbox": {"errors"},
    # The local Kaggle shares no code with adapters/, so that it can catch their mistakes.
    "local": {"sandbox", "errors"},
    "cli": {
        *("render", "operations", "adapters", "sandbox", "local"),
        *("ports", "domain", "config", "languages", "errors"),
    },
    "__main__": {"cli"},
}
KERNEL: dict[str, set[str]] = {
    "files": set(),
    "session": set(),
    "accelerators": {"session"},
    "plots": {"files"},
    "settings": set(),
    "data": {"settings", "session"},
    "model": {"settings", "session"},
    "features": {"model", "data", "settings", "accelerators", "session", "files"},
    "fit": {"features", "model", "data", "settings", "accelerators", "session", "files"},
    "measure": {"data", "settings", "plots", "session", "files"},
    "report": {
        *("fit", "model", "data", "settings"),
        *("plots", "accelerators", "session", "files"),
    },
    "main": {
        *("report", "measure", "fit", "features", "model", "data", "settings"),
        *("accelerators", "session"),
    },
    # Archives of models name `kernel.saved_base`; the class itself stands in model/.
    "saved_base": {"model"},
}
DOMAIN: dict[str, set[str]] = {
    "runs": set(),
    "job": {"runs"},
    "results": {"runs"},
    "quota": {"job", "runs"},
    "data": {"job"},
}
# The rooms of the operations, which several commands share; a command's file imports any of them.
OPERATIONS: dict[str, set[str]] = {
    "prefetch": set(),
    "project": set(),
    "planning": {"project"},
    "local_runs": {"planning", "project"},
    "watching": set(),
    "hours": {"project"},
    "sending": {"watching"},
    "trials": {"watching"},
    "results": set(),
    "pulling": {"results", "watching"},
    "dataset_versions": {"pulling"},
}
# The rooms of the local Kaggle: its state, the runs in it, and what serves both.
LOCAL: dict[str, set[str]] = {
    "state": set(),
    "runs": {"state"},
    "http": {"runs", "state"},
    "pages": {"http", "runs", "state"},
    "testing": {"http", "runs", "state"},
    "app": {"testing", "pages", "http", "state"},
    "locks": set(),
    "state_folder": {"state"},
    "process": {"app", "testing", "http", "runs", "state", "locks", "state_folder"},
    "lifecycle": {"locks", "state_folder"},
    "__main__": {"process"},
}
TABLES = {
    "kitctl": KITCTL,
    "kernel": KERNEL,
    "kitctl.domain": DOMAIN,
    "kitctl.operations": OPERATIONS | {stem: set(OPERATIONS) for stem in set(MODULES.values())},
    "kitctl.local": LOCAL,
}

each_package = pytest.mark.parametrize("package", TABLES)


def room_in(package: str, name: str) -> str:
    """Return a module's room in a package: `kitctl.cli.push` → `cli`; outside of the rooms: ""."""
    below = name.removeprefix(f"{package}.")
    return "" if below == name else below.split(".")[0]


def files_of(package: str) -> list[Path]:
    return python_files(package.replace(".", "/"))


@each_package
def test_every_file_stands_in_a_room_of_the_table(package: str) -> None:
    expect_none(
        [
            f"{place(path)}: give its room a row in the table of {package}, {place(Path(__file__))}"
            for path in files_of(package)
            if room_in(package, module_name(path)) not in {"", *TABLES[package]}
        ]
    )


@each_package
def test_a_table_lists_each_room_after_those_that_it_may_import(package: str) -> None:
    lower: set[str] = set()
    for room, may_import in TABLES[package].items():
        assert may_import <= lower, f"{room} may import a room that stands after it in the table"
        lower.add(room)


@each_package
def test_imports_go_down_only(package: str) -> None:
    table = TABLES[package]
    wrong = []
    for path in files_of(package):
        own = room_in(package, module_name(path))
        for item in imports(path):
            other = room_in(package, item.name)
            if other in table and other != own and other not in table.get(own, set()):
                wrong.append(
                    f"{place(path, item.line)}: {own or package} may not import {item.name}; "
                    f"move the shared part down, or pass it as an argument"
                )
    expect_none(wrong)


def circle_in(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the modules of one import circle, the first again at its end; none: []."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        importers_last: list[str] = error.args[1]
        return importers_last[::-1]
    return []


@pytest.mark.parametrize("program", ["kitctl", "kernel"])
def test_no_modules_import_each_other_in_a_circle(program: str) -> None:
    files = {module_name(path): path for path in python_files(program)}
    graph: dict[str, dict[str, int]] = {module: {} for module in files}  # → imported → line
    for module, path in files.items():
        for item in imports(path):
            # `kernel.data.photos.Photos` is a name in the module `kernel.data.photos`.
            imported = item.name if item.name in files else item.name.rpartition(".")[0]
            if imported in files and imported != module:
                graph[module].setdefault(imported, item.line)
    expect_none(
        [
            f"{place(files[module], graph[module][imported])}: imports {imported} in a circle; "
            "move what both need into a module below (TYPE_CHECKING and functions count too)"
            for module, imported in pairwise(circle_in(graph))
        ]
    )


def test_a_circle_is_seen() -> None:
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    circle = circle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    assert "".join(circle) in {"abca", "bcab", "cabc"}
