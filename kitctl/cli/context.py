"""What one call of kitctl works with: console, project, config, Kaggle, ledger, clock."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kitctl import config
from kitctl.cli.global_options import GlobalOptions
from kitctl.cli.repeated_options import GivenOptions, as_typed, repeated_options
from kitctl.errors import Hint, KitError, NextCommand, NoProject, hint_text
from kitctl.render.console import Console
from kitctl.render.output import JsonOutput, Output, TextOutput

if TYPE_CHECKING:
    from kitctl.adapters.download import HttpDownloader
    from kitctl.adapters.kaggle import KaggleApi
    from kitctl.adapters.ledger import SqliteLedger
    from kitctl.config import Config
    from kitctl.domain.runs.run import KernelRef
    from kitctl.operations.watching.find_run import TargetRun
    from kitctl.ports import Clock

# Seconds for all tries of one request, and for all requests where the ledger can answer too.
REQUEST_SECONDS = 120.0
GLANCE_SECONDS = 2.0


class CommandContext:
    """One call of kitctl. Everything is made where it is used first; `with` closes it.

    `takes_option` says whether a command has an option of its own, by both names;
    `script_arguments` are what the user wrote after `--`.
    """

    def __init__(
        self,
        options: GlobalOptions,
        command: str,
        takes_option: Callable[[str, str], bool],
        script_arguments: Sequence[str] = (),
    ) -> None:
        self.options = options
        self.script_arguments = tuple(script_arguments)
        self.command = command
        self._takes_option = takes_option
        self.given: GivenOptions = {}
        self._named_kernels: set[str] = set()
        self.clock: Clock = time
        self._config: Config | None = None
        self._client: KaggleApi | None = None
        self._until_end = ExitStack()

    def __enter__(self) -> CommandContext:
        if self.options.verbose:
            from kitctl.cli.verbose import log_on

            self._until_end.enter_context(log_on(self.console))
        return self

    def __exit__(self, *error: object) -> None:
        self._until_end.close()

    # What the user sees.

    @cached_property
    def console(self) -> Console:
        return Console(quiet=self.options.quiet, hint_text=self.hint_text)

    @cached_property
    def output(self) -> Output:
        return JsonOutput(self.hint_text) if self.options.json else TextOutput(self.console)

    def hint_text(self, hint: Hint) -> str:
        """Return a hint whose commands repeat the options that the user gave."""
        return hint_text(hint, self._repeat)

    def _repeat(self, hint: NextCommand) -> NextCommand:
        hint = as_typed(hint, self.command, self._takes_option)
        own = hint.options.split()
        options = []
        is_local = self._config is not None and self._config.local
        if is_local and "--local" not in own and self._takes_option(hint.command, "local"):
            options.append("--local")
        if self.options.project is not None:
            options.append(f"--project {shlex.quote(str(self.options.project))}")
        options += repeated_options(
            self.given,
            hint,
            typed=self.command,
            is_local=is_local,
            takes_option=self._takes_option,
        )
        takes_arguments = self.script_arguments and self._takes_option(hint.command, "env")
        end = [f"-- {shlex.join(self.script_arguments)}"] if takes_arguments else []
        kernel, _, version = hint.run.rpartition("/")
        shown = hint.with_run(hint.run if kernel in self._named_kernels else version)
        return replace(shown, options=" ".join(filter(None, [*options, shown.options, *end])))

    # The project and its config.

    @cached_property
    def project(self) -> Path:
        """The project's folder.

        Raises NoProject where there is none, InvalidInput where the one that the user named is
        none.
        """
        return config.find_project(self.options.project, Path.cwd())

    def project_or_none(self) -> Path | None:
        """Return the project's folder, or None where there is none and the user named none."""
        try:
            return self.project
        except NoProject:
            return None

    def configure(self, **options: object) -> Config:
        """Load the config: the project's where there is one. An option of None was not given."""
        return self._configure(self.project_or_none(), options)

    def configure_without_project(self, **options: object) -> Config:
        """Load the config of a command that concerns no project."""
        return self._configure(None, options)

    def _configure(self, project: Path | None, options: dict[str, object]) -> Config:
        self._config = config.load(project, options)
        return self._config

    @property
    def config(self) -> Config:
        """The config in force; of a command without options for it, the project's own."""
        return self._config or self.configure()

    def add_source(self, source: str, folder: Path) -> None:
        """Let a folder stand for a Kaggle source in this call."""
        self._config = replace(self.config, sources={**self.config.sources, source: str(folder)})

    def results_folder(self, *parts: str) -> Path:
        """Return a folder under the project's `results`."""
        return Path(self.project, self.config.results, *parts)

    # Kaggle and the ledger.

    @property
    def client(self) -> KaggleApi:
        """Kaggle, or the local Kaggle, which is started if need be."""
        return self._client or self.connect(REQUEST_SECONDS)

    @property
    def downloader(self) -> HttpDownloader:
        """What fetches files; loopback must not go through the user's proxy."""
        from kitctl.adapters.download import HttpDownloader

        return HttpDownloader(direct=self.config.local)

    def connect(self, total_seconds: float) -> KaggleApi:
        """Return the client; all tries of one request take `total_seconds` at most."""
        return self._connect(total_seconds=total_seconds, on_wait=self.console.warn)

    def connect_briefly(self) -> KaggleApi:
        """Return the client of a command that the ledger can answer too.

        All requests together take GLANCE_SECONDS at most, and repetitions are not mentioned.
        """
        # Loaded before a thread sends the first request, which would else wait for its turn to load
        # beside the rest of the command, and leave only then.
        import_module("kitctl.adapters.http.connections")
        return self._connect(total_seconds=GLANCE_SECONDS, answer_within=GLANCE_SECONDS)

    def _connect(self, **how: Any) -> KaggleApi:
        connect = self._connect_local if self.config.local else self._connect_remote
        self._client = connect(**how)
        return self._client

    @cached_property
    def ledger(self) -> SqliteLedger:
        from kitctl.adapters.ledger import SqliteLedger

        return self._until_end.enter_context(SqliteLedger(config.home() / "ledger.sqlite"))

    def last_account(self) -> str:
        """Return the account as Kaggle names it or, without an answer, as the ledger does."""
        try:
            return self.client.account()
        except KitError:
            if known := self.ledger.last_account(self.client.service):
                return known
            raise

    def find_run(self, name: str | None) -> TargetRun:
        """Return the run of this name; None is the project's latest.

        Raises UsageError for what names no run, InvalidInput where the project has none.
        """
        from kitctl.domain.runs.run import RunName
        from kitctl.operations.watching.find_run import find_run

        parsed = RunName.parse(name)
        target = find_run(
            parsed,
            lambda: self.kernel(self.client.account),
            self.client,
            self.ledger,
            self.console,
        )
        if parsed.kernel is not None:
            self._named_kernels.add(str(target.ref.kernel))
        return target

    def kernel(self, account: Callable[[], str]) -> KernelRef:
        """Return the project's kernel; the account is asked for only where it is the owner."""
        from kitctl.operations.project.read_metadata import project_kernel

        return project_kernel(self.project, account, self.client.service)

    def _connect_remote(self, **how: Any) -> KaggleApi:
        from kitctl.adapters.kaggle import connect

        return connect(**how)

    def _connect_local(self, **how: Any) -> KaggleApi:
        from kitctl.adapters.kaggle import connect_local
        from kitctl.local import lifecycle

        address = lifecycle.address(local_state())
        if address is None:
            with self.console.progress("Starting the local Kaggle"):
                started = lifecycle.start(local_state())
            address = started.endpoint, started.token
        return connect_local(*address, **how)


def local_state(folder: Path | None = None) -> Path:
    """Return the local Kaggle's state folder: `folder`, or the one in the user's data folder."""
    return config.expand_user(folder or config.home() / "local").absolute()


def searches(service: str) -> Path:
    """Return the folder of the searches of sweeps whose trials run at a service."""
    return config.home() / "sweeps" / service
