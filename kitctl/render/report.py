"""The page about pulled runs: one HTML file that holds all that it shows."""

from __future__ import annotations

import base64
import hashlib
import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kitctl.domain.results.differences import value_text
from kitctl.domain.results.run_report import verdict
from kitctl.domain.runs import durations
from kitctl.domain.runs.counts import counted, size_text
from kitctl.files import replace_users_file
from kitctl.operations.report import ReportedRun, RunReport
from kitctl.operations.results.pictures import Picture
from kitctl.render.compare import cell_text
from kitctl.render.report_charts import compared_charts, run_charts, thin_out
from kitctl.render.safe_text import safe_text

if TYPE_CHECKING:
    from jinja2 import Environment
    from rich.console import Console

PAGE = Path(__file__).parent / "page"
# With more classes, the table of pairs is too wide for any window.
MAX_MATRIX = 20


@dataclass(frozen=True)
class WrittenPage:
    """A page that was written."""

    out: Path
    bytes: int


def write_report(report: RunReport, out: Path) -> WrittenPage:
    """Write the page to `out`. Raises InvalidInput where that cannot be written."""
    content = render_report(report).encode("utf-8", "replace")
    with replace_users_file(out) as part:
        part.write_bytes(content)
    return WrittenPage(out, len(content))


def draw_page(page: WrittenPage, console: Console) -> None:
    console.print(f"{page.out}", soft_wrap=True)
    console.print(f"{size_text(page.bytes)}, complete in itself")


def render_report(report: RunReport) -> str:
    """Return the page. All that comes from the runs is escaped by the template."""
    is_comparison = len(report.runs) > 1
    charts = {f"run-{number}": run_charts(run) for number, run in enumerate(report.runs)}
    if is_comparison:
        charts["compared"] = compared_charts(report.compared)
    scripts = [_asset("uPlot.iife.min.js"), _asset("report.js")]
    styles = [_asset("uPlot.min.css"), _asset("report.css")]
    text = (
        _environment()
        .get_template("report.html")
        .render(
            policy=_policy(scripts, styles),
            scripts=scripts,
            styles=styles,
            charts=thin_out(charts),
            report=report,
            is_comparison=is_comparison,
            sections=[_Section(run) for run in report.runs],
            compared_rows=_compared_rows(report) if is_comparison else [],
        )
    )
    return f"{text}\n"


