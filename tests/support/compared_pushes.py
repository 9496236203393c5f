"""The same folders pushed by the official client, by kitctl, and as kitctl's packages."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.drawn_folders import KNOWN_SOURCES, DrawnFolder, draw_folder
from support.local_kaggle import LocalKaggle
from support.local_setup import LocalSetup
from support.official_pushes import OfficialPush, push_officially

from kitctl.errors import KitError
from kitctl.operations.package import write_package
from kitctl.operations.planning.plan_job import plan_job
from kitctl.operations.push import PushOptions, push

# What Kaggle stores of a kernel that says nothing about the folder.
_NOT_COMPARED = ("id", "lastRunTime", "currentVersionNumber")
_SOURCES = {
    "datasetDataSources": "dataset_sources",
    "competitionDataSources": "competition_sources",
    "kernelDataSources": "kernel_sources",
}


@dataclass(frozen=True)
class Comparison:
    """One folder and what each of the three ways stored of it: fields and source."""

    folder: DrawnFolder
    official: OfficialPush
    by_official: Any
    by_kitctl: Any
    by_package: Any
    refusal: str


def compare(
    setup: LocalSetup, tmp_path: Path, chance: random.Random, count: int
) -> list[Comparison]:
    """Push so many drawn folders in each way, each way to a Kaggle without the others' kernels."""
    folders = [draw_folder(chance, number) for number in range(count)]
    server = setup.server
    numbers = _prepare(server, tmp_path, folders)
    paths = [
        folder.write(tmp_path / "folders" / f"{place}", numbers.get(folder.kernel))
        for place, folder in enumerate(folders)
    ]
    official = push_officially(paths, server, tmp_path / "home")
    by_official = [_stored(server, pushed) for pushed in official]

    _prepare(server, tmp_path, folders)
    by_kitctl, refusals = [], []
    for path in paths:
        stored, refusal = _push_with_kitctl(setup, path)
        by_kitctl.append(stored)
        refusals.append(refusal)

    _prepare(server, tmp_path, folders)
    packages = [
        _package(path, tmp_path / "packages" / f"{place}") for place, path in enumerate(paths)
    ]
    packaged = push_officially(packages, server, tmp_path / "home")
    by_package = [_stored(server, pushed) for pushed in packaged]
    rows = zip(folders, official, by_official, by_kitctl, by_package, refusals, strict=True)
    return [Comparison(*row) for row in rows]


def expected_of_kitctl(comparison: Comparison) -> Any:
    """Return what kitctl is to store: as the official client, with its sources in their own form.

    Kaggle leaves out sources in another form without a word.
    """
    stored = json.loads(json.dumps(comparison.by_official))
    for field, key in _SOURCES.items():
        names = comparison.folder.metadata.get(key, [])
        cleaned = [name.split("/", 1)[1] if _has_prefix(name) else name for name in names]
        stored["metadata"][field] = list(dict.fromkeys(name for name in cleaned if name))
    return stored


def _has_prefix(name: str) -> bool:
    return name.startswith(("c/", "competitions/", "datasets/", "code/"))


def _prepare(server: LocalKaggle, tmp_path: Path, folders: Sequence[DrawnFolder]) -> dict[str, int]:
    """Wipe the server and make the kernels that exist; return their numbers."""
    (tmp_path / "source").mkdir(exist_ok=True)
    server.reset()
    # Nothing is to run: only what is stored counts.
    server.settings(queue_seconds=0, pushes_start_runs=0)
    server.admin("sources", sources=dict.fromkeys(KNOWN_SOURCES, str(tmp_path / "source")))
    numbers = {}
    for folder in folders:
        if folder.kernel:
            server.push(folder.kernel, "old", newTitle=folder.kernel.replace("-", " "))
            numbers[folder.kernel] = _kernel(server, folder.kernel)["metadata"]["id"]
    return numbers


def _stored(server: LocalKaggle, pushed: OfficialPush) -> Any:
    return _compared(_kernel(server, pushed.slug)) if not pushed.error else None


def _kernel(server: LocalKaggle, slug: str) -> Any:
    return server.call("GetKernel", userName="local", kernelSlug=slug)


def _compared(kernel: Any) -> Any:
    fields = {
        name: value for name, value in kernel["metadata"].items() if name not in _NOT_COMPARED
    }
    return {"metadata": fields, "source": kernel["blob"]["source"]}


def _push_with_kitctl(setup: LocalSetup, path: Path) -> tuple[Any, str]:
    """Return what is stored of the folder, or why it was refused."""
    try:
        # Nothing runs here, so no run ever makes room for the next.
        options = PushOptions(plan=plan_job(path), force=True)
        pushed = push(options, setup.kaggle, setup.ledger, setup.clock, setup.reporter)
    except KitError as error:
        return None, " ".join([error.message, *map(str, error.problems)])
    return _compared(_kernel(setup.server, pushed.run.intent.kernel.slug)), ""


def _package(path: Path, out: Path) -> Path:
    """Return the package of the folder; an empty folder where there is none."""
    out.mkdir(parents=True)
    with suppress(KitError):
        write_package(plan_job(path), out)
    return out


def check_alike(comparisons: Sequence[Comparison]) -> None:
    """Fail with every folder that only the official client takes, or that is stored otherwise."""
    taken = [comparison for comparison in comparisons if not comparison.official.error]
    assert len(taken) > len(comparisons) * 0.8
    refused = [(item.folder.metadata, item.refusal) for item in taken if item.refusal]
    assert not refused
    different = [
        (item.folder.metadata, way, stored, expected)
        for item in taken
        for way, stored in (("push", item.by_kitctl), ("package", item.by_package))
        if stored != (expected := expected_of_kitctl(item))
    ]
    assert not different
