"""The borders: between the programs, around the official client, and around slow imports."""

from __future__ import annotations

import pytest
from support.source_files import PROJECT, expect_none, imports, place, python_files

# Packages that are slow to import: only functions that use them import them.
SLOW = {
    *("tensorflow", "keras", "pandas", "matplotlib", "kaggle", "kagglesdk"),
    *("rich", "starlette", "uvicorn", "jinja2", "PIL", "optuna", "sqlalchemy"),
}


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


def test_kitctl_imports_slow_packages_only_where_they_are_used() -> None:
    wrong = [
        f"{place(path, item.line)}: import {item.name} in the function that uses it, "
        "so that `kitctl --help` does not load it"
        for path in python_files("kitctl")
        # Only the process that serves loads the local Kaggle's own files.
        if not path.is_relative_to(PROJECT / "kitctl" / "local")
        for item in imports(path)
        if not item.is_deferred and item.name.split(".")[0] in SLOW
    ]
    expect_none(wrong)