class _Section:
    """What the template asks of one run."""

    def __init__(self, run: ReportedRun) -> None:
        self.shown = run
        self.name = run.run.name
        self.report: Mapping[str, Any] = run.run.summary.report
        self.verdict = verdict(self.report)
        self.table = run.predictions

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What was tried, how good it is, and what it cost."""
        run = self.shown.run
        facts = [("job", text) for key in ("base",) if (text := _text(self.report.get(key)))]
        photos = self.report.get("photos")
        if isinstance(photos, dict):
            facts += [
                (f"{part} photos", _counts(counts))
                for part, counts in photos.items()
                if isinstance(counts, dict)
            ]
        facts += [
            (name.replace("_", " "), _metric_text(value))
            for name, value in self._headline().items()
        ]
        if run.seconds is not None:
            facts.append(("time", durations.describe(run.seconds)))
        if run.accelerator_seconds is not None:
            facts.append(("quota used", f"{run.accelerator_seconds / 3600:.2f} h"))
        if self.table.total:
            facts.append(("wrong", f"{self.table.wrong:,} of {counted(self.table.total, 'photo')}"))
        return facts

    def _headline(self) -> Mapping[str, object]:
        """Return the metrics, those of the saved weights first."""
        metrics = self.shown.run.summary.metrics
        names = sorted(metrics, key=lambda name: not name.startswith(("best_", "model_")))
        return {name: metrics[name] for name in names[:40]}

    @property
    def class_rows(self) -> list[tuple[str, int, str, str]]:
        """Each class with its photos, recall and precision."""
        table = self.table
        return [
            (
                name,
                table.true_count(name),
                _share(table.counts[name, name], table.true_count(name)),
                _share(table.counts[name, name], table.predicted_count(name)),
            )
            for name in table.classes
        ]

    @property
    def matrix(self) -> list[tuple[str, list[tuple[int, int]]]]:
        """Each true class with the count and the tenth of its photos for each predicted class."""
        table = self.table
        if len(table.classes) > MAX_MATRIX:
            return []
        return [
            (
                true,
                [
                    (count, round(10 * count / max(1, table.true_count(true))))
                    for predicted in table.classes
                    for count in (table.counts[true, predicted],)
                ],
            )
            for true in table.classes
        ]

    @property
    def confused(self) -> list[tuple[str, str, int]]:
        """The pairs of classes that are taken for each other most often."""
        wrong = [
            (pair, count) for pair, count in self.table.counts.most_common() if pair[0] != pair[1]
        ]
        return [(*pair, count) for pair, count in wrong[:10]]

    @property
    def settings(self) -> list[tuple[str, str, bool]]:
        """Each setting with its value and whether it was changed, the changed ones first."""
        changed = self.shown.changed_settings
        rows = [
            (str(name), value_text(value), name in changed)
            for name, value in self.shown.run.settings.items()
        ]
        return sorted(rows, key=lambda row: not row[2])

    @property
    def again(self) -> str:
        """The command that runs it again, as far as is known how it was pushed."""
        run = self.shown.run
        values = {
            "--set": {k: value_text(v) for k, v in self.shown.changed_settings.items()},
            "--env": run.record.intent.environment if run.record else {},
        }
        words = [
            "--again",
            *(
                word
                for option, pairs in values.items()
                for name, value in pairs.items()
                for word in (option, shlex.quote(f"{name}={value}"))
            ),
        ]
        if run.record and run.record.intent.arguments:
            words += ["--", shlex.join(run.record.intent.arguments)]
        return self._command("push", *words)

    @property
    def next_steps(self) -> list[tuple[str, str]]:
        """Commands to type next, and what they do."""
        name = shlex.quote(self.name)
        return [
            (self._command("predict", name, "PHOTO…"), "asks the model about new photos"),
            (self._command("compare", name, "OTHER"), "compares it with another run"),
            (self.again, "runs it again; change a value to try another one"),
        ]

    def _command(self, *words: str) -> str:
        """Return a command line that goes to where the run ran."""
        command, *others = words
        local = ["--local"] if self.shown.run.service == "local" else []
        return " ".join(["kitctl", command, *local, *others])


def _compared_rows(report: RunReport) -> list[tuple[str, list[str]]]:
    table = report.compared.table
    return [
        (str(name), [cell_text(str(name), value) for value in table[name]])
        for name in table.columns
        if name != "run"
    ]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _counts(counts: Mapping[str, object]) -> str:
    return ", ".join(f"{count} {name}" for name, count in list(counts.items())[:12])


def _metric_text(value: object) -> str:
    return cell_text("", value) if isinstance(value, float) else str(value)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "none"


def _data_url(picture: Picture) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(picture.jpeg).decode()}"


def _policy(scripts: list[str], styles: list[str]) -> str:
    """Return a Content-Security-Policy that allows these texts only, and no request at all."""
    allowed = {"script-src": scripts, "style-src": styles}
    parts = [
        " ".join([kind, *(f"'sha256-{_digest(text)}'" for text in texts)])
        for kind, texts in allowed.items()
    ]
    return "; ".join(
        ["default-src 'none'", *parts, "img-src data:", "base-uri 'none'", "form-action 'none'"]
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _asset(name: str) -> str:
    return (PAGE / name).read_text("utf-8")


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def shown(value: object) -> object:
        """Make control characters of names and log lines visible."""
        is_foreign = isinstance(value, str) and not isinstance(value, Markup)
        return safe_text(value) if is_foreign and isinstance(value, str) else value

    environment = Environment(
        loader=FileSystemLoader(PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    own: Callable[[str], Markup] = Markup
    environment.filters["own"] = own
    environment.filters["data_url"] = _data_url
    environment.filters["as_json"] = lambda value: Markup(_json(value))
    return environment


def _json(value: object) -> str:
    """Return JSON that ends no script element, whatever stands in it."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
