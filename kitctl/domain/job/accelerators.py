"""Kaggle's machines and their limits: the names, the shape that is sent, what it really runs on.

Source: the table of machine shapes in Kaggle/kaggle-cli and its issues, read in November 2026.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from typing import Literal

from kitctl.errors import UsageError

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

QUEUED_AT_ONCE = {**SESSIONS_AT_ONCE, "cpu": 5}
"""How many runs a queue keeps under way; five on the CPU are reported, and no push is refused."""


@dataclass(frozen=True)
class Accelerator:
    """A machine: Kaggle's own name for it ("" is the CPU) and the pool whose hours it uses.

    `runs_on` says in a few words what a session gets today.
    """

    shape: str
    pool: Pool
    warning: str = ""
    runs_on: str = ""


CPU = Accelerator("", "cpu", runs_on="4 CPU cores, no accelerator")
T4X2 = Accelerator("NvidiaTeslaT4", "gpu", runs_on="two T4, 16 GB each")
TPU = Accelerator("TpuV5E8", "tpu", runs_on="TPU v5e")

_GATED = "some accounts only"
_P100_RETIRED = "Kaggle retired the P100 in September 2026: the run gets two T4s instead."

SHORT_NAMES = {
    "t4x2": T4X2,
    "p100": Accelerator(T4X2.shape, "gpu", _P100_RETIRED, "two T4: the P100 is retired"),
    "tpu": TPU,
    "cpu": CPU,
}
"""The names that kitctl's own options and help use."""

SHAPES = (
    T4X2,
    TPU,
    Accelerator("NvidiaTeslaP100", "gpu", _P100_RETIRED, "two T4: the P100 is retired"),
    Accelerator("NvidiaTeslaT4Highmem", "gpu", runs_on=f"two large T4: {_GATED}"),
    Accelerator("NvidiaL4", "gpu", runs_on=f"L4: {_GATED}"),
    Accelerator("NvidiaL4X1", "gpu", runs_on=f"one L4: {_GATED}"),
    Accelerator("NvidiaTeslaA100", "gpu", runs_on=f"A100: {_GATED}"),
    Accelerator("NvidiaH100", "gpu", runs_on=f"H100: {_GATED}"),
    Accelerator("NvidiaRtxPro6000", "gpu", runs_on=f"RTX Pro 6000: {_GATED}"),
    Accelerator("TpuV6E8", "tpu", runs_on=f"TPU v6e: {_GATED}"),
    *(
        Accelerator(name, "tpu", f"Kaggle runs {name} on TpuV5E8.", "TPU v5e: this one is retired")
        for name in ("TpuV38", "Tpu1VmV38")
    ),
    *(
        Accelerator(name, "cpu", f"Kaggle runs {name} on the CPU.", "the CPU: this one is retired")
        for name in ("TpuV232", "TpuV2256")
    ),
)
"""The machines by Kaggle's own names."""

_BY_NAME = {accelerator.shape.lower(): accelerator for accelerator in SHAPES} | SHORT_NAMES

# What real metadata files and Kaggle's pages call them besides → the machine.
_OTHER_NAMES = {
    "none": CPU,
    "gpu": T4X2,
    "t4": T4X2,
    "2xt4": T4X2,
    "nvidiateslat4x2": T4X2,
    "gput4x2": T4X2,
    "gpup100": SHORT_NAMES["p100"],
    "teslap100": SHORT_NAMES["p100"],
    "teslat4": T4X2,
    "tpuv5e": TPU,
    "tpuvmv38": _BY_NAME["tpu1vmv38"],
}

# Kaggle's own names begin so: a new one is sent as it is, another name is a mistake.
_FORM = re.compile(r"(nvidia|tpu)[a-z0-9]+", re.IGNORECASE)


def find(name: str) -> Accelerator | None:
    """Return the machine of a short name or of Kaggle's own; None for what cannot be one.

    Capitals do not count. A name that is new but has the form of Kaggle's stays as typed, with a
    warning, and a name that is not quite the machine's own has one that says what it means.
    """
    known = _BY_NAME.get(name.lower())
    if known is not None:
        return known
    current = _OTHER_NAMES.get(re.sub(r"[^a-z0-9]", "", name.lower()))
    if current is CPU:
        return CPU
    if current is not None:
        says = f"{name} means {current.shape} today ({current.runs_on}); write that."
        return replace(current, warning=says)
    if not _FORM.fullmatch(name):
        return None
    similar = difflib.get_close_matches(name.lower(), _BY_NAME, n=1)
    proper = _BY_NAME[similar[0]].shape if similar else ""
    suggestion = f" Did you mean {proper}?" if proper else ""
    pool: Pool = "tpu" if name.lower().startswith("tpu") else "gpu"
    return Accelerator(
        name, pool, f"{name} is no machine that kitctl knows; it is sent as typed.{suggestion}"
    )


def require(name: str) -> Accelerator:
    """Return the machine of a name that the user typed.

    Raises UsageError with all names where it cannot be one.
    """
    accelerator = find(name)
    if accelerator is None:
        raise UsageError(
            f"{name!r} is no accelerator of Kaggle's.", code="bad_accelerator", hint=NAMES
        )
    return accelerator


def from_metadata(machine_shape: str, *, enable_gpu: bool, enable_tpu: bool) -> Accelerator | None:
    """Return the machine that a metadata file names; None where its name cannot be one.

    The shape outranks the booleans.
    """
    if machine_shape:
        return find(machine_shape)
    # A GPU without a shape once meant the P100; it gets two T4s now, so they are named.
    return T4X2 if enable_gpu else TPU if enable_tpu else CPU


ALL_NAMES = (*SHORT_NAMES, *(accelerator.shape for accelerator in SHAPES))
"""The short names, then Kaggle's own."""

NAMES = (
    f"It is one of {', '.join(SHORT_NAMES)}, or Kaggle's own name: "
    f"{', '.join(accelerator.shape for accelerator in SHAPES)}."
)
"""What a machine can be called, in one sentence."""
