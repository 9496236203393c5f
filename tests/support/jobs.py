"""Save requests and intents for tests, with defaults for all that a test does not care about."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from support import runs

from kitctl.domain.job.metadata import Sources
from kitctl.domain.job.same_source import source_sha256
from kitctl.domain.runs.run import Intent, KernelRef
from kitctl.ports import SaveRequest

KERNEL = KernelRef("ada", "car-or-truck")


def save_request(kernel: KernelRef, text: str, *, pool: str = "cpu", **fields: Any) -> SaveRequest:
    """Return a request to save `text`, with a title that matches the kernel's slug."""
    request = SaveRequest(
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
    return replace(request, **fields)


def intent_to_push(text: str = "print(1)", **fields: Any) -> Intent:
    """Return an intent to push `text` to ada/car-or-truck on a GPU, written just now."""
    sha256 = source_sha256(text)
    usual = {"kernel": KERNEL, "written_at": time.time()}
    return runs.intent(**{"script_sha256": sha256, "source_sha256": sha256, **usual, **fields})
