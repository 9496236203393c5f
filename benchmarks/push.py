"""Compare `kitctl datasets push` with the official `kaggle datasets create` and `version`.

Both push the same photos to the same local Kaggle, in turns, with 50 ms before every response:
3,000 photos (120 MB) in folders of classes, and 3,000 side by side in one folder. The official
client packs folders with `-r zip`. `python benchmarks/push.py [--quick]`; `make bench-push` updates
it before.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import table
from orders import send_order
from processes import Measurement, measure

PHOTOS, PHOTO_BYTES = 3000, 40_000
LATENCY_SECONDS = 0.05
ROUNDS = 3

KIT = [sys.executable, "-m", "kitctl"]
KAGGLE = [sys.executable, "-m", "kaggle"]


@dataclass
class Bench:
    """The local Kaggle and the environments of both clients."""

    home: Path
    environment: Mapping[str, str]
    official: Mapping[str, str]

    def ours(self, folder: Path, slug: str) -> Measurement:
        words = ["datasets", "push", str(folder), "--id", slug, "--local", "-q"]
        return measure([*KIT, *words], self.home, self.environment)

    def theirs(self, folder: Path, slug: str) -> Measurement:
        """Create a data set with the official client."""
        metadata = {"id": f"local/{slug}", "title": slug, "licenses": [{"name": "CC0-1.0"}]}
        (folder / "dataset-metadata.json").write_text(json.dumps(metadata), "utf-8")
        words = ["datasets", "create", "-p", str(folder), "-q", "-r", "zip"]
        return measure([*KAGGLE, *words], self.home, self.official)

    def their_version(self, folder: Path) -> Measurement:
        words = ["datasets", "version", "-p", str(folder), "-q", "-r", "zip", "-m", "again"]
        return measure([*KAGGLE, *words], self.home, self.official)


def rows(*, quick: bool) -> list[table.Row]:
    """Push the same photos with both clients, in turns, and compare them."""
    photos, rounds = (PHOTOS // 10, 1) if quick else (PHOTOS, ROUNDS)
    with tempfile.TemporaryDirectory(prefix="kitctl-bench-") as name:
        home = Path(name)
        environment = _environment(home)
        measure([*KIT, "local", "start"], home, environment)
        try:
            bench = Bench(home, environment, _slow_official_client(home, environment))
            in_folders = _photos(home / "in-folders", photos, ["train/car", "train/truck", "valid"])
            side_by_side = _photos(home / "side-by-side", photos, ["."])
            return [
                *_compare(bench, "in folders", in_folders, rounds),
                # The official client takes minutes for these.
                *_compare(bench, "side by side", side_by_side, 1),
            ]
        finally:
            measure([*KIT, "local", "stop"], home, environment)


def _compare(bench: Bench, how: str, folder: Path, rounds: int) -> list[table.Row]:
    created, again = [], []
    for number in range(rounds):
        slug = f"{folder.name}-{number}"
        first = bench.ours(folder, f"ours-{slug}"), bench.theirs(folder, f"theirs-{slug}")
        created.append(first)
        again.append((bench.ours(folder, f"ours-{slug}"), bench.their_version(folder)))
    against = f"`kaggle datasets create -r zip`, kaggle {version('kaggle')}"
    count = sum(1 for _ in folder.rglob("*.jpg"))
    what = f"{count} photos {how}"
    return [
        _row(f"{what}: push", against, created, "≥ 5"),
        _row(f"{what}: push again, nothing changed", against.replace("create", "version"), again),
        table.Row.of(
            f"{what}: peak memory",
            against,
            [own.peak_bytes / other.peak_bytes for own, other in created],
            "< 150 MB",
            " against ".join(
                f"{statistics.median(pair[side].peak_bytes for pair in created) / 1e6:.0f} MB"
                for side in (0, 1)
            ),
        ),
    ]


def _row(
    what: str, against: str, pairs: list[tuple[Measurement, Measurement]], goal: str = ""
) -> table.Row:
    seconds = [statistics.median(pair[side].seconds for pair in pairs) for side in (0, 1)]
    return table.Row.of(
        what,
        against,
        [other.seconds / own.seconds for own, other in pairs],
        goal,
        f"{seconds[0]:.1f} s against {seconds[1]:.1f} s",
    )


def _photos(folder: Path, count: int, below: list[str]) -> Path:
    """Write files of a photo's size, which no archive makes smaller."""
    chance = random.Random(0)
    for number in range(count):
        inside = folder / below[number % len(below)]
        inside.mkdir(parents=True, exist_ok=True)
        (inside / f"{number}.jpg").write_bytes(chance.randbytes(PHOTO_BYTES))
    return folder


def _slow_official_client(home: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Slow the local Kaggle down, and return the environment of the official client on it."""
    state = home / "local"
    endpoint, token = ((state / name).read_text("utf-8").strip() for name in ("endpoint", "token"))
    # Kaggle refuses so many files at the top, which are pushed here to measure single uploads.
    send_order(endpoint, token, "settings", {"dataset_files": PHOTOS + 100})
    latency = {"kind": "latency", "method": "*", "seconds": LATENCY_SECONDS, "count": None}
    send_order(endpoint, token, "faults", latency)
    return {
        **environment,
        "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
        "http_proxy": endpoint,
        "KAGGLE_API_TOKEN": str(state / "token"),
    }


def _environment(home: Path) -> dict[str, str]:
    kept = ("PATH", "PYTHONPATH", "SYSTEMROOT", "TEMP", "TMPDIR")
    own = {"HOME": str(home), "KITCTL_HOME": str(home), "PYTHONIOENCODING": "utf-8"}
    return {name: os.environ[name] for name in kept if name in os.environ} | own


if __name__ == "__main__":
    table.main(rows)
