"""`kitctl predict`, with a model that knows red from blue."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.command_line import Kitctl
from support.pulled_results import write_results

LABELS = {
    "schema": "kitctl-labels/1",
    "classes": ["blue", "green", "red"],
    "input": {"shape": [None, None, None, 3], "range": [0, 255], "color_mode": "rgb"},
}


@pytest.fixture
def pulled(project: Path) -> Path:
    """A pulled run with labels.json and no model yet."""
    folder = write_results(
        project / "results" / "small-job" / "v1", "local local/small-job/1", metrics={"score": 1}
    )
    (folder / "labels.json").write_text(json.dumps(LABELS), "utf-8")
    return folder


@pytest.fixture
def photos(project: Path) -> Path:
    folder = project / "photos"
    (folder / "more").mkdir(parents=True)
    Image.new("RGB", (30, 20), "red").save(folder / "a.png")
    Image.new("RGB", (50, 50), "blue").save(folder / "more" / "b.webp", lossless=True)
    return folder


# Keras' own, with TensorFlow and NumPy 2.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_predict_names_the_class_of_each_photo_and_the_files_that_are_none(
    kitctl: Kitctl, pulled: Path, photos: Path
) -> None:
    import keras

    inputs = keras.Input((None, None, 3))
    means = keras.layers.GlobalAveragePooling2D()(inputs)
    order = keras.layers.Dense(3, use_bias=False, activation="softmax")
    model = keras.Model(inputs, order(means))
    order.set_weights([np.array([[0, 0, 0.1], [0, 0.1, 0], [0.1, 0, 0]])])
    model.save(pulled / "model.keras")
    (photos / "c.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")

    call = kitctl("predict", "1", str(photos), "--local", "--json", "--top", "2", "--csv", "p.csv")

    assert (call.code, call.error["code"]) == (3, "unreadable_photos")
    result = call.envelope["data"]
    assert [(Path(each["path"]).name, each["label"]) for each in result["predictions"]] == [
        ("a.png", "red"),
        ("b.webp", "blue"),
    ]
    assert all(each["probability"] > 0.9 for each in result["predictions"])
    assert [len(each["top"]) for each in result["predictions"]] == [2, 2]
    assert [Path(each["path"]).name for each in result["unreadable"]] == ["c.png"]
    with Path("p.csv").open(newline="", encoding="utf-8") as rows:
        assert [row["label"] for row in csv.DictReader(rows)] == ["red", "blue"]
    assert sorted(path.name for path in pulled.parent.iterdir()) == ["v1"]


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (("1",), 2, "no_photos"),
        (("missing.jpg",), 3, "no_photo"),
        (("7", "photos"), 3, "not_pulled"),
        (("photos/more", "empty"), 3, "no_photo"),
        (("photos",), 3, "no_model"),
    ],
)
def test_predict_says_what_is_missing(
    kitctl: Kitctl, pulled: Path, photos: Path, words: tuple[str, ...], exit_code: int, code: str
) -> None:
    call = kitctl("predict", *words, "--local", "--json")
    assert (call.code, call.error["code"]) == (exit_code, code), call.error


def test_a_file_is_never_taken_for_a_run(kitctl: Kitctl, pulled: Path, photos: Path) -> None:
    (photos / "a.png").rename("1")
    assert kitctl("predict", "1", "--local", "--json").error["code"] == "no_model"


def test_a_model_whose_classes_nobody_names_is_refused(
    kitctl: Kitctl, pulled: Path, photos: Path
) -> None:
    (pulled / "model.keras").write_bytes(b"")
    (pulled / "labels.json").write_text("[]", "utf-8")
    assert kitctl("predict", "photos", "--local", "--json").error["code"] == "no_labels"
