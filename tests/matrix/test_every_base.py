"""`kitctl dry-run` passes all of its checks for every base, stage, augmentation and precision.

After each, every exported form of the model is asked about the photos' own files, and must answer
what the run itself predicted. `make matrix` runs it: half an hour on two cores.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.exported_forms import largest_differences

from kitctl.operations.planning.overrides import parse_overrides
from kitctl.operations.planning.plan_job import plan_job

pytestmark = [pytest.mark.matrix, pytest.mark.timeout(1800)]

PROJECT = Path(__file__).resolve().parents[2]
VALIDATION_PHOTOS = PROJECT / "datasets" / "car-or-truck-sample" / "files" / "valid"
BASES = ("convnet", "vgg16", "inceptionv1", "mobilenetv2", "efficientnetv2b0")
FROZEN = ("base_trainable=false",)
FINE_TUNED = (*FROZEN, "fine_tune_epochs=1")
AUGMENTED = ("augment_flip=horizontal", "augment_rotation=0.03", "augment_zoom=0.1")
VIEWS = (*FROZEN, *AUGMENTED, "augment_views=2")
WAYS: dict[str, tuple[str, ...]] = {
    "frozen": FROZEN,
    "from scratch": ("base_trainable=true",),
    "fine-tuned": FINE_TUNED,
    "augmented": (*FROZEN, *AUGMENTED),
    "from scratch, augmented": ("base_trainable=true", *AUGMENTED),
    "views": VIEWS,
    "views, fine-tuned": (*VIEWS, "fine_tune_epochs=1"),
    "frozen, float16": (*FROZEN, "compute_dtype=float16", "feature_dtype=float16"),
    "fine-tuned, float16": (*FINE_TUNED, "compute_dtype=float16"),
    "augmented, bfloat16": (*FROZEN, *AUGMENTED, "compute_dtype=bfloat16"),
    "from scratch, bfloat16": ("base_trainable=true", "compute_dtype=bfloat16"),
    "own scale": (*FROZEN, "preprocessing=base", "pooling=average"),
    "levels and flips": (*FROZEN, "levels=3", "average_flips=horizontal_and_vertical"),
}
SMALL = ("base_weights=random", "image_size=[64, 64]", "batch_size=8", "plots=false")
ALL_FORMS = ('exports=["keras", "weights", "saved_model"]',)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("base", BASES)
def test_a_dry_run_passes_all_checks_and_every_form_predicts_the_same(
    base: str, way: str, tmp_path: Path
) -> None:
    settings = [f"base={base}", *SMALL, *ALL_FORMS, *WAYS[way]]
    assert dry_run(settings, tmp_path) == 0

    differences, tolerance = largest_differences(tmp_path / "out", VALIDATION_PHOTOS)
    print(f"{base}, {way}: {differences}, tolerance {tolerance:g}")
    assert max(differences.values()) <= tolerance


@pytest.mark.parametrize("recipe", ["course", "strong", "fast"])
def test_a_dry_run_of_each_recipe_passes_all_checks(recipe: str, tmp_path: Path) -> None:
    assert dry_run([f"recipe={recipe}", "base_weights=random"], tmp_path) == 0


def dry_run(settings: list[str], folder: Path) -> int:
    """Return the exit code of a dry run on a few photos of the sample; its output is shown."""
    options: list[Any] = [part for setting in settings for part in ("--set", setting)]
    command = [sys.executable, "-m", "kitctl", "dry-run", "--project", PROJECT, *options]
    command += ["--photos", "8", "--epochs", "2", "--out", folder / "out"]
    done = subprocess.run(command, env={**os.environ, "KITCTL_HOME": str(folder)}, check=False)
    return done.returncode


@pytest.mark.parametrize("way", WAYS)
def test_the_settings_of_every_way_are_valid(way: str) -> None:
    for base in BASES:
        assert plan_job(PROJECT, overrides=parse_overrides([f"base={base}", *SMALL, *WAYS[way]]))
