"""Plans of single scripts, and the metadata of jobs."""

from __future__ import annotations

from typing import Any

from kitctl.domain.job import accelerators
from kitctl.domain.job.metadata import Metadata
from kitctl.packing import bundle
from kitctl.packing.plan import Plan


def job_metadata(**fields: Any) -> Metadata:
    """Return the metadata of a Python script on the CPU; `fields` replace the defaults."""
    usual = {
        "owner": "",
        "slug": "small-job",
        "title": "Small job",
        "code_file": "train.py",
        "language": "python",
        "kernel_type": "script",
    }
    return Metadata(**{**usual, **fields})


def script_plan(script: str = "print('hello')", **metadata: Any) -> Plan:
    """Return the plan of a single script on the CPU; `metadata` replaces fields."""
    return bundle.plan_single_file(job_metadata(**metadata), script.encode())


def gpu_plan(script: str = "import torch; torch.cuda", **metadata: Any) -> Plan:
    """Return the plan of a single script on a GPU."""
    return script_plan(script, accelerator=accelerators.T4X2, **metadata)
