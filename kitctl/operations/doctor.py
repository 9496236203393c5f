"""`doctor`: find what is missing before it costs anything."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import metadata as distributions
from pathlib import Path

from kitctl.config import Config
from kitctl.domain.job.metadata import Sources
from kitctl.domain.job.source_names import UncheckedSource
from kitctl.domain.runs.counts import counted
from kitctl.errors import InvalidInput, KitError, NetworkFailed, hint_text
from kitctl.operations.local_runs import prepare_sources
from kitctl.operations.planning.plan_job import plan_job
from kitctl.operations.project import imported_packages
from kitctl.operations.project.read_project import Project, read_project
from kitctl.ports import Kaggle

OLDEST_PYTHON = (3, 11)
FIRST_WITHOUT_TENSORFLOW = (3, 14)
LEAST_FREE_BYTES = 2_000_000_000
OWN_PACKAGES = ("kaggle", "typer", "rich", "pandas", "matplotlib")

LARGEST_SKEW_SECONDS = 60.0
"""Signed addresses and tokens are valid for minutes; other things break before a minute's skew."""


@dataclass(frozen=True)
class DoctorCheck:
    """One thing that was examined; `fix` is what to do, and "" where all is well.

    A check that is ok and has a fix is a note: a push works, something else does not.
    """

    name: str
    ok: bool
    detail: str
    fix: str = ""

    @property
    def is_note(self) -> bool:
        return self.ok and bool(self.fix)

    @classmethod
    def of(cls, name: str, ok: bool, detail: str, fix: str) -> DoctorCheck:
        """Return a check that fails where a push would."""
        return cls(name, ok, detail, "" if ok else fix)

    @classmethod
    def noting(cls, name: str, well: bool, detail: str, fix: str) -> DoctorCheck:
        """Return a check that is a note where something is wrong that no push needs."""
        return cls(name, True, detail, "" if well else fix)


@dataclass(frozen=True)
class Diagnosis:
    """All checks of one call."""

    checks: tuple[DoctorCheck, ...]

    @property
    def failed(self) -> tuple[DoctorCheck, ...]:
        return tuple(check for check in self.checks if not check.ok)


def check_machine(isolation: str, folder: Path) -> Iterator[DoctorCheck]:
    """Check Python, kitctl's packages and the free disk space; say how runs are isolated."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= FIRST_WITHOUT_TENSORFLOW:
        version += " (TensorFlow has no release for it yet, and kitctl is not tested on it)"
    yield DoctorCheck.of(
        "python", sys.version_info >= OLDEST_PYTHON, version, "kitctl needs Python 3.11 or newer."
    )
    versions = {name: _version(name) for name in OWN_PACKAGES}
    missing = [name for name, version in versions.items() if version is None]
    installed = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    yield DoctorCheck.noting("packages", not missing, installed, f"pip install {' '.join(missing)}")
    yield DoctorCheck("isolation", True, isolation.removeprefix("Isolated: "))
    free = shutil.disk_usage(folder).free
    yield DoctorCheck.noting(
        "disk",
        free >= LEAST_FREE_BYTES,
        f"{free / 1e9:.1f} GB free",
        f"Make room: outputs and copies of inputs go to {folder}.",
    )


def check_project(
    find_project: Callable[[], Path],
    load_settings: Callable[[], Config],
    missing_notebook_packages: Sequence[str],
) -> Iterator[DoctorCheck]:
    """Check the project: metadata, modules, the job's settings, the stand-ins of its sources."""
    try:
        folder = find_project()
        project = read_project(folder)
        settings = load_settings()
    except KitError as error:
        yield _failed_check("project", error)
        return
    yield DoctorCheck("project", True, str(folder))
    yield _check_metadata(project)
    yield _check_imports(project)
    yield from _check_notebook_packages(project, missing_notebook_packages)
    if not project.problems:
        yield _check_settings(folder)
    yield from _check_stand_ins(folder, project, settings)


def check_kaggle(
    connect: Callable[[], Kaggle], sources: Sources, owner: str = ""
) -> Iterator[DoctorCheck]:
    """Check that Kaggle accepts the credentials and shows the job's sources; nothing is sent.

    `owner` is the account in the job's id, "" if it names none.
    """
    try:
        kaggle = connect()
        account = kaggle.account()
        yield DoctorCheck.of(
            "credentials",
            owner.lower() in ("", account.lower()),
            f"{kaggle.credentials}, account {account}"
            + ("" if owner.lower() in ("", account.lower()) else f"; the job's id is {owner}'s"),
            "Take the owner out of the id in kernel-metadata.json: the account is filled in.",
        )
        yield from _check_quota(kaggle)
        yield _check_clock(kaggle.clock_skew_seconds() or 0.0)
        yield _check_sources(kaggle, sources)
    except KitError as error:
        name = "network" if isinstance(error, NetworkFailed) else "credentials"
        yield DoctorCheck(name, False, error.message, hint_text(error.hint))


