"""Kaggle's machines and their limits: the names, the shape that is sent, what it really runs on.

Source: the table of machine shapes in Kaggle/kaggle-cli and its issues, read in November 2026.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

Pool = Literal["gpu", "tpu", "cpu"]
"""The weekly hours that a run uses up; the CPU has no limit."""

POOL_NAMES = {"gpu": "GPU", "tpu": "TPU"}
"""The pools with a weekly limit, as people write them."""

WEEKLY_LIMIT_SECONDS = {"gpu": 30 * 3600.0, "tpu": 20 * 3600.0}
"""What Kaggle usually allows in a week; a quota reading may say more."""

SESSION_LIMIT_SECONDS = {"cpu": 12 * 3600, "gpu": 12 * 3600, "tpu": 9 * 3600}
"""When Kaggle ends a session that asked for no limit of its own."""

SESSIONS_AT_ONCE = {"gpu": 2, "tpu": 1}
"""How many batch sessions Kaggle runs at once for one account."""


@dataclass(frozen=True)
class Accelerator:
    """A machine: Kaggle's own name for it ("" is the CPU) and the pool whose hours it uses."""

    shape: str
    pool: Pool
    warning: str = ""


CPU = Accelerator("", "cpu")
T4X2 = Accelerator("NvidiaTeslaT4", "gpu")
TPU = Accelerator("TpuV5E8", "tpu")

_P100_RETIRED = "Kaggle retired the P100 in September 2026: the run gets two T4s instead."

SHORT_NAMES = {
    "t4x2": T4X2,
    "p100": Accelerator(T4X2.shape, "gpu", _P100_RETIRED),
    "tpu": TPU,
    "cpu": CPU,
    "none": CPU,  # As a pulled metadata file may name the absence of one.
}

_SHAPES = {
    accelerator.shape: accelerator
    for accelerator in (
        T4X2,
        TPU,
        Accelerator("NvidiaTeslaP100", "gpu", _P100_RETIRED),
        Accelerator("NvidiaTeslaT4Highmem", "gpu"),
        Accelerator("NvidiaL4", "gpu"),
        Accelerator("NvidiaL4X1", "gpu"),
        Accelerator("NvidiaTeslaA100", "gpu"),
        Accelerator("NvidiaH100", "gpu"),
        Accelerator("NvidiaRtxPro6000", "gpu"),
        Accelerator("TpuV6E8", "tpu"),
        Accelerator("TpuV38", "tpu", "Kaggle runs TpuV38 on TpuV5E8."),
        Accelerator("Tpu1VmV38", "tpu", "Kaggle runs Tpu1VmV38 on TpuV5E8."),
        Accelerator("TpuV232", "cpu", "Kaggle runs TpuV232 on the CPU."),
        Accelerator("TpuV2256", "cpu", "Kaggle runs TpuV2256 on the CPU."),
    )
}


def resolve(name: str) -> Accelerator:
    """Return the machine of a short name or of a raw shape; an unknown shape stays as typed."""
    accelerator = SHORT_NAMES.get(name.lower()) or _SHAPES.get(name)
    if accelerator is not None:
        return accelerator
    similar = difflib.get_close_matches(name, [*SHORT_NAMES, *_SHAPES], n=1)
    suggestion = f" Did you mean {similar[0]}?" if similar else ""
    pool: Pool = "tpu" if name.lower().startswith("tpu") else "gpu"
    return Accelerator(
        name, pool, f"{name} is no machine that kitctl knows; it is sent as typed.{suggestion}"
    )


def from_metadata(machine_shape: str, *, enable_gpu: bool, enable_tpu: bool) -> Accelerator:
    """Return the machine that a metadata file names; the shape outranks the booleans."""
    if machine_shape:
        return resolve(machine_shape)
    # A GPU without a shape once meant the P100; it gets two T4s now, so they are named.
    return T4X2 if enable_gpu else TPU if enable_tpu else CPU
