"""Runs whose names, sizes, manifest and reports are drawn by chance, most of them hostile."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from support.command_line import CommandCall, Kitctl
from support.local_kaggle import LocalKaggle

CONTENT = "the content of every file"
SHA256 = hashlib.sha256(CONTENT.encode()).hexdigest()

NAMES: tuple[Any, ...] = (
    *("a.txt", "a", "a/b", "a/b/c", "A", "A.TXT", "plots/x.png", "e\u0301", "\u00e9", "straße"),
    *("../x", "../../x", "a/../../x", "..", ".", "./a", "a//b", "a/", "/", "//host/x", "/tmp/x"),
    *("C:\\x", "C:x", "c:/x", "\\\\host\\x", "..\\x", "a\\b", "file:stream", "12:30.log"),
    *(
        "con",
        "CON.txt",
        "nul.",
        "aux/x",
        "lpt1",
        "COM¹",
        "dot.",
        "blank ",
        " ",
        "~",
        "-rf",
        "$HOME",
    ),
    *(
        "a\0b",
        "a\nb",
        "\x1b[2J",
        "\x9b2J",
        "a\rb",
        "\ud800",
        "\udfff.txt",
        "\u202etxt.exe",
        "\ufeff",
    ),
    *("x" * 255, "x" * 256, "x" * 5000, "/".join("abcdefgh") * 700, "ü" * 128, "日本語.csv"),
    *(".kitctl", ".kitctl/run", ".KITCTL/files.jsonl", ".kitctl/parts/x", "manifest.json/x"),
    *(
        "log.txt",
        "LOG.txt",
        "log.kaggle.txt",
        "log.txt/x",
        "history.csv",
        "metrics.json",
        "run.json",
    ),
    *("", None, 7, [], {"a": 1}, True, "%2e%2e/x", "a?b#c", "*", "[a", '"', "'; rm -rf /"),
)
SIZES: tuple[Any, ...] = (len(CONTENT), str(len(CONTENT)), 0, -1, 10**30, 1.5, None, "many", True)
TIMES: tuple[Any, ...] = ("2026-11-10T10:00:00Z", "../../x", "", None, "9" * 500, 7)
VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 10**40, "x", "", "\x1b[2J\x07", "\ud800", [], {}, [[]], {"a": {}}),
    *(float("nan"), float("inf"), -1e308, "2026-11-10T10:00:00Z", "9999-12-31T23:59:59-23:59"),
)
CELLS = (
    "1",
    "0.5",
    "inf",
    "nan",
    "-1e308",
    "1e999",
    "",
    '"',
    "x" * 200,
    "1,2",
    "\0",
    "\ufeff",
    "٣",
)


@dataclass(frozen=True)
class HostileRun:
    """What Kaggle lists of a run, and the manifest of it."""

    outputs: list[dict[str, Any]]
    sizes: list[dict[str, Any]]
    promised: dict[str, str]  # The hash of each path; empty without a manifest that counts.
    reports: list[dict[str, str]]


def draw_name(chance: Random) -> Any:
    """Return a name: one of the list, a part of one, or two of them joined."""
    name = chance.choice(NAMES)
    if isinstance(name, str) and chance.random() < 0.3:
        other = chance.choice(NAMES)
        name = (
            f"{name}{chance.choice(['/', '', '.', ' '])}{other if isinstance(other, str) else ''}"
        )
    return name


def draw_run(chance: Random, names: int) -> HostileRun:
    """Return a run with so many names; the local Kaggle must be made to list it."""
    listed = [draw_name(chance) for _ in range(names)]
    listed += chance.choices(listed, k=names // 10 + 1)
    promised = {
        name: chance.choice([SHA256, SHA256, SHA256, "0" * 64])
        for name in chance.sample(listed, k=len(listed) // 2)
        if isinstance(name, str) and name != "manifest.json"
    }
    reports = [
        {"name": "metrics.json", "text": _draw_object(chance)},
        {"name": "run.json", "text": _draw_object(chance)},
        {"name": "history.csv", "text": _draw_table(chance)},
    ]
    manifest: Any = {
        "schema": "kitctl-manifest/1",
        "files": [
            {"path": path, "bytes": len(CONTENT), "sha256": sha256}
            for path, sha256 in promised.items()
        ],
    }
    kind = chance.random()
    if kind < 0.2:
        promised = {}
        broken = {**manifest, chance.choice(["schema", "files"]): chance.choice(VALUES)}
        manifest = chance.choice([broken, chance.choice(VALUES)])
    if kind < 0.8:
        reports.append({"name": "manifest.json", "text": json.dumps(manifest)})
    else:
        promised = {}
    return HostileRun(
        [{"fileName": name} for name in listed],
        [
            {"name": name, "size": chance.choice(SIZES), "creationDate": chance.choice(TIMES)}
            for name in listed
        ],
        promised,
        reports,
    )


def serve_run(run: HostileRun, server: LocalKaggle, slug: str) -> None:
    """Make the local Kaggle list the run; every file of it has the same content."""
    server.seed(slug, files=[{"name": "content", "text": CONTENT}, *run.reports])
    fields = {"userName": "local", "kernelSlug": slug, "versionLabel": "v1", "pageSize": 200}
    files = server.call("ListKernelSessionOutput", **fields)["files"]
    urls = {file["fileName"]: file["url"] for file in files}
    content = urls.pop("content")
    outputs = [{**output, "url": content} for output in run.outputs]
    outputs += [{"fileName": name, "url": url} for name, url in urls.items()]
    log = json.dumps([{"stream_name": "stdout", "time": 1, "data": "hello\n"}])
    body = json.dumps({"files": outputs, "log": log})
    server.fault("answer", "ListKernelSessionOutput", body=body, count=None)
    server.fault("answer", "ListKernelFiles", body=json.dumps({"files": run.sizes}), count=None)


def check_pull(run: HostileRun, kitctl: Kitctl, slug: str, out: Path, *options: str) -> CommandCall:
    """Pull the run, and check that the pull is no bug, writes nowhere else and does not lie."""
    outside = _files_outside(out)
    call = kitctl("pull-results", f"local/{slug}/1", "--local", "--out", str(out), *options)
    assert call.code in {0, 5}, (call.code, call.err, call.out)
    assert _files_outside(out) == outside
    if "--json" in options and call.envelope["data"]["verified"]:
        assert run.promised
        for path, sha256 in run.promised.items():
            assert hashlib.sha256((out / path).read_bytes()).hexdigest() == sha256
    return call


def _files_outside(out: Path) -> set[Path]:
    """Return the files around the target folder but kitctl's own state and the page beside it."""
    page = out.with_name(f"{out.name}.html")
    files = {path for path in out.parent.parent.rglob("*") if path.is_file() and path != page}
    return {path for path in files if not path.is_relative_to(out) and "home" not in path.parts}


def _draw_object(chance: Random) -> str:
    names = ("epochs", "seconds", "photos", "reading", "started_at", "loss", "\ud800", "a_seconds")
    values: dict[str, Any] = {name: chance.choice(VALUES) for name in names}
    values["reading"] = chance.choice([{"words": chance.choice(VALUES)}, values["reading"]])
    values["photos"] = chance.choice([{"a": {"b": chance.choice(VALUES)}}, values["photos"]])
    text = json.dumps(values)
    return text[: chance.randrange(len(text))] if chance.random() < 0.2 else text


def _draw_table(chance: Random) -> str:
    columns = chance.randrange(1, 6)
    rows = chance.randrange(0, 30)
    return "\n".join(
        ",".join(chance.choice(CELLS) for _ in range(columns + (chance.random() < 0.05)))
        for _ in range(rows)
    )
