"""Titles and slugs of new projects, from the names of files and folders."""

from __future__ import annotations

import pytest

from kitctl.domain.job.metadata import SHORTEST_TITLE
from kitctl.domain.job.titles import LONGEST_TITLE, slug_of, title_from


@pytest.mark.parametrize(
    ("names", "title", "slug"),
    [
        (("train", "cats"), "Train", "train"),
        (("my_first-model.v2", "cats"), "My first model v2", "my-first-model-v2"),
        (("run", "my_cats"), "My cats run", "my-cats-run"),
        (("a", "b"), "Kaggle job b a", "kaggle-job-b-a"),
        (("训练模型", "cats"), "Xun lian mo xing", "xun-lian-mo-xing"),
        (("é", "Ünïcode"), "Unicode e", "unicode-e"),
        (("\udc80\x1b[31m", ""), "Kaggle job 31m", "kaggle-job-31m"),
        (("😀😀😀😀😀", "/"), "Kaggle job", "kaggle-job"),
        (("word " * 20, ""), "Word word word word word word word word word word", None),
    ],
)
def test_a_name_becomes_a_title_that_kaggle_accepts(
    names: tuple[str, ...], title: str, slug: str | None
) -> None:
    assert title_from(names) == title
    assert slug is None or slug_of(title) == slug
    assert SHORTEST_TITLE <= len(title) <= LONGEST_TITLE
    assert len(slug_of(title)) >= SHORTEST_TITLE


def test_a_title_whose_slug_another_job_has_is_preceded_by_the_folders_name() -> None:
    assert title_from(("train", "cats"), {"train"}) == "Cats train"
    assert title_from(("train", "cats"), {"train", "cats-train"}) == "Kaggle job cats train"