def _check_quota(kaggle: Kaggle) -> Iterator[DoctorCheck]:
    try:
        kaggle.quota()
    except KitError as error:
        fix = "A push then computes the hours from the ledger."
        yield DoctorCheck("quota", True, error.message, fix)


def _failed_check(name: str, error: KitError) -> DoctorCheck:
    problems = " ".join(str(problem) for problem in error.problems)
    return DoctorCheck(name, False, f"{error.message} {problems}".strip(), hint_text(error.hint))


def _version(name: str) -> str | None:
    try:
        return distributions.version(name)
    except distributions.PackageNotFoundError:
        return None


def _check_metadata(project: Project) -> DoctorCheck:
    mistakes = [f"{problem.where} {problem.message}" for problem in project.problems]
    fixes = [f"{problem.where}: {problem.fix}" for problem in project.problems if problem.fix]
    warnings = " ".join(project.offline_warnings)
    detail = " ".join(mistakes) or warnings or "every key is as Kaggle wants"
    return DoctorCheck.of("metadata", not mistakes, detail, " ".join(fixes))


def _check_imports(project: Project) -> DoctorCheck:
    """Check that what the job imports is installed here, without importing any of it."""
    texts = [module.text for module in project.modules] or _texts(project)
    own = {module.name.partition(".")[0] for module in project.modules} | project.own_names
    names = sorted(
        {name for text in texts for name in imported_packages.imported_names(text)} - own
    )
    missing = imported_packages.not_installed(names)
    providers = distributions.packages_distributions()
    here = sorted({each for name in names for each in providers.get(name, ())})
    installed = [f"{each} {_version(each)}" for each in here]
    return DoctorCheck.noting(
        "job's packages",
        not missing,
        f"not installed here: {', '.join(missing)}"
        if missing
        else ", ".join(installed) or "all here",
        f"{imported_packages.installation(missing)}   (only a dry run needs them)",
    )


def _texts(project: Project) -> list[str]:
    """Return what is Python in a file that is sent as it is."""
    metadata = project.inspection.metadata
    if metadata.language != "python":
        return []
    text = project.code.decode("utf-8", "replace")
    return [*imported_packages.python_texts(metadata.kernel_type, text), *_own_texts(project)]


def _own_texts(project: Project) -> list[str]:
    return [content.decode("utf-8", "replace") for content in project.own_code.files.values()]


def _check_notebook_packages(project: Project, missing: Sequence[str]) -> Iterator[DoctorCheck]:
    if project.inspection.metadata.kernel_type == "notebook":
        yield DoctorCheck.noting(
            "notebook",
            not missing,
            f"cannot run here without {', '.join(missing)}" if missing else "can run here",
            "pip install 'kaggle-kitctl[notebook]'   (only a dry run needs them)",
        )


def _check_settings(folder: Path) -> DoctorCheck:
    try:
        plan = plan_job(folder)
    except InvalidInput as error:
        return _failed_check("settings", error)
    kind = (
        f"{counted(len(plan.file_sizes), 'file')} in one" if plan.packed else "one file, as it is"
    )
    return DoctorCheck("settings", True, f"{kind}, {len(plan.script) / 1000:.0f} kB")


def _check_stand_ins(folder: Path, project: Project, settings: Config) -> Iterator[DoctorCheck]:
    sources = project.inspection.metadata.sources
    stand_ins: Sequence[prepare_sources.StandIn] = ()
    try:
        stand_ins = prepare_sources.stand_ins(folder, sources, settings.sources, ())
    except InvalidInput as error:
        failed = _failed_check("sources", error)
        # Only a push to the local Kaggle brings the folders along.
        yield failed if settings.local else replace(failed, ok=True)
    for stand_in in stand_ins:
        detail = f"{stand_in.folder}" + (", made on first use" if stand_in.recipe else "")
        yield DoctorCheck.noting(
            f"source {stand_in.source}",
            stand_in.folder is not None,
            detail if stand_in.folder else "nothing stands for it here",
            f'[tool.kitctl.sources] in pyproject.toml: "{stand_in.source}" = "FOLDER"'
            "   (only a run here needs it)",
        )


def _check_clock(skew: float) -> DoctorCheck:
    side = "ahead of" if skew > 0 else "behind"
    return DoctorCheck.noting(
        "clock",
        abs(skew) < LARGEST_SKEW_SECONDS,
        f"{abs(skew):.0f} s {side} Kaggle's",
        "Set this machine's clock: kitctl uses Kaggle's, other programs do not.",
    )


def _check_sources(kaggle: Kaggle, sources: Sources) -> DoctorCheck:
    problems = kaggle.source_problems(sources)
    count = len(sources.all)
    can_be_mounted = f"{count - len(problems)} of {count} can be mounted" if count else "none"
    return DoctorCheck.of(
        "sources on Kaggle",
        all(isinstance(problem, UncheckedSource) for problem in problems),
        " ".join(map(str, problems)) or can_be_mounted,
        "Fix kernel-metadata.json.",
    )
