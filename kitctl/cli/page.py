"""Pulls with a page about the run, and pages in the browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kitctl.cli.context import CommandContext
from kitctl.errors import InvalidInput, NextCommand

if TYPE_CHECKING:
    from kitctl.domain.runs.run import RunRef
    from kitctl.operations.pull_results import PullOptions
    from kitctl.operations.pulling.pull_result import PullResult
    from kitctl.operations.results.pulled_run import PulledRun
    from kitctl.operations.watching.find_run import TargetRun
    from kitctl.ports import Reporter
    from kitctl.render.report import WrittenPage

# What kitctl's own pages have in their head.
_MARK = b'<meta name="generator" content="kitctl">'
_HEAD_BYTES = 10_000
# A page about more runs than this is not named after each of them.
NAMED_RUNS = 4


def pull_with_page(
    context: CommandContext, target: TargetRun, options: PullOptions, out: Path | None = None
) -> PullResult:
    """Fetch a run's outputs, and write a page where the run reports something of itself."""
    from kitctl.adapters.results_folder import LocalResultsFolder
    from kitctl.cli.pulled import pulled_runs
    from kitctl.operations.pull_results import pull_results

    folder = out or default_folder(context, target.ref)
    result = pull_results(
        target,
        context.client,
        context.ledger,
        context.downloader,
        LocalResultsFolder(folder),
        options,
        context.console,
    )
    if result.summary.is_empty:
        return result
    record = context.ledger.get(context.client.service, target.ref)
    try:
        page = write_page([pulled_runs(context).read(folder, record)], None)
    except InvalidInput as error:
        context.console.warn(f"There is no page about the run: {error.message}")
        return result
    return replace(result, page=page.out)


def default_folder(context: CommandContext, run: RunRef) -> Path:
    """Return `results/<slug>/v<N>` in the project, or here where there is none."""
    base = context.project_or_none() or Path.cwd()
    return base / context.config.results / run.kernel.slug / run.label


def page_path(folders: Sequence[Path]) -> Path:
    """Return where the page about these results is, unless the user says otherwise: `v3.html`.

    It is beside the first folder: in it, it could take the name of one of the run's own files.
    """
    places = [folder.resolve() for folder in folders]
    names = [place.name for place in places[:NAMED_RUNS]]
    more = len(places) - len(names)
    stem = "-".join([*names, *([f"{more}-more"] if more else [])])
    # As the user named it, but `.` has no name to stand beside.
    first = folders[0] if folders[0].name else places[0]
    return first.with_name(f"{stem}.html")


def write_page(runs: Sequence[PulledRun], out: Path | None) -> WrittenPage:
    """Write the page about these runs, by default at `page_path`."""
    from kitctl.operations.report import build_report
    from kitctl.render.report import write_report

    path = out or page_path([run.folder for run in runs])
    if out is None and not _may_be_replaced(path):
        raise InvalidInput(
            f"{path} is no page of kitctl's, and was not replaced.",
            code="file_in_use",
            hint=NextCommand("report", "--out FILE", "writes it elsewhere"),
        )
    return write_report(build_report(runs), path)


def _may_be_replaced(path: Path) -> bool:
    """Return whether there is no file, or a page that kitctl wrote."""
    try:
        with path.open("rb") as page:
            return _MARK in page.read(_HEAD_BYTES)
    except FileNotFoundError:
        return True
    except OSError:
        return False


def open_page(path: Path, reporter: Reporter) -> None:
    """Open a page in the browser; where there is none, say where the page is."""
    open_address(path.resolve().as_uri(), reporter)


def open_address(address: str, reporter: Reporter) -> None:
    """Open an address in the browser; where there is none, say so with the address."""
    import webbrowser

    try:
        is_open = webbrowser.open(address)
    except webbrowser.Error:
        is_open = False
    if not is_open:
        reporter.warn(f"No browser was found; open {address} yourself.")
