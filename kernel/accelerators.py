"""Accelerators: which are here, and how busy they are kept."""

import shutil
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernel import session

SAMPLE_EVERY = 5.0  # seconds


class NoAcceleratorError(session.RunError):
    """The job asked for an accelerator and none is visible."""

    exit_code = 1


def count_without_tensorflow(kind: str) -> int | None:
    """How many `kind` ("gpu" or "tpu") the machine shows; None when it cannot be told.

    Asked before TensorFlow is imported, so that a session on the wrong machine ends in its
    first second.
    """
    if kind == "tpu":
        return len(list(Path("/dev").glob("accel*"))) + len(list(Path("/dev").glob("vfio/[0-9]*")))
    listing = _nvidia_smi("--list-gpus")
    return None if listing is None else len(listing)


def check(asked: str, *, required: bool) -> None:
    """Say in one line what was asked for and what is here; raise when it is missing."""
    if asked == "cpu":
        session.say("accelerator cpu: none asked for")
        return
    name = asked.upper()
    found = count_without_tensorflow(asked)
    if found:
        session.say(f"accelerator {asked}: {found} visible")
    elif session.is_rehearsal():
        session.say(f"accelerator {asked}: none here, as expected of a rehearsal; the CPU is used")
    elif required:
        raise NoAcceleratorError(
            f"this job asked for a {name} and none is visible, so it ends now instead of spending "
            f"hours on the CPU. Push it again with an accelerator, or allow the CPU with "
            f"require_accelerator = false."
        )
    else:
        session.say(f"accelerator {asked}: none visible; going on with the CPU")


def devices(limit: int) -> list[str]:
    """Names of the logical devices that computing goes to: all GPUs, else the CPUs.

    `limit` of 0 means all of them.
    """
    import tensorflow as tf

    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    names = [device.name for device in found]
    return names[:limit] if limit else names


def descriptions() -> list[str]:
    """The machine's own names of its accelerators."""
    import tensorflow as tf

    details = tf.config.experimental.get_device_details
    return [
        str(details(gpu).get("device_name", gpu.name))
        for gpu in tf.config.list_physical_devices("GPU")
    ]


@dataclass
class UseSampler:
    """Samples how busy the GPUs are from a thread of its own, where nvidia-smi can tell."""

    samples: list[tuple[float, int, float]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> "UseSampler":
        """Begin sampling; without nvidia-smi nothing is ever sampled."""
        if shutil.which("nvidia-smi"):
            threading.Thread(target=self._sample, name="gpu-use", daemon=True).start()
        return self

    def stop(self) -> None:
        """End sampling."""
        self._stop.set()

    def mean(self, since: float = 0.0) -> float | None:
        """Mean use in percent over all devices since `since` seconds into the run."""
        percents = [percent for when, _, percent in self.samples if when >= since]
        return sum(percents) / len(percents) if percents else None

    def as_dict(self) -> dict[str, Any] | None:
        """For run.json; None when nothing was sampled."""
        if not self.samples:
            return None
        return {
            "mean": round(self.mean() or 0.0, 1),
            "samples": [
                [round(when, 1), device, percent] for when, device, percent in self.samples
            ],
        }

    def _sample(self) -> None:
        while not self._stop.wait(SAMPLE_EVERY):
            rows = _nvidia_smi("--query-gpu=index,utilization.gpu", "--format=csv,noheader,nounits")
            now = time.monotonic() - session.STARTED
            for row in rows or ():
                index, _, percent = row.partition(",")
                if index.strip().isdigit() and percent.strip().isdigit():
                    self.samples.append((now, int(index), float(percent)))


def _nvidia_smi(*arguments: str) -> list[str] | None:
    """nvidia-smi's lines, or None when it is not there or fails."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    try:
        answer = subprocess.run(
            [program, *arguments], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return [line for line in answer.stdout.splitlines() if line.strip()]
