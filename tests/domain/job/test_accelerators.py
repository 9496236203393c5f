"""Machines by name, and the truth about them."""

from __future__ import annotations

import pytest

from kitctl.domain.job import accelerators
from kitctl.errors import UsageError


@pytest.mark.parametrize(
    ("name", "shape", "pool", "warned"),
    [
        ("t4x2", "NvidiaTeslaT4", "gpu", ""),
        ("T4x2", "NvidiaTeslaT4", "gpu", ""),
        ("p100", "NvidiaTeslaT4", "gpu", "two T4s"),
        ("tpu", "TpuV5E8", "tpu", ""),
        ("cpu", "", "cpu", ""),
        ("NvidiaTeslaP100", "NvidiaTeslaP100", "gpu", "two T4s"),
        ("NvidiaH100", "NvidiaH100", "gpu", ""),
        ("TpuV38", "TpuV38", "tpu", "TpuV5E8"),
        ("TpuV2256", "TpuV2256", "cpu", "CPU"),
        ("NvidiaTeslaT44", "NvidiaTeslaT44", "gpu", "Did you mean NvidiaTeslaT4"),
        ("TpuV9", "TpuV9", "tpu", "sent as typed"),
        ("nvidiateslat4", "NvidiaTeslaT4", "gpu", ""),
        ("Gpu", "NvidiaTeslaT4", "gpu", "Gpu means NvidiaTeslaT4 today"),
        ("GPU T4 x2", "NvidiaTeslaT4", "gpu", "NvidiaTeslaT4"),
        ("TPU VM v3-8", "Tpu1VmV38", "tpu", "TPU v5e"),
        ("None", "", "cpu", ""),
    ],
)
def test_a_name_gives_a_machine_and_a_warning_where_kaggle_runs_another(
    name: str, shape: str, pool: str, warned: str
) -> None:
    machine = accelerators.require(name)
    assert (machine.shape, machine.pool) == (shape, pool)
    assert warned in machine.warning
    assert bool(warned) == bool(machine.warning)


@pytest.mark.parametrize("name", ["v100", "a100x8", "Nvidia Tesla T4", "gpu2", "☃"])
def test_a_name_that_can_be_no_machine_is_refused_with_all_names(name: str) -> None:
    assert accelerators.find(name) is None
    with pytest.raises(UsageError) as failure:
        accelerators.require(name)
    assert "t4x2, p100, tpu, cpu" in str(failure.value.hint)
    assert "NvidiaTeslaT4" in str(failure.value.hint)
