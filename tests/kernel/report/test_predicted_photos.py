"""`kitctl predict` says of a run's validation photos what the run itself said of them."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.kernel_runs import Run

from kitctl.domain.results.model_labels import from_labels, from_report
from kitctl.sandbox.inside import predict_photos


def predicted(
    run: Run, form: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, tuple[str, float]]:
    """Return the class and its probability for each validation photo, by one form of the model."""
    inputs = folder / "input" / "datasets"
    (inputs / "kitctl" / "model").mkdir(parents=True)
    names = [form, *(["model.json"] if form.endswith(".h5") else [])]
    for name in names:
        (inputs / "kitctl" / "model" / name).symlink_to(run.working / name)
    photos = Path(run.record["settings"]["data"]) / "valid"
    (inputs / "photos").mkdir()
    (inputs / "photos" / "0").symlink_to(photos)
    labels_file = run.working / "labels.json"
    content = json.loads(labels_file.read_text("utf-8")) if labels_file.exists() else {}
    labels = from_labels(content) or from_report(run.record)
    assert labels is not None
    paths = [path.relative_to(photos).as_posix() for path in sorted(photos.rglob("*.*"))]
    request = {
        "model": labels.request(),
        "photos": [{"path": path, "file": f"0/{path}"} for path in paths],
    }
    (inputs / "kitctl" / "request").mkdir()
    (inputs / "kitctl" / "request" / "request.json").write_text(json.dumps(request), "utf-8")
    (folder / "working").mkdir()
    monkeypatch.chdir(folder / "working")
    for name in predict_photos.UNUSED:
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("TF_CPP_MIN_LOG_LEVEL", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.setenv(name, "-1")
    assert predict_photos.main() == 0
    first, *answers = map(json.loads, Path("answers.jsonl").read_text("utf-8").splitlines())
    assert first == {"form": form}
    return {answer["path"]: labels.ranked(answer["outputs"])[0] for answer in answers}


def expected(run: Run) -> dict[str, tuple[str, float]]:
    with (run.working / "predictions.csv").open(newline="", encoding="utf-8") as rows:
        return {
            row["path"]: (row["predicted"], float(row["probability"]))
            for row in csv.DictReader(rows)
        }


def require_equal(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for form in predict_photos.FORMS:
        answers = predicted(run, form, folder / form, monkeypatch)
        own = expected(run)
        assert answers.keys() == own.keys()
        for path, (label, share) in answers.items():
            assert share == pytest.approx(own[path][1], abs=1e-4), path
            assert label == own[path][0] or share == pytest.approx(0.5, abs=1e-4), path


def test_every_form_predicts_as_the_run_did_on_photos_as_they_are_in_their_files(
    run_job: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    run = run_job(epochs=1, interpolation="bilinear", exports=["keras", "weights", "saved_model"])
    require_equal(run, tmp_path, monkeypatch)


def test_a_model_of_an_earlier_run_gets_photos_of_its_size_in_0_to_1(
    run_job: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    run = run_job(epochs=1, crop_to_aspect_ratio=True)
    core: Any = keras.saving.load_model(run.working / "model.keras").get_layer("classifier")
    core.save(run.working / "model.keras")
    core.save_weights(run.working / "model.weights.h5")
    (run.working / "model.json").write_text(core.to_json(), "utf-8")
    archive = keras.export.ExportArchive()
    archive.track(core)
    spec = keras.InputSpec(shape=core.input_shape, dtype="float32")
    archive.add_endpoint("serve", lambda photos: core(photos, training=False), [spec])
    archive.write_out(run.working / "saved_model", verbose=False)
    (run.working / "labels.json").unlink()
    require_equal(run, tmp_path, monkeypatch)
