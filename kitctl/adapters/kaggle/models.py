"""The port `DatasetService` for models: a variation is made and versioned as a data set is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kitctl.adapters.kaggle import wire
from kitctl.adapters.kaggle.errors import NotVisible
from kitctl.adapters.kaggle.outputs import items
from kitctl.adapters.kaggle.transport import Transport
from kitctl.adapters.kaggle.versions import VersionRequests, file_tree, new_files
from kitctl.domain.data.datasets import DatasetInfo, DatasetRef, DatasetStatus
from kitctl.domain.data.models import FRAMEWORKS
from kitctl.ports import DatasetRequest, UploadSession

_MODELS = "models.ModelApiService"
LIST_FILES = "ListModelInstanceVersionFiles"


class KaggleModels:
    """Variations of models as one account sees them; `account` returns its name.

    A variation's slug is `model/framework/variation`.
    """

    def __init__(self, service: str, transport: Transport, account: Callable[[], str]) -> None:
        self.service = service
        self._transport = transport
        self.account = account
        self._versions = VersionRequests(
            transport=transport,
            service=_MODELS,
            blob_type="MODEL",
            noun="model",
            refusal_code="model_refused",
        )

    def now(self) -> float:
        return self._transport.clock.now()

    def find(self, ref: DatasetRef) -> DatasetInfo | None:
        try:
            answer = self._call("GetModelInstance", _name(ref))
        except NotVisible:
            return None
        return DatasetInfo(
            ref=ref,
            version=wire.number(answer, "versionNumber"),
            bytes=wire.size(answer, "totalUncompressedBytes"),
            url=wire.text(answer, "url") or f"https://www.kaggle.com/models/{ref}",
            # Kaggle shows no notes of versions here.
            marks={},
        )

    def status(self, ref: DatasetRef) -> DatasetStatus:
        return DatasetStatus.READY

    def own(self) -> Iterator[DatasetInfo]:
        return iter(())

    def announce(self, name: str, size: int, modified_at: int) -> UploadSession:
        return self._versions.announce(name, size, modified_at)

    def create(self, request: DatasetRequest) -> str:
        name = _name(request.ref)
        model = {"ownerSlug": name["ownerSlug"], "modelSlug": name["modelSlug"]}
        try:
            self._call("GetModel", model)
        except NotVisible:
            self._send(
                "CreateModel",
                {
                    "ownerSlug": name["ownerSlug"],
                    "slug": name["modelSlug"],
                    "title": request.title,
                    "isPrivate": request.is_private,
                    "description": request.description,
                },
                request.ref,
            )
        body = {
            "instanceSlug": name["instanceSlug"],
            "framework": name["framework"],
            "licenseName": request.license,
            "overview": request.description,
            **file_tree(new_files(request)),
        }
        return self._send("CreateModelInstance", {**model, "body": body}, request.ref)

    def add_version(self, request: DatasetRequest) -> str:
        body = {"versionNotes": request.notes, **file_tree(new_files(request))}
        return self._send(
            "CreateModelInstanceVersion", {**_name(request.ref), "body": body}, request.ref
        )

    def file_sizes(self, ref: DatasetRef, version: int) -> Mapping[str, int | None]:
        request = {**_name(ref), "versionNumber": version}
        pages = items("files", lambda page: self._call(LIST_FILES, page), request)
        return {wire.text(file, "name"): wire.size(file, "size") for file in pages}

    def archive_url(self, ref: DatasetRef, version: int | None) -> str:
        number = version or (info.version if (info := self.find(ref)) else 0)
        return self._transport.call_for_address(
            _MODELS, "DownloadModelInstanceVersion", {**_name(ref), "versionNumber": number}
        )

    def _send(self, method: str, request: Mapping[str, object], ref: DatasetRef) -> str:
        answer = self._versions.send(method, request, ref)
        return wire.text(answer, "url") or f"https://www.kaggle.com/models/{ref}"

    def _call(self, method: str, request: Mapping[str, object]) -> dict[str, Any]:
        return self._transport.call(_MODELS, method, request)


def _name(ref: DatasetRef) -> dict[str, str]:
    model, framework, variation = ref.slug.split("/")
    return {
        "ownerSlug": ref.owner,
        "modelSlug": model,
        "framework": FRAMEWORKS[framework],
        "instanceSlug": variation,
    }
