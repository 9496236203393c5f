"""One run of a pushed version: its script, its inputs, its environment, handed to the runner."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from kitctl.local.state.kaggle import Kaggle
from kitctl.local.state.names import split_source
from kitctl.local.state.records import KernelVersion, Session
from kitctl.sandbox import notebooks, runner
from kitctl.sandbox.runner import Run

RUN_FOLDER = "run"


class CannotRun(Exception):
    """The pushed code is of a kind that does not run here; says which."""


def start(
    kaggle: Kaggle, session: Session, endpoint: str, write: Callable[[str, str], None]
) -> Run:
    """Start a session's script in a Kaggle-like folder.

    `write(stream, line)` takes what it prints, from other threads.

    Raises:
        CannotRun: it is not Python.
    """
    version = kaggle.kernels.version_of(session.kernel_id, session.version)
    script = _script(version)
    if session.accelerator != "cpu":
        shape = version.job.machine_shape
        write("stdout", f"local Kaggle: {shape} was asked for; this session runs on the CPU\n")
    return runner.start(
        kaggle.sessions.folder(session.id) / RUN_FOLDER,
        script.encode(),
        _mounts(kaggle, version),
        environment={
            "KAGGLE_CONTAINER_NAME": runner.container_name(session.id),
            "KAGGLE_URL_BASE": endpoint,
        },
        internet=version.job.enable_internet,
        # The log's times are the local Kaggle's, whose clock may be moved while a run goes on.
        on_line=lambda stream, line, seconds: write(stream, line),
    )


def working_folder(session_folder: Path) -> Path:
    """What the run leaves, of a session whose folder this is."""
    return session_folder / RUN_FOLDER / "working"


def remove_inputs(session_folder: Path) -> None:
    """Free what a finished run's inputs take, where the runner had to copy them."""
    inputs = session_folder / RUN_FOLDER / "input"
    if not inputs.exists():
        return
    for folder in (inputs, *inputs.rglob("*/")):
        folder.chmod(0o700)
    shutil.rmtree(inputs, ignore_errors=True)


def _script(version: KernelVersion) -> str:
    if version.job.language != "python":
        raise CannotRun(f"The local Kaggle runs Python only, not {version.job.language}.")
    if version.job.kernel_type == "notebook":
        return notebooks.to_script(version.source)
    return version.source


def _mounts(kaggle: Kaggle, version: KernelVersion) -> dict[str, Path]:
    """Where under input/ the version's sources are seen; what went away since is left out."""
    mounts: dict[str, Path] = {}
    for reference in version.job.dataset_sources:
        if folder := kaggle.datasets.folder_of(reference):
            source = split_source(reference)
            mounts[f"datasets/{source.owner}/{source.slug}"] = folder
    for slug in version.job.competition_sources:
        if folder := kaggle.datasets.folder_of_competition(slug):
            mounts[f"competitions/{slug}"] = folder
    for reference in version.job.kernel_sources:
        source = split_source(reference)
        if session := kaggle.kernels.source_session(source):
            folder = working_folder(kaggle.sessions.folder(session.id))
            mounts[f"notebooks/{source.owner}/{source.slug}"] = folder
    return mounts
