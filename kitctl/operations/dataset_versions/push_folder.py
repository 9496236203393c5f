"""Push a folder as a data set: its metadata, its files, the version, and Kaggle's processing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from kitctl.domain.data.dataset_metadata import (
    METADATA_NAME,
    DatasetMetadata,
    from_folder_name,
    parse_metadata,
)
from kitctl.domain.data.datasets import (
    DEFAULT_LICENSE,
    LICENSES,
    LOCAL_OWNER,
    DatasetRef,
    DatasetStatus,
    LocalFile,
    archive_ending,
    limit_warnings,
    plan_items,
)
from kitctl.domain.results.files import RefusedName
from kitctl.errors import InvalidInput, Refused, UsageError
from kitctl.files import read_settings_text, replace_file
from kitctl.operations.dataset_versions.dataset_folder import hash_files, list_folder
from kitctl.operations.dataset_versions.dataset_wait import failed, read_status, wait_until_ready
from kitctl.operations.dataset_versions.push_dataset import (
    DatasetContent,
    DatasetPorts,
    PushedVersion,
    no_effect,
    push_content,
)
from kitctl.ports import Reporter


@dataclass(frozen=True, kw_only=True)
class FolderPushOptions:
    """What the user says of a push; what is "" is the metadata file's."""

    id: str = ""
    title: str = ""
    message: str = "Update"
    public: bool = False
    license: str = ""
    wait: bool = True
    exclude: tuple[str, ...] = ()

    def of_first_version(self) -> list[str]:
        """Return the options that were given and that only a first version takes."""
        given = {"--title": self.title, "--license": self.license}
        return [option for option, value in given.items() if value]


@dataclass(frozen=True, kw_only=True)
class FolderPush:
    """A folder's data set as it is now."""

    pushed: PushedVersion
    status: DatasetStatus
    files: int
    bytes: int
    left_out: tuple[RefusedName, ...] = ()
    warnings: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        return {
            "dataset": str(self.pushed.ref),
            "version": self.pushed.version,
            "files": self.files,
            "bytes": self.bytes,
            "status": self.status,
            "changed": self.pushed.changed,
            "uploaded_bytes": self.pushed.uploaded_bytes,
            "url": self.pushed.url,
            "left_out": self.left_out,
            "warnings": self.warnings,
        }


def push_folder(folder: Path, options: FolderPushOptions, ports: DatasetPorts) -> FolderPush:
    """Make a folder a data set, or its next version where its content changed.

    Raises InvalidInput or Refused where the folder cannot become one: then nothing was sent.
    """
    metadata = _read_metadata(folder, options)
    listing = list_folder(folder, options.exclude)
    _require_resources(metadata, listing.paths)
    license = _license(metadata, options)
    account = ports.datasets.account()
    ref = _own_name(metadata, account, ports)
    files = hash_files(listing, ports.jobs, ports.reporter)
    warnings = arrival_warnings(files)
    for warning in limit_warnings(plan_items(files)):
        # Said before hours of upload, not after.
        ports.reporter.warn(warning)
    _write_metadata(folder, replace(metadata, license=license), account, ports.reporter)
    content = DatasetContent(
        ref=ref,
        root=folder,
        files=files,
        title=metadata.title,
        message=options.message,
        license=license,
        is_private=not options.public,
        subtitle=metadata.subtitle,
        description=metadata.description,
        keywords=metadata.keywords,
        resources=metadata.resources,
    )
    pushed = push_content(content, ports)
    if pushed.version > 1 and (given := options.of_first_version()):
        warnings += (no_effect(given, pushed),)
    return FolderPush(
        pushed=pushed,
        status=_status(pushed, ports, wait=options.wait),
        files=len(files),
        bytes=sum(file.bytes for file in files),
        left_out=listing.left_out,
        warnings=warnings,
    )


def push_files(
    ref: DatasetRef, title: str, root: Path, ports: DatasetPorts, message: str = "Update"
) -> FolderPush:
    """Make the files of a folder a private data set of a given name, and wait until it is ready.

    For what kitctl itself sends, such as code and packages: no metadata file is read or written.
    """
    files = hash_files(list_folder(root), ports.jobs, ports.reporter)
    pushed = push_content(
        DatasetContent(ref=ref, root=root, files=files, title=title, message=message), ports
    )
    return FolderPush(
        pushed=pushed,
        status=_status(pushed, ports, wait=True),
        files=len(files),
        bytes=sum(file.bytes for file in files),
    )


