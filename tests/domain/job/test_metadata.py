"""kernel-metadata.json: what is accepted, and that every mistake is reported with its fix."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slugify import slugify

from kitctl.domain.job import metadata
from kitctl.errors import InvalidInput

GOOD: dict[str, Any] = {
    "id": "ada/car-or-truck",
    "title": "Car or truck",
    "code_file": "kernel/main.py",
    "language": "python",
    "kernel_type": "script",
    "enable_gpu": "true",
    "machine_shape": "NvidiaTeslaT4",
}


def inspect(**changes: Any) -> metadata.Inspection:
    values = {**GOOD, **changes}
    return metadata.inspect(
        json.dumps({key: values[key] for key in values if values[key] is not None})
    )


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("id", None, "is missing"),
        ("id", "ada/car-or-truck/3", "owner/slug"),
        ("id", "ada/INSERT_KERNEL_SLUG_HERE", "template"),
        ("title", "Car", "at least 5"),
        ("title", 5, "text in quotes"),
        ("code_file", None, "Name the script"),
        ("code_file", "kernel/main.ipynb", "ends in .py"),
        ("language", "Pick one of: {python,r}", "one of: python"),
        ("kernel_type", None, "one of: script, notebook"),
        ("enable_gpu", "yes", "true or false"),
        ("is_private", 1, "true or false"),
        ("dataset_sources", ["car-or-truck"], "owner/slug"),
        ("dataset_sources", ["a/b/c"], "whole number"),
        ("dataset_sources", "a/b", "list of texts"),
        ("kernel_sources", ["a/b/c/d"], "owner/slug"),
        ("competition_sources", ["a/b"], "competition's slug"),
        (
            "model_sources",
            ["google/gemma"],
            "owner/model/framework/variation, for its newest version",
        ),
        ("docker_image_pinning_type", "newest", "original, latest"),
        ("id_no", "7", "whole number"),
        ("machine_shape", ["T4"], "text in quotes"),
        ("machine_shape", "v100", "NvidiaTeslaT4"),
    ],
)
def test_a_mistake_is_reported_with_its_fix(key: str, value: Any, message: str) -> None:
    problems = inspect(**{key: value}).problems
    assert [message in str(problem) for problem in problems] == [True]
    assert problems[0].fix


def test_all_mistakes_are_reported_at_once() -> None:
    inspection = inspect(title="x", enable_gpu="maybe", language="julia")
    with pytest.raises(InvalidInput) as failure:
        metadata.require_no_problems(inspection.problems)
    assert {problem.where for problem in failure.value.problems} == {
        "title",
        "enable_gpu",
        "language",
    }
    assert failure.value.exit_code == 3


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": 1,}'])
def test_a_text_that_is_no_json_object_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"kernel-metadata\.json"):
        metadata.inspect(text)


def test_booleans_may_be_texts_as_kaggles_client_writes_them() -> None:
    job = inspect(is_private="False", enable_internet="true").metadata
    assert (job.is_private, job.enable_internet) == (False, True)


def test_defaults_are_those_of_kaggles_client() -> None:
    job = inspect(enable_gpu=None, machine_shape=None).metadata
    assert job.is_private
    assert job.enable_internet
    assert (job.enable_gpu, job.enable_tpu, job.machine_shape) == (
        False,
        False,
        "",
    )


def test_an_id_without_owner_is_the_accounts() -> None:
    inspection = inspect(id="car-or-truck")
    assert not inspection.problems
    assert (inspection.metadata.owner, inspection.metadata.id) == ("", "car-or-truck")


def test_a_gpu_without_a_shape_is_a_t4() -> None:
    assert inspect(machine_shape=None).metadata.machine_shape == "NvidiaTeslaT4"


def test_a_title_that_does_not_give_the_id_is_said_of_a_new_kernel_only() -> None:
    inspection = inspect(title="Another title")
    assert not inspection.problems and not inspection.warnings
    (warning,) = inspection.metadata.new_kernel_warnings
    assert "a new kernel would become another-title" in warning
    assert not inspect(title="Another title", id_no=7).metadata.new_kernel_warnings
    assert not inspect().metadata.new_kernel_warnings


@pytest.mark.parametrize(
    ("key", "value", "warning"),
    [
        ("id", "ada/Car_or_Truck", "ada/car-or-truck at Kaggle"),
        ("id", "https://www.kaggle.com/code/ada/car-or-truck", "ada/car-or-truck at Kaggle"),
        ("enable_gpus", True, "Did you mean enable_gpu?"),
        ("_comment_machine_shape", "T4", "means nothing to Kaggle."),
        ("//", "a comment", "means nothing to Kaggle."),
        ("accelerator", "T4", "machine_shape. It is one of t4x2"),
        ("gpu", "T4", "machine_shape. It is one of t4x2"),
        ("gpu_type", "T4", "NvidiaTeslaT4"),
        ("machine_shape", "Gpu", "NvidiaTeslaT4"),
        ("code_file", "kernel/main.txt", "usually ends in .py"),
    ],
)
def test_what_kaggles_client_takes_too_is_taken_with_a_warning(
    key: str, value: Any, warning: str
) -> None:
    inspection = inspect(**{key: value})
    assert not inspection.problems
    assert [warning in text for text in inspection.warnings] == [True]


@pytest.mark.parametrize(
    ("key", "written", "names"),
    [
        ("competition_sources", "c/titanic", ("titanic",)),
        ("competition_sources", "competitions/titanic", ("titanic",)),
        ("competition_sources", "https://www.kaggle.com/c/titanic/data?select=a", ("titanic",)),
        ("dataset_sources", "datasets/me/photos", ("me/photos",)),
        ("dataset_sources", "/me/photos/", ("me/photos",)),
        ("dataset_sources", "www.kaggle.com/datasets/me/photos/versions/3", ("me/photos/3",)),
        ("kernel_sources", "code/me/other-one", ("me/other-one",)),
        ("kernel_sources", " me/other-one/2 ", ("me/other-one/2",)),
        ("model_sources", "models/google/gemma/pyTorch/2b/1", ("google/gemma/pyTorch/2b/1",)),
        (
            "model_sources",
            "kaggle.com/models/google/gemma/frameworks/pyTorch/variations/2b/versions/1",
            ("google/gemma/pyTorch/2b/1",),
        ),
        ("dataset_sources", "", ()),
    ],
)
def test_a_source_that_is_written_as_an_address_is_sent_as_its_name(
    key: str, written: str, names: tuple[str, ...]
) -> None:
    inspection = inspect(**{key: [written]})
    assert not inspection.problems
    assert inspection.metadata.sources.all == names
    assert len(inspection.warnings) == 1 and key in inspection.warnings[0]


def test_a_source_that_is_named_twice_is_sent_once() -> None:
    inspection = inspect(dataset_sources=["a/b", "datasets/a/b"])
    assert inspection.metadata.sources.datasets == ("a/b",)
    assert ["twice" in warning for warning in inspection.warnings] == [True]


def test_a_kernel_may_be_named_by_its_number_alone() -> None:
    job = inspect(id=None, id_no=7).metadata
    assert (job.slug, job.id_no, job.has_id) == ("car-or-truck", 7, False)
    assert metadata.inspect(job.to_json()).metadata == job


def test_a_path_has_one_spelling() -> None:
    assert inspect(code_file="./kernel/../kernel/main.py").metadata.code_file == "kernel/main.py"


def test_a_gpu_and_a_tpu_at_once_are_a_gpu() -> None:
    inspection = inspect(machine_shape=None, enable_tpu=True)
    assert inspection.metadata.machine_shape == "NvidiaTeslaT4"
    assert not inspection.metadata.enable_tpu
    assert "both true" in inspection.warnings[0]


def test_a_retired_machine_gives_a_warning_and_the_shape_outranks_the_booleans() -> None:
    inspection = inspect(machine_shape="NvidiaTeslaP100", enable_gpu=False)
    assert "retired" in inspection.warnings[0]
    assert "machine_shape" in inspection.warnings[1]
    assert inspection.metadata.enable_gpu


def test_the_file_written_again_has_the_same_content() -> None:
    first = inspect(dataset_sources=["a/b", "a/c/3"], keywords=["gpu"], docker_image="image")
    again = metadata.inspect(first.metadata.to_json())
    assert again.metadata == first.metadata
    assert not again.problems


def test_another_accelerator_changes_the_booleans_too() -> None:
    on_cpu = inspect().metadata.with_accelerator("cpu")
    assert (on_cpu.machine_shape, on_cpu.enable_gpu, on_cpu.pool) == ("", False, "cpu")
    assert inspect().metadata.with_accelerator("") == inspect().metadata


@given(st.text(st.sampled_from("abcXYZ 0189-_.,&é"), min_size=5))
def test_a_title_matches_the_id_that_the_official_client_makes_of_it(title: str) -> None:
    if slugify(title):
        job = inspect(title=title, id=f"ada/{slugify(title)}").metadata
        assert not job.new_kernel_warnings


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"id": "a/b", "title": "x", "id": "a/c"}', "'id' twice"),
        ('{"id_no": ' + "1" * 5000 + "}", "thousands of digits"),
        ('{"title": "\\ud800 emoji"}', "half a character"),
        ("[" * 200_000, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_clear_text_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as failure:
        metadata.inspect(text)
    assert failure.value.hint


@pytest.mark.parametrize("text", ["// mine\n{}", '{\n  /* x */ "id": 1}', '{"id": 1, // x\n}'])
def test_comments_are_named_as_what_json_has_not(text: str) -> None:
    with pytest.raises(InvalidInput, match="not valid JSON") as failure:
        metadata.inspect(text)
    assert failure.value.hint == "Take the comments out: JSON has none."
