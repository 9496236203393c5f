"""Jobs and intents for tests, with everything that a test does not care about filled in."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from support import runs

from kitctl.domain.metadata import Sources
from kitctl.domain.runs import Intent, KernelRef, source_sha256
from kitctl.ports import SaveRequest

KERNEL = KernelRef("ada", "car-or-truck")


def job(kernel: KernelRef, text: str, *, pool: str = "cpu", **details: Any) -> SaveRequest:
    """A job whose title resolves to its slug."""
    made = SaveRequest(
        kernel=kernel,
        title=kernel.slug.replace("-", " ").capitalize(),
        text=text,
        language="python",
        kernel_type="script",
        is_private=True,
        enable_gpu=pool == "gpu",
        enable_tpu=pool == "tpu",
        enable_internet=False,
        machine_shape="NvidiaTeslaT4" if pool == "gpu" else "",
        sources=Sources(),
    )
    return replace(made, **details)


def intent_to_push(text: str = "print(1)", **details: Any) -> Intent:
    """An intent to push `text` to ada/car-or-truck on a GPU, written just now."""
    sha256 = source_sha256(text)
    told = {"kernel": KERNEL, "written_at": time.time(), **details}
    return runs.intent(**{"script_sha256": sha256, "source_sha256": sha256, **told})
