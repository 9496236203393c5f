"""Every ratio of the README, measured on this machine: `make bench`, or `make bench QUICK=1`."""

from __future__ import annotations

import os

import heads
import pipelines
import pull
import quota
import startup
import table
import training


def main() -> None:
    """Runs the benchmarks one after the other, so that none disturbs another."""
    quick = os.environ.get("QUICK", "") not in {"", "0"}
    measured = []
    for benchmark in (startup, pull, quota, pipelines, heads, training):
        print(f"measuring {benchmark.__name__} …", flush=True)
        measured += benchmark.rows(quick=quick)
    table.print_table(measured)


if __name__ == "__main__":
    main()
