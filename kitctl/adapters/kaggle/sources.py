"""Whether the inputs of a job are there for this account."""

from __future__ import annotations

from collections.abc import Callable

from kitctl.adapters.kaggle.answers import NotShown
from kitctl.adapters.kaggle.transport import Transport
from kitctl.errors import Problem


def source_problem(transport: Transport, kind: str, source: str) -> Problem | None:
    """What stands in the way of mounting a source; `kind` is "dataset" or "kernel"."""
    owner, _, slug = source.partition("/")
    slug = slug.partition("/")[0]  # A version may follow.
    ask, place = _ASKED[kind]
    try:
        return ask(transport, source, owner, slug)
    except NotShown:
        return Problem(
            source,
            f"Kaggle shows no such {kind} to this account.",
            f"Check its name at https://www.kaggle.com/{place}.",
        )


def _dataset(transport: Transport, source: str, owner: str, slug: str) -> Problem | None:
    from kagglesdk.datasets.types import dataset_api_service as types
    from kagglesdk.datasets.types.dataset_enums import DatabundleVersionStatus as DatasetStatus

    request = types.ApiGetDatasetStatusRequest()
    request.owner_slug, request.dataset_slug = owner, slug
    answer = transport.call(
        "datasets.DatasetApiService",
        "GetDatasetStatus",
        request,
        types.ApiGetDatasetStatusResponse,
    )
    if answer.status is DatasetStatus.READY:
        return None
    if answer.status in {DatasetStatus.FAILED, DatasetStatus.DELETED}:
        return Problem(
            source,
            f"the data set is {answer.status.name.lower()}.",
            "Upload it again: kaggle datasets version -p DIR -m MESSAGE",
        )
    return Problem(source, "the data set is not ready yet.", "Wait a minute, then push again.")


def _kernel(transport: Transport, source: str, owner: str, slug: str) -> None:
    from kagglesdk.kernels.types import kernels_api_service as types

    request = types.ApiGetKernelRequest()
    request.user_name, request.kernel_slug = owner, slug
    transport.call("kernels.KernelsApiService", "GetKernel", request, types.ApiGetKernelResponse)


_ASKED: dict[str, tuple[Callable[[Transport, str, str, str], Problem | None], str]] = {
    "dataset": (_dataset, "datasets"),
    "kernel": (_kernel, "code"),
}
