"""One script out of modules: exact, deterministic, small enough, and with an identity."""

from __future__ import annotations

import ast
import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.plans import job_metadata

from kitctl.domain.job.metadata import Metadata, Sources
from kitctl.errors import InvalidInput
from kitctl.packing import bundle
from kitctl.packing.launch_block import literal
from kitctl.packing.plan import Module, Plan

JOB = job_metadata(code_file="job/main.py").with_accelerator("t4x2")
MODULES = (Module("job", "job/__init__.py", ""), Module("job.main", "job/main.py", "print(1)\n"))


def pack(job: Metadata = JOB, *, text: str = "print(1)\n", epochs: int = 3) -> Plan:
    modules = (MODULES[0], Module("job.main", "job/main.py", text))
    return bundle.pack_modules(job, modules, {"epochs": epochs})


@given(
    st.text(
        alphabet=st.one_of(
            st.sampled_from("ab'\"\\\n\r\t\0{}"), st.characters(exclude_categories=["Cs"])
        )
    )
)
def test_a_literal_evaluates_to_its_text(text: str) -> None:
    assert ast.literal_eval(literal(text)) == text


def test_a_usual_module_is_in_the_script_line_by_line() -> None:
    text = '"""A module."""\n\nPATTERN = r"\\d+"\nNAME = "Zoë"\n'
    assert text in pack(text=text).script.decode()


def test_the_same_input_gives_the_same_bytes() -> None:
    assert pack().script == pack().script


@pytest.mark.parametrize(
    "other",
    [
        pack(text="print(2)\n"),
        pack(epochs=4),
        pack(JOB.with_accelerator("cpu")),
        pack(dataclasses.replace(JOB, sources=Sources(datasets=("ada/photos",)))),
    ],
)
def test_code_settings_machine_and_sources_are_the_identity(other: Plan) -> None:
    assert other.script_sha256 != pack().script_sha256


def test_a_title_is_not_part_of_the_identity() -> None:
    assert pack(dataclasses.replace(JOB, title="Other")).script_sha256 == pack().script_sha256


def test_a_single_file_is_sent_byte_for_byte_and_has_an_identity() -> None:
    code = b"\xef\xbb\xbfprint('\xe4')\r\n"
    plan = bundle.plan_single_file(JOB, code)
    assert (plan.script, plan.script_name, plan.packed) == (code, "main.py", False)
    assert (
        plan.script_sha256
        != bundle.plan_single_file(JOB.with_accelerator("cpu"), code).script_sha256
    )


def test_a_script_too_large_for_kaggle_is_refused_with_its_largest_parts() -> None:
    with pytest.raises(InvalidInput, match=r"job/main\.py \(1050 kB\)") as failure:
        pack(text="x" * 1_050_000)
    assert failure.value.code == "script_too_big"
    with pytest.raises(InvalidInput, match=r"1000 kB"):
        bundle.plan_single_file(JOB, b"x" * 1_000_000)


@pytest.mark.parametrize("job", [JOB, dataclasses.replace(JOB, kernel_type="notebook")])
def test_a_script_that_just_fits_is_sent_as_it_is_with_a_warning(job: Metadata) -> None:
    plan = bundle.plan_single_file(job, b"x" * 999_999, ("another",))
    assert (len(plan.script), plan.attached) == (999_999, ())
    assert plan.warnings[0] == "another" and "999 kB, and Kaggle refuses 1 MB" in plan.warnings[1]
    assert not bundle.plan_single_file(job, b"x" * 900_000).warnings
