"""One run of a saved version: its script, its inputs and its environment for the runner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from kitctl.errors import InvalidInput, hint_text
from kitctl.local.state.local_state import LocalState
from kitctl.local.state.names import split_source
from kitctl.local.state.records import KernelVersion, Session
from kitctl.sandbox import runner
from kitctl.sandbox.runner import SandboxRun

RUN_FOLDER = "run"


class CannotRun(Exception):
    """The saved code is of a kind that does not run here; the message says which."""


def start(
    state: LocalState,
    session: Session,
    endpoint: str,
    secret_values: Mapping[str, str],
    write: Callable[[str, str], None],
) -> SandboxRun:
    """Start a session's script in a folder laid out as Kaggle's.

    `secret_values` is what the stand-in of kaggle_secrets knows; `write(stream, line)` receives
    each line that the script prints, from other threads.

    Raises:
        CannotRun: the code is not Python, or packages for notebooks are missing.
    """
    version = state.kernels.version_by_number(session.kernel_id, session.version)
    name = _script_name(version)
    if session.pool != "cpu":
        shape = version.request.machine_shape
        write("stderr", f"local Kaggle: {shape} was asked for; this session runs on the CPU\n")

    def report(isolation: str) -> None:
        if not isolation.startswith("Isolated"):
            write("stderr", f"local Kaggle: {isolation}\n")

    try:
        return runner.start(
            state.sessions.folder(session.id) / RUN_FOLDER,
            version.source.encode(),
            _mounts(state, version),
            environment={
                "KAGGLE_CONTAINER_NAME": runner.container_name(session.id),
                "KAGGLE_URL_BASE": endpoint,
            },
            internet=version.request.enable_internet,
            # The log's times are the local Kaggle's, whose clock may be moved during a run.
            on_line=lambda stream, line, seconds: write(stream, line),
            on_isolation=report,
            secret_values=secret_values,
            name=name,
        )
    except InvalidInput as error:
        raise CannotRun(f"{error.message} {hint_text(error.hint)}") from None


def working_folder(session_folder: Path) -> Path:
    """Return the folder of a session's outputs, which is the script's working directory."""
    return session_folder / RUN_FOLDER / "working"


def remove_inputs(session_folder: Path) -> None:
    """Free the disk space of a finished run's inputs, where the runner had to copy them."""
    runner.remove_inputs(session_folder / RUN_FOLDER)


def _script_name(version: KernelVersion) -> str:
    if version.request.language != "python":
        raise CannotRun(f"The local Kaggle runs Python only, not {version.request.language}.")
    return "notebook.ipynb" if version.request.kernel_type == "notebook" else "script.py"


def _mounts(state: LocalState, version: KernelVersion) -> dict[str, Path]:
    """Map paths under input/ to the folders of the version's sources; missing ones are left out."""
    mounts: dict[str, Path] = {}
    for reference in version.request.dataset_sources:
        if folder := state.datasets.folder_of(reference):
            source = split_source(reference)
            mounts[f"datasets/{source.owner}/{source.slug}"] = folder
    for kind, names in (
        ("competitions", version.request.competition_sources),
        ("notebooks", version.request.kernel_sources),
    ):
        for name in names:
            if folder := state.datasets.stand_in(kind, name):
                mounts[f"{kind}/{name}"] = folder
    for name in version.request.model_sources:
        if attached_model := state.models.folder_of(name.lower()):
            path, folder = attached_model
            # A framework such as pyTorch has capitals in the source only.
            as_written = "/".join([*name.split("/")[:4], path.rpartition("/")[2]])
            mounts |= {path: folder, f"models/{as_written}": folder}
    for reference in version.request.kernel_sources:
        source = split_source(reference)
        if session := state.kernels.source_session(source):
            folder = working_folder(state.sessions.folder(session.id))
            mounts[f"notebooks/{source.owner}/{source.slug}"] = folder
    return mounts
