"""Every ratio of the README, measured on this machine: `make bench`, or `make bench QUICK=1`."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context

import table

BENCHMARKS = ("startup", "pull", "quota", "pipelines", "heads", "training")


def main() -> None:
    """Runs the benchmarks one after the other, so that none disturbs another.

    Each in a process of its own: Linux counts what a process held when it started a program as
    that program's peak memory too.
    """
    quick = os.environ.get("QUICK", "") not in {"", "0"}
    measured = []
    own = ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1)
    with own as processes:
        for name in BENCHMARKS:
            print(f"measuring {name} …", flush=True)
            measured += processes.submit(rows, name, quick=quick).result()
    table.print_table(measured)


def rows(name: str, *, quick: bool) -> list[table.Row]:
    """The rows of one benchmark."""
    measured: list[table.Row] = import_module(name).rows(quick=quick)
    return measured


if __name__ == "__main__":
    main()
