"""The weeks as a picture: hours stacked by kernel, under each week's limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kitctl.domain.quota.quota import Balance
from kitctl.domain.runs.weeks import HOUR_SECONDS, moment_of
from kitctl.files import replace_users_file
from kitctl.render.quota_bars import outside_seconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Distinct for colour-blind readers as well (Okabe and Ito), the largest kernel first.
KERNEL_COLOURS = ("#0072B2", "#56B4E9", "#009E73", "#CC79A7", "#E69F00", "#8C6BB1")
OTHERS_COLOUR, OUTSIDE_COLOUR, RESERVED_COLOUR = "#9FB4C7", "#B8B8B8", "#F0E442"
INK, LIMIT_COLOUR, GRID = "#333333", "#D55E00", "#E6E6E6"

BAR_WIDTH = 0.72
FEW_HOURS = 0.1  # of the limit; below that, the scale is that of the hours alone
OTHERS, OUTSIDE, RESERVED = "other kernels", "outside kitctl", "reserved"
HATCHES = {OUTSIDE: "////", RESERVED: "...."}


def plot_weeks(weeks: Sequence[Sequence[Balance]], path: Path) -> None:
    """Draw the weeks (oldest first), one panel for each accelerator that was used, as a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    balances = [one for week in weeks for one in week]
    pools = list(dict.fromkeys(one.pool for one in balances if one.used_seconds)) or ["gpu"]
    colours = _colours(balances)
    width = max(7.0, 2.6 + 0.85 * len(weeks))
    figure = Figure(figsize=(width, 0.5 + 3.9 * len(pools)), layout="constrained", dpi=150)
    FigureCanvasAgg(figure)
    for axes, pool in zip(figure.subplots(len(pools), squeeze=False)[:, 0], pools, strict=True):
        _draw_pool(axes, pool, [one for one in balances if one.pool == pool], colours)
    with replace_users_file(path) as part:
        figure.savefig(part, format="png")


def _draw_pool(
    axes: Axes, pool: str, balances: Sequence[Balance], colours: Mapping[str, str]
) -> None:
    bottoms = [0.0] * len(balances)
    for name, colour, seconds in _layers(balances, colours):
        heights = [value / HOUR_SECONDS for value in seconds]
        axes.bar(
            range(len(balances)),
            heights,
            BAR_WIDTH,
            bottom=bottoms,
            label=name,
            color=colour,
            edgecolor="white",
            linewidth=0.6,
            hatch=HATCHES.get(name),
        )
        bottoms = [below + height for below, height in zip(bottoms, heights, strict=True)]
    limits = [one.allowed_seconds / HOUR_SECONDS for one in balances]
    highest = max(bottoms)
    # Few hours would be a line at the bottom of the limit's scale.
    shows_limit = highest >= FEW_HOURS * max(limits) or not highest
    if shows_limit:
        _draw_limits(axes, balances)
    _label_bars(axes, balances, bottoms)
    title = f"{pool.upper()} hours a week"
    if not shows_limit:
        title += f" (the limit, {max(limits):.0f} h, is far above)"
    _style_axes(axes, title, balances, max([highest, *(limits if shows_limit else [])]))


def _colours(balances: Sequence[Balance]) -> dict[str, str]:
    """Return the colour of each kernel that gets its own, the largest first, in every panel."""
    totals: Counter[str] = Counter()
    for one in balances:
        totals.update({use.kernel: use.seconds for use in one.kernels})
    ranked = sorted(totals, key=lambda name: -totals[name])
    shown = ranked if len(ranked) <= len(KERNEL_COLOURS) else ranked[: len(KERNEL_COLOURS) - 1]
    return dict(zip(shown, KERNEL_COLOURS, strict=False))


def _layers(
    balances: Sequence[Balance], colours: Mapping[str, str]
) -> list[tuple[str, str, list[float]]]:
    """Return name, colour and each week's seconds of every layer, from the bottom up."""
    weeks = [{use.kernel: use.seconds for use in one.kernels} for one in balances]
    layers = [
        (name, colour, [week.get(name, 0.0) for week in weeks]) for name, colour in colours.items()
    ]
    others = [
        sum(seconds for name, seconds in week.items() if name not in colours) for week in weeks
    ]
    outside = [outside_seconds(one) for one in balances]
    layers += [
        (OTHERS, OTHERS_COLOUR, others),
        (OUTSIDE, OUTSIDE_COLOUR, outside),
        (RESERVED, RESERVED_COLOUR, [one.reserved_seconds for one in balances]),
    ]
    return [layer for layer in layers if any(layer[2])]


def _draw_limits(axes: Axes, balances: Sequence[Balance]) -> None:
    """Draw each week's limit, which may differ from week to week."""
    for place, one in enumerate(balances):
        limit = one.allowed_seconds / HOUR_SECONDS
        axes.plot(
            (place - 0.5, place + 0.5),
            (limit, limit),
            color=LIMIT_COLOUR,
            linewidth=1.8,
            solid_capstyle="butt",
            label="limit" if place == 0 else None,
        )


def _label_bars(axes: Axes, balances: Sequence[Balance], tops: Sequence[float]) -> None:
    for place, (one, top) in enumerate(zip(balances, tops, strict=True)):
        if top:
            unread = "?" if one.outside_seconds is None else ""
            hours = one.used_seconds / HOUR_SECONDS
            text = f"{hours:.2f}{unread}" if hours < 1 else f"{hours:.1f}{unread}"
            options: dict[str, Any] = {"ha": "center", "va": "bottom", "color": INK}
            axes.annotate(
                text, (place, top), (0, 2), textcoords="offset points", fontsize=9, **options
            )


def _style_axes(axes: Axes, title: str, balances: Sequence[Balance], highest: float) -> None:
    axes.set_title(title, loc="left", fontweight="bold", color=INK)
    axes.set_xticks(
        range(len(balances)),
        [_week_name(one, first=place == 0) for place, one in enumerate(balances)],
    )
    axes.set_xlim(-0.6, len(balances) - 0.4)
    axes.set_ylim(0, highest * 1.1 or 1)
    axes.set_xlabel("week from Saturday, UTC", color=INK)
    axes.locator_params(axis="y", nbins=6, integer=highest >= 6)
    axes.tick_params(colors=INK, length=0)
    axes.grid(axis="y", color=GRID)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    handles, names = axes.get_legend_handles_labels()
    axes.legend(
        handles[::-1],
        names[::-1],
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        frameon=False,
        fontsize=9,
        labelcolor=INK,
    )


def _week_name(one: Balance, *, first: bool) -> str:
    start = moment_of(one.week.start)
    year = start.year if first or start.timetuple().tm_yday <= 7 else ""
    return f"{start.day} {start:%b}\n{year}"
