"""Machines by name, and the truth about them."""

from __future__ import annotations

import pytest

from kitctl.domain import accelerators


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
    ],
)
def test_a_name_gives_a_machine_and_a_warning_where_kaggle_runs_another(
    name: str, shape: str, pool: str, warned: str
) -> None:
    machine = accelerators.resolve(name)
    assert (machine.shape, machine.pool) == (shape, pool)
    assert warned in machine.warning
    assert bool(warned) == bool(machine.warning)
