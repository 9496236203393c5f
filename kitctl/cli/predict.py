"""`kitctl predict`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kitctl.cli.command import command
from kitctl.cli.context import CommandContext
from kitctl.cli.options import LocalOption
from kitctl.errors import InvalidInput, KitError, UsageError
from kitctl.render.output import CommandResult

if TYPE_CHECKING:
    from kitctl.operations.results.pulled_run import PulledRuns


@command(
    "predict",
    examples=["kitctl predict photo.jpg", "kitctl predict 3 photos/ --top 3 --csv classes.csv"],
)
def predict(
    context: CommandContext,
    *,
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="[RUN] FILE…",
            help="Photos or folders; RUN is N, vN, OWNER/SLUG/N or a folder of results, by default"
            " the newest pulled run.",
        ),
    ],
    top: Annotated[
        int, typer.Option("--top", metavar="N", min=1, help="The N likeliest classes of each.")
    ] = 1,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write the predictions there.")
    ] = None,
    local: LocalOption = None,
) -> CommandResult:
    """Ask a pulled run's model which class photos have.

    Photos are resized and scaled as in the run. The model runs without network, and sees only the
    photos and itself. A photo that cannot be read is named, and the exit code is 3.
    """
    from kitctl.cli.pulled import pulled_runs
    from kitctl.operations import predict as operation
    from kitctl.render.predict import draw_predictions, write_predictions
    from kitctl.sandbox import inside, runner

    _require_tensorflow()
    context.configure(local=local)
    where = pulled_runs(context)
    run_name, files = _split(names, where)
    run = where.find(run_name)
    photos = operation.find_photos(files)
    result = operation.predict(
        run,
        photos,
        top=top,
        program=Path(inside.__path__[0], "predict_photos.py").read_bytes(),
        # The model has no business with the user's secrets.
        runner=partial(runner.start, secret_values={}),
        reporter=context.console,
    )
    if csv is not None:
        write_predictions(result, csv)
    return CommandResult(result, draw_predictions, result.failure)


def _split(names: Sequence[str], where: PulledRuns) -> tuple[str | None, Sequence[str]]:
    """Return the run's name, None for the newest, and the files: a file is never taken for a run.

    Raises UsageError where only a run is named.
    """
    first, *others = names
    if not (where.is_results(first) or (not Path(first).exists() and _names_a_run(first))):
        return None, names
    if not others:
        raise UsageError(
            f"Which photos should the model of {first} be asked about?",
            code="no_photos",
            hint="Name photos or folders after it.",
        )
    return first, others


def _names_a_run(word: str) -> bool:
    from kitctl.domain.runs.run import RunName

    try:
        RunName.parse(word)
    except KitError:
        return False
    return True


def _require_tensorflow() -> None:
    if find_spec("tensorflow") is None:
        raise InvalidInput(
            "TensorFlow is not installed here, which a run's model needs.",
            code="no_tensorflow",
            hint="pip install 'kaggle-kitctl[train]'",
        )
