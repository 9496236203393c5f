"""Long tests that draw their cases by chance: `make torture`, not part of `make test`.

KITCTL_TORTURE_SEED repeats the cases of an earlier call, which has printed its seed. A table at the
end shows what was survived.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterable

import pytest
from support.survival_table import draw_table

SEED = os.environ.setdefault("KITCTL_TORTURE_SEED", str(random.SystemRandom().randrange(10**6)))


def pytest_report_header() -> str:
    return f"torture: KITCTL_TORTURE_SEED={SEED}"


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """The source of chance of one test: the same for the same seed and test."""
    return random.Random(f"{SEED} {request.node.name}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    cases, survived = Counter(), Counter()
    counts: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            for name, value in report.user_properties:
                if name == "case":
                    cases[tuple(value)] += 1
                    survived[tuple(value)] += outcome == "passed"
                else:
                    counts[name] += value
    terminalreporter.section("torture")
    for line in (*draw_table(cases, survived), *summary_lines(counts)):
        terminalreporter.line(line)
    terminalreporter.line(f"To repeat these cases: KITCTL_TORTURE_SEED={SEED} make torture")


def summary_lines(counts: Counter[str]) -> Iterable[str]:
    return (f"{name}: {count}" for name, count in counts.items())
