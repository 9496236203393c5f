"""Scripts that run at the local Kaggle as this user's own pushes."""

from __future__ import annotations

from support.jobs import intent_to_push, save_request
from support.local_setup import LocalSetup

from kitctl.domain.runs.run import KernelRef
from kitctl.operations.watching.find_run import TargetRun

KERNEL = KernelRef("local", "small-job")

# A script that starts so prints the id of its session, without which it cannot be cancelled.
PRINT_SESSION = "import os, time\nprint(os.environ['KAGGLE_CONTAINER_NAME'], flush=True)\n"


def push_script(setup: LocalSetup, script: str, version: int = 1) -> TargetRun:
    """Run a script on the CPU as this version of KERNEL, with a record in the ledger."""
    intent = intent_to_push(
        script, service="local", account="local", kernel=KERNEL, pool="cpu", accelerator=""
    )
    run = setup.ledger.admit(intent, lambda pending: None)
    ref = setup.kaggle.save(save_request(KERNEL, script)).run
    return TargetRun(
        ref, setup.ledger.record_version(run.id, KERNEL, ref.version, setup.kaggle.now())
    )
