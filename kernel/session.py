"""The environment of a run: its job, inputs, clock and log, and how TensorFlow starts."""

import gc
import json
import os
import random
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

INPUT = Path("../input")
# Names a folder with the outputs of the session before, for jobs that take several.
EARLIER_OUTPUTS = "KITCTL_RESUME"
STARTED = time.monotonic()
STARTED_AT = datetime.now(UTC)


class RunError(Exception):
    """An error that only the user can fix; the message says what to change."""

    exit_code = 3


@dataclass(frozen=True)
class Job:
    """What kitctl packed into the script, or `job.toml` when the kernel runs unpacked."""

    settings: Mapping[str, Any]
    overrides: Mapping[str, Any] = field(default_factory=dict)
    accelerator: str = "cpu"
    kit_version: str = ""
    script_sha256: str = ""
    sources: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def effective(self) -> dict[str, Any]:
        """The settings, replaced where there is an override."""
        return {**self.settings, **self.overrides}


def load_job() -> Job:
    """Load the job of this run.

    Raises:
        RunError: when the job or its overrides cannot be parsed.
    """
    try:
        overrides = json.loads(os.environ.get("KITCTL_OVERRIDES") or "{}")
    except ValueError as error:
        raise RunError(f"KITCTL_OVERRIDES holds no JSON object: {error}") from None
    try:
        from kernel._job import JOB
    except ImportError:
        path = Path(__file__).with_name("job.toml")
        try:
            settings = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise RunError(f"{path.name} is not valid TOML: {error}") from None
        return Job(settings, overrides)
    return Job(
        settings=JOB.get("settings", {}),
        overrides=overrides,
        accelerator=JOB.get("accelerator", "cpu"),
        kit_version=JOB.get("kit_version", ""),
        script_sha256=JOB.get("script_sha256", ""),
        sources=JOB.get("sources", {}),
    )


def is_local() -> bool:
    """Whether kitctl runs this job on the user's machine, which needs no accelerator."""
    return os.environ.get("KITCTL_REHEARSAL") == "1"


def say(line: str) -> None:
    """Print a line of the log."""
    print(utf8(line), flush=True)


def utf8(text: str) -> str:
    """Return the text with each byte of a file's name that is not UTF-8 written as `\\xe9`.

    Every text that leaves the program goes through here.
    """
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def elapsed() -> float:
    """Seconds since the start of the run."""
    return time.monotonic() - STARTED


@dataclass
class Phases:
    """How many seconds each phase of the run took."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measured(self, name: str) -> Iterator[None]:
        """Add the time of the block to the phase `name`, and log it."""
        began = time.monotonic()
        try:
            yield
        finally:
            spent = time.monotonic() - began
            self.seconds[name] = self.seconds.get(name, 0.0) + spent
            say(f"phase {name} {spent:.1f}s")


def source_folders(source: str) -> list[Path]:
    """Existing folders that may be the attached `source` (owner/slug), the most likely first.

    Kaggle mounts data sets, outputs of other kernels and competitions in one folder for each
    kind; older sessions have them all side by side, by slug. A model has five parts: owner, model,
    framework, variation and version; without the last it is the newest one that is attached.
    """
    owner, _, slug = source.rpartition("/")
    if source.count("/") in (3, 4):
        model = [INPUT / "models" / source, INPUT / source.partition("/")[2]]
        if source.count("/") == 3:
            model = [newest for folder in model for newest in _newest_first(folder)]
        return [folder for folder in model if folder.is_dir()]
    candidates = [
        INPUT / "datasets" / owner / slug,
        INPUT / "notebooks" / owner / slug,
        INPUT / "competitions" / slug,
        INPUT / slug,
    ]
    return [folder for folder in candidates if folder.is_dir()]


def _newest_first(variation: Path) -> list[Path]:
    """Return the folders of a model's versions, which are numbers, the highest first."""
    versions = [path for path in variation.glob("*") if path.name.isdigit()]
    return sorted(versions, key=lambda path: int(path.name), reverse=True)


def first_folder(source: str) -> Path | None:
    """The most likely folder of the attached `source`; None if it is not attached."""
    return next(iter(source_folders(source)), None)


def attached_folders() -> list[Path]:
    """Folders of all attached sources: those in the newer layout, then those in the older."""
    kinds = ("datasets", "notebooks", "competitions", "models")
    newer = [path for kind in kinds[:2] for path in sorted((INPUT / kind).glob("*/*"))]
    newer += sorted((INPUT / "competitions").glob("*"))
    newer += sorted((INPUT / "models").glob("*/*/*/*/*"))
    seen = {path.name for path in newer}
    older = [p for p in sorted(INPUT.glob("*")) if p.name not in kinds and p.name not in seen]
    return [path for path in (*newer, *older) if path.is_dir()]


def attached_names() -> str:
    """The attached sources for a message, as owner/slug where the owner is known."""
    names = [
        path.relative_to(INPUT / path.relative_to(INPUT).parts[0]).as_posix()
        if path.parent != INPUT
        else path.name
        for path in attached_folders()
    ]
    return ", ".join(names) or "nothing"


def unnested(folder: Path) -> Path:
    """The folder, or the one of the same name in it: many archives hold one top folder."""
    inner = folder / folder.name
    return inner if inner.is_dir() else folder


def start_tensorflow(seed: int) -> dict[str, Any]:
    """Import TensorFlow, make it deterministic and seed all random generators.

    Returns the flags that were set, for run.json.
    """
    flags = {
        "PYTHONHASHSEED": str(seed),
        "TF_DETERMINISTIC_OPS": "1",
        # Errors reach Python as exceptions; the rest of TensorFlow's log is noise.
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "KERAS_BACKEND": "tensorflow",
        # TensorFlow's own allocator uses again what was given back: with the system's, the peak of
        # a run on 10,000 photos is 1.4 times as high. Its limit would be 64 GB; 1 TB is none.
        "TF_CPU_ALLOCATOR_USE_BFC": "1",
        "TF_CPU_BFC_MEM_LIMIT_IN_MB": "1048576",
    }
    os.environ.update(flags)
    with _silenced_stderr(), _without_garbage_collection():
        import keras
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
        # Memory grows as needed, so that the feature pass and the head's training both fit.
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
        tf.constant(0)
    tf.get_logger().setLevel("ERROR")
    keras.utils.disable_interactive_logging()
    seed_all(seed)
    return {
        **flags,
        "op_determinism": True,
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
    }


def seed_all(seed: int) -> None:
    """Seed Python, numpy, TensorFlow and Keras.

    Keras draws the seeds of its initialisers from Python's `random`.
    """
    import keras

    random.seed(seed)
    keras.utils.set_random_seed(seed)


def versions() -> dict[str, str]:
    """Versions of the packages on which the result depends."""
    import keras
    import numpy as np
    import tensorflow as tf

    return {
        "python": sys.version.split()[0],
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Pause the garbage collection during imports, and exclude all imported objects for good.

    It would find nothing and takes a fifth of the import's time, and some more at exit.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def _silenced_stderr() -> Iterator[None]:
    """Redirect file descriptor 2, because TensorFlow's C++ start-up lines know no log level.

    If the block raises, the hidden lines are printed.
    """
    import tempfile

    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            yield
        except BaseException:
            hidden.seek(0)
            os.write(stderr, hidden.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
