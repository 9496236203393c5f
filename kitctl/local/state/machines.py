"""Machines: which one a session gets, how many sessions may run at once, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kitctl.local.state.errors import bad_request

Pool = Literal["gpu", "tpu", "cpu"]
"""Whose weekly hours a session uses; the CPU has no quota."""

DEFAULT_GPU = "NvidiaTeslaT4"
DEFAULT_TPU = "TpuV5E8"
# The machine that an old name's sessions run on today; the server does not say so.
RETIRED = {
    "gpu": DEFAULT_GPU,
    "nvidiateslap100": DEFAULT_GPU,
    "tpuv38": DEFAULT_TPU,
    "tpu1vmv38": DEFAULT_TPU,
    "tpuv232": "",
    "tpuv2256": "",
}
SESSIONS_AT_ONCE: dict[Pool, int] = {"gpu": 2, "tpu": 1, "cpu": 5}
LONGEST_SESSION_SECONDS: dict[Pool, float] = {"gpu": 12 * 3600, "tpu": 9 * 3600, "cpu": 12 * 3600}


@dataclass(frozen=True)
class Machine:
    """A machine: its pool, and its name at Kaggle ("" is the CPU)."""

    pool: Pool
    shape: str


def choose(machine_shape: str, *, enable_gpu: bool, enable_tpu: bool) -> Machine:
    """Return the machine for a push: the named one, else the default of what is enabled.

    Raises:
        ApiError: no machine has this name.
    """
    shape = machine_shape.strip()
    if not shape:
        shape = DEFAULT_GPU if enable_gpu else DEFAULT_TPU if enable_tpu else ""
    shape = RETIRED.get(shape.lower(), shape)
    if shape.lower() in ("", "none", "cpu"):
        return Machine("cpu", "")
    if shape.lower().startswith("nvidia"):
        return Machine("gpu", shape)
    if shape.lower().startswith("tpu"):
        return Machine("tpu", shape)
    raise bad_request(f'Invalid machine shape "{shape}".')
