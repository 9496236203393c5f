"""Settings that name an input which the job does not attach."""

from __future__ import annotations

from typing import Any

import pytest
from support.plans import job_metadata

from kitctl.domain.job.attached_inputs import missing_inputs
from kitctl.domain.job.metadata import Sources

SOURCES = Sources(
    datasets=("ada/photos", "ada/models/3"), kernels=("ada/features",), competitions=("titanic",)
)
SETTINGS = {"data": "ada/photos", "base": "convnet", "base_weights": "auto"}


def wrong(sources: Sources = SOURCES, *, internet: bool = False, **settings: Any) -> list[str]:
    metadata = job_metadata(sources=sources, enable_internet=internet)
    return [problem.where for problem in missing_inputs(metadata, {**SETTINGS, **settings})]


@pytest.mark.parametrize(
    "data",
    [
        *("ada/photos", "Ada/Photos", "ada/features", "/kaggle/input/photos/raw", "./photos"),
        *("/kaggle/input/datasets/ada/photos", "/kaggle/input/competitions/titanic", "/data"),
    ],
)
def test_photos_that_are_attached_or_no_source_are_right(data: str) -> None:
    assert wrong(data=data) == []


@pytest.mark.parametrize(
    "data",
    ["ada/other", "/kaggle/input/other", "/kaggle/input/datasets/ada/other/train"],
)
def test_photos_that_are_not_attached_are_named(data: str) -> None:
    assert wrong(data=data) == ["data"]


def test_weights_must_come_from_somewhere() -> None:
    only_photos = Sources(datasets=("ada/photos",))
    assert wrong(only_photos, base="vgg16") == ["base"]
    assert wrong(only_photos, base="vgg16", internet=True) == []
    assert wrong(only_photos, base="vgg16", base_weights="random") == []
    assert wrong(only_photos, base="vgg16", reuse_features="ada/features") == []
    assert wrong(base="vgg16") == []
    assert wrong(base="vgg16", base_weights="ada/models/vgg16.weights.h5") == []
    assert wrong(base="vgg16", base_weights="ada/none/vgg16.weights.h5") == ["base_weights"]


def test_a_job_with_other_settings_may_call_anything_data() -> None:
    metadata = job_metadata(sources=SOURCES)
    assert missing_inputs(metadata, {"data": "raw/train"}) == ()
