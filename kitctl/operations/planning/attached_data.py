"""The data sets that kitctl makes for a job: what its script cannot hold, and its packages."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kitctl.operations.planning.fetch_wheels import fetch_wheels
from kitctl.packing.installer import lacks
from kitctl.packing.plan import Plan
from kitctl.ports import Reporter

DATA_FILE = "files.kitctl"
"""The one file of a data set with code: Kaggle unpacks no archive of this name."""


@contextmanager
def attached_folders(
    plan: Plan, reporter: Reporter, *, for_kaggle: bool
) -> Iterator[Mapping[str, Path]]:
    """Yield name → folder of the data sets that the plan needs, until the block ends.

    Packages are those for Kaggle's image, or those that this Python lacks.

    Raises InvalidInput where packages cannot be fetched.
    """
    with tempfile.TemporaryDirectory(prefix="kitctl-") as scratch:
        folders = {name: Path(scratch, name) for name in plan.attached}
        for folder in folders.values():
            folder.mkdir()
        if plan.code_data:
            (folders[plan.code_data] / DATA_FILE).write_bytes(plan.data)
        if plan.launch.wheels:
            packages = [text for text in plan.launch.requirements if for_kaggle or lacks(text)]
            if packages:
                with reporter.progress("Fetching packages"):
                    fetch_wheels(packages, folders[plan.launch.wheels], for_kaggle=for_kaggle)
            # A data set cannot be empty.
            text = "".join(f"{requirement}\n" for requirement in plan.launch.requirements)
            (folders[plan.launch.wheels] / "requirements.txt").write_text(text, "utf-8")
        yield folders
