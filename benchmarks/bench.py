"""Measure every ratio of the README on this machine: `make bench`, or `make bench QUICK=1`."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context

import table

BENCHMARKS = ("startup", "pull", "quota", "pipelines", "heads", "training")


def main() -> None:
    """Run the benchmarks one after the other, so that none disturbs another.

    Each has its own process: on Linux, the peak memory of a program is never less than what its
    parent used when it started it.
    """
    quick = os.environ.get("QUICK", "") not in {"", "0"}
    measured_rows = []
    executor = ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1)
    with executor:
        for name in BENCHMARKS:
            print(f"measuring {name} …", flush=True)
            measured_rows += executor.submit(rows, name, quick=quick).result()
    table.print_table(measured_rows)


def rows(name: str, *, quick: bool) -> list[table.Row]:
    """Return the rows of one benchmark."""
    result: list[table.Row] = import_module(name).rows(quick=quick)
    return result


if __name__ == "__main__":
    main()
