"""The outputs of a run over HTTP: pages of names and addresses, and single files."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from support.local_kaggle import AnsweredError, LocalKaggle


def pages(server: LocalKaggle, method: str, slug: str, **fields: Any) -> list[dict[str, Any]]:
    """Return the files of all pages of version 1."""
    files: list[dict[str, Any]] = []
    token = ""
    while True:
        page = server.call(
            method, userName="local", kernelSlug=slug, versionLabel="v1", pageToken=token, **fields
        )
        files += page["files"]
        token = page["nextPageToken"]
        if not token:
            return files


@pytest.mark.parametrize("page_size", [None, 7, 45, 1000])
def test_the_pages_list_every_file_once(local_kaggle: LocalKaggle, page_size: int | None) -> None:
    local_kaggle.seed("many", files=[{"name": "part/{}.bin", "bytes": 3, "count": 45}])
    fields = {} if page_size is None else {"pageSize": page_size}
    names = {f"part/{number}.bin" for number in range(45)}
    for method, key in (("ListKernelSessionOutput", "fileName"), ("ListKernelFiles", "name")):
        listed = [file[key] for file in pages(local_kaggle, method, "many", **fields)]
        assert len(listed) == 45 and set(listed) == names


def test_a_page_has_twenty_files_by_default(local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("many", files=[{"name": "{}.bin", "bytes": 1, "count": 21}])
    page = local_kaggle.call("ListKernelSessionOutput", userName="local", kernelSlug="many")
    assert (len(page["files"]), page["nextPageToken"]) == (20, "20")


def test_a_name_that_leads_out_of_the_folder_is_listed_unchanged(local_kaggle: LocalKaggle) -> None:
    names = ["../x", "/etc/passwd", "C:\\x", "a/../../y"]
    local_kaggle.seed("evil-one", files=[{"name": name, "text": name} for name in names])
    files = pages(local_kaggle, "ListKernelSessionOutput", "evil-one")
    assert {file["fileName"] for file in files} == set(names)
    for file in files:
        assert local_kaggle.open(file["url"]).read().decode() == file["fileName"]


def test_a_link_in_the_working_folder_is_no_output(local_kaggle: LocalKaggle) -> None:
    script = "import os\nopen('real.txt', 'w').write('x')\nos.symlink('/etc/passwd', 'link.txt')"
    local_kaggle.push("linker", script)
    assert local_kaggle.wait("linker") == "COMPLETE"
    files = pages(local_kaggle, "ListKernelFiles", "linker")
    assert [file["name"] for file in files] == ["real.txt"]


def test_one_output_is_downloaded_by_its_name(local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("one-file", files=[{"name": "plots/a.txt", "text": "x"}])
    request = (
        b'{"ownerSlug":"local","kernelSlug":"one-file","filePath":"plots/a.txt","versionNumber":1}'
    )
    path = "/api/v1/kernels.KernelsApiService/DownloadKernelOutput"
    assert local_kaggle.open(path, request).read() == b"x"
    with pytest.raises(AnsweredError) as answered:
        local_kaggle.open(path, request.replace(b"a.txt", b"b.txt"))
    assert answered.value.status == 404


def test_all_outputs_are_downloaded_as_one_archive(local_kaggle: LocalKaggle) -> None:
    files = [{"name": "plots/a.txt", "text": "x"}, {"name": "empty.txt", "text": ""}]
    seeded = local_kaggle.seed("two-files", files=files)
    service = "/api/v1/kernels.KernelsApiService"
    by_name = b'{"ownerSlug": "local", "kernelSlug": "two-files", "versionNumber": 1}'
    by_session = json.dumps({"kernelSessionId": seeded["sessionId"]}).encode()
    for method, request in (
        ("DownloadKernelOutput", by_name),
        ("DownloadKernelOutputZip", by_session),
    ):
        content = local_kaggle.open(f"{service}/{method}", request).read()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.namelist() == ["empty.txt", "plots/a.txt"]
            assert archive.read("plots/a.txt") == b"x"


def test_another_owners_outputs_are_no_archive_of_ours(local_kaggle: LocalKaggle) -> None:
    seeded = local_kaggle.seed("theirs", owner="someone")
    with pytest.raises(AnsweredError) as answered:
        local_kaggle.call("DownloadKernelOutputZip", kernelSessionId=seeded["sessionId"])
    assert answered.value.status == 403
