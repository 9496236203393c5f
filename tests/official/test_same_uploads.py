"""`kitctl datasets push` sends what the official client sends, and the same files arrive."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from support.command_line import Kitctl
from support.datasets_on_kaggle import on_kaggle
from support.local_kaggle import LocalKaggle
from support.official_session import OfficialSession
from support.photo_folders import photo

METADATA = {
    "id": "local/my-photos",
    "title": "My photos",
    "subtitle": "Cars and trucks that passed by",
    "description": "Taken from a window.",
    "keywords": ["cars", "computer vision"],
    "licenses": [{"name": "CC0-1.0"}],
    "resources": [
        {
            "path": "labels.csv",
            "description": "What is on which photo",
            "schema": {
                "fields": [
                    {"name": "id", "title": "Number", "type": "number"},
                    {"name": "label", "description": "car or truck", "type": "string"},
                    {"name": "taken", "type": "date"},
                ]
            },
        }
    ],
}


@dataclass
class Sent:
    """One client's requests: announcements by name, uploads, and what makes the version."""

    announced: dict[str, Any]
    uploads: list[tuple[str, str, str]]  # name, range, hash
    made: list[tuple[str, Any]]  # method, request with names instead of tokens


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "my-photos"
    for number in range(12):
        path = folder / "train" / ("car", "truck")[number % 2] / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo(number))
    (folder / "labels.csv").write_text("id,label,taken\n", "utf-8")
    (folder / "two words ä.txt").write_text("text", "utf-8")
    (folder / "empty.txt").touch()
    (folder / "big.bin").write_bytes(os.urandom(700_000))
    (folder / "dataset-metadata.json").write_text(json.dumps(METADATA), "utf-8")
    return folder


def sent_by(server: LocalKaggle) -> Sent:
    """Return what was sent since the recording began."""
    names: dict[str, str] = {}
    sent = Sent({}, [], [])
    for request in server.admin("requests")["requests"]:
        *_, method = request["path"].split("/")
        if request["verb"] == "PUT":
            signed, name = request["path"].split("/")[-2:]
            payload = signed.partition(".")[0]
            token = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))[1]
            names[token] = unquote(name)
            part = request["headers"].get("content-range", "")
            sent.uploads.append((unquote(name), part, request["sha256"]))
        elif method == "StartBlobUpload":
            sent.announced[request["body"]["name"]] = request["body"]
        elif method.startswith("CreateDataset"):
            sent.made.append((method, request["body"]))
    for _, request in sent.made:
        for file in request.get("body", request)["files"]:
            file["token"] = names[file["token"]]
        request.get("body", request)["files"].sort(key=lambda file: file["token"])
    sent.uploads.sort()
    return sent


def without_archives(sent: Sent) -> Sent:
    """Return it without what differs by compression: the size and the bytes of archives.

    An empty file is announced without its length, and an archive has no time of its own.
    """
    announced = {
        name: {key: value for key, value in request.items() if key != "contentLength" or value}
        for name, request in sent.announced.items()
        if not name.endswith(".zip")
    }
    return Sent(announced, [one for one in sent.uploads if not one[0].endswith(".zip")], sent.made)


def test_both_clients_announce_upload_and_request_the_same(
    kitctl: Kitctl, official: OfficialSession, local_kaggle: LocalKaggle, folder: Path
) -> None:
    words = ("-p", str(folder), "-q", "-r", "zip")
    local_kaggle.admin("requests", record=True)
    official("datasets", "create", *words)
    (folder / "labels.csv").write_text("id,label,taken\n1,car,\n", "utf-8")
    official("datasets", "version", *words, "-m", "More")
    theirs, their_files = sent_by(local_kaggle), on_kaggle(local_kaggle)

    local_kaggle.reset()
    local_kaggle.admin("requests", record=True)
    (folder / "labels.csv").write_text("id,label,taken\n", "utf-8")
    assert kitctl("datasets", "push", str(folder), "--local").code == 0
    (folder / "labels.csv").write_text("id,label,taken\n1,car,\n", "utf-8")
    assert kitctl("datasets", "push", str(folder), "--local", "-m", "More").code == 0
    ours = sent_by(local_kaggle)

    assert on_kaggle(local_kaggle) == their_files
    assert ours.announced.keys() == theirs.announced.keys()
    ours.announced["labels.csv"].pop("lastModifiedEpochSeconds")
    theirs.announced["labels.csv"].pop("lastModifiedEpochSeconds")
    notes = ours.made[1][1]["body"].pop("versionNotes")
    assert notes.startswith(theirs.made[1][1]["body"].pop("versionNotes") + " (kitctl ")
    assert without_archives(ours) == without_archives(theirs)


def test_both_clients_resume_a_broken_upload_alike(
    kitctl: Kitctl, official: OfficialSession, local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    folder = tmp_path / "one-file"
    folder.mkdir()
    (folder / "big.bin").write_bytes(os.urandom(700_000))
    metadata = {key: value for key, value in METADATA.items() if key != "resources"}
    (folder / "dataset-metadata.json").write_text(json.dumps(metadata), "utf-8")
    uploads = []
    for push in (
        lambda: official("datasets", "create", "-p", str(folder), "-q"),
        lambda: kitctl("datasets", "push", str(folder), "--local"),
    ):
        local_kaggle.reset()
        local_kaggle.fault("status", "upload", status=503)
        local_kaggle.admin("requests", record=True)
        push()
        sent = sent_by(local_kaggle)
        uploads.append([part for _, part, _ in sent.uploads])
        assert on_kaggle(local_kaggle)["big.bin"] == (folder / "big.bin").read_bytes()
    # What has arrived is asked for, and the file sent again.
    assert uploads[0] == uploads[1] == ["", "", "bytes */700000"]
