"""The root command: every group of commands registers itself here."""

from __future__ import annotations

from kitctl.cli import doctor, dry_run, local, package, pipelines, pull, push, quota, runs, sweep
from kitctl.cli.frame import group

app = group("Batch jobs on Kaggle's GPUs: rehearse, push, follow, pull, and know what is left.")

for module in (
    doctor,
    dry_run,
    local,
    package,
    pipelines,
    sweep,
    push,
    quota,
    runs,
    pull,
):
    module.register(app)
