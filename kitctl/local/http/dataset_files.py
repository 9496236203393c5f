"""`datasets.DatasetApiService`: the files of a data set: lists, folders, summary, downloads."""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any

from starlette.responses import RedirectResponse, Response

from kitctl.local.http import fields, wire
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.blobs import begin_upload
from kitctl.local.http.fields import Body
from kitctl.local.state.errors import not_found
from kitctl.local.state.files import regular_files
from kitctl.local.state.records import DatasetVersion


def list_dataset_files(api: Api, body: Body) -> dict[str, Any]:
    version = _version(api, body)
    files = sorted(regular_files(version.folder))
    offset, size = fields.page(body)
    page = files[offset : offset + size + 1]
    return wire.paged("datasetFiles", page, body, lambda path: _file(version, path))


def list_tree_dataset_files(api: Api, body: Body) -> dict[str, Any]:
    """Return the files and the folders directly in one folder, `path`; files first, in pages."""
    version = _version(api, body)
    folder = version.folder / fields.text(body, "path").strip("/")
    inside = [path for path in sorted(regular_files(version.folder)) if folder in path.parents]
    files = [path for path in inside if path.parent == folder]
    below = Counter(path.relative_to(folder).parts[0] for path in inside if path.parent != folder)
    children = [*files, *(folder / name for name in sorted(below))]
    offset, size = fields.page(body)
    page = children[offset : offset + size]
    return {
        "files": [
            {**_file(version, path), "name": path.name, "relativeUrl": _name(version, path)}
            for path in page
            if path.name not in below
        ],
        "directories": [
            {
                "name": path.name,
                "relativeUrl": _name(version, path),
                "totalFiles": below[path.name],
            }
            for path in page
            if path.name in below
        ],
        "totalChildren": len(children),
        "totalDirectories": len(below),
        "totalFiles": len(files),
        "nextPageToken": str(offset + size) if len(children) > offset + size else "",
    }


def get_dataset_files_summary(api: Api, body: Body) -> dict[str, Any]:
    """Return how many files there are, and of which types."""
    version = _version(api, body)
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for path in regular_files(version.folder):
        counts[path.suffix.lower()] += 1
        sizes[path.suffix.lower()] += path.stat().st_size
    return {
        "fileSummaryInfo": {
            "totalFileCount": counts.total(),
            "fileTypes": [
                {"extension": suffix, "fileCount": count, "totalSize": sizes[suffix]}
                for suffix, count in sorted(counts.items())
            ],
        },
        "columnSummaryInfo": {"totalColumnCount": 0, "columnTypes": []},
    }


def download_dataset(api: Api, body: Body) -> Response:
    """Redirect to one file, or to a zip of all files."""
    version = _version(api, body)
    if not fields.text(body, "fileName"):
        return RedirectResponse(api.signed_urls.file(api.state.datasets.archive(version)), 302)
    return _redirect_to_file(api, version, body)


def download_dataset_raw(api: Api, body: Body) -> Response:
    """Redirect to one file."""
    return _redirect_to_file(api, _version(api, body), body)


def upload_dataset_file(api: Api, body: Body) -> dict[str, Any]:
    return begin_upload(api, body, fields.text(body, "fileName"))


def _redirect_to_file(api: Api, version: DatasetVersion, body: Body) -> Response:
    name = fields.text(body, "fileName")
    path = version.folder / PurePosixPath(name)
    if path not in set(regular_files(version.folder)):
        raise not_found(f'This data set has no file "{name}".')
    return RedirectResponse(api.signed_urls.file(path), 302)


def _version(api: Api, body: Body) -> DatasetVersion:
    datasets = api.state.datasets
    dataset = datasets.find(fields.text(body, "ownerSlug"), fields.text(body, "datasetSlug"))
    return datasets.version(dataset, fields.number(body, "datasetVersionNumber"))


def _name(version: DatasetVersion, path: Path) -> str:
    return path.relative_to(version.folder).as_posix()


def _file(version: DatasetVersion, path: Path) -> dict[str, Any]:
    status = path.stat()
    return {
        "name": _name(version, path),
        "totalBytes": status.st_size,
        "creationDate": wire.time(status.st_mtime),
    }


METHODS: Methods = {
    "ListDatasetFiles": list_dataset_files,
    "ListTreeDatasetFiles": list_tree_dataset_files,
    "GetDatasetFilesSummary": get_dataset_files_summary,
    "DownloadDataset": download_dataset,
    "DownloadDatasetRaw": download_dataset_raw,
    "UploadDatasetFile": upload_dataset_file,
}
