"""The port `DatasetService` on Kaggle's own API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kitctl.adapters.kaggle import wire
from kitctl.adapters.kaggle.errors import NotVisible
from kitctl.adapters.kaggle.outputs import items
from kitctl.adapters.kaggle.transport import Transport
from kitctl.adapters.kaggle.versions import VersionRequests, file_tree, new_files
from kitctl.domain.data.datasets import DatasetInfo, DatasetRef, DatasetStatus, mark_in
from kitctl.ports import DatasetRequest, UploadSession

_DATASETS = "datasets.DatasetApiService"

PAGE_SIZE = 100
FILES_PAGE_SIZE = 200


class KaggleDatasets:
    """Data sets as one account sees them; `account` returns its name."""

    def __init__(self, service: str, transport: Transport, account: Callable[[], str]) -> None:
        self.service = service
        self._transport = transport
        self.account = account
        self._versions = VersionRequests(
            transport=transport,
            service=_DATASETS,
            blob_type="DATASET",
            noun="data set",
            refusal_code="dataset_refused",
        )

    def now(self) -> float:
        return self._transport.clock.now()

    def find(self, ref: DatasetRef) -> DatasetInfo | None:
        try:
            return _info(self._call("GetDataset", _name(ref)), ref)
        except NotVisible:
            return None

    def status(self, ref: DatasetRef) -> DatasetStatus:
        try:
            answer = self._call("GetDatasetStatus", _name(ref))
        except NotVisible as error:
            raise NotVisible(
                f"Kaggle shows no data set {ref} to this account. It says:"
                f' "{error.kaggle_message}"',
                kaggle_message=error.kaggle_message,
                hint="Check its name at https://www.kaggle.com/datasets.",
            ) from None
        return DatasetStatus.of(wire.text(answer, "status"))

    def own(self) -> Iterator[DatasetInfo]:
        page = 1
        while True:
            answer = self._call(
                "ListDatasets",
                {"group": "DATASET_SELECTION_GROUP_MY", "page": page, "pageSize": PAGE_SIZE},
            )
            datasets = wire.objects(answer, "datasets")
            for dataset in datasets:
                owner, _, slug = wire.text(dataset, "ref").rpartition("/")
                yield _info(dataset, DatasetRef(owner, slug))
            # Kaggle's pages may be shorter than what was requested.
            if not datasets or not wire.text(answer, "nextPageToken"):
                return
            page += 1

    def announce(self, name: str, size: int, modified_at: int) -> UploadSession:
        return self._versions.announce(name, size, modified_at)

    def create(self, request: DatasetRequest) -> str:
        return self._send(
            "CreateDataset",
            {
                "ownerSlug": request.ref.owner,
                "slug": request.ref.slug,
                "title": request.title,
                "licenseName": request.license,
                "isPrivate": request.is_private,
                **_description_fields(request),
                **file_tree(new_files(request)),
            },
            request.ref,
        )

    def add_version(self, request: DatasetRequest) -> str:
        body = {
            "versionNotes": request.notes,
            **_description_fields(request),
            **file_tree(new_files(request)),
        }
        return self._send("CreateDatasetVersion", {**_name(request.ref), "body": body}, request.ref)

    def file_sizes(self, ref: DatasetRef, version: int) -> Mapping[str, int | None]:
        request = {**_name(ref), "datasetVersionNumber": version, "pageSize": FILES_PAGE_SIZE}
        pages = items("datasetFiles", lambda page: self._call("ListDatasetFiles", page), request)
        return {wire.text(file, "name"): wire.size(file, "totalBytes") for file in pages}

    def archive_url(self, ref: DatasetRef, version: int | None) -> str:
        number = {"datasetVersionNumber": version} if version else {}
        return self._transport.call_for_address(
            _DATASETS, "DownloadDataset", {**_name(ref), **number}
        )

    def _send(self, method: str, request: Mapping[str, object], ref: DatasetRef) -> str:
        answer = self._versions.send(method, request, ref)
        return wire.text(answer, "url") or f"https://www.kaggle.com/datasets/{ref}"

    def _call(self, method: str, request: Mapping[str, object]) -> dict[str, Any]:
        return self._transport.call(_DATASETS, method, request)


def _name(ref: DatasetRef) -> dict[str, object]:
    return {"ownerSlug": ref.owner, "datasetSlug": ref.slug}


def _info(answer: Mapping[str, Any], ref: DatasetRef) -> DatasetInfo:
    versions = wire.objects(answer, "versions")
    return DatasetInfo(
        ref=ref,
        version=wire.number(answer, "currentVersionNumber"),
        title=wire.text(answer, "title"),
        bytes=wire.size(answer, "totalBytes"),
        is_private=answer.get("isPrivate") is True,
        updated_at=wire.text(answer, "lastUpdated"),
        url=wire.text(answer, "url") or f"https://www.kaggle.com/datasets/{ref}",
        id=wire.number(answer, "id"),
        marks={
            wire.number(version, "versionNumber"): mark_in(wire.text(version, "versionNotes"))
            for version in versions
        },
    )


def _description_fields(request: DatasetRequest) -> dict[str, object]:
    fields: dict[str, object] = {
        "subtitle": request.subtitle,
        "description": request.description,
        "categoryIds": list(request.keywords),
    }
    return {name: value for name, value in fields.items() if value}
