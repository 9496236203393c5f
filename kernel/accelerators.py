"""Accelerators: which are visible, and how busy they are."""

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
    """The accelerator that the job needs is not visible."""

    exit_code = 1


def count_without_tensorflow(kind: str) -> int | None:
    """Count the accelerators of a kind ("gpu" or "tpu"); None without a way to count them.

    This needs no TensorFlow, so that a session on the wrong machine ends in its first second.
    """
    if kind == "tpu":
        return len(list(Path("/dev").glob("accel*"))) + len(list(Path("/dev").glob("vfio/[0-9]*")))
    listing = _nvidia_smi("--list-gpus")
    return None if listing is None else len(listing)


def check(kind: str, *, required: bool) -> None:
    """Log whether the accelerator that the job needs ("gpu", "tpu" or "cpu") is visible.

    Raises:
        NoAcceleratorError: when it is not, although it is `required`, and the run is on Kaggle.
    """
    if kind == "cpu":
        session.say("accelerator cpu: none needed")
        return
    count = count_without_tensorflow(kind)
    if count:
        session.say(f"accelerator {kind}: {count} visible")
    elif session.is_local():
        session.say(f"accelerator {kind}: none visible, as expected on this machine; using the CPU")
    elif required:
        raise NoAcceleratorError(
            f"this job needs a {kind.upper()} and none is visible, so it ends now instead of "
            f"spending hours on the CPU. Push it again with an accelerator, or allow the CPU with "
            f"require_accelerator = false."
        )
    else:
        session.say(f"accelerator {kind}: none visible; using the CPU")


def check_tensorflow(kind: str, *, required: bool) -> None:
    """Compare the devices that the machine shows with those that TensorFlow can use.

    What nvidia-smi or /dev show is of no use to a TensorFlow without the package for it.

    Raises:
        NoAcceleratorError: when TensorFlow sees none, although one is `required`, and the run is on
            Kaggle.
    """
    if kind == "cpu" or session.is_local():
        return
    shown, usable = count_without_tensorflow(kind) or 0, len(tensorflow_devices(kind))
    if usable >= shown:
        return
    problem = f"the machine shows {shown} {kind.upper()} devices and TensorFlow sees {usable}"
    if usable or not required:
        session.say(f"accelerator {kind}: {problem}: {_missing_package(kind)}")
        return
    raise NoAcceleratorError(
        f"{problem}, so it would train on the CPU: {_missing_package(kind)}. The job ends now "
        f"instead of spending hours; require_accelerator = false allows the CPU."
    )


def tensorflow_devices(kind: str) -> list[Any]:
    """Return TensorFlow's logical devices of a kind ("gpu" or "tpu"); it connects to a TPU."""
    import tensorflow as tf

    if kind == "tpu" and count_without_tensorflow("tpu"):
        try:
            tf.distribute.cluster_resolver.TPUClusterResolver.connect("local")
        except Exception:  # whatever a TensorFlow without TPU support raises
            return []
    return list(tf.config.list_logical_devices(kind.upper()))


def _missing_package(kind: str) -> str:
    """Return which package TensorFlow lacks for a kind of device."""
    import tensorflow as tf

    if kind == "tpu":
        return "the image has no TensorFlow with TPU support (the package tensorflow-tpu)"
    if not tf.test.is_built_with_cuda():
        return "this TensorFlow is built without CUDA (the package tensorflow[and-cuda] has it)"
    return "CUDA's libraries are missing or do not fit the driver (tensorflow[and-cuda] has them)"


def devices(limit: int) -> list[str]:
    """Names of the logical devices to compute on: at most `limit`; a `limit` of 0 means all.

    They are the TPU's cores if there are any, else the GPUs, else the CPU.
    """
    import tensorflow as tf

    kinds = (tf.config.list_logical_devices(kind) for kind in ("TPU", "GPU", "CPU"))
    names = [device.name for device in next(filter(None, kinds))]
    return names[:limit] if limit else names


def descriptions() -> list[str]:
    """Product names of the visible GPUs."""
    import tensorflow as tf

    details = tf.config.experimental.get_device_details
    return [
        str(details(gpu).get("device_name", gpu.name))
        for gpu in tf.config.list_physical_devices("GPU")
    ]


@dataclass
class UseSampler:
    """Samples the use of the GPUs with nvidia-smi, in a thread of its own.

    A sample is the seconds since the start of the run, the device's index and its use in percent.
    `in_use` is how many of the devices compute, the first ones; None if it is not known yet.
    """

    in_use: int | None = None
    samples: list[tuple[float, int, float]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> "UseSampler":
        """Start sampling; without nvidia-smi there will be no samples."""
        if shutil.which("nvidia-smi"):
            threading.Thread(target=self._sample, name="gpu-use", daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop sampling."""
        self._stop.set()

    def mean(self, since: float = 0.0) -> float | None:
        """Mean use in percent since `since` seconds into the run, over the devices in use."""
        percents = [
            percent
            for when, device, percent in self.samples
            if when >= since and (self.in_use is None or device < self.in_use)
        ]
        return sum(percents) / len(percents) if percents else None

    def as_dict(self) -> dict[str, Any] | None:
        """The samples for run.json; None without any."""
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
    """Lines of nvidia-smi's output; None when it is missing or fails."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return [line for line in done.stdout.splitlines() if line.strip()]
