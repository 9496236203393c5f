"""Kaggle's JSON: every name is the one that the official client uses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from kagglesdk.competitions.types import competition_api_service as competitions
from kagglesdk.datasets.types import dataset_api_service as datasets
from kagglesdk.kernels.types import kernels_api_service as kernels
from kagglesdk.kernels.types.kernels_enums import KernelWorkerStatus
from kagglesdk.models.types import model_api_service as models
from kagglesdk.security.types import oauth_service as security
from support.jobs import KERNEL, save_request

from kitctl.adapters.kaggle import wire
from kitctl.adapters.kaggle.api import KaggleApi
from kitctl.adapters.kaggle.credentials import Credentials
from kitctl.adapters.kaggle.errors import parse_response
from kitctl.domain.job.metadata import Sources
from kitctl.domain.runs.run import RunRef, Status
from kitctl.ports import ListedFile, SaveRequest

RUN = RunRef(KERNEL, 3)
WHOLE_JOB = replace(
    save_request(KERNEL, "print(1)", pool="gpu"),
    id_no=7,
    keywords=("gpu",),
    sources=Sources(datasets=("a/b",), kernels=("c/d",), competitions=("e",), models=("f/g/h/i",)),
    docker_image="image",
    docker_image_pinning_type="original",
    timeout_seconds=60,
)
REQUESTS = {
    "SaveKernel": kernels.ApiSaveKernelRequest,
    "GetKernel": kernels.ApiGetKernelRequest,
    "GetKernelSessionStatus": kernels.ApiGetKernelSessionStatusRequest,
    "ListKernelSessionOutput": kernels.ApiListKernelSessionOutputRequest,
    "ListKernelFiles": kernels.ApiListKernelFilesRequest,
    "CancelKernelSession": kernels.ApiCancelKernelSessionRequest,
    "GetAcceleratorQuotaStatistics": kernels.ApiGetAcceleratorQuotaStatisticsRequest,
    "ListKernels": kernels.ApiListKernelsRequest,
    "GetCompetition": competitions.ApiGetCompetitionRequest,
    "GetModel": models.ApiGetModelRequest,
    "GetDatasetStatus": datasets.ApiGetDatasetStatusRequest,
    "IntrospectToken": security.IntrospectTokenRequest,
}


class Recorder:
    """A transport that returns the answers of its constructor and records the requests."""

    credentials = Credentials("token", "a test", "secret")

    def __init__(self, **answers: dict[str, Any]) -> None:
        self.variables = answers
        self.requests: dict[str, dict[str, Any]] = {}

    def call(self, service: str, method: str, request: dict[str, Any]) -> dict[str, Any]:
        self.requests[method] = {**self.requests.get(method, {}), **request}
        return self.variables.get(method, {})

    call_at_most_once = call

    parse = staticmethod(parse_response)

    def is_secure(self, address: str) -> bool:
        return address.startswith("https:")

    def introspect_token(self) -> dict[str, Any]:
        return self.call("security.OAuthService", "IntrospectToken", {"token": "secret"})

    @contextmanager
    def stream_call(
        self, service: str, method: str, request: dict[str, Any]
    ) -> Iterator[SimpleNamespace]:
        text = json.dumps(self.call(service, method, request))
        yield SimpleNamespace(status=200, headers={}, text=lambda: iter([text]))

    def retry(self, attempt: Any) -> Any:
        return attempt()

    class clock:
        now = staticmethod(lambda: 1.0)


def api(**answers: dict[str, Any]) -> tuple[KaggleApi, Recorder]:
    recorder = Recorder(**answers)
    return KaggleApi("kaggle", recorder), recorder  # type: ignore[arg-type]  # all that it uses


def test_every_request_can_be_read_by_the_official_client() -> None:
    page = {"files": [], "nextPageToken": "more"}
    kaggle, recorder = api(
        SaveKernel={"versionNumber": 1},
        IntrospectToken={"active": True, "username": "ada"},
        ListKernelSessionOutput=page,
        ListKernelFiles=page,
        GetDatasetStatus={"status": "READY"},
    )
    kaggle.account(), kaggle.quota(), kaggle.save(WHOLE_JOB), kaggle.status(RUN)
    kaggle.newest_version(KERNEL), kaggle.version(RUN), kaggle.cancel(7)
    list(kaggle.outputs(RUN)), list(kaggle.listed_files(RUN)), list(kaggle.log(RUN))
    kaggle.kernel_of_number(7)
    inputs = Sources(
        datasets=("a/b",), kernels=("c/d",), competitions=("e",), models=("f/g/h/i/1",)
    )
    kaggle.source_problems(inputs)
    assert recorder.requests.keys() == REQUESTS.keys()
    for method, request in recorder.requests.items():
        read = REQUESTS[method].from_dict(request)
        assert REQUESTS[method].to_dict(read) == request, method


def test_a_save_request_has_every_field_of_the_official_one_but_its_priority() -> None:
    known = {
        _camel_case(name)
        for name, member in vars(kernels.ApiSaveKernelRequest).items()
        if isinstance(member, property)
    }
    assert known - wire.save_request(WHOLE_JOB).keys() == {"priority"}
    bare: SaveRequest = save_request(KERNEL, "print(1)")
    assert "machineShape" not in wire.save_request(bare)


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


@pytest.mark.parametrize("state", KernelWorkerStatus)
def test_every_state_of_the_official_client_is_known(state: KernelWorkerStatus) -> None:
    answer = kernels.ApiGetKernelSessionStatusResponse()
    answer.status, answer.failure_message = state, "why"
    kaggle, _ = api(GetKernelSessionStatus=answer.to_dict())
    read = kaggle.status(RUN)
    assert (read.status, read.failure_message) == (Status[state.name], "why")


def test_the_quota_is_read_as_the_official_client_writes_it() -> None:
    answer = kernels.ApiGetAcceleratorQuotaStatisticsResponse()
    answer.quota_refresh_time = datetime(2026, 11, 28)
    quota = kernels.ApiAcceleratorQuota()
    quota.time_used, quota.time_reserved = timedelta(seconds=90), timedelta(seconds=30)
    quota.total_time_allowed = timedelta(hours=20)
    answer.gpu_quota = quota
    # The official client writes 30 h as "21600s", so this one is written by hand.
    fields = answer.to_dict()
    fields["gpuQuota"]["totalTimeAllowed"] = "108000s"
    kaggle, _ = api(GetAcceleratorQuotaStatistics=fields)
    reading = kaggle.quota()
    (gpu,) = reading.pools
    assert (gpu.used_seconds, gpu.reserved_seconds, gpu.allowed_seconds) == (90, 30, 108000)
    assert reading.refreshes_at == datetime.fromisoformat("2026-11-28T00:00:00Z").timestamp()


def test_a_kernel_and_its_outputs_are_read_as_the_official_client_writes_them() -> None:
    kernel, metadata, blob = (
        kernels.ApiGetKernelResponse(),
        kernels.ApiKernelMetadata(),
        kernels.ApiKernelBlob(),
    )
    metadata.current_version_number, metadata.machine_shape = 4, "NvidiaTeslaT4"
    blob.source = "print(1)"
    kernel.metadata, kernel.blob = metadata, blob
    page, file = (
        kernels.ApiListKernelSessionOutputResponse(),
        kernels.ApiKernelSessionOutputFile(),
    )
    file.url, file.file_name = "https://storage/x", "x"
    page.files, page.log = [file], '[{"stream_name": "stdout", "time": 1.5, "data": "hi\\n"}]'
    files, listed = kernels.ApiListKernelFilesResponse(), kernels.ApiListKernelFilesItem()
    listed.name, listed.size, listed.creation_date = "x", 7, "2026-11-10T10:00:00Z"
    files.files = [listed]
    kaggle, _ = api(
        GetKernel=kernel.to_dict(),
        ListKernelSessionOutput=page.to_dict(),
        ListKernelFiles=files.to_dict(),
    )
    newest = kaggle.newest_version(KERNEL)
    assert newest and (newest.run.version, newest.machine_shape) == (4, "NvidiaTeslaT4")
    assert newest.source == "print(1)"
    assert [(one.name, one.url) for one in kaggle.outputs(RUN)] == [("x", "https://storage/x")]
    assert list(kaggle.listed_files(RUN)) == [ListedFile("x", 7, "2026-11-10T10:00:00Z")]
    assert [(line.time, line.text) for line in kaggle.log(RUN)] == [(1.5, "hi")]


def test_a_saved_kernel_is_read_as_the_official_client_writes_it() -> None:
    answer = kernels.ApiSaveKernelResponse()
    answer.ref, answer.url = "/code/ada/moved", "https://www.kaggle.com/code/ada/moved"
    answer.version_number = 5
    answer.invalid_dataset_sources, answer.invalid_model_sources = ["a/b"], ["f/g"]
    kaggle, _ = api(SaveKernel=answer.to_dict())
    saved = kaggle.save(WHOLE_JOB)
    assert str(saved.run) == "ada/moved/5"
    assert saved.invalid_sources == ("a/b", "f/g")


def test_a_null_is_read_as_an_empty_value() -> None:
    nulls = {"files": None, "log": None, "nextPageToken": None}
    kaggle, _ = api(
        ListKernelSessionOutput=nulls,
        ListKernelFiles=nulls,
        GetKernel={"metadata": None, "blob": None},
    )
    assert list(kaggle.outputs(RUN)) == [] and list(kaggle.log(RUN)) == []
    assert list(kaggle.listed_files(RUN)) == []
    assert kaggle.newest_version(KERNEL) is None
