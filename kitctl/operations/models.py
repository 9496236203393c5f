"""`models`: make a run's export a model on Kaggle, or the next version of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kitctl.domain.data.datasets import DatasetRef
from kitctl.domain.data.models import model_files
from kitctl.domain.results.files import OWN_FOLDER, ExpectedFile, check_names
from kitctl.errors import InvalidInput, NetworkFailed, NextCommand, Refused
from kitctl.operations.dataset_versions.dataset_folder import (
    MOST_NAMED,
    hash_files,
    scan_folder,
)
from kitctl.operations.dataset_versions.push_dataset import (
    DatasetContent,
    DatasetPorts,
    PushedVersion,
    no_effect,
    push_content,
)
from kitctl.operations.pulling.fetch_files import USUAL_TRIES, FileFetcher, FileUrls
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.require_ended import require_complete
from kitctl.ports import Downloader, Kaggle, Ledger, ResultsFolder


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """Which files of the run become which variation; `files` are patterns, none: the usual ones."""

    ref: DatasetRef
    title: str
    framework: str
    files: tuple[str, ...] = ()
    message: str = ""
    license: str = "Apache 2.0"
    public: bool = False
    force: bool = False

    def of_first_version(self) -> list[str]:
        """Return the options that were given and that only a first version takes."""
        given = {"--title": bool(self.title), "--public": self.public}
        return [option for option, is_given in given.items() if is_given]


@dataclass(frozen=True, kw_only=True)
class ModelPush:
    """A model's version, and the run that it is from."""

    run: str
    pushed: PushedVersion
    files: tuple[str, ...]
    bytes: int

    @property
    def source(self) -> str:
        """The version as `model_sources` of a job names it."""
        return f"{self.pushed.ref}/{self.pushed.version}"

    def as_data(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "model": str(self.pushed.ref),
            "version": self.pushed.version,
            "source": self.source,
            "files": self.files,
            "bytes": self.bytes,
            "changed": self.pushed.changed,
            "url": self.pushed.url,
        }


def push_model(
    target: TargetRun,
    options: ModelOptions,
    kaggle: Kaggle,
    ledger: Ledger,
    downloads: Downloader,
    scratch: ResultsFolder,
    ports: DatasetPorts,
) -> ModelPush:
    """Fetch the model that a run left, and make it a version of its variation if it changed.

    Raises InvalidInput where the run left no such files, Refused where it has not ended or Kaggle
    refuses the model.
    """
    require_complete(target, kaggle, ledger, "models push", force=options.force)
    _require_own(options.ref, ports)
    given = options.of_first_version()
    existed = bool(given) and ports.datasets.find(options.ref) is not None
    _fetch(target, options, kaggle, downloads, scratch, ports)
    scan = scan_folder(scratch.root)
    problems = [*scan.unsendable, *scan.secrets]
    if problems or not scan.listing.paths:
        raise Refused(
            f"What {target.ref} left cannot all become part of a model; nothing was sent.",
            code="odd_files",
            hint=(
                "Name the files of the model alone: ",
                NextCommand("models push", "RUN --files 'GLOB'", run=str(target.ref)),
            ),
            problems=problems[:MOST_NAMED],
        )
    for name in scan.listing.left_out:
        if name.path == OWN_FOLDER:
            continue
        ports.reporter.warn(f"{name.path} is not sent: it {name.reason}.")
    files = hash_files(scan.listing, ports.jobs, ports.reporter)
    model = options.ref.slug.partition("/")[0]
    pushed = push_content(
        DatasetContent(
            ref=options.ref,
            root=scratch.root,
            files=files,
            title=options.title or model.replace("-", " ").capitalize(),
            message=options.message or f"From {target.ref}",
            license=options.license,
            is_private=not options.public,
        ),
        ports,
    )
    if existed:
        ports.reporter.warn(no_effect(given, pushed))
    return ModelPush(
        run=str(target.ref),
        pushed=pushed,
        files=scan.listing.paths,
        bytes=sum(file.bytes for file in files),
    )


def _require_own(ref: DatasetRef, ports: DatasetPorts) -> None:
    """Raise Refused where the model would be another account's."""
    account = ports.datasets.account()
    if ref.owner.lower() != account.lower():
        model = ref.slug.partition("/")[0]
        raise Refused(
            f"The model is {ref.owner}/{model}, but the credentials are {account}'s. Nothing was"
            " sent.",
            code="wrong_account",
            hint=NextCommand("models push", f"--id {account}/{model}"),
        )


def _fetch(
    target: TargetRun,
    options: ModelOptions,
    kaggle: Kaggle,
    downloads: Downloader,
    folder: ResultsFolder,
    ports: DatasetPorts,
) -> None:
    """Download the model's files into the folder, each with the size that Kaggle lists."""
    sizes = {file.name: file.bytes for file in kaggle.listed_files(target.ref)}
    names = model_files(check_names(sizes)[0], options.framework, options.files)
    if not names:
        raise InvalidInput(
            f"{target.ref} left no files of a {options.framework} model; nothing was sent.",
            code="file_missing",
            hint=(
                NextCommand("models push", "RUN --files 'GLOB'", run=str(target.ref)),
                f"   (it left {', '.join(list(sizes)[:8]) or 'nothing'})",
            ),
        )
    urls = FileUrls(kaggle.outputs(target.ref), lambda: kaggle.outputs(target.ref))
    fetcher = FileFetcher(urls, downloads, folder, refetch=False, tries=USUAL_TRIES)
    expected = {name: ExpectedFile(listed_bytes=sizes[name]) for name in names}
    total = sum(size or 0 for name, size in sizes.items() if name in expected)
    with (
        folder.exclusive(lambda: None),
        ports.reporter.progress(
            f"Fetching the model of {target.ref}", total=total or None, unit="bytes"
        ) as bar,
    ):
        _, failed = fetcher.fetch_all(expected, ports.jobs, bar)
    if failed:
        raise NetworkFailed(
            f"{failed[0].path} of {target.ref} did not come: {failed[0].error.message}"
            " No model was made.",
            code=failed[0].error.code,
            hint="Type the same command again.",
        )
