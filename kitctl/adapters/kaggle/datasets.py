"""The port `DatasetService` on Kaggle's own API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kitctl.adapters.kaggle import wire
from kitctl.adapters.kaggle.errors import InDoubt, NotVisible
from kitctl.adapters.kaggle.transport import Transport
from kitctl.domain.data.datasets import DatasetInfo, DatasetRef, DatasetStatus, mark_in
from kitctl.errors import KitError, NetworkFailed, Refused
from kitctl.ports import AnswerLost, DatasetRequest, UploadSession

_DATASETS = "datasets.DatasetApiService"
_BLOBS = "blobs.BlobApiService"

PAGE_SIZE = 100


class KaggleDatasets:
    """Data sets as one account sees them; `account` returns its name."""

    def __init__(self, service: str, transport: Transport, account: Callable[[], str]) -> None:
        self.service = service
        self._transport = transport
        self.account = account

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
            found = wire.objects(answer, "datasets")
            for dataset in found:
                owner, _, slug = wire.text(dataset, "ref").rpartition("/")
                yield _info(dataset, DatasetRef(owner, slug))
            # Kaggle's pages may be shorter than what was requested.
            if not found or not wire.text(answer, "nextPageToken"):
                return
            page += 1

    def announce(self, name: str, size: int, modified_at: int) -> UploadSession:
        request: dict[str, object] = {
            "type": "DATASET",
            "name": name,
            "contentLength": size,
            "lastModifiedEpochSeconds": modified_at,
        }
        answer = self._transport.call(_BLOBS, "StartBlobUpload", request)
        session = UploadSession(wire.text(answer, "token"), wire.text(answer, "createUrl"))
        if not session.token or not session.url:
            raise NetworkFailed(
                f"Kaggle names no address to upload {name!r} to.",
                code="kaggle_changed",
                hint="Update kitctl: pip install --upgrade kaggle-kitctl",
            )
        return session

    def create(self, request: DatasetRequest) -> str:
        return self._send(
            "CreateDataset",
            {
                "ownerSlug": request.ref.owner,
                "slug": request.ref.slug,
                "title": request.title,
                "licenseName": request.license,
                "isPrivate": request.is_private,
                **description_fields(request),
                **tree(request.tokens),
            },
            request.ref,
        )

    def add_version(self, request: DatasetRequest) -> str:
        body = {
            "versionNotes": request.notes,
            **description_fields(request),
            **tree(request.tokens),
        }
        return self._send("CreateDatasetVersion", {**_name(request.ref), "body": body}, request.ref)

    def archive_url(self, ref: DatasetRef, version: int | None) -> str:
        number = {"datasetVersionNumber": version} if version else {}
        return self._transport.call_for_address(
            _DATASETS, "DownloadDataset", {**_name(ref), **number}
        )

    def _send(self, method: str, request: Mapping[str, object], ref: DatasetRef) -> str:
        try:
            answer = self._transport.call_at_most_once(_DATASETS, method, request)
        except InDoubt as doubt:
            raise answer_lost(doubt.error) from None
        except NotVisible as error:
            raise _refused(ref, error.kaggle_message) from None
        if wire.text(answer, "error") or wire.text(answer, "status").lower() == "error":
            raise _refused(ref, wire.text(answer, "error"))
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
        marks={
            wire.number(version, "versionNumber"): mark_in(wire.text(version, "versionNotes"))
            for version in versions
        },
    )


def description_fields(request: DatasetRequest) -> dict[str, object]:
    fields: dict[str, object] = {
        "subtitle": request.subtitle,
        "description": request.description,
        "categoryIds": list(request.keywords),
    }
    return {name: value for name, value in fields.items() if value}


def tree(tokens: Mapping[str, str]) -> dict[str, Any]:
    """Return `files` and `directories` of a request for tokens by path."""
    files: list[dict[str, str]] = []
    below: dict[str, dict[str, str]] = {}
    for path, token in tokens.items():
        top, slash, rest = path.partition("/")
        if slash:
            below.setdefault(top, {})[rest] = token
        else:
            files.append({"token": token})
    directories = [{"name": name, **tree(inside)} for name, inside in below.items()]
    return {
        name: value for name, value in (("files", files), ("directories", directories)) if value
    }


def answer_lost(error: KitError) -> AnswerLost:
    return AnswerLost(
        f"{error.message} It is not known whether Kaggle made the version; nothing was sent twice.",
        hint="Type the same command again: it looks for the version before it sends anything.",
    )


def _refused(ref: DatasetRef, message: str) -> Refused:
    return Refused(
        f'Kaggle refused the data set {ref}: "{message}" No version was made.',
        code="dataset_refused",
        hint="What is uploaded is kept: fix that, then type the same command again.",
    )
