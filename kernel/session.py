"""Where a run runs: its job, its folders, the time it has, and TensorFlow set up for it."""

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
STARTED = time.monotonic()
STARTED_AT = datetime.now(UTC)


class RunError(Exception):
    """Something a person must mend before this job can run; the message says what and how."""

    exit_code = 3


@dataclass(frozen=True)
class Job:
    """What the kit sent, or what `job.toml` holds when the kernel runs unpacked."""

    settings: Mapping[str, Any]
    overrides: Mapping[str, Any] = field(default_factory=dict)
    accelerator: str = "cpu"
    kit_version: str = ""
    script_sha256: str = ""
    sources: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def effective(self) -> dict[str, Any]:
        """The settings with a rehearsal's overrides laid over them."""
        return {**self.settings, **self.overrides}


def load_job() -> Job:
    """The job of this run; raises `RunError` when it cannot be read."""
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


def is_rehearsal() -> bool:
    """Whether this is the kit's own machine, where no accelerator is to be expected."""
    return os.environ.get("KITCTL_REHEARSAL") == "1"


def session_id() -> str | None:
    """Kaggle's number of this session, which only the run itself can know."""
    name = os.environ.get("KAGGLE_CONTAINER_NAME", "")
    number = name.removesuffix("-webtier").rpartition("-")[2]
    return number if name.endswith("-webtier") and number.isdigit() else None


def say(line: str) -> None:
    """One line of the log."""
    print(line, flush=True)


def elapsed() -> float:
    """Seconds since the run began."""
    return time.monotonic() - STARTED


@dataclass
class Phases:
    """Seconds spent in each phase of the run."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measured(self, name: str) -> Iterator[None]:
        """Count the block's seconds as the phase `name`, and say so in the log."""
        began = time.monotonic()
        try:
            yield
        finally:
            spent = time.monotonic() - began
            self.seconds[name] = self.seconds.get(name, 0.0) + spent
            say(f"phase {name} {spent:.1f}s")


def source_folders(source: str) -> list[Path]:
    """Existing folders that may be the attached `source` (owner/slug), the likeliest first.

    Kaggle mounts data sets, other kernels' outputs and competitions each in a folder of their
    own, and in older sessions all side by side by slug.
    """
    owner, _, slug = source.rpartition("/")
    candidates = [
        INPUT / "datasets" / owner / slug,
        INPUT / "notebooks" / owner / slug,
        INPUT / "competitions" / slug,
        INPUT / slug,
    ]
    return [folder for folder in candidates if folder.is_dir()]


def first_folder(source: str) -> Path | None:
    """The likeliest folder of the attached `source`, if it is attached at all."""
    return next(iter(source_folders(source)), None)


def attached_folders() -> list[Path]:
    """Folders of everything that is attached, in the newer layout if it has it, else the older."""
    kinds = ("datasets", "notebooks", "competitions", "models")
    newer = [path for kind in kinds[:2] for path in sorted((INPUT / kind).glob("*/*"))]
    newer += sorted((INPUT / "competitions").glob("*"))
    seen = {path.name for path in newer}
    older = [p for p in sorted(INPUT.glob("*")) if p.name not in kinds and p.name not in seen]
    return [path for path in (*newer, *older) if path.is_dir()]


def attached() -> list[str]:
    """Names of what is attached, for messages: owner/slug where the owner is known."""
    return [
        f"{path.parent.name}/{path.name}" if path.parent.parent.parent == INPUT else path.name
        for path in attached_folders()
    ]


def unnested(folder: Path) -> Path:
    """`folder`, or the one of the same name inside it: archives often unpack one level deep."""
    inner = folder / folder.name
    return inner if inner.is_dir() else folder


def start_tensorflow(seed: int) -> dict[str, Any]:
    """Import TensorFlow quietly, make it deterministic and seed everything.

    Returns the flags that say how, for run.json. As in the course, and `random` too, because
    Keras 3 draws the seeds of its initialisers from it.
    """
    flags = {
        "PYTHONHASHSEED": str(seed),
        "TF_DETERMINISTIC_OPS": "1",
        # Errors reach Python as exceptions; what TensorFlow logs besides is noise.
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "KERAS_BACKEND": "tensorflow",
    }
    os.environ.update(flags)
    with _silenced_stderr(), _nothing_taken_for_garbage():
        import keras
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
        # Memory grows as needed, so that both the feature pass and the head's loop fit.
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
    """Seed Python, numpy, TensorFlow and Keras."""
    import keras

    random.seed(seed)
    keras.utils.set_random_seed(seed)


def versions() -> dict[str, str]:
    """Versions of what the result depends on."""
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
def _nothing_taken_for_garbage() -> Iterator[None]:
    """Keep Python from looking for garbage among all that importing makes.

    It would find none, in a fifth of the import's time; and search it all once more at the end.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def _silenced_stderr() -> Iterator[None]:
    """Send file descriptor 2 away: TensorFlow's C++ start-up lines know no log level.

    Should the block raise, what was held back is shown after all.
    """
    import tempfile

    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as away:
        os.dup2(away.fileno(), 2)
        try:
            yield
        except BaseException:
            away.seek(0)
            os.write(kept, away.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
