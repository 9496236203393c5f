"""Measurements of the pipelines on the job's photos: speed of two epochs, memory, timelines.

Each pipeline is measured in a child process of its own, because a process's peak memory never
falls. The parent passes settings and photos in a file and the pipeline's name in the environment
variable `KITCTL_MEASURE`; the child prints its result as one line of JSON.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import kernel
from kernel import session
from kernel.data.photos import Photos
from kernel.files import atomic_write, write_csv
from kernel.session import RunError
from kernel.settings.settings import Settings

TABLE = "pipelines.csv"
PICTURES = Path("timelines")
INPUT_FILE = Path(".measure.json")


@dataclass(frozen=True)
class PipelineMeasurement:
    """The speed of one pipeline, as medians over the rounds, and its memory.

    `photos_per_second` is that of the first epoch including its start,
    `cached_photos_per_second` that of the second. `peak_bytes` is the peak of the whole process,
    `pipeline_bytes` its growth since TensorFlow's start; both 0 where the system does not say.
    """

    name: str
    photos_per_second: float
    slowest: float
    fastest: float
    cached_photos_per_second: float
    peak_bytes: int
    pipeline_bytes: int
    photos: int
    rounds: int


def run(settings: Settings, photos: Photos) -> list[PipelineMeasurement]:
    """Measure the pipelines on `photos`; write pipelines.csv and timelines/*.png.

    Raises:
        RunError: A pipeline could not be measured.
    """
    from kernel.data.pipelines import PIPELINES
    from kernel.measure import timelines

    measurements, recordings = [], []
    with _input_file(settings, photos):
        for name in settings.measure_pipelines or PIPELINES:
            answer = _run_in_child(name)
            measurement = PipelineMeasurement(**answer["measurement"])
            session.say(
                f"pipeline {name} {measurement.photos_per_second:.0f} photos/s, second epoch "
                f"{measurement.cached_photos_per_second:.0f}, "
                f"memory {measurement.pipeline_bytes / 1e6:.0f} MB"
            )
            measurements.append(measurement)
            recordings.append(timelines.from_lists(answer["timeline"]))
    _write_table(measurements)
    for timeline in recordings:
        timelines.draw(timeline, PICTURES / f"{timeline.name}.png")
    timelines.draw_all(recordings, PICTURES / "all.png")
    session.say(f"table {TABLE}, timelines {PICTURES.as_posix()}/")
    return measurements


def run_child() -> int:
    """Measure the pipeline that `KITCTL_MEASURE` names, and print the result as JSON."""
    name = json.loads(os.environ["KITCTL_MEASURE"])["name"]
    content = json.loads(INPUT_FILE.read_text(encoding="utf-8"))
    settings = Settings.from_mapping(content["settings"])
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in content["photos"].items()
    }
    photos = Photos(**fields)
    # Not `start_tensorflow`: with deterministic operations, TensorFlow refuses to read the time.
    session.seed_all(settings.seed)

    from kernel.measure import timelines

    measurement = measure_pipeline(name, photos, settings)
    timeline = timelines.record(name, photos, settings)
    answer = {"measurement": asdict(measurement), "timeline": timeline.as_lists()}
    print(json.dumps(answer), flush=True)
    return 0


def measure_pipeline(name: str, photos: Photos, settings: Settings) -> PipelineMeasurement:
    """Measure the speed of a pipeline's first and second epoch in each of the rounds."""
    from kernel.data import pipelines

    few = Photos(photos.paths[:8], photos.labels[:8], photos.class_names)
    for _ in pipelines.build("naive", few, settings, training=True):
        pass  # TensorFlow starts its threads and loads its kernels before the measurement.
    bytes_before = _peak_bytes()
    first, second = [], []
    for _ in range(settings.measure_rounds):
        start = time.perf_counter()
        batches = pipelines.build(name, photos, settings, training=True)
        _consume(batches, len(photos))
        middle = time.perf_counter()
        _consume(batches, len(photos))
        first.append(len(photos) / (middle - start))
        second.append(len(photos) / (time.perf_counter() - middle))
    return PipelineMeasurement(
        name=name,
        photos_per_second=statistics.median(first),
        slowest=min(first),
        fastest=max(first),
        cached_photos_per_second=statistics.median(second),
        peak_bytes=_peak_bytes(),
        pipeline_bytes=_peak_bytes() - bytes_before,
        photos=len(photos),
        rounds=settings.measure_rounds,
    )


def _consume(batches: Any, expected: int) -> None:
    count = sum(len(images) for images, _ in batches)
    if count != expected:
        raise RunError(f"the pipeline yielded {count} photos instead of {expected}")


def _peak_bytes() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) if sys.platform == "darwin" else int(peak) * 1024


@contextmanager
def _input_file(settings: Settings, photos: Photos) -> Iterator[None]:
    """Write the file that the children read; remove it after the block."""
    photo_fields = {
        "paths": photos.paths,
        "labels": photos.labels,
        "class_names": photos.class_names,
        "size": photos.size,
        "of_pillow": photos.of_pillow,
    }
    content = {"settings": settings.as_dict(), "photos": photo_fields}
    with atomic_write(INPUT_FILE) as temporary:
        temporary.write_text(json.dumps(content), encoding="utf-8")
    try:
        yield
    finally:
        INPUT_FILE.unlink()


def _run_in_child(name: str) -> dict[str, Any]:
    """Return what a child process says about the pipeline `name`."""
    environment = {
        **os.environ,
        "KITCTL_MEASURE": json.dumps({"name": name}),
        "CUDA_VISIBLE_DEVICES": "-1",  # pipelines run on the CPU
        "TF_DETERMINISTIC_OPS": "0",
    }
    if "kernel._job" in sys.modules:  # this is a packed script: run it again
        program = sys.orig_argv[1:]
    else:
        program = ["-m", "kernel.main"]
        project = str(Path(kernel.__file__).parent.parent)
        existing = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = os.pathsep.join([project, *([existing] if existing else [])])
    process = subprocess.run(
        [sys.executable, *program],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if process.returncode:
        last_line = (process.stderr.strip().splitlines() or ["it printed no error"])[-1]
        raise RunError(f"measuring the pipeline {name} failed: {last_line}")
    answer: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    return answer


def _write_table(measurements: list[PipelineMeasurement]) -> None:
    import pandas as pd

    write_csv(TABLE, pd.DataFrame(measurements).round(1))
