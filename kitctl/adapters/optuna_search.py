"""The port `Search` by Optuna: its samplers, its pruners, and its storage in a file of SQLite."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kitctl.adapters.optuna_choices import new_pruner, new_sampler, require_optuna, suggest
from kitctl.domain.runs.search_space import SearchSpace
from kitctl.domain.runs.trials import Trial, TrialState
from kitctl.errors import InvalidInput, Refused

if TYPE_CHECKING:
    from optuna.storages import RDBStorage
    from optuna.study import Study
    from optuna.trial import FrozenTrial
    from optuna.trial import Trial as RunningTrial

_NAME = "sweep"
_EXPECTED, _GIVEN_BACK, _REASON = "expected_seconds", "given_back_seconds", "reason"


@contextmanager
def open_search(
    file: Path, space: SearchSpace, *, mode: str, sampler: str, pruner: str
) -> Iterator[OptunaSearch]:
    """Open the search in a file, which is made where it is missing, for this process alone.

    Raises InvalidInput where Optuna is not installed or the file is no search, Refused where
    another process has it open.
    """
    require_optuna()
    from filelock import FileLock, Timeout

    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The system releases it with the process, also after kill -9.
    lock = FileLock(file.with_suffix(".lock"))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise Refused(
            "Another kitctl is at work on this very sweep.",
            code="already_running",
            hint="Leave it to that one, or end it first.",
        ) from None
    try:
        with _storage(file) as storage:
            yield OptunaSearch(_study(storage, mode, pruner), storage, space, sampler)
    finally:
        lock.release()


class OptunaSearch:
    """A study of Optuna's, whose trials run elsewhere."""

    def __init__(self, study: Study, storage: RDBStorage, space: SearchSpace, sampler: str) -> None:
        self._study, self._storage = study, storage
        self._space, self._sampler = space, sampler
        self._running: dict[int, RunningTrial] = {}

    def trials(self) -> list[Trial]:
        from optuna.trial import TrialState as OptunaState

        for trial in self._study.get_trials(deepcopy=False, states=(OptunaState.RUNNING,)):
            # Killed between two values, it gets the others now.
            if set(trial.params) != set(self._space):
                again = self._again(trial.number)
                with self._sampling(trial.number):
                    self._choose(again)
        return [_trial(trial) for trial in self._study.get_trials()]

    def begin(self) -> Trial:
        number = len(self._study.get_trials(deepcopy=False))
        with self._sampling(number):
            trial = self._study.ask()
            self._choose(trial)
        self._running[trial.number] = trial
        return _trial(self._study.get_trials()[trial.number])

    def report(self, number: int, epoch: int, value: float) -> None:
        trial = self._again(number)
        if epoch not in self._frozen(number).intermediate_values:
            trial.report(value, epoch)

    def is_behind(self, number: int) -> bool:
        return bool(self._again(number).should_prune())

    def record_stop(self, number: int, expected_seconds: float | None) -> None:
        self._again(number).set_user_attr(_EXPECTED, expected_seconds)

    def complete(self, number: int, value: float) -> None:
        self._study.tell(number, value)

    def prune(self, number: int, given_back_seconds: float | None) -> None:
        from optuna.trial import TrialState as OptunaState

        self._again(number).set_user_attr(_GIVEN_BACK, given_back_seconds)
        self._study.tell(number, state=OptunaState.PRUNED)

    def fail(self, number: int, reason: str) -> None:
        from optuna.trial import TrialState as OptunaState

        self._again(number).set_user_attr(_REASON, reason)
        self._study.tell(number, state=OptunaState.FAIL)

    def best(self) -> Trial | None:
        from optuna.trial import TrialState as OptunaState

        complete = self._study.get_trials(deepcopy=False, states=(OptunaState.COMPLETE,))
        return _trial(self._study.best_trial) if complete else None

    def _frozen(self, number: int) -> FrozenTrial:
        return self._study.get_trials(deepcopy=False)[number]

    def _again(self, number: int) -> RunningTrial:
        """Return a running trial, also one that an earlier process has begun."""
        if number not in self._running:
            from optuna.trial import Trial as RunningTrial

            study_id = self._storage.get_study_id_from_name(_NAME)
            trial_id = self._storage.get_trial_id_from_study_id_trial_number(study_id, number)
            with self._sampling(number):
                self._running[number] = RunningTrial(self._study, trial_id)
        return self._running[number]

    def _choose(self, trial: RunningTrial) -> None:
        """Let Optuna choose the values that the trial does not have yet."""
        for name, parameter in self._space.items():
            suggest(trial, name, parameter)

    @contextmanager
    def _sampling(self, number: int) -> Iterator[None]:
        """Set the sampler for one trial.

        Its chance depends on the trial's number only: a sampler that was seeded anew after a kill
        would repeat the first trials. Told the end of a grid's last trial, a sampler would stop.
        """
        from optuna.samplers import RandomSampler

        self._study.sampler = new_sampler(self._sampler, self._space, number)
        try:
            yield
        finally:
            self._study.sampler = RandomSampler()


@contextmanager
def _storage(file: Path) -> Iterator[RDBStorage]:
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    try:
        storage = optuna.storages.RDBStorage(f"sqlite:///{file}")
    except (SQLAlchemyError, RuntimeError, OSError) as error:
        raise _unusable(file, error) from None
    try:
        yield storage
    except optuna.exceptions.StorageInternalError as error:
        raise _unusable(file, error.__cause__ or error) from None
    finally:
        storage.engine.dispose()


def _unusable(file: Path, error: BaseException) -> InvalidInput:
    return InvalidInput(
        f"The search in {file} cannot be used: {str(error).splitlines()[0]}."
        " Runs under way go on at Kaggle.",
        code="search_unusable",
        hint="See that the file can be read and written, then type the same command again."
        " Without that file the sweep begins anew.",
    )


def _study(storage: RDBStorage, mode: str, pruner: str) -> Study:
    import optuna

    return optuna.create_study(
        storage=storage,
        study_name=_NAME,
        direction="minimize" if mode == "min" else "maximize",
        pruner=new_pruner(pruner),
        load_if_exists=True,
    )


def _trial(trial: FrozenTrial) -> Trial:
    from optuna.trial import TrialState as OptunaState

    states = {
        OptunaState.COMPLETE: TrialState.COMPLETE,
        OptunaState.PRUNED: TrialState.PRUNED,
        OptunaState.FAIL: TrialState.FAILED,
    }
    state = states.get(trial.state, TrialState.RUNNING)
    notes: dict[str, Any] = trial.user_attrs
    return Trial(
        number=trial.number,
        values=trial.params,
        state=state,
        value=trial.value if state is TrialState.COMPLETE else None,
        curve=dict(sorted(trial.intermediate_values.items())),
        is_stopped=_EXPECTED in notes,
        expected_seconds=notes.get(_EXPECTED),
        given_back_seconds=notes.get(_GIVEN_BACK),
        reason=notes.get(_REASON, ""),
    )
