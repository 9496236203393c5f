"""A whole model trained on several devices ends like one trained on one, and counts every photo."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import pytest
import tensorflow as tf
from support.kernel_runs import SIDE, Run

from kernel.data import photos
from kernel.fit.distributed import DistributedTrainer
from kernel.fit.whole_model import ModelTrainer
from kernel.model import heads
from kernel.settings.settings import Settings

FOUR_DEVICES = """
import contextlib, json, os, sys
import tensorflow as tf
[cpu] = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 4)
from kernel import main
from kernel.session import Job
from kernel.settings.settings import Settings
from kernel import accelerators

class OnTwoCores(tf.distribute.MirroredStrategy):
    def __init__(self, resolver):
        assert resolver == "local"
        super().__init__(["CPU:0", "CPU:1"], tf.distribute.ReductionToOneDevice())

def with_a_tpu():
    # Two cores of a TPU that are a processor's: there is no TPU to test on.
    names = [f"/job:localhost/replica:0/task:0/device:TPU:{core}" for core in range(2)]
    accelerators.devices = lambda limit: names[: limit or None]
    tf.distribute.cluster_resolver.TPUClusterResolver = str
    tf.distribute.TPUStrategy = OnTwoCores

for folder, settings in json.loads(sys.argv[1]).items():
    if folder == "tpu":
        with_a_tpu()
    os.makedirs(folder)
    with contextlib.chdir(folder):
        main.run(Job(settings), Settings.from_mapping(settings))
"""
# The last of its batches of 13 has 5 photos, so that no part is like another.
SMALL: dict[str, Any] = {"batch_size": 13, "units": [8], "filters": [8], "exports": ["keras"]}
FROM_SCRATCH = {**SMALL, "epochs": 1, "class_weight": "balanced"}
# Both cores of a TPU get equal parts of a batch; of 22 photos that needs none to fill it up.
ON_A_TPU = {**SMALL, "batch_size": 22, "epochs": 1}
FINE_TUNED = {
    **SMALL, "epochs": 1, "base_trainable": False, "fine_tune_epochs": 1,
    "fine_tune_learning_rate": 0.01,
}  # fmt: skip


def test_the_loss_on_two_and_on_four_devices_and_on_a_tpu_is_that_of_one(
    tmp_path: Path, two_classes: Path, run_job: Callable[..., Run]
) -> None:
    common = {"data": str(two_classes), "image_size": [SIDE, SIDE], "plots": False}
    runs = {"two": {**FROM_SCRATCH, "devices": 2}, "four": FINE_TUNED, "tpu": ON_A_TPU}
    done = subprocess.run(
        [
            *(sys.executable, "-c", FOUR_DEVICES),
            json.dumps({name: {**common, **settings} for name, settings in runs.items()}),
        ],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[3]), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]

    assert "devices: 2 of 4 (CPU) train the whole model; 2 idle" in done.stdout
    assert "devices: 4 of 4 (CPU) train the whole model" in done.stdout
    assert "devices: 2 of 2 (TPU) train the whole model" in done.stdout
    for name, settings in runs.items():
        one = run_job(f"one-{name}", **settings).history
        several = Run(tmp_path / name, 0).history
        assert several.keys() == one.keys()
        for column, values in one.items():
            if column != "seconds":
                assert several[column] == pytest.approx(values, rel=1e-3), (name, column)


def test_every_photo_counts_once_where_all_devices_need_equal_parts(two_classes: Path) -> None:
    given = {"data": str(two_classes), "image_size": SIDE, "label_mode": "binary", **SMALL}
    settings = Settings.from_mapping(given)
    photo_set = photos.find(settings)
    model = keras.Sequential(
        [keras.Input((SIDE, SIDE, 3)), keras.layers.GlobalMaxPool2D(), *heads.build(settings, 2, 1)]
    )
    heads.compile_model(model, settings, 0.001)
    devices = ThreeDevices()
    trainer = DistributedTrainer(model, devices, photo_set, settings, equal_parts=True)
    expected = ModelTrainer(model, photo_set, settings).validate()

    assert trainer.validate() == pytest.approx(expected, rel=1e-5)
    assert devices.sizes == {(5, 5, 5), (2, 2, 2)}


def test_an_impossible_count_of_photos_fails_the_run(two_classes: Path) -> None:
    given = {"data": str(two_classes), "image_size": SIDE, "label_mode": "binary", **SMALL}
    settings = Settings.from_mapping(given)
    photo_set = photos.find(settings)
    model = keras.Sequential(
        [keras.Input((SIDE, SIDE, 3)), keras.layers.GlobalMaxPool2D(), *heads.build(settings, 2, 1)]
    )
    heads.compile_model(model, settings, 0.001)
    trainer = DistributedTrainer(model, ThreeDevices(loses=1), photo_set, settings)

    with pytest.raises(RuntimeError, match="were counted in an epoch of 18"):
        trainer.validate()


class ThreeDevices:
    """A strategy whose three devices compute in turn; `loses` of them give no result."""

    num_replicas_in_sync = 3

    def __init__(self, loses: int = 0) -> None:
        self.loses = loses
        self.sizes: set[tuple[int, ...]] = set()

    def experimental_distribute_values_from_function(self, value: Callable[..., Any]) -> Any:
        values = tuple(value(SimpleNamespace(replica_id_in_sync_group=at)) for at in range(3))
        self.sizes.add(tuple(len(each) for each in values))
        return values

    def run(self, step: Callable[..., Any], args: Any) -> list[Any]:
        *placed, total = args
        return [step(*(each[at] for each in placed), total) for at in range(3 - self.loses)]

    def reduce(self, operation: Any, sums: list[Any], axis: None) -> Any:
        return tf.add_n(sums)
