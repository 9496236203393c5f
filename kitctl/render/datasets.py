"""The results of `kitctl datasets …` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.domain.runs.counts import counted, size_text
from kitctl.render.lines import draw_sentence
from kitctl.render.safe_text import one_line

if TYPE_CHECKING:
    from rich.console import Console

    from kitctl.domain.data.photo_folder import FolderProblem
    from kitctl.operations.dataset_versions.check_folder import FolderCheck
    from kitctl.operations.dataset_versions.pull_dataset import DatasetPull
    from kitctl.operations.dataset_versions.push_folder import FolderPush
    from kitctl.operations.datasets import DatasetList, DatasetState

# Files of each kind that are listed by name.
SHOWN = 12


def draw_push(push: FolderPush, console: Console) -> None:
    state = "✓ " + push.status.lower() if push.status == "READY" else push.status.lower()
    what = "" if push.pushed.changed else " · unchanged, no version was made"
    console.print(f"{push.pushed.ref} version {push.pushed.version} {state}{what}", soft_wrap=True)
    console.print(f"{counted(push.files, 'file')}, {size_text(push.bytes)}")
    console.print(push.pushed.url, soft_wrap=True)
    for warning in push.warnings[:SHOWN]:
        draw_sentence("note", warning, console)
    for name in push.left_out[:SHOWN]:
        draw_sentence("left out", f"{one_line(name.path)} {name.reason}", console)
    if (more := len(push.left_out) - SHOWN) > 0:
        console.print(f"left out   {more:,} more")


def draw_list(listed: DatasetList, console: Console) -> None:
    from rich.table import Table

    if not listed.datasets:
        console.print("No data sets yet.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("data set", "version"):
        table.add_column(heading, overflow="fold")
    table.add_column("size", justify="right")
    table.add_column("updated (UTC)")
    table.add_column("")
    for info in listed.datasets:
        table.add_row(
            str(info.ref),
            f"{info.version or ''}",
            size_text(info.bytes) if info.bytes is not None else "",
            info.updated_at[:16].replace("T", " "),
            "private" if info.is_private else "public",
        )
    console.print(table)


def draw_state(state: DatasetState, console: Console) -> None:
    info = state.info
    console.print(f"{info.ref} version {info.version} {state.status.lower()}", soft_wrap=True)
    if info.bytes is not None:
        console.print(f"{size_text(info.bytes)}, {'private' if info.is_private else 'public'}")
    console.print(info.url, soft_wrap=True)


def draw_pull(pull: DatasetPull, console: Console) -> None:
    console.print(f"{pull.out}", soft_wrap=True)
    how = "" if pull.fetched else " · already here"
    console.print(f"{pull.info.ref} version {pull.version}{how}", soft_wrap=True)
    console.print(f"{counted(pull.files, 'file')}, {size_text(pull.bytes)}")


def draw_check(check: FolderCheck, console: Console) -> None:
    console.print(f"{counted(check.files, 'file')}, {size_text(check.bytes)}")
    for split, classes in check.photos.counts().items():
        counts = " · ".join(f"{name} {count:,}" for name, count in classes.items())
        draw_sentence(split or "classes", counts, console)
    by_kind: dict[str, list[FolderProblem]] = {}
    for problem in sorted(check.problems, key=lambda each: each.severity):
        by_kind.setdefault(problem.kind, []).append(problem)
    for problems in by_kind.values():
        for problem in problems[:SHOWN]:
            path = f"{one_line(problem.path)} " if problem.path else ""
            draw_sentence(problem.severity.value, f"{path}{problem.message}", console)
        if (more := len(problems) - SHOWN) > 0:
            console.print(f"{problems[0].severity.value:<10} {more:,} more of this kind")
    if not check.problems:
        console.print("✓ nothing odd")
