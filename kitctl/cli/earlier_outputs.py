"""The outputs of a run that has ended, as an input of the runs to come."""

from __future__ import annotations

from dataclasses import dataclass

from kitctl.cli.context import CommandContext
from kitctl.domain.data.datasets import DatasetRef
from kitctl.domain.runs.resume import Resume
from kitctl.domain.runs.run import RunRef, Status
from kitctl.errors import NextCommand, Refused
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.run_status import read_status

# Kaggle's longest name of a data set is 50 letters; `-outputs` has 8.
LONGEST_SLUG = 42


@dataclass(frozen=True)
class EarlierOutputs:
    """The outputs of one run.

    Kaggle can attach those of a kernel's newest complete version (`are_attached`). The outputs of
    a run that failed, ran out of time, or has other versions after it, travel as a private data
    set; so do all of them with the setting `resume_source = "dataset"`.
    """

    run: RunRef
    are_attached: bool

    def resume(self, context: CommandContext) -> Resume:
        """Return them as what a run goes on from; `provide` makes its input ready."""
        if self.are_attached:
            return Resume(f"notebooks/{self.run.kernel}", str(self.run))
        return Resume(f"datasets/{self._dataset(context)}", str(self.run))

    def provide(self, context: CommandContext) -> Resume:
        """Make the input ready, and return it with the run."""
        if not self.are_attached:
            _push_as_dataset(self.run, self._dataset(context), context)
        return self.resume(context)

    def _dataset(self, context: CommandContext) -> DatasetRef:
        slug = self.run.kernel.slug[:LONGEST_SLUG].rstrip("-")
        return DatasetRef(context.client.account(), f"{slug}-outputs")


def earlier_outputs(context: CommandContext, name: str) -> EarlierOutputs:
    """Return the outputs of the run of this name.

    Raises Refused where it has not ended: it may leave others.
    """
    run, is_attachable = _ended_run(context, name)
    return outputs_of(context, run, is_attachable=is_attachable)


def outputs_of(context: CommandContext, run: RunRef, *, is_attachable: bool) -> EarlierOutputs:
    """Return the outputs of a run, which travel as the setting `resume_source` says."""
    return EarlierOutputs(run, is_attachable and context.config.resume_source == "kernel")


def kernel_of_features(context: CommandContext, name: str) -> str:
    """Return the kernel of the run of this name, whose features a run is to reuse.

    A run does not reuse what does not fit; a warning says where Kaggle attaches another's outputs.
    """
    run, is_attachable = _ended_run(context, name)
    if not is_attachable:
        context.console.warn(
            f"Kaggle attaches what the newest complete run of {run.kernel} has left, which"
            f" is not {run}."
        )
    return str(run.kernel)


def _ended_run(context: CommandContext, name: str) -> tuple[RunRef, bool]:
    """Return the run of this name, and whether Kaggle can attach its outputs."""
    target = context.find_run(name)
    status = read_status(target, context.client, context.ledger).status
    if not status.ended:
        raise Refused(
            f"{target.ref} has not ended: what it leaves is not known yet.",
            code="not_ended",
            hint=NextCommand("wait", "RUN", run=str(target.ref)),
        )
    newest = context.client.newest_version(target.ref.kernel)
    is_newest = newest is not None and newest.run == target.ref
    return target.ref, status is Status.COMPLETE and is_newest


def _push_as_dataset(run: RunRef, dataset: DatasetRef, context: CommandContext) -> None:
    from kitctl.adapters.results_folder import LocalResultsFolder
    from kitctl.cli.datasets import dataset_ports
    from kitctl.operations.dataset_versions.push_folder import push_files
    from kitctl.operations.local_runs.scratch_folder import scratch_folder
    from kitctl.operations.pull_results import PullOptions, pull_results

    with scratch_folder(context.results_folder(run.kernel.slug, "chain")) as folder:
        pulled = pull_results(
            # Not recorded as a pull of the user's: the folder is removed.
            TargetRun(run, None),
            context.client,
            context.ledger,
            context.downloader,
            LocalResultsFolder(folder / "outputs"),
            # Also what only another run needs, such as checkpoints.
            PullOptions(only="*", jobs=max(1, context.config.jobs)),
            context.console,
        )
        if not pulled.is_complete and pulled.failure:
            raise pulled.failure
        outputs = folder / "outputs"
        push_files(dataset, dataset.slug, outputs, dataset_ports(context), f"of {run}")
