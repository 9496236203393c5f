"""The training job, from the first line of its log to the manifest."""

import errno
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from kernel import session
from kernel.session import Job, RunError
from kernel.settings.settings import Settings, SettingsError, described

if TYPE_CHECKING:
    from kernel.fit.classifier import TrainingResult
    from kernel.report.report import Report

WRONG_INPUT = 3


def main() -> int:
    """Measure, verify, check the settings or run the job, as the environment says.

    Returns the exit code.
    """
    if "KITCTL_MEASURE" in os.environ:
        from kernel.measure import measure

        return measure.run_child()
    if os.environ.get("KITCTL_VERIFY") == "1":
        from kernel.report import verify

        return verify.main()
    try:
        job = session.load_job()
        if os.environ.get("KITCTL_CHECK") == "1":
            return check(job)
        return run(job, Settings.from_mapping(job.effective))
    except SettingsError as error:
        for problem in error.problems:
            print(
                f"error: {problem.setting} = {problem.value!r}: {problem.message} "
                f"(allowed: {problem.allowed})",
                file=sys.stderr,
            )
        return WRONG_INPUT
    except RunError as error:
        print(f"error: {session.utf8(str(error))}", file=sys.stderr, flush=True)
        return error.exit_code
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(f"error: {disk_full_advice()}", file=sys.stderr, flush=True)
        return WRONG_INPUT


def disk_full_advice() -> str:
    """Return what to do where the run's files do not fit."""
    files = [path for path in Path().rglob("*") if path.is_file()]
    left = sum(path.stat().st_size for path in files) / 1e9
    return (
        f"the disk is full: this run has left {left:.1f} GB, and Kaggle keeps 20 GB. Use fewer "
        f"augment_views, feature_dtype = 'float16', keep_features = false, or fewer exports."
    )


def check(job: Job) -> int:
    """Print one JSON line: mistakes in the settings, their values, and every declaration.

    Returns the exit code.
    """
    try:
        problems, settings = [], Settings.from_mapping(job.effective)
    except SettingsError as error:
        problems, settings = error.problems, Settings()
    answer = {
        "problems": [asdict(each) for each in problems],
        "settings": settings.as_dict(),
        "knobs": described(),
    }
    print(json.dumps(answer, default=str))
    return WRONG_INPUT if problems else 0


def run(job: Job, settings: Settings) -> int:
    """Run the job: photos, base and head, training, plots, outputs.

    Returns the exit code.

    Raises:
        RunError: when the user must change something before the job can run.
    """
    if settings.recipe != "none":
        values = (f"{name} = {json.dumps(value)}" for name, value in settings.of_recipe().items())
        session.say(f"recipe {settings.recipe}: {', '.join(values)}")

    from kernel import accelerators
    from kernel.report import artifacts
    from kernel.report.report import Report

    artifacts.remove_unfinished()
    report = Report(job, settings)
    required = settings.require_accelerator
    try:
        accelerators.check(job.accelerator, required=required)
        with report.phases.measured("setup"):
            report.flags = session.start_tensorflow(settings.seed)
            accelerators.check_tensorflow(job.accelerator, required=required)
    except accelerators.NoAcceleratorError:
        report.write(None, "no_accelerator")
        artifacts.write_manifest()
        raise
    report.devices = accelerators.descriptions()
    report.visible = len(report.devices)
    if settings.xla and not report.devices:
        session.say("xla: not used, because there is no GPU")
    report.gpu_use.in_use = len(accelerators.devices(settings.devices))
    report.gpu_use.start()

    import tensorflow as tf

    from kernel.data import balance, overlap, photos, unlabelled
    from kernel.fit import resume

    with report.phases.measured("photos"):
        if settings.predict_folder:
            unlabelled.folder_of(settings)  # Before hours are spent.
        # The session before may have left out photos that only their decoding shows to be bad.
        photo_set = photos.find(settings, decode_all=resume.is_asked())
        classes = len(photo_set.train.class_names)
        settings = settings.changed(label_mode=photos.label_mode(settings, classes))
        unlabelled.check_submission(settings, photo_set.train.class_names)
    report.settings, report.photo_set = settings, photo_set
    session.say(f"photos {len(photo_set.train)} to train on, {len(photo_set.valid)} to validate")
    for warning in (balance.imbalance(photo_set.train), overlap.overlap(photo_set)):
        if warning:
            session.say(warning)

    if settings.sweep and settings.task != "sweep":
        session.say(f"sweep: not used, because task is {settings.task!r}")
    if settings.task == "pipelines":
        from kernel.measure import measure

        measure.run(settings, photo_set.train)
        artifacts.write_manifest()
        return 0
    try:
        trained = fit(report, settings)
    except tf.errors.InvalidArgumentError:
        session.say("a photo cannot be decoded after all: decoding all of them to find it")
        report.photo_set = photos.find(settings, decode_all=True)
        if len(report.photo_set.skipped) == len(photo_set.skipped):
            raise
        trained = fit(report, settings)
    return finish(report, trained)


