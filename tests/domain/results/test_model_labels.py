"""What a run says of its model, where its files come from elsewhere."""

from __future__ import annotations

import pytest

from kitctl.domain.results.model_labels import from_report

SETTINGS = {"image_size": [8, 8]}


def test_an_older_runs_report_names_its_classes_by_the_photos_of_each() -> None:
    labels = from_report({"settings": SETTINGS, "photos": {"train": {"car": 3, "truck": 4}}})
    assert labels is not None
    assert labels.classes == ("car", "truck")


@pytest.mark.parametrize("train", [7, None, "car", ["car"]])
def test_a_report_whose_photos_are_no_table_names_no_classes(train: object) -> None:
    assert from_report({"settings": SETTINGS, "photos": {"train": train}}) is None
