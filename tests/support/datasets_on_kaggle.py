"""Data sets on the local Kaggle: what a run finds in them, and what their archive holds."""

from __future__ import annotations

import io
import json
import zipfile

from support.local_kaggle import LocalKaggle

DATASETS = "datasets.DatasetApiService"


def in_a_run(server: LocalKaggle, slug: str = "my-photos") -> dict[str, str]:
    """Return the hashes of the files that a run finds in the newest version of a data set."""
    script = (
        "import hashlib, pathlib\n"
        f"root = pathlib.Path('../input/datasets/local/{slug}')\n"
        "for path in root.rglob('*'):\n"
        "    if path.is_file():\n"
        "        digest = hashlib.sha256(path.read_bytes()).hexdigest()\n"
        "        print(digest, path.relative_to(root).as_posix())\n"
    )
    server.push("reader", script, datasetDataSources=[f"local/{slug}"])
    assert server.wait("reader") == "COMPLETE"
    lines = [line["data"].strip().split(" ", 1) for line in server.log("reader")]
    return {name: digest for digest, name in lines}


def on_kaggle(server: LocalKaggle, slug: str = "my-photos") -> dict[str, bytes]:
    """Return the files of the newest version of a data set, as Kaggle's archive has them."""
    request = json.dumps({"ownerSlug": "local", "datasetSlug": slug}).encode()
    content = server.open(f"/api/v1/{DATASETS}/DownloadDataset", request).read()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def versions(server: LocalKaggle, slug: str = "my-photos") -> int:
    where = {"ownerSlug": "local", "datasetSlug": slug}
    return int(server.call(f"{DATASETS}/GetDataset", **where)["currentVersionNumber"])
