"""`push --data SLUG=DIR`: folders that are pushed as data sets before the job that reads them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kitctl import config
from kitctl.cli.context import CommandContext
from kitctl.errors import InvalidInput, NextCommand, Refused, UsageError

if TYPE_CHECKING:
    from kitctl.operations.push import PushOptions


def name_data(context: CommandContext, options: Sequence[str]) -> dict[str, Path]:
    """Return the folder of each data set (`owner/slug`) that `SLUG=DIR` options name.

    A slug alone is one of the job's sources, else one of the account's own.
    """
    if not options:
        return {}
    from kitctl.domain.data.datasets import DatasetRef, parse_data_option
    from kitctl.operations.project.read_metadata import read_metadata

    sources = read_metadata(context.project).metadata.sources.datasets
    folders: dict[str, Path] = {}
    for option in options:
        name, folder = parse_data_option(option)
        matches = [source for source in sources if name in (source, source.split("/")[1])]
        ref = DatasetRef.parse(matches[0] if matches else name, context.client.account)
        path = config.expand_user(folder).absolute()
        if not path.is_dir():
            raise InvalidInput(
                f"{path}, which is to be pushed as {ref}, is no folder.",
                code="source_missing",
                hint=f"--data {name}=DIR",
            )
        if str(ref) in folders:
            raise UsageError(
                f"--data names {ref} twice, as {folders[str(ref)]} and as {path}.",
                hint="Give each data set one folder.",
            )
        folders[str(ref)] = path
    return folders


def push_data(context: CommandContext, folders: Mapping[str, Path]) -> None:
    """Push each folder whose content changed, and wait until Kaggle has processed it.

    On the local Kaggle, whose account stands for every other one, a folder replaces the one that
    the project's settings name.
    """
    for name, folder in folders.items():
        if context.config.local and name in context.config.sources:
            context.add_source(name, folder)
            context.console.info(f"{folder} stands for {name} on the local Kaggle.")
        else:
            _push(context, name, folder)


def _push(context: CommandContext, name: str, folder: Path) -> None:
    from kitctl.cli.datasets import dataset_ports
    from kitctl.domain.runs.counts import counted
    from kitctl.operations.dataset_versions.push_folder import FolderPushOptions, push_folder

    try:
        result = push_folder(folder, FolderPushOptions(id=name), dataset_ports(context))
    except (UsageError, InvalidInput, Refused) as error:
        # What the hint names are options of that command, not of `push`.
        command = NextCommand("datasets push", f"{shlex.quote(str(folder))} --id {name}")
        error.hint = (error.hint, " Push the data set by itself first: ", command)
        raise
    for warning in result.warnings:
        context.console.warn(warning)
    what = "a version was made" if result.pushed.changed else "unchanged"
    files = counted(result.files, "file")
    context.console.info(f"{name} version {result.pushed.version}: {what}, {files}")


def push_attached(context: CommandContext, options: PushOptions) -> tuple[str, ...]:
    """Push the data sets that kitctl makes for a plan, where they changed; return their names."""
    plan = options.plan
    if not plan.attached:
        return ()
    from kitctl.cli.datasets import dataset_ports
    from kitctl.domain.data.datasets import DatasetRef
    from kitctl.operations.dataset_versions.push_folder import push_files
    from kitctl.operations.planning.attached_data import attached_folders

    account = context.client.account()
    names = []
    with attached_folders(plan, context.console, for_kaggle=not context.config.local) as folders:
        for name, folder in folders.items():
            ref = DatasetRef.parse(f"{account}/{name}", context.client.account)
            what = "code" if name == plan.code_data else "packages"
            title = f"{plan.metadata.slug[:40]} {what}"
            result = push_files(ref, title, folder, dataset_ports(context))
            change = "made" if result.pushed.changed else "unchanged"
            context.console.info(f"{ref} version {result.pushed.version} with its {what}: {change}")
            names.append(str(ref))
    return tuple(names)
