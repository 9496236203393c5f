"""The manifest that a run leaves."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from kernel.report import artifacts
from kitctl.domain.results import DownloadedFile, parse_manifest


def test_the_manifest_says_what_every_file_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plots").mkdir()
    Path("plots/curves.png").write_bytes(b"short")
    with Path("model.keras").open("wb") as long:
        long.truncate(artifacts.LONG_BYTES)
    artifacts.write_manifest()
    said = {
        file["path"]: set(file) for file in json.loads(Path("manifest.json").read_text())["files"]
    }
    of_each = {"path", "bytes", "sha256"}
    assert said == {"model.keras": of_each | {"blake2b"}, "plots/curves.png": of_each}
    promises = parse_manifest(Path("manifest.json").read_bytes())
    assert promises
    for path, promise in promises.items():
        data = Path(path).read_bytes()
        assert promise.sha256 == hashlib.sha256(data).hexdigest()
        digest = hashlib.new(promise.algorithm, data).hexdigest()
        assert promise.matches(DownloadedFile(len(data), digest))
