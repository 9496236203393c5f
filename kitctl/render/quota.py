"""The result of `kitctl quota` on the screen: each accelerator's week, and what still fits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from kitctl.domain.job.accelerators import POOL_NAMES
from kitctl.domain.quota.forecast import PAST
from kitctl.domain.quota.quota import Balance
from kitctl.domain.runs import durations
from kitctl.domain.runs.counts import counted
from kitctl.domain.runs.weeks import HOUR_SECONDS, moment_of
from kitctl.operations.quota import QuotaReport, StillFits
from kitctl.render import quota_bars
from kitctl.render.quota_bars import KERNELS_SHOWN

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

NARROWEST_BAR, WIDEST_BAR = 12, 96
HISTORY_BAR = 22


def draw_quota(report: QuotaReport, console: Console) -> None:
    """Write the report on the console."""
    for one in report.balances:
        _draw_balance(one, report, console)
    if not report.balances:
        console.print("Kaggle names no GPU and no TPU hours for this account.")
    if len(report.weeks) > 1:
        _draw_history(report.weeks, console)
    if report.still_fits:
        console.print(_describe_fits(report.still_fits))
    if report.saved_seconds:
        console.print(
            f"Early stops gave back {durations.describe(report.saved_seconds)} this week."
        )


def local_time(instant: float, zone: tzinfo | None = None) -> str:
    """Return an instant in the user's own time zone: `Sat 28 Nov 01:00 CET`."""
    return moment_of(instant).astimezone(zone).strftime("%a %d %b %H:%M %Z")


def hours(seconds: float) -> str:
    """Return hours to a tenth; less than one hour in minutes or seconds."""
    if 0 < abs(seconds) < 60:
        return f"{seconds:.0f} s"
    if 0 < abs(seconds) < HOUR_SECONDS:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / HOUR_SECONDS:.1f} h"


def _draw_balance(one: Balance, report: QuotaReport, console: Console) -> None:
    from rich.text import Text

    estimate = "about " if report.reading.estimated else ""
    resets_in = durations.describe(report.week.end - report.reading.read_at)
    resets = f" · resets {local_time(report.week.end)}, in {resets_in}"
    left = (
        Text(f"over by {hours(one.over_seconds)}", style="bold red")
        if one.over_seconds
        else Text(f"{estimate}{hours(one.left_seconds)} left", style="bold")
    )
    title = Text(f"{POOL_NAMES.get(one.pool, one.pool)}  ", style="bold")
    console.print(title + left + Text(f" of {hours(one.allowed_seconds)}{resets}"))

    shown = quota_bars.parts(one)
    width = max(NARROWEST_BAR, min(WIDEST_BAR, console.width - 6))
    console.print(Text("     ") + quota_bars.bar(shown, width))
    if one.used_seconds or one.reserved_seconds:
        console.print(_legend(one, report, console.width))
    console.print()


def _legend(one: Balance, report: QuotaReport, width: int) -> Table:
    """Return the legend of the bar: for each part its sign, name, hours and runs.

    A group has no sign: it is a part of its kernel's hours, or of the reserved ones.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=6, justify="right")
    table.add_column(overflow="ellipsis", no_wrap=True, max_width=max(20, width // 3))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold", style="dim")

    def add(sign: str, style: str, name: str, seconds: float, note: str = "") -> None:
        table.add_row(Text(sign, style=style), name, durations.clock(seconds), note)

    for place, kernel in enumerate(one.kernels[:KERNELS_SHOWN]):
        given_back = durations.describe(kernel.saved_seconds)
        saved = f", {given_back} given back" if kernel.saved_seconds else ""
        style = quota_bars.kernel_style(place)
        note = f"{counted(kernel.runs, 'run')}{saved}"
        add(quota_bars.USED, style, kernel.kernel, kernel.seconds, note)
    if rest := one.kernels[KERNELS_SHOWN:]:
        style = quota_bars.kernel_style(KERNELS_SHOWN)
        runs = counted(sum(kernel.runs for kernel in rest), "run")
        name = counted(len(rest), "more kernel")
        add(quota_bars.USED, style, name, sum(kernel.seconds for kernel in rest), runs)
    for group in report.groups:
        if group.last.pool == one.pool:
            in_all = f", {hours(group.total_seconds)} in all"
            note = f"{group.last.run} {group.last.status.label}{in_all}"
            add("", "", f"  {group.label}", group.seconds, note)
    if outside := quota_bars.outside_seconds(one):
        note = "interactive sessions, other machines"
        style = quota_bars.OUTSIDE_STYLE
        add(quota_bars.OUTSIDE, style, "outside kitctl", outside, note)
    if one.reserved_seconds:
        uses = [use for use in report.runs if use.pool == one.pool and not use.ended]
        running = ", ".join(use.run for use in uses)
        note = f"running: {running}" if running else "running outside kitctl"
        add(quota_bars.RESERVED, quota_bars.RESERVED_STYLE, "reserved", one.reserved_seconds, note)
    return table


def _draw_history(weeks: Sequence[Sequence[Balance]], console: Console) -> None:
    """Draw one line a week, for each accelerator that was used in any of them."""
    from rich.table import Table
    from rich.text import Text

    balances = [one for week in weeks for one in week]
    used = list(dict.fromkeys(one.pool for one in balances if one.used_seconds))
    for pool in used:
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        for name in ("    ", "Week from", POOL_NAMES.get(pool, pool)):
            table.add_column(name, no_wrap=True)
        for name in ("used", "of", "outside", "runs"):
            table.add_column(name, justify="right", no_wrap=True)
        for one in (one for one in balances if one.pool == pool):
            table.add_row(
                "",
                moment_of(one.week.start).strftime("%d %b %Y").lstrip("0").rjust(11),
                quota_bars.bar(quota_bars.parts(one), HISTORY_BAR),
                Text(
                    durations.clock(one.used_seconds),
                    style="bold red" if one.over_seconds else "",
                ),
                durations.clock(one.allowed_seconds),
                "?"
                if one.outside_seconds is None
                else durations.clock(quota_bars.outside_seconds(one)),
                f"{sum(kernel.runs for kernel in one.kernels):,}",
            )
        console.print(table)
        console.print()
    if any(one.pool in used and one.outside_seconds is None for one in balances):
        console.print(Text("?  not known: kitctl did not ask Kaggle in that week", style="dim"))
        console.print()


def _describe_fits(still: StillFits) -> str:
    forecast = still.forecast
    unit = POOL_NAMES.get(still.pool, still.pool)
    many = counted(still.fits, "more run") if still.fits else "No more run"
    verb = "fits" if still.fits in {0, 1} else "fit"
    if forecast.basis != PAST:
        limit = durations.describe(forecast.seconds or 0.0)
        return (
            f"{many} of {still.kernel} {verb}, should each take all of its {limit}: no run has "
            f"completed yet to measure (a shorter --timeout lets more fit)."
        )
    low = durations.describe(forecast.low_seconds or 0.0)
    spread = f"{low} to {durations.describe(forecast.high_seconds or 0.0)}"
    accuracy = ""
    if still.accuracy:
        accuracy = f" Past forecasts were off by {100 * still.accuracy.median_error:.0f} %."
    return (
        f"{many} of {still.kernel} {verb} on the {unit}: each takes about "
        f"{durations.describe(forecast.seconds or 0.0)} ({spread}).{accuracy}"
    )
