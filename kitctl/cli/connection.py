"""What a command needs to reach Kaggle: which one, whose ledger, which project's kernel."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kitctl import config
from kitctl.cli.invocation import Invocation
from kitctl.errors import InvalidInput, KitError, NextCommand

if TYPE_CHECKING:
    from kitctl.adapters.kaggle import KaggleApi
    from kitctl.adapters.ledger import SqliteLedger
    from kitctl.domain.runs import KernelRef, RunName
    from kitctl.operations.shared.find_run import TargetRun
    from kitctl.ports import Clock

# Seconds for all tries of one request; less where the ledger can answer too.
PATIENT_SECONDS = 120.0
AT_A_GLANCE_SECONDS = 2.0

LocalOption = Annotated[
    bool | None,
    typer.Option("--local", help="Send it to the local Kaggle instead of kaggle.com."),
]
RunArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN",
        help="N, vN or OWNER/SLUG/N; default: this project's latest.",
        show_default=False,
    ),
]


class Road:
    """Kaggle, the user's ledger, and the time that it takes."""

    def __init__(self, kaggle: KaggleApi, *, local: bool, until_end: ExitStack) -> None:
        self.kaggle = kaggle
        self.clock: Clock = time
        self.local = local
        self._until_end = until_end

    @cached_property
    def ledger(self) -> SqliteLedger:
        """Opened where it is needed first: Kaggle may be asked meanwhile."""
        from kitctl.adapters.ledger import SqliteLedger

        return self._until_end.enter_context(SqliteLedger(config.home() / "ledger.sqlite"))

    def account(self) -> str:
        """The account, by Kaggle's word or, where it does not answer, by the ledger's memory."""
        try:
            return self.kaggle.account()
        except KitError:
            if known := self.ledger.last_account(self.kaggle.service):
                return known
            raise

    def find(self, invocation: Invocation, name: RunName) -> TargetRun:
        """The run that is meant."""
        from kitctl.operations.shared.find_run import find_run

        return find_run(
            name,
            lambda: project_kernel(invocation, self.kaggle.account),
            self.kaggle,
            self.ledger,
        )


@contextmanager
def open_road(
    invocation: Invocation, *, local: bool, total_seconds: float = PATIENT_SECONDS
) -> Iterator[Road]:
    """Opens the way to kaggle.com, or to the local Kaggle, which it starts."""
    with ExitStack() as until_end:
        kaggle = _local(invocation, total_seconds) if local else _remote(invocation, total_seconds)
        road = Road(kaggle, local=local, until_end=until_end)
        invocation.local = local
        yield road


def run_name(text: str | None) -> RunName:
    """The run as it was typed.

    Raises UsageError for what names none.
    """
    from kitctl.domain.runs import RunName

    return RunName.parse(text)


def settings_for(invocation: Invocation, local: bool | None) -> config.Config:
    """The settings in force: the project's where there is one, else the user's."""
    try:
        return invocation.settings(local=local)
    except InvalidInput as error:
        if error.code != "no_project":
            raise
        return invocation.user_settings(local=local)


def project_kernel(invocation: Invocation, account: Callable[[], str]) -> KernelRef:
    """The project's kernel; an id without owner is the account's, which only then is asked for."""
    from kitctl.domain import metadata
    from kitctl.domain.runs import KernelRef

    text = (invocation.project / config.METADATA_NAME).read_text("utf-8")
    job = metadata.inspect(text).metadata
    if not job.slug:
        raise InvalidInput(
            f"{config.METADATA_NAME} names no id, so there is no kernel to look for.",
            code="metadata",
            hint=NextCommand("doctor", note="says what else is missing"),
        )
    return KernelRef(job.owner or account(), job.slug)


def _remote(invocation: Invocation, total_seconds: float) -> KaggleApi:
    from kitctl.adapters.kaggle import connect

    return connect(on_wait=_on_wait(invocation, total_seconds), total_seconds=total_seconds)


def _local(invocation: Invocation, total_seconds: float) -> KaggleApi:
    from kitctl.adapters.kaggle import connect_local
    from kitctl.local import lifecycle

    address = lifecycle.address(state_folder())
    if address is None:
        with invocation.console.progress("Starting the local Kaggle"):
            started = lifecycle.start(state_folder())
        address = started.endpoint, started.token
    return connect_local(
        *address, on_wait=_on_wait(invocation, total_seconds), total_seconds=total_seconds
    )


def state_folder(given: Path | None = None) -> Path:
    """The local Kaggle's state folder: the given one, else one in the user's data folder."""
    return (given or config.home() / "local").expanduser().absolute()


def _on_wait(invocation: Invocation, total_seconds: float) -> Callable[[str], None]:
    """Who must wait is told why; at a glance there is no waiting."""
    return invocation.console.warn if total_seconds > AT_A_GLANCE_SECONDS else lambda _: None
