"""The machine that a push gets."""

from __future__ import annotations

import pytest

from kitctl.local.state import machines
from kitctl.local.state.errors import ApiError
from kitctl.local.state.machines import Machine


@pytest.mark.parametrize(
    ("shape", "machine"),
    [
        ("NvidiaTeslaT4", Machine("gpu", "NvidiaTeslaT4")),
        ("NvidiaTeslaP100", Machine("gpu", "NvidiaTeslaT4")),
        ("TpuV38", Machine("tpu", "TpuV5E8")),
        ("TpuV232", Machine("cpu", "")),
        ("None", Machine("cpu", "")),
        (" ", Machine("cpu", "")),
    ],
)
def test_a_named_machine_is_used_unless_it_is_retired(shape: str, machine: Machine) -> None:
    assert machines.choose(shape, enable_gpu=False, enable_tpu=False) == machine


def test_without_a_name_the_enabled_accelerator_decides() -> None:
    assert machines.choose("", enable_gpu=True, enable_tpu=False).shape == "NvidiaTeslaT4"
    assert machines.choose("", enable_gpu=False, enable_tpu=True).shape == "TpuV5E8"
    assert machines.choose("None", enable_gpu=True, enable_tpu=False).pool == "cpu"


def test_an_unknown_machine_is_a_bad_request() -> None:
    with pytest.raises(ApiError, match="Invalid machine shape"):
        machines.choose("Abacus", enable_gpu=True, enable_tpu=False)
