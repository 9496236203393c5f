"""`doctor`: what is missing before it costs anything, as far as this machine can tell."""

from __future__ import annotations

import ast
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata as distributions
from importlib.util import find_spec
from pathlib import Path

from kitctl.config import Config
from kitctl.errors import InvalidInput, KitError, hint_text
from kitctl.operations.shared import prepare_sources, read_project
from kitctl.operations.shared.plan_job import plan_job
from kitctl.operations.shared.read_project import Project

OLDEST_PYTHON = (3, 11)
ENOUGH_DISK_BYTES = 2_000_000_000
OWN_PACKAGES = ("kaggle", "click", "rich", "pandas", "matplotlib")
INSTALLED_AS = {"tensorflow": ("tensorflow-cpu", "tensorflow"), "keras": ("keras",)}


@dataclass(frozen=True)
class DoctorCheck:
    """One thing that was looked at; `fix` is what to do, and "" where all is well."""

    name: str
    ok: bool
    detail: str
    fix: str = ""

    @classmethod
    def of(cls, name: str, ok: bool, detail: str, fix: str) -> DoctorCheck:
        return cls(name, ok, detail, "" if ok else fix)


@dataclass(frozen=True)
class Diagnosis:
    checks: tuple[DoctorCheck, ...]

    @property
    def wrong(self) -> tuple[DoctorCheck, ...]:
        return tuple(check for check in self.checks if not check.ok)


def machine(isolation: str, folder: Path) -> Iterator[DoctorCheck]:
    """Python, kitctl's packages, how runs are kept apart, room on the disk."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield DoctorCheck.of(
        "python", sys.version_info >= OLDEST_PYTHON, version, "kitctl needs Python 3.11 or newer."
    )
    missing = [name for name in OWN_PACKAGES if _version(name) is None]
    found = ", ".join(f"{name} {_version(name)}" for name in OWN_PACKAGES if name not in missing)
    yield DoctorCheck.of("packages", not missing, found, f"pip install {' '.join(missing)}")
    yield DoctorCheck("isolation", True, isolation)
    free = shutil.disk_usage(folder).free
    yield DoctorCheck.of(
        "disk",
        free >= ENOUGH_DISK_BYTES,
        f"{free / 1e9:.1f} GB free",
        f"Make room: outputs and copies of inputs go to {folder}.",
    )


def project(find: Callable[[], Path], settings: Callable[[], Config]) -> Iterator[DoctorCheck]:
    """The project: its metadata, its modules, the job's settings, what stands for its sources."""
    try:
        folder = find()
        job = read_project.read_project(folder)
        configured = settings()
    except KitError as error:
        yield _told("project", error)
        return
    yield DoctorCheck("project", True, str(folder))
    yield _metadata(job)
    yield _imports(job)
    if not job.problems:
        yield _settings(folder)
    yield from _sources(folder, job, configured)


def _told(name: str, error: KitError) -> DoctorCheck:
    problems = " ".join(str(problem) for problem in error.problems)
    return DoctorCheck(name, False, f"{error.message} {problems}".strip(), hint_text(error.hint))


def _version(name: str) -> str | None:
    try:
        return distributions.version(name)
    except distributions.PackageNotFoundError:
        return None


def _metadata(job: Project) -> DoctorCheck:
    said = [f"{problem.where} {problem.message}" for problem in job.problems]
    fixes = [f"{problem.where}: {problem.fix}" for problem in job.problems if problem.fix]
    detail = " ".join(said) or " ".join(job.inspection.warnings) or "every key is as Kaggle wants"
    return DoctorCheck.of("metadata", not said, detail, " ".join(fixes))


def _imports(job: Project) -> DoctorCheck:
    """Whether what the job imports is installed here, without importing any of it."""
    texts = [module.text for module in job.modules]
    if not texts and job.inspection.metadata.code_file.endswith(".py"):
        texts = [job.code.decode("utf-8", "replace")]
    own = {module.name.partition(".")[0] for module in job.modules}
    names = sorted({name for text in texts for name in _imported(text)} - own)
    missing = [name for name in names if name not in sys.modules and find_spec(name) is None]
    found = [
        f"{distribution} {version}"
        for name in names
        for distribution in INSTALLED_AS.get(name, ())
        if (version := _version(distribution))
    ]
    fix = "pip install 'kitctl[train]'" if "tensorflow" in missing else ""
    return DoctorCheck.of(
        "job's packages",
        not missing,
        f"not installed here: {', '.join(missing)}" if missing else ", ".join(found) or "all here",
        fix or f"pip install {' '.join(missing)}   (only a dry run needs them)",
    )


def _imported(text: str) -> Iterator[str]:
    """Top-level names of a text's absolute imports that are sure to happen."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _settings(folder: Path) -> DoctorCheck:
    try:
        plan = plan_job(folder)
    except InvalidInput as error:
        return _told("settings", error)
    kind = f"{len(plan.modules)} modules" if plan.packed else "one file, as it is"
    return DoctorCheck("settings", True, f"{kind}, {len(plan.script) / 1000:.0f} kB")


def _sources(folder: Path, job: Project, configured: Config) -> Iterator[DoctorCheck]:
    sources = job.inspection.metadata.sources
    stand_ins: Sequence[prepare_sources.StandIn] = ()
    try:
        stand_ins = prepare_sources.stand_ins(folder, sources, configured.sources, ())
    except InvalidInput as error:
        yield _told("sources", error)
    for stand_in in stand_ins:
        made = f"{stand_in.folder}" + (", made on first use" if stand_in.recipe else "")
        yield DoctorCheck.of(
            f"source {stand_in.source}",
            stand_in.folder is not None,
            made if stand_in.folder else "nothing stands for it here",
            f'[tool.kitctl.sources] in pyproject.toml: "{stand_in.source}" = "FOLDER"',
        )