def fit(report: "Report", settings: Settings) -> "TrainingResult":
    """Build base and head and train them, from the checkpoint of a killed run if there is one."""
    from kernel.features import store_size
    from kernel.fit import classifier, resume, start, sweep

    photo_set = report.photo_set
    assert photo_set is not None
    with report.phases.measured("base"):
        prepared = start.prepare(settings, photo_set)
    report.base_description = f"{settings.base}, {prepared.base.source}"
    session.say(f"base {report.base_description}")
    resume.check(prepared.checkpoints())
    if "photos_per_class" in report.job.overrides and classifier.stores_features(settings):
        used = len(photo_set.train) + len(photo_set.valid)
        store_size.check_all_photos(settings, prepared.base.layer, used)
    if settings.task == "sweep":
        trained, report.heads = sweep.run(prepared, report.phases)
        return trained
    return classifier.train(prepared, report.phases, report.gpu_use.mean)


def finish(report: "Report", trained: "TrainingResult") -> int:
    """Write the outputs: history, model, plots, run.json, and the manifest last.

    Returns the exit code.
    """
    import numpy as np

    from kernel.fit import checkpoints, classifier
    from kernel.model import heads, raw_photos
    from kernel.report import (
        artifacts,
        gallery,
        labels,
        predictions,
        reference,
        scores,
        sweep_chart,
        tensorboard,
        unlabelled_predictions,
    )
    from kernel.report.report import chance_loss

    photo_set, settings = trained.photo_set, trained.settings
    model = raw_photos.photo_model(trained.classifier.inference, settings)
    report.photo_set = photo_set
    artifacts.write_history(trained.history, trained.seconds)
    if settings.tensorboard:
        tensorboard.write(trained.history)
    with report.phases.measured("predict"):
        probabilities = classifier.predict(trained)
        predictions.write_table(photo_set.valid, probabilities)
        names = photo_set.valid.class_names
        scored = scores.score(np.array(photo_set.valid.labels), probabilities, names)
        if settings.predict_folder:
            unlabelled_predictions.write(trained.classifier.inference, settings, names)
    if settings.plots:
        with report.phases.measured("plots"):
            if report.heads:
                grid = [head.varied for head in report.heads]
                losses = [head.val_loss for head in report.heads]
                sweep_chart.draw(grid, losses, gallery.FOLDER / "sweep.png")
            base = trained.classifier.base.network
            gallery.draw(
                settings, base, photo_set, trained.history, probabilities, chance_loss(trained)
            )
    with report.phases.measured("export"):
        if settings.base_is_frozen:
            # Also after its fine-tuning: the archive would hold moments for its layers, all zero.
            trained.classifier.base.layer.trainable = False
        heads.compile_model(model, settings, settings.learning_rate)
        described = labels.describe(model, settings, photo_set.train.class_names)
        artifacts.write_model(model, described, settings.exports)
        reference.write(model, settings, tolerance=1e-3 if report.devices else 1e-5)
        reference.write_photos(model, photo_set.valid, probabilities, settings)
    report.gpu_use.stop()
    stop_cause = trained.stop.cause if trained.stop else None
    if stop_cause != "time_limit":
        checkpoints.clear()
    run = report.write(trained, stop_cause, scored)
    artifacts.write_manifest()
    session.say(run["reading"]["words"])
    session.say(f"weights of epoch {trained.model_epoch}, the {settings.keep}")
    forms = ", ".join(artifacts.written_forms(settings.exports))
    session.say(f"model {forms}, history history.csv, plots {gallery.FOLDER}/")
    session.say(f"done {len(trained.seconds)} epochs in {session.elapsed():.1f}s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
