"""Which machine a session gets, and how many and how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kitctl.local.state.refusals import bad_request

Kind = Literal["gpu", "tpu", "cpu"]

DEFAULT_GPU = "NvidiaTeslaT4"
DEFAULT_TPU = "TpuV5E8"
# What a retired machine's sessions run on instead, without a word from the server.
RETIRED = {
    "nvidiateslap100": DEFAULT_GPU,
    "tpuv38": DEFAULT_TPU,
    "tpu1vmv38": DEFAULT_TPU,
    "tpuv232": "",
    "tpuv2256": "",
}
SESSIONS_AT_ONCE: dict[Kind, int] = {"gpu": 2, "tpu": 1, "cpu": 5}
LONGEST_SESSION_SECONDS: dict[Kind, float] = {"gpu": 12 * 3600, "tpu": 9 * 3600, "cpu": 12 * 3600}


@dataclass(frozen=True)
class Accelerator:
    """A machine: what its time counts as, and its name at Kaggle (empty for the CPU)."""

    kind: Kind
    shape: str


def choose(machine_shape: str, *, enable_gpu: bool, enable_tpu: bool) -> Accelerator:
    """The machine for a push: the named one, else the default of the kind that was switched on."""
    shape = machine_shape.strip()
    if not shape:
        shape = DEFAULT_GPU if enable_gpu else DEFAULT_TPU if enable_tpu else ""
    shape = RETIRED.get(shape.lower(), shape)
    if shape.lower() in ("", "none", "cpu"):
        return Accelerator("cpu", "")
    if shape.lower().startswith("nvidia"):
        return Accelerator("gpu", shape)
    if shape.lower().startswith("tpu"):
        return Accelerator("tpu", shape)
    raise bad_request(f'Invalid machine shape "{shape}".')
