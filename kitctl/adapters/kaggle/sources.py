"""Whether this account can use the inputs of a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from kitctl.adapters.kaggle import wire
from kitctl.adapters.kaggle.errors import NotVisible
from kitctl.adapters.kaggle.transport import Transport
from kitctl.domain.job.metadata import Sources
from kitctl.domain.job.source_names import UncheckedSource
from kitctl.domain.quota.push_guards import SourceNotReady
from kitctl.errors import KitError, Problem
from kitctl.ports import CompetitionInfo, SourceVersion


def source_problem(
    transport: Transport,
    find_competition: Callable[[str], CompetitionInfo],
    kind: str,
    source: str,
) -> Problem | None:
    """Return why a source cannot be mounted, None if it can.

    `kind` is "dataset", "kernel", "competition" or "model"; `find_competition` raises NotVisible.
    """
    owner, slug = [*source.split("/"), ""][:2]  # A version may follow.
    try:
        if kind == "competition":
            return _competition(find_competition(source), source)
        return _PROBLEMS[kind](transport, source, owner, slug)
    except NotVisible as error:
        if kind in _UNSURE and error.status != 404:
            reason = f'Kaggle says "{error.kaggle_message}"'
            return UncheckedSource(source, f"not checked: {reason}.")
        return Problem(
            source,
            f'Kaggle shows no such {kind} to this account: "{error.kaggle_message}"',
            f"Check its name at https://www.kaggle.com/{_SECTIONS[kind]}.",
        )


def _dataset(transport: Transport, source: str, owner: str, slug: str) -> Problem | None:
    request = {"ownerSlug": owner, "datasetSlug": slug}
    answer = transport.call("datasets.DatasetApiService", "GetDatasetStatus", request)
    status = wire.text(answer, "status").upper()
    if status == "READY":
        return None
    if status in {"FAILED", "DELETED"}:
        return Problem(
            source,
            f"the data set is {status.lower()}.",
            "Upload it again: kitctl datasets push DIR",
        )
    return SourceNotReady(source, "the data set is not ready yet.", "Wait a minute, push again.")


def _kernel(transport: Transport, source: str, owner: str, slug: str) -> None:
    transport.call(
        "kernels.KernelsApiService", "GetKernel", {"userName": owner, "kernelSlug": slug}
    )


def _competition(competition: CompetitionInfo, source: str) -> Problem | None:
    if competition.has_entered:
        return None
    return Problem(
        source,
        "this account has not joined the competition, so a run would not see its files.",
        f"Join it: https://www.kaggle.com/competitions/{source}/rules",
    )


def _model(transport: Transport, source: str, owner: str, slug: str) -> None:
    request = {"ownerSlug": owner, "modelSlug": slug}
    transport.call("models.ModelApiService", "GetModel", request)


def at_the_local_kaggle(problem: Problem) -> Problem:
    """Return the problem with the fix for a source that is not there."""
    if type(problem) is not Problem:
        return problem
    fix = (
        f'Name a folder for it in pyproject.toml: [tool.kitctl.sources] "{problem.where}" = "DIR".'
    )
    return replace(problem, fix=fix)


# Kinds of which Kaggle may refuse to say anything although a run can mount them.
_UNSURE = frozenset({"competition", "model"})

_PROBLEMS: Mapping[str, Callable[[Transport, str, str, str], Problem | None]] = {
    "dataset": _dataset,
    "kernel": _kernel,
    "model": _model,
}
# Where kaggle.com lists the sources of a kind.
_SECTIONS = {
    "dataset": "datasets",
    "kernel": "code",
    "competition": "competitions",
    "model": "models",
}


def source_versions(transport: Transport, sources: Sources) -> dict[str, SourceVersion]:
    """Return the newest version of each data set and kernel of which Kaggle says it."""
    kinds = [
        *(("dataset", source) for source in sources.datasets),
        *(("kernel", source) for source in sources.kernels),
    ]
    versions = {source: _version(transport, kind, source) for kind, source in kinds}
    return {source: version for source, version in versions.items() if version is not None}


def _version(transport: Transport, kind: str, source: str) -> SourceVersion | None:
    """Return a source's newest version; None where it names one itself or Kaggle does not say.

    `kind` is "dataset" or "kernel".
    """
    owner, slug, *version = source.split("/")
    if version:
        return None
    service, method, fields = _NEWEST[kind]
    request = dict(zip(fields, (owner, slug), strict=True))
    try:
        answer = transport.call(service, method, request)
    except KitError:
        return None
    shown = wire.object_(answer, "metadata") if kind == "kernel" else answer
    number = wire.number(shown, "currentVersionNumber")
    at = wire.moment(shown, "lastRunTime" if kind == "kernel" else "lastUpdated")
    # A kernel's outputs are those of its last run, not of its last version.
    return SourceVersion(f"{number} {at or ''}".strip(), at) if number else None


_NEWEST = {
    "dataset": ("datasets.DatasetApiService", "GetDataset", ("ownerSlug", "datasetSlug")),
    "kernel": ("kernels.KernelsApiService", "GetKernel", ("userName", "kernelSlug")),
}
