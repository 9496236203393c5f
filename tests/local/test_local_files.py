"""Signed URLs: pages of them, ranges, expiry; uploads that are taken up again; data sets."""

from __future__ import annotations

import base64
import http.client
import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.local_kaggle import AnsweredError, LocalKaggle

DATASETS = "datasets.DatasetApiService"


def pages(server: LocalKaggle, method: str, slug: str, **fields: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    token = ""
    while True:
        page = server.call(
            method, userName="local", kernelSlug=slug, versionLabel="v1", pageToken=token, **fields
        )
        found += page["files"]
        token = page["nextPageToken"]
        if not token:
            return found


def url_of(server: LocalKaggle, slug: str) -> str:
    return str(pages(server, "ListKernelSessionOutput", slug)[0]["url"])


@pytest.mark.parametrize("page_size", [None, 7, 45, 1000])
def test_all_pages_hold_every_file_once(local_kaggle: LocalKaggle, page_size: int | None) -> None:
    local_kaggle.seed("many", files=[{"name": "part/{}.bin", "bytes": 3, "count": 45}])
    fields = {} if page_size is None else {"pageSize": page_size}
    names = {f"part/{number}.bin" for number in range(45)}
    for method, key in (("ListKernelSessionOutput", "fileName"), ("ListKernelFiles", "name")):
        found = [file[key] for file in pages(local_kaggle, method, "many", **fields)]
        assert len(found) == 45 and set(found) == names


def test_a_page_is_twenty_files_if_not_told(local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("many", files=[{"name": "{}.bin", "bytes": 1, "count": 21}])
    page = local_kaggle.call("ListKernelSessionOutput", userName="local", kernelSlug="many")
    assert (len(page["files"]), page["nextPageToken"]) == (20, "20")


def test_a_file_comes_whole_or_from_any_byte_on(local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("one-file", files=[{"name": "a b/ü.txt", "text": "0123456789"}])
    url = url_of(local_kaggle, "one-file")
    whole = local_kaggle.open(url)
    assert whole.read() == b"0123456789"
    assert whole.headers["Accept-Ranges"] == "bytes" and whole.headers["ETag"]
    rest = local_kaggle.open(url, Range="bytes=7-", If_Range=whole.headers["ETag"])
    assert (rest.status, rest.read()) == (206, b"789")
    changed = local_kaggle.open(url, Range="bytes=7-", If_Range='"other"')
    assert (changed.status, changed.read()) == (200, b"0123456789")


def test_a_signed_url_needs_no_token_and_cannot_be_changed(local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("one-file", files=[{"name": "a.txt", "text": "secret"}])
    url = url_of(local_kaggle, "one-file")
    assert local_kaggle.open(url, Authorization="none").read() == b"secret"
    start, signed, name = url.rsplit("/", 2)
    payload, signature = signed.split(".")
    other = base64.urlsafe_b64encode(b'["output", "2", 9999999999]').decode().rstrip("=")
    for forged in (f"{other}.{signature}", f"{payload}.{signature[:-2]}", payload):
        with pytest.raises(AnsweredError) as answered:
            local_kaggle.open(f"{start}/{forged}/{name}", Authorization="none")
        assert answered.value.status == 403


def test_a_signed_url_expires(local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("one-file", files=[{"name": "a.txt", "text": "x"}])
    url = url_of(local_kaggle, "one-file")
    local_kaggle.advance(3601)
    with pytest.raises(AnsweredError, match="ExpiredToken") as answered:
        local_kaggle.open(url)
    assert answered.value.status == 400
    assert local_kaggle.open(url_of(local_kaggle, "one-file")).read() == b"x"


def test_names_that_lead_elsewhere_are_told_as_they_are(local_kaggle: LocalKaggle) -> None:
    names = ["../x", "/etc/passwd", "C:\\x", "a/../../y"]
    local_kaggle.seed("evil-one", files=[{"name": name, "text": name} for name in names])
    files = pages(local_kaggle, "ListKernelSessionOutput", "evil-one")
    assert {file["fileName"] for file in files} == set(names)
    for file in files:
        assert local_kaggle.open(file["url"]).read().decode() == file["fileName"]


def test_links_that_a_run_leaves_are_no_output(local_kaggle: LocalKaggle) -> None:
    script = "import os\nopen('real.txt', 'w').write('x')\nos.symlink('/etc/passwd', 'link.txt')"
    local_kaggle.push("linker", script)
    assert local_kaggle.wait("linker") == "COMPLETE"
    files = pages(local_kaggle, "ListKernelFiles", "linker")
    assert [file["name"] for file in files] == ["real.txt"]


def test_one_output_is_reached_by_a_redirect(local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("one-file", files=[{"name": "plots/a.txt", "text": "x"}])
    request = (
        b'{"ownerSlug":"local","kernelSlug":"one-file","filePath":"plots/a.txt","versionNumber":1}'
    )
    path = "/api/v1/kernels.KernelsApiService/DownloadKernelOutput"
    assert local_kaggle.open(path, request).read() == b"x"
    with pytest.raises(AnsweredError) as answered:
        local_kaggle.open(path, request.replace(b"a.txt", b"b.txt"))
    assert answered.value.status == 404


def upload(server: LocalKaggle, name: str, content: bytes) -> str:
    """Upload a file in one go; its token."""
    started = start_upload(server, name, len(content))
    assert put(server, started["createUrl"], content)[0] == 200
    return str(started["token"])


def start_upload(server: LocalKaggle, name: str, size: int) -> dict[str, str]:
    answer: dict[str, str] = server.call(
        "blobs.BlobApiService/StartBlobUpload",
        type="DATASET",
        name=name,
        contentLength=size,
        lastModifiedEpochSeconds=1,
    )
    return answer


def put(server: LocalKaggle, url: str, body: bytes, content_range: str = "") -> tuple[int, str]:
    """Status and Range header of a PUT."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    headers = {"Content-Range": content_range} if content_range else {}
    connection.request("PUT", urlsplit(url).path, body, headers)
    with connection.getresponse() as response:
        answer = response.status, response.headers.get("Range", "")
        response.read()
    connection.close()
    return answer


def test_an_upload_goes_on_where_it_stopped(local_kaggle: LocalKaggle) -> None:
    url = start_upload(local_kaggle, "ten.txt", 10)["createUrl"]
    assert put(local_kaggle, url, b"", "bytes */10") == (308, "")
    assert put(local_kaggle, url, b"0123", "bytes 0-3/10") == (308, "bytes=0-3")
    assert put(local_kaggle, url, b"", "bytes */10") == (308, "bytes=0-3")
    # From further on than what has arrived: nothing is taken.
    assert put(local_kaggle, url, b"89", "bytes 8-9/10") == (308, "bytes=0-3")
    assert put(local_kaggle, url, b"456789", "bytes 4-9/10") == (200, "")
    assert put(local_kaggle, url, b"", "bytes */10") == (200, "")


def create(server: LocalKaggle, tokens: list[str], slug: str = "some-photos") -> Any:
    return server.call(
        f"{DATASETS}/CreateDataset",
        ownerSlug="local",
        slug=slug,
        title="Some photos",
        licenseName="CC0-1.0",
        isPrivate=True,
        files=[{"token": token} for token in tokens],
    )


def status(server: LocalKaggle, slug: str = "some-photos") -> str:
    answer = server.call(f"{DATASETS}/GetDatasetStatus", ownerSlug="local", datasetSlug=slug)
    return str(answer["status"])


def test_an_unfinished_upload_makes_no_dataset(local_kaggle: LocalKaggle) -> None:
    token = start_upload(local_kaggle, "ten.txt", 10)["token"]
    with pytest.raises(AnsweredError, match="not complete"):
        create(local_kaggle, [token])
    with pytest.raises(AnsweredError):
        status(local_kaggle)


def test_a_dataset_is_ready_when_it_has_been_processed(local_kaggle: LocalKaggle) -> None:
    local_kaggle.settings(dataset_seconds=60)
    create(local_kaggle, [upload(local_kaggle, "a.txt", b"x")])
    assert status(local_kaggle) == "BLOBS_RECEIVED"
    refused = local_kaggle.push("one-job", "print(1)", datasetDataSources=["local/some-photos"])
    assert refused["invalidDatasetSources"] == ["local/some-photos"]
    local_kaggle.advance(61)
    assert status(local_kaggle) == "READY"


def zipped(name: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, "x")
    return packed.getvalue()


def tarred(name: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bad.zip", zipped("../../evil.txt")),
        ("bad.zip", zipped("a.txt")[:-8]),
        ("bad.tar", tarred("../../evil.txt")),
        ("bad.tar", b"no archive at all"),
        ("../evil.txt", b"x"),
    ],
)
def test_an_upload_that_cannot_be_laid_out_fails_and_leaves_nothing(
    local_kaggle: LocalKaggle, name: str, content: bytes
) -> None:
    create(local_kaggle, [upload(local_kaggle, name, content)])
    assert status(local_kaggle) == "FAILED"
    assert not list(local_kaggle.state.rglob("evil.txt"))
    refused = local_kaggle.push("one-job", "print(1)", datasetDataSources=["local/some-photos"])
    assert refused["invalidDatasetSources"] == ["local/some-photos"]


def test_a_model_file_that_is_a_zip_inside_stays_one_file(local_kaggle: LocalKaggle) -> None:
    create(local_kaggle, [upload(local_kaggle, "model.keras", zipped("config.json"))])
    where = {"ownerSlug": "local", "datasetSlug": "some-photos"}
    files = local_kaggle.call(f"{DATASETS}/ListDatasetFiles", **where)["datasetFiles"]
    assert [file["name"] for file in files] == ["model.keras"]


def test_a_folder_stands_for_someones_dataset(local_kaggle: LocalKaggle, tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "1.txt").write_text("a car", encoding="utf-8")
    local_kaggle.stand_in("ryanholbrook/car-or-truck", tmp_path)
    where = {"ownerSlug": "ryanholbrook", "datasetSlug": "car-or-truck"}
    files = local_kaggle.call(f"{DATASETS}/ListDatasetFiles", **where)["datasetFiles"]
    assert [(file["name"], file["totalBytes"]) for file in files] == [("train/1.txt", 5)]
    for change in ("DeleteDataset", "CreateDatasetVersion"):
        with pytest.raises(AnsweredError) as answered:
            local_kaggle.call(f"{DATASETS}/{change}", **where)
        assert answered.value.status == 403


def test_a_run_cannot_change_what_it_reads(local_kaggle: LocalKaggle, tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_text("original", encoding="utf-8")
    local_kaggle.stand_in("someone/photos", tmp_path)
    script = "open('../input/photos/1.txt', 'w')" + "\n"
    local_kaggle.push("writer", script, datasetDataSources=["someone/photos"])
    assert local_kaggle.wait("writer") == "ERROR"
    assert (tmp_path / "1.txt").read_text("utf-8") == "original"
