"""Photos without labels are predicted after the training."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.kernel_runs import Run, write_photo, write_split, write_undecodable_photo

from kernel.data import unlabelled
from kernel.session import RunError
from kernel.settings.settings import Settings


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Photos of two classes, and a folder `test` of four that have no label."""
    folder = write_split(tmp_path / "photos", ("Car", "Truck"), 22, 9)
    for number in range(3):
        write_photo(folder / "test" / f"{number}.png", number % 2, seed=5000 + number, side=50)
    write_photo(folder / "test" / "deeper" / "x.png", label=0, seed=6000)
    write_undecodable_photo(folder / "test" / "broken.png")
    (folder / "test" / "notes.txt").write_text("no photo")
    return folder


def test_each_photo_of_a_folder_is_predicted_as_the_exported_model_does(
    run_job: Callable[..., Run], photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import keras
    import numpy as np
    from PIL import Image

    chosen: dict[str, Any] = {"submission": ["id", "is_truck"], "submission_value": "probability"}
    chosen |= {"photos_per_class": 2}  # of those to train on only
    run = run_job(data=str(photos), predict_folder="test", epochs=1, **chosen)

    table = rows(run.working / "predict_folder.csv")
    assert [row["path"] for row in table] == [
        *("0.png", "1.png", "2.png", "broken.png", "deeper/x.png")
    ]
    submission = rows(run.working / "submission.csv")
    model = keras.saving.load_model(run.working / "model.keras", compile=False)
    for row, submitted in zip(table, submission, strict=True):
        assert submitted["id"] == Path(row["path"]).stem
        if row["path"] == "broken.png":
            assert row["label"] == "" and row["probability"] == "nan"
            continue
        with Image.open(photos / "test" / row["path"]) as photo:
            truck = float(model(np.asarray(photo)[np.newaxis])[0, 0])
        assert row["label"] == ("Truck" if truck > 0.5 else "Car")
        assert float(submitted["is_truck"]) == pytest.approx(truck, abs=1e-5)
        assert float(row["probability"]) == pytest.approx(max(truck, 1 - truck), abs=1e-5)
    assert "1 of them cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "sentence"), [("nothing", "neither a folder"), ("empty", "holds no photos")]
)
def test_a_folder_without_photos_ends_the_run_before_the_training(
    name: str,
    sentence: str,
    run_job: Callable[..., Run],
    photos: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (photos / "empty").mkdir()

    with pytest.raises(RunError, match=sentence):
        run_job(data=str(photos), predict_folder=name)

    assert "epoch" not in capsys.readouterr().out


def test_a_class_called_like_the_column_of_the_files_is_refused_before_the_training() -> None:
    chosen = {"predict_folder": "test", "submission": ["id", "x"]}
    probability = {**chosen, "submission_value": "probability"}

    unlabelled.check_submission(Settings.from_mapping(chosen), ("cat", "id", "dog"))
    with pytest.raises(RunError, match="a class is called 'id'"):
        unlabelled.check_submission(Settings.from_mapping(probability), ("cat", "id", "dog"))