def arrival_warnings(files: tuple[LocalFile, ...]) -> tuple[str, ...]:
    """Return how the data set will differ from the folder: Kaggle unpacks archives.

    Raises InvalidInput where an archive would be unpacked over other files.
    """
    items = plan_items(files)
    archives = {
        item.path: item.path[: -len(ending)]
        for item in items
        if not item.is_archive and (ending := archive_ending(item.path))
    }
    archives_of = Counter(archives.values())
    paths = [PurePosixPath(file.path) for item in items for file in item.files]
    occupied = {str(place) for path in paths for place in (path, *path.parents)}
    for path, folder in archives.items():
        if archives_of[folder] > 1 or folder in occupied:
            raise InvalidInput(
                f"Kaggle unpacks {path} into {folder}/, where other files are; nothing was sent.",
                code="archive_over_folder",
                hint="Rename the archive, or leave it out with --exclude.",
            )
    return tuple(
        f"{path} arrives unpacked: Kaggle makes the folder {folder}/ of it."
        for path, folder in archives.items()
    )


def _require_resources(metadata: DatasetMetadata, paths: tuple[str, ...]) -> None:
    """Raise InvalidInput where the metadata describes a file that is not sent."""
    missing = [path for path in metadata.resources if path not in paths]
    if missing:
        raise InvalidInput(
            f"{METADATA_NAME} describes {missing[0]}, which is not among the files; nothing was"
            " sent.",
            code="invalid_metadata",
            hint=f"Correct the path in resources of {METADATA_NAME}, or delete that entry.",
        )


def _own_name(metadata: DatasetMetadata, account: str, ports: DatasetPorts) -> DatasetRef:
    """Return the data set's name; the local Kaggle has one account, which stands for any other."""
    owner = metadata.owner or account
    if ports.datasets.service == LOCAL_OWNER or owner == LOCAL_OWNER:
        owner = account
    if owner.lower() != account.lower():
        raise Refused(
            f"The data set is {owner}/{metadata.slug}, but the credentials are {account}'s."
            " Nothing was sent.",
            code="wrong_account",
            hint=f"Give your own with --id {account}/{metadata.slug}",
        )
    return DatasetRef(owner, metadata.slug)


def _status(pushed: PushedVersion, ports: DatasetPorts, *, wait: bool) -> DatasetStatus:
    if wait:
        return wait_until_ready(
            pushed.ref, pushed.version, ports.datasets, ports.clock, ports.reporter
        )
    status = read_status(pushed.ref, pushed.version, ports.datasets)
    if status is DatasetStatus.FAILED:
        raise failed(pushed.ref, pushed.version, pushed.url)
    return status


def _read_metadata(folder: Path, options: FolderPushOptions) -> DatasetMetadata:
    if not folder.is_dir():
        raise InvalidInput(
            f"{folder} is no folder.", code="no_folder", hint="Name the folder with the files."
        )
    try:
        text = read_settings_text(folder / METADATA_NAME)
    except FileNotFoundError:
        name = folder.resolve().name
        return from_folder_name(name, id=options.id, title=options.title)
    return parse_metadata(text, id=options.id, title=options.title)


def _write_metadata(
    folder: Path, metadata: DatasetMetadata, account: str, reporter: Reporter
) -> None:
    """Write the metadata file where there is none, so that the next push needs no options."""
    path = folder / METADATA_NAME
    text = metadata.to_json(account)
    if path.exists():
        rehearsed = f'"{LOCAL_OWNER}/{metadata.slug}"'
        old = path.read_text("utf-8")
        # A rehearsal has written it, with the local Kaggle's account.
        text = old.replace(rehearsed, f'"{account}/{metadata.slug}"')
        if text == old:
            return
    try:
        with replace_file(path) as part:
            part.write_text(text, "utf-8")
    except OSError as error:
        reporter.warn(
            f"{path} cannot be written ({error.strerror or error}); give --id again next time."
        )
    else:
        reporter.info(f"{path} was written: {metadata.owner or account}/{metadata.slug}")


def _license(metadata: DatasetMetadata, options: FolderPushOptions) -> str:
    license = options.license or metadata.license
    if options.public and license.lower() == DEFAULT_LICENSE:
        raise UsageError(
            "A public data set needs a licence that says what others may do with it; nothing was"
            " sent.",
            code="license_missing",
            hint=f"Give one: --license {LICENSES[0]}   (or {', '.join(LICENSES[1:])})",
        )
    return license
