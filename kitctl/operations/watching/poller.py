"""Poll a run's state while the network may fail for a while."""

from __future__ import annotations

from kitctl.errors import NetworkFailed, NextCommand
from kitctl.operations.watching.find_run import TargetRun
from kitctl.operations.watching.network_patience import NetworkPatience
from kitctl.operations.watching.run_status import RunStatus, read_status
from kitctl.ports import Clock, Kaggle, Ledger, Reporter

# How long Kaggle may be unreachable before waiting is given up; the run continues either way.
PATIENCE_SECONDS = 1800.0


class Poller:
    """Polls a run's state; a network that fails for a while is only a warning."""

    def __init__(
        self,
        target: TargetRun,
        kaggle: Kaggle,
        ledger: Ledger,
        clock: Clock,
        reporter: Reporter,
        patience: float,
    ) -> None:
        self.ref = target.ref
        self._target, self._kaggle, self._ledger = target, kaggle, ledger
        self._reporter, self._patience = reporter, NetworkPatience(clock, patience)

    def poll(self) -> RunStatus | None:
        """Return the state now; None while Kaggle cannot be reached.

        Raises NetworkFailed where that lasts longer than the patience.
        """
        try:
            status = read_status(self._target, self._kaggle, self._ledger)
        except NetworkFailed as error:
            if self._patience.is_exhausted():
                raise NetworkFailed(
                    f"{error.message} The run goes on.",
                    code=error.code,
                    hint=NextCommand("wait", "RUN", run=str(self.ref)),
                ) from None
            self._reporter.warn(f"{error.message} The run goes on; still trying.")
            return None
        self._patience.renew()
        return status
