"""What data sets and models have in common at Kaggle: uploads, and versions made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kitctl.adapters.kaggle import wire
from kitctl.adapters.kaggle.errors import InDoubt, NotVisible
from kitctl.adapters.kaggle.transport import Transport
from kitctl.domain.data.dataset_resources import DatasetColumn
from kitctl.domain.data.datasets import DatasetRef
from kitctl.errors import InvalidInput, Refused
from kitctl.ports import AnswerLost, DatasetRequest, UploadSession

REPEAT_HINT = "What is uploaded is kept: fix that, then type the same command again."

_BLOBS = "blobs.BlobApiService"


@dataclass(frozen=True, kw_only=True)
class VersionRequests:
    """Sends the requests that make a version of a data set or of a model.

    `service` is that of Kaggle's API, `blob_type` the word for its uploads. `noun` and
    `refusal_code` are the thing's name and the error's code in what the user reads.
    """

    transport: Transport
    service: str
    blob_type: str
    noun: str
    refusal_code: str

    def announce(self, name: str, size: int, modified_at: int) -> UploadSession:
        """Announce an upload of `size` bytes and return where they go."""
        request: dict[str, object] = {
            "type": self.blob_type,
            "name": name,
            "contentLength": size,
            "lastModifiedEpochSeconds": modified_at,
        }
        answer = self.transport.call(_BLOBS, "StartBlobUpload", request)
        session = wire.upload_session(answer, name)
        self.transport.require_secure(session.url)
        return session

    def send(self, method: str, request: Mapping[str, object], ref: DatasetRef) -> dict[str, Any]:
        """Send a request once and return Kaggle's answer.

        Raises AnswerLost where it is not known if a version was made, Refused where none was.
        """
        try:
            answer = self.transport.call_at_most_once(self.service, method, request)
        except InDoubt as doubt:
            raise AnswerLost(
                f"{doubt.error.message} It is not known whether Kaggle made the version; nothing"
                " was sent twice.",
                hint="Type the same command again: it looks for the version before it sends"
                " anything.",
            ) from None
        except NotVisible as error:
            raise self._refused(ref, error.kaggle_message) from None
        except InvalidInput as error:
            # Such as an upload that Kaggle does not have whole.
            raise Refused(
                f"{error.message} No version of {ref} was made.",
                code=self.refusal_code,
                hint=REPEAT_HINT,
            ) from None
        if wire.text(answer, "error") or wire.text(answer, "status").lower() == "error":
            raise self._refused(ref, wire.text(answer, "error"))
        return answer

    def _refused(self, ref: DatasetRef, message: str) -> Refused:
        return Refused(
            f'Kaggle refused the {self.noun} {ref}: "{message}" No version was made.',
            code=self.refusal_code,
            hint=REPEAT_HINT,
        )


def new_files(request: DatasetRequest) -> dict[str, dict[str, Any]]:
    """Return the files of a request, by path, as the API takes them."""
    files: dict[str, dict[str, Any]] = {}
    for path, token in request.tokens.items():
        files[path] = {"token": token}
        resource = request.resources.get(path)
        if resource and resource.description:
            files[path]["description"] = resource.description
        if resource and resource.columns:
            files[path]["columns"] = [
                _column(order, column) for order, column in enumerate(resource.columns)
            ]
    return files


def _column(order: int, column: DatasetColumn) -> dict[str, Any]:
    types = {"type": column.type, "originalType": column.original_type} if column.type else {}
    return {"order": order, "name": column.name, "description": column.description, **types}


def file_tree(new_files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return `files` and `directories` of a request for files by path."""
    files: list[Mapping[str, Any]] = []
    below: dict[str, dict[str, Mapping[str, Any]]] = {}
    for path, file in new_files.items():
        top, slash, rest = path.partition("/")
        if slash:
            below.setdefault(top, {})[rest] = file
        else:
            files.append(file)
    directories = [{"name": name, **file_tree(inside)} for name, inside in below.items()]
    return {
        name: value for name, value in (("files", files), ("directories", directories)) if value
    }
