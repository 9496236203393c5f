"""Folders of the kinds that people push, drawn by chance: a job's metadata and its files."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slugify import slugify

IMAGE = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * 5000}}
KERNELS = {
    "python": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "r": {"display_name": "R", "language": "R", "name": "ir"},
}
# Sources that the test's local Kaggle must have.
KNOWN_SOURCES = (
    *("myself/photos", "myself/more-photos", "competitions/titanic", "notebooks/myself/features"),
    "models/google/gemma/pyTorch/2b/1",
)
TITLES = (
    "Model training {}",
    "YOLOv8 baseline {}",
    "A Solution to Watson's X {}",
    "Détection d'objets {}",
    "C++ & C# -- v1.{}",
    "[LB 0.9{}] EDA + LightGBM",
    "   spaces {} ",
)


@dataclass
class DrawnFolder:
    """A folder: its kernel-metadata.json and its files, some of which lie outside.

    `kernel` is the slug of a kernel that exists before the push, "" for none; a metadata value
    of `id_no` True stands for its number.
    """

    metadata: dict[str, Any]
    files: dict[str, str | bytes] = field(default_factory=dict)
    kernel: str = ""

    def write(self, folder: Path, number: int | None) -> Path:
        values = dict(self.metadata)
        if values.get("id_no") is True:
            values["id_no"] = number
        folder.mkdir(parents=True)
        (folder / "kernel-metadata.json").write_text(json.dumps(values, indent=2), "utf-8")
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            data = content if isinstance(content, bytes) else content.encode()
            path.write_bytes(data)
        return folder


def draw_folder(chance: random.Random, number: int) -> DrawnFolder:
    """Return a folder whose title and id no other number has."""
    folder = DrawnFolder({})
    _draw_code(folder, chance)
    _draw_name(folder, chance, number)
    for draw in (_draw_machine, _draw_flags, _draw_sources, _draw_other_keys):
        draw(folder, chance)
    items = list(folder.metadata.items())
    chance.shuffle(items)
    folder.metadata = dict(items)
    return folder


def notebook_text(chance: random.Random, language: str) -> str:
    """Return a notebook as an editor writes it: outputs, sources as lists of lines or as text."""
    code = "print('hello')\n" if language == "python" else "cat('hello')\n"
    source: Any = chance.choice([code, [code, "# café ☃\n", "1 + 1"], [], ["!ls -la\n"]])
    cell = {
        "cell_type": "code",
        "execution_count": chance.choice([None, 7]),
        "metadata": chance.choice([{}, {"trusted": True}]),
        "outputs": chance.choice([[], [IMAGE]]),
        "source": source,
    }
    cells = [cell, {"cell_type": "markdown", "metadata": {}, "source": ["# Title\n", "words"]}]
    if chance.random() < 0.3:
        cells.append(dict(cell, id="abc", source=code))
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": KERNELS[language], "language_info": {"name": language}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=chance.choice([None, 1]))


def _draw_code(folder: DrawnFolder, chance: random.Random) -> None:
    kind = chance.choices(
        ["notebook", "script", "r script", "rmarkdown", "r notebook"], [55, 35, 4, 3, 3]
    )[0]
    if "notebook" in kind:
        language = "r" if kind == "r notebook" else "python"
        name = chance.choice(["nb.ipynb", "sub/my notebook.ipynb", "./nb.ipynb"])
        named = chance.choice(["r", "rmarkdown"]) if language == "r" else "python"
        if language == "r" and chance.random() < 0.5:
            name = "nb.irnb"
        folder.metadata |= {"kernel_type": "notebook", "language": named, "code_file": name}
        folder.files[name] = notebook_text(chance, language)
        return
    names = {
        "script": ["train.py", "./train.py", "src/train.py", "../shared{}/t.py", "main.txt"],
        "r script": ["main.R", "main.r"],
        "rmarkdown": ["report.Rmd"],
    }[kind]
    name = chance.choice(names).format(chance.randrange(10**9))
    text = "print('hello')\nx = 'café ☃'\n" if kind == "script" else "x <- 1\n"
    data = chance.choice([text, text.replace("\n", "\r\n"), text.rstrip("\n"), f"\ufeff{text}"])
    language = {"script": "python", "r script": "r", "rmarkdown": "rmarkdown"}[kind]
    folder.metadata |= {"kernel_type": "script", "language": language, "code_file": name}
    folder.files[name] = data.encode()


def _draw_name(folder: DrawnFolder, chance: random.Random, number: int) -> None:
    title = chance.choice(TITLES).format(number)
    slug = slugify(title)
    owner = chance.choice(["alice/", "local/", "Alice-B/", ""])
    styles = (
        *("other id", "capitals", "existing", "existing without title", "number alone"),
        *("number and id", "foreign number", "untitled number"),
    )
    style = chance.choice([*styles, *["matching"] * 5])
    folder.metadata |= {"id": f"{owner}{slug}", "title": title}
    if style == "other id":
        folder.metadata["id"] = f"{owner}my-work-{number}"
    elif style == "capitals":
        folder.metadata["id"] = f"{owner}{slug.title().replace('-', '_')}"
    elif style == "foreign number":
        folder.metadata["id_no"] = 31_415_926 + number
    elif style != "matching":
        folder.kernel = slug
    if "without title" in style or "untitled" in style:
        del folder.metadata["title"]
    if "number" in style and style != "foreign number":
        folder.metadata["id_no"] = True
    if style in ("number alone", "untitled number"):
        del folder.metadata["id"]
    if style == "existing":
        folder.metadata["title"] = f"Another title of {number}"


def _draw_machine(folder: DrawnFolder, chance: random.Random) -> None:
    folder.metadata |= chance.choice(
        [
            {},
            {"enable_gpu": False, "enable_tpu": False, "machine_shape": ""},
            {"enable_gpu": True},
            {"enable_gpu": "true", "machine_shape": "NvidiaTeslaT4"},
            {"enable_gpu": True, "machine_shape": "Gpu"},
            {"enable_gpu": False, "machine_shape": "None"},
            {"enable_gpu": True, "machine_shape": "NvidiaTeslaP100"},
            {"enable_tpu": True},
            {"enable_tpu": True, "enable_gpu": False, "machine_shape": "TpuV38"},
            {"enable_gpu": False, "machine_shape": "NvidiaTeslaT4"},
            {"enable_gpu": True, "enable_tpu": True},
            {"enable_gpu": True, "machine_shape": None},
            {"enable_gpu": True, "machine_shape": "NvidiaL4"},
        ]
    )


def _draw_flags(folder: DrawnFolder, chance: random.Random) -> None:
    for key in ("is_private", "enable_internet"):
        value = chance.choice([None, True, False, "true", "False"])
        if value is not None:
            folder.metadata[key] = value


def _draw_sources(folder: DrawnFolder, chance: random.Random) -> None:
    written: Mapping[str, list[list[str]]] = {
        "dataset_sources": [
            ["myself/photos"],
            ["myself/photos", "myself/more-photos"],
            ["myself/photos/1"],
            ["datasets/myself/photos"],
            ["myself/photos", ""],
            ["myself/photos", "myself/photos"],
            [],
        ],
        "competition_sources": [["titanic"], ["c/titanic"], ["competitions/titanic"], [""], []],
        "kernel_sources": [["myself/features"], ["code/myself/features"], []],
        "model_sources": [["google/gemma/pyTorch/2b/1"], []],
    }
    for key, choices in written.items():
        if chance.random() < 0.6:
            folder.metadata[key] = chance.choice(choices)


def _draw_other_keys(folder: DrawnFolder, chance: random.Random) -> None:
    draws: list[Callable[[], dict[str, Any]]] = [
        lambda: {},
        lambda: {"_comment_machine_shape": "P100"},
        lambda: {"//": "notes"},
        lambda: {"accelerator": "nvidia-tesla-t4"},
        lambda: {"gpu_type": "T4"},
        lambda: {"dataset_source": ["myself/photos"]},
        lambda: {"keywords": ["gpu", "computer vision"]},
        lambda: {"docker_image": "gcr.io/kaggle-gpu-images/python@sha256:abc"},
        lambda: {"docker_image_pinning_type": chance.choice(["original", "latest"])},
        lambda: {"total_votes": 3, "author": "alice"},
    ]
    folder.metadata |= chance.choice(draws)()
