"""Requests for data sets, models and competitions: every name is the official client's."""

from __future__ import annotations

from typing import Any

from kagglesdk.blobs.types import blob_api_service as blobs
from kagglesdk.competitions.types import competition_api_service as competitions
from kagglesdk.datasets.types import dataset_api_service as datasets
from kagglesdk.models.types import model_api_service as models
from support.jobs import KERNEL

from kitctl.adapters.kaggle.competitions import KaggleCompetitions
from kitctl.adapters.kaggle.datasets import KaggleDatasets
from kitctl.adapters.kaggle.errors import NotVisible
from kitctl.adapters.kaggle.models import KaggleModels
from kitctl.domain.data.datasets import DatasetRef
from kitctl.domain.data.models import FRAMEWORKS
from kitctl.domain.runs.run import RunRef
from kitctl.ports import DatasetRequest

UPLOAD = {"token": "t", "createUrl": "http://localhost/upload"}
REQUESTS = {
    "StartBlobUpload": blobs.ApiStartBlobUploadRequest,
    "GetDataset": datasets.ApiGetDatasetRequest,
    "GetDatasetStatus": datasets.ApiGetDatasetStatusRequest,
    "ListDatasets": datasets.ApiListDatasetsRequest,
    "CreateDataset": datasets.ApiCreateDatasetRequest,
    "CreateDatasetVersion": datasets.ApiCreateDatasetVersionRequest,
    "DownloadDataset": datasets.ApiDownloadDatasetRequest,
    "GetModel": models.ApiGetModelRequest,
    "GetModelInstance": models.ApiGetModelInstanceRequest,
    "CreateModel": models.ApiCreateModelRequest,
    "CreateModelInstance": models.ApiCreateModelInstanceRequest,
    "CreateModelInstanceVersion": models.ApiCreateModelInstanceVersionRequest,
    "DownloadModelInstanceVersion": models.ApiDownloadModelInstanceVersionRequest,
    "GetCompetition": competitions.ApiGetCompetitionRequest,
    "StartSubmissionUpload": competitions.ApiStartSubmissionUploadRequest,
    "CreateSubmission": competitions.ApiCreateSubmissionRequest,
    "CreateCodeSubmission": competitions.ApiCreateCodeSubmissionRequest,
    "GetSubmission": competitions.ApiGetSubmissionRequest,
    "ListSubmissions": competitions.ApiListSubmissionsRequest,
    "GetSubmissionLimits": competitions.ApiGetSubmissionLimitsRequest,
}


class Recorder:
    """A transport that records the requests; of models it shows none."""

    def __init__(self) -> None:
        self.requests: dict[str, dict[str, Any]] = {}

    def call(self, service: str, method: str, request: dict[str, Any]) -> dict[str, Any]:
        self.requests[method] = request
        if method == "GetModel":
            raise NotVisible("none", kaggle_message="none", status=404, hint="")
        return {"ref": 7, **UPLOAD}

    call_at_most_once = call

    def require_secure(self, address: str) -> str:
        return address

    def call_for_address(self, service: str, method: str, request: dict[str, Any]) -> str:
        self.requests[method] = request
        return "http://localhost/file"


def test_every_request_can_be_read_by_the_official_client() -> None:
    recorder: Any = Recorder()

    def request(ref: DatasetRef) -> DatasetRequest:
        return DatasetRequest(
            ref=ref,
            tokens={"a.csv": "1", "train/car/1.jpg": "2", "train.zip": "3"},
            notes="Update",
            title="My photos",
            license="CC0-1.0",
            is_private=True,
            subtitle="Photos of cars and trucks",
            description="Cars",
            keywords=("cars",),
        )

    photos, model = DatasetRef("me", "my-photos"), DatasetRef("me", "cars/keras/default")
    for service, ref in (
        (KaggleDatasets("kaggle", recorder, lambda: "me"), photos),
        (KaggleModels("kaggle", recorder, lambda: "me"), model),
    ):
        service.announce("a.csv", 1, 2)
        service.find(ref), service.status(ref), list(service.own())
        service.create(request(ref)), service.add_version(request(ref)), service.archive_url(ref, 3)
    contest = KaggleCompetitions(recorder)
    contest.find("titanic"), contest.announce("titanic", "a.csv", 1, 2)
    contest.submit_file("titanic", "t", "mine")
    contest.submit_version("titanic", RunRef(KERNEL, 3), "submission.csv", "mine")
    contest.submission(7), contest.newest_submissions("titanic"), contest.left_today("titanic")
    assert recorder.requests.keys() == REQUESTS.keys()
    for method, sent in recorder.requests.items():
        read = REQUESTS[method].from_dict(sent)
        assert REQUESTS[method].to_dict(read) == sent, method


def test_every_framework_is_one_of_the_official_client() -> None:
    request = models.ApiGetModelInstanceRequest
    for name in FRAMEWORKS.values():
        assert request.to_dict(request.from_dict({"framework": name})) == {"framework": name}
