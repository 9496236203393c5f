"""`kitctl datasets …`: data sets of the user's own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kitctl import config
from kitctl.cli.command import Group, command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import LocalOption, whole_folder
from kitctl.render.output import CommandResult

if TYPE_CHECKING:
    from kitctl.domain.data.datasets import DatasetRef
    from kitctl.operations.dataset_versions.push_dataset import DatasetPorts

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The folder with the files.")]
RefArgument = Annotated[
    str, typer.Argument(metavar="REF", help="OWNER/SLUG, or the slug of one of your own.")
]
ExcludeOption = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="GLOB", help="Leave these files out; may be repeated."),
]
WaitOption = Annotated[bool, typer.Option("--wait", help="Wait until Kaggle has processed it.")]


def dataset_ports(context: CommandContext) -> DatasetPorts:
    """Return what a push of a data set works with."""
    from kitctl.adapters.kaggle.uploads import HttpUploader
    from kitctl.adapters.push_state import LocalPushState
    from kitctl.operations.dataset_versions.push_dataset import DatasetPorts

    client = context.client

    def state(ref: DatasetRef) -> LocalPushState:
        return LocalPushState(push_states(client.service) / f"{ref.owner}.{ref.slug}".lower())

    return DatasetPorts(
        datasets=client.datasets,
        # Loopback must not go through the user's proxy.
        uploader=HttpUploader(direct=context.config.local, on_wait=context.console.warn),
        state=state,
        clock=context.clock,
        reporter=context.console,
        jobs=max(1, context.config.jobs),
    )


def push_states(service: str) -> Path:
    """Return the folder that holds the state of all pushes to a service."""
    name = service if service in {"kaggle", "local"} else "other"
    return config.home() / "datasets" / name


@command(
    "push",
    examples=[
        "kitctl datasets push photos --id me/my-photos",
        "kitctl datasets push photos --exclude '*.psd' -m 'more trucks'",
    ],
)
def push(
    context: CommandContext,
    *,
    folder: FolderArgument,
    id: Annotated[
        str,
        typer.Option(
            "--id", metavar="OWNER/SLUG", help="Its name; default: dataset-metadata.json's."
        ),
    ] = "",
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="6 to 50 letters.")] = "",
    message: Annotated[
        str, typer.Option("-m", "--message", metavar="TEXT", help="Notes of the version.")
    ] = "Update",
    public: Annotated[
        bool, typer.Option("--public", help="Everybody may read it; needs a licence.")
    ] = False,
    license: Annotated[
        str, typer.Option("--license", metavar="NAME", help="Such as CC0-1.0 or CC-BY-SA-4.0.")
    ] = "",
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Do not wait until Kaggle has processed it.")
    ] = False,
    exclude: ExcludeOption = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", metavar="N", min=1, max=64, help="So many files at once."),
    ] = None,
    local: LocalOption = None,
) -> CommandResult:
    """Make a folder a data set, or its next version.

    Only where its content changed. It goes on where an earlier call stopped, waits until Kaggle
    has processed it, and is private unless you say --public. Where the folder has no
    dataset-metadata.json, one is made.
    """
    from kitctl.operations.dataset_versions.push_folder import FolderPushOptions, push_folder
    from kitctl.render.datasets import draw_push

    context.configure(local=local, jobs=jobs)
    options = FolderPushOptions(
        id=id,
        title=title,
        message=message,
        public=public,
        license=license,
        wait=not no_wait,
        exclude=tuple(exclude or ()),
    )
    result = push_folder(config.expand_user(folder), options, dataset_ports(context))
    return CommandResult(result, draw_push)


@command(
    "status",
    examples=["kitctl datasets status me/my-photos", "kitctl datasets status me/my-photos --wait"],
)
def status(
    context: CommandContext,
    *,
    ref: RefArgument,
    wait: WaitOption = False,
    local: LocalOption = None,
) -> CommandResult:
    """Show a data set's newest version and whether it can be read."""
    from kitctl.operations.datasets import read_state
    from kitctl.render.datasets import draw_state

    context.configure(local=local)
    result = read_state(
        _parse(context, ref), context.client.datasets, context.clock, context.console, wait=wait
    )
    return CommandResult(result, draw_state, result.failure)


@command("list", examples=["kitctl datasets list", "kitctl datasets list --json"])
def list_(context: CommandContext, *, local: LocalOption = None) -> CommandResult:
    """List your own data sets."""
    from kitctl.operations.datasets import list_datasets
    from kitctl.render.datasets import draw_list

    context.configure(local=local)
    return CommandResult(list_datasets(context.client.datasets, context.console), draw_list)


@command(
    "pull",
    examples=[
        "kitctl datasets pull me/my-photos",
        "kitctl datasets pull me/my-photos --out photos",
    ],
)
def pull(
    context: CommandContext,
    *,
    ref: Annotated[
        str, typer.Argument(metavar="REF", help="OWNER/SLUG or OWNER/SLUG/N, or your own SLUG.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where; default: its slug, here.")
    ] = None,
    local: LocalOption = None,
) -> CommandResult:
    """Fetch a data set into a folder: whole, or not at all.

    Goes on where an earlier call stopped.
    """
    from kitctl.adapters.results_folder import LocalResultsFolder
    from kitctl.operations.dataset_versions.pull_dataset import pull_dataset
    from kitctl.render.datasets import draw_pull

    context.configure(local=local)
    name, version = _split_version(ref)
    dataset = _parse(context, name)
    target = whole_folder(out or Path(dataset.slug))
    part = target.with_name(f".{target.name}.{dataset.owner}-{dataset.slug}.part")
    result = pull_dataset(
        dataset,
        version,
        target,
        LocalResultsFolder(part),
        context.client.datasets,
        context.downloader,
        context.console,
    )
    return CommandResult(result, draw_pull)


@command("check", examples=["kitctl datasets check photos", "kitctl datasets check photos --json"])
def check(
    context: CommandContext, *, folder: FolderArgument, exclude: ExcludeOption = None
) -> CommandResult:
    """Say what a training run would say of a folder of photos. Nothing is sent.

    Classes and counts, photos that cannot be read, photos that are both trained and validated on,
    files that a run does not read, and what Kaggle changes.
    """
    from kitctl.adapters.photos import PillowInspector
    from kitctl.operations.dataset_versions.check_folder import check_folder
    from kitctl.render.datasets import draw_check

    settings = context.configure()
    result = check_folder(
        config.expand_user(folder),
        exclude or (),
        PillowInspector(),
        context.console,
        jobs=max(1, settings.jobs),
    )
    return CommandResult(result, draw_check, result.failure)


def _split_version(ref: str) -> tuple[str, int | None]:
    """Return a reference's name and its version, None where it has none."""
    name, _, last = ref.rpartition("/")
    is_version = re.fullmatch(r"[1-9][0-9]{0,8}", last) and "/" in name
    return (name, int(last)) if is_version else (ref, None)


def _parse(context: CommandContext, ref: str) -> DatasetRef:
    from kitctl.domain.data.datasets import DatasetRef

    return DatasetRef.parse(ref, context.client.account)


datasets = Group("datasets", "Data sets of your own.", [check, push, status, list_, pull])
