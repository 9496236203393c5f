"""kernel-metadata.json: what is accepted, and that every mistake is reported with its fix."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slugify import slugify

from kitctl.domain import metadata
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
        ("id", "ada/Car_or_truck", "small letters"),
        ("id", "ada/car-or-truck/3", "owner/slug"),
        ("id", "ada/INSERT_KERNEL_SLUG_HERE", "template"),
        ("title", "Car", "at least 5"),
        ("title", "Trucks or cars", "trucks-or-cars"),
        ("title", 5, "text in quotes"),
        ("code_file", None, "Name the script"),
        ("code_file", "kernel/main.ipynb", "ends in .py"),
        ("language", "Pick one of: {python,r}", "one of: python"),
        ("kernel_type", None, "one of: script, notebook"),
        ("enable_gpu", "yes", "true or false"),
        ("is_private", 1, "true or false"),
        ("enable_tpu", True, "one or the other"),
        ("dataset_sources", ["car-or-truck"], "owner/slug"),
        ("dataset_sources", ["a/b/c"], "whole number"),
        ("dataset_sources", ["a/b", "a/b"], "twice"),
        ("dataset_sources", "a/b", "list of texts"),
        ("kernel_sources", ["a/b/c/d"], "owner/slug"),
        ("competition_sources", ["a/b"], "competition's slug"),
        ("model_sources", ["google/gemma"], "owner/model/framework/variation/version"),
        ("docker_image_pinning_type", "newest", "original, latest"),
        ("id_no", "7", "whole number"),
        ("enable_gpus", True, "Did you mean enable_gpu?"),
        ("machine_shape", ["T4"], "text in quotes"),
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


def test_a_kernel_that_exists_may_have_a_title_that_does_not_match_its_id() -> None:
    inspection = inspect(title="Another title", id_no=7)
    assert not inspection.problems
    assert "another-title" in inspection.warnings[0]


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
    problems = inspect(title=title, id=f"ada/{slugify(title)}").problems
    assert not [problem for problem in problems if "makes the address" in problem.message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"id": "a/b", "title": "x", "id": "a/c"}', "'id' twice"),
        ('{"title": "\\ud800 emoji"}', "half a character"),
        ("[" * 200_000, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_clear_text_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as failure:
        metadata.inspect(text)
    assert failure.value.hint
