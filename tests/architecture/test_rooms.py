"""Which room may import which. Imports go down only, and never in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest
from support.source_files import PROJECT, expect_none, imports, module_name, place, python_files

# A room (a folder or a file directly below the program's own) → the rooms that it may import.
# A room may stand only after all that it may import, so the tables read from the bottom up.
KITCTL: dict[str, set[str]] = {
    "errors": set(),
    "files": {"errors"},
    "config": {"errors"},
    "domain": {"errors"},
    "packing": {"domain", "errors"},
    "ports": {"domain", "errors"},
    "adapters": {"ports", "domain", "files", "errors"},
    "operations": {"ports", "packing", "domain", "config", "files", "errors"},
    "render": {"operations", "ports", "packing", "domain", "files", "errors"},
    "sandbox": {"errors"},
    # The local Kaggle shares no code with adapters/, so that it can catch their mistakes.
    "local": {"sandbox", "errors"},
    "cli": {
        *("render", "operations", "adapters", "sandbox", "local", "packing"),
        *("ports", "domain", "config", "errors"),
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
    "fit": {"features", "model", "data", "settings", "session", "files"},
    "measure": {"data", "settings", "plots", "session", "files"},
    "report": {
        *("fit", "model", "data", "settings"),
        *("plots", "accelerators", "session", "files"),
    },
    "main": {
        *("report", "measure", "fit", "model", "data", "settings"),
        *("accelerators", "session"),
    },
    # Archives of models name `kernel.saved_base`; the class itself stands in model/.
    "saved_base": {"model"},
}
PROGRAMS = {"kitctl": KITCTL, "kernel": KERNEL}
IMPORTED_WHERE_USED = {
    *("tensorflow", "keras", "pandas", "matplotlib", "kaggle", "kagglesdk"),
    *("rich", "starlette", "uvicorn"),
}

each_program = pytest.mark.parametrize("program", PROGRAMS)


def room_of(name: str) -> str:
    """Return the room of a dotted name: `kitctl.cli.push` → `cli`; the program itself → ""."""
    return name.split(".")[1] if "." in name else ""


@each_program
def test_every_file_stands_in_a_room_of_the_table(program: str) -> None:
    homeless = [
        f"{place(path)}: give its room a row in {program.upper()} of {place(Path(__file__))}"
        for path in python_files(program)
        if room_of(module_name(path)) not in {"", *PROGRAMS[program]}
    ]
    expect_none(homeless)


@each_program
def test_the_table_lists_each_room_above_those_that_it_may_import(program: str) -> None:
    below: set[str] = set()
    for room, may_import in PROGRAMS[program].items():
        assert may_import <= below, f"{room} may import what does not stand above its row"
        below.add(room)


@each_program
def test_imports_go_down_only(program: str) -> None:
    rooms = PROGRAMS[program]
    wrong = []
    for path in python_files(program):
        own = room_of(module_name(path))
        for item in imports(path):
            other = room_of(item.name)
            if item.name.split(".")[0] != program or other not in rooms or other == own:
                continue
            if other not in rooms.get(own, set()):
                wrong.append(
                    f"{place(path, item.line)}: {own or program}/ may not import {item.name}; "
                    f"move the shared part down, or hand it over as an argument"
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


@each_program
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


@pytest.mark.parametrize(
    ("program", "other"),
    [("kernel", "kitctl"), ("kitctl", "kernel"), ("datasets", "kitctl"), ("datasets", "kernel")],
)
def test_the_programs_never_import_each_other(program: str, other: str) -> None:
    wrong = [
        f"{place(path, item.line)}: {program}/ may not import {item.name}; only files pass between"
        for path in python_files(program)
        for item in imports(path)
        if item.name.split(".")[0] == other
    ]
    expect_none(wrong)


def test_only_the_kaggle_adapter_imports_the_official_client() -> None:
    wrong = [
        f"{place(path, item.line)}: only kitctl/adapters/kaggle/ may import {item.name}"
        for path in python_files("kitctl")
        if not path.is_relative_to(PROJECT / "kitctl" / "adapters" / "kaggle")
        for item in imports(path)
        if item.name.split(".")[0] in {"kaggle", "kagglesdk"}
    ]
    expect_none(wrong)


def test_kitctl_imports_heavy_packages_only_where_they_are_used() -> None:
    wrong = [
        f"{place(path, item.line)}: import {item.name} in the function that uses it, "
        "so that `kitctl --help` does not load it"
        for path in python_files("kitctl")
        # Only the process that serves loads the local Kaggle's own files.
        if not path.is_relative_to(PROJECT / "kitctl" / "local")
        for item in imports(path)
        if not item.is_deferred and item.name.split(".")[0] in IMPORTED_WHERE_USED
    ]
    expect_none(wrong)
