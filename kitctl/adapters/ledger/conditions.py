"""Conditions by which runs are selected from the ledger."""

from __future__ import annotations

# A kernel's runs under the name that Kaggle gave it, or under the one that the job has for it.
OF_KERNEL = "(owner = ? AND slug = ? OR job_kernel = ?)"

# A version that was saved and was not to run.
ONLY_SAVED = "(status = 'NEW_SCRIPT' AND failure_message = '')"

# A run without a group, or the newest one of its group.
NEWEST_OF_GROUP = (
    "NOT EXISTS (SELECT 1 FROM runs AS newer WHERE newer.service = runs.service"
    " AND newer.run_group = runs.run_group AND newer.id > runs.id)"
)
