"""Measures the named pipelines on the job's photos: speed cold and kept, memory, timelines.

Each pipeline is measured in a process of its own, because a process's peak memory never falls.
The parent hands the photos over in a file and what to measure in the environment variable
`KITCTL_MEASURE`; the child answers with one line of JSON.
"""

import csv
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import kernel
from kernel import session
from kernel.data.photos import Photos
from kernel.files import atomic_write
from kernel.session import RunError
from kernel.settings.settings import Settings

TABLE = "pipelines.csv"
PICTURES = Path("timelines")
HANDED_OVER = Path(".measure.json")


@dataclass(frozen=True)
class PipelineMeasurement:
    """One pipeline: medians over the rounds, and memory.

    `photos_per_second` is the first epoch with everything it takes to start it,
    `cached_photos_per_second` the second. `peak_bytes` is the whole process, `pipeline_bytes`
    what it grew by from TensorFlow at rest; 0 where the system does not tell.
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
    """Measure every pipeline on `photos`; leave pipelines.csv and timelines/*.png in the cwd."""
    from kernel.data.pipelines import PIPELINES
    from kernel.measure import timelines

    measured, drawn = [], []
    with _handed_over(settings, photos):
        for name in PIPELINES:
            answer = _in_a_process_of_its_own(name)
            found = PipelineMeasurement(**answer["measured"])
            session.say(
                f"pipeline {name} {found.photos_per_second:.0f} photos/s, second epoch "
                f"{found.cached_photos_per_second:.0f}, memory {found.pipeline_bytes / 1e6:.0f} MB"
            )
            measured.append(found)
            drawn.append(timelines.from_lists(answer["timeline"]))
    _write_table(measured)
    for timeline in drawn:
        timelines.draw(timeline, PICTURES / f"{timeline.name}.png")
    timelines.draw_all(drawn, PICTURES / "all.png")
    session.say(f"table {TABLE}, timelines {PICTURES.as_posix()}/")
    return measured


def run_child() -> int:
    """Measure the one pipeline that `KITCTL_MEASURE` names, and print the answer as JSON."""
    name = json.loads(os.environ["KITCTL_MEASURE"])["name"]
    handed = json.loads(HANDED_OVER.read_text(encoding="utf-8"))
    settings = Settings.from_mapping(handed["settings"])
    photos = Photos(**{key: tuple(values) for key, values in handed["photos"].items()})
    # Not by `start_tensorflow`: where operations must be deterministic, none may ask for the time.
    session.seed_all(settings.seed)

    from kernel.measure import timelines

    measured = measure(name, photos, settings)
    timeline = timelines.record(name, photos, settings)
    print(json.dumps({"measured": asdict(measured), "timeline": timeline.as_lists()}), flush=True)
    return 0


def measure(name: str, photos: Photos, settings: Settings) -> PipelineMeasurement:
    """The speed of a pipeline's first and second epoch, each as the median of the rounds."""
    from kernel.data import pipelines

    few = Photos(photos.paths[:8], photos.labels[:8], photos.class_names)
    for _ in pipelines.build("naive", few, settings, training=True):
        pass  # TensorFlow starts its threads and loads its kernels before the clock runs.
    at_rest = _peak_bytes()
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
        pipeline_bytes=_peak_bytes() - at_rest,
        photos=len(photos),
        rounds=settings.measure_rounds,
    )


def _consume(batches: Any, expected: int) -> None:
    seen = sum(len(images) for images, _ in batches)
    if seen != expected:
        raise RunError(f"the pipeline gave {seen} photos of {expected}")


def _peak_bytes() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) if sys.platform == "darwin" else int(peak) * 1024


@contextmanager
def _handed_over(settings: Settings, photos: Photos) -> Iterator[None]:
    listed = {
        "paths": photos.paths,
        "labels": photos.labels,
        "class_names": photos.class_names,
        "size": photos.size,
    }
    handed = {"settings": settings.as_dict(), "photos": listed}
    with atomic_write(HANDED_OVER) as temporary:
        temporary.write_text(json.dumps(handed), encoding="utf-8")
    try:
        yield
    finally:
        HANDED_OVER.unlink()


def _in_a_process_of_its_own(name: str) -> dict[str, Any]:
    environment = {
        **os.environ,
        "KITCTL_MEASURE": json.dumps({"name": name}),
        "CUDA_VISIBLE_DEVICES": "-1",  # pipelines run on the cores
        "TF_DETERMINISTIC_OPS": "0",
    }
    if "kernel._job" in sys.modules:  # packed: the script itself
        program = sys.orig_argv[1:]
    else:
        program = ["-m", "kernel.main"]
        project = str(Path(kernel.__file__).parent.parent)
        known = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = os.pathsep.join([project, *([known] if known else [])])
    finished = subprocess.run(
        [sys.executable, *program],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if finished.returncode:
        last = (finished.stderr.strip().splitlines() or ["no word"])[-1]
        raise RunError(f"measuring the pipeline {name} failed: {last}")
    answer: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return answer


def _write_table(measured: list[PipelineMeasurement]) -> None:
    with (
        atomic_write(TABLE) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        table = csv.DictWriter(file, [field.name for field in fields(PipelineMeasurement)])
        table.writeheader()
        for each in measured:
            row = asdict(each)
            table.writerow({k: round(v, 1) if isinstance(v, float) else v for k, v in row.items()})
