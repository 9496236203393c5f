"""The files of a packaged job for SkyPilot and for Hugging Face Jobs.

Both run `run_job.py` in Kaggle's own public image, which has the packages of a Kaggle run.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import yaml

from kitctl.domain.job.metadata import Metadata
from kitctl.errors import InvalidInput
from kitctl.packing.elsewhere import run_job

RUN_JOB = "run_job.py"
TOKEN = "KAGGLE_API_TOKEN"
_IMAGES = {
    "gpu": "gcr.io/kaggle-gpu-images/python:latest",
    "cpu": "gcr.io/kaggle-images/python:latest",
}

# Kaggle's machine shape → SkyPilot's accelerators and the flavor of Hugging Face Jobs that is
# nearest to it. Source: `sky show-gpus` 0.14 and `hf jobs run --help` 2.4, read in November 2026.
_MACHINES = {
    "": ("", "cpu-upgrade"),
    "NvidiaTeslaT4": ("T4:2", "l4x1"),
    "NvidiaTeslaP100": ("T4:2", "l4x1"),
    "NvidiaTeslaT4Highmem": ("T4:2", "l4x1"),
    "NvidiaL4": ("L4:4", "l4x4"),
    "NvidiaL4X1": ("L4:1", "l4x1"),
    "NvidiaTeslaA100": ("A100:1", "a100-large"),
    "NvidiaH100": ("H100:1", "h200"),
    "NvidiaRtxPro6000": ("RTXPRO6000:1", "rtx-pro-6000"),
}


def sky_files(metadata: Metadata) -> dict[str, str]:
    """Return the files by which SkyPilot runs a packaged job, by name.

    Raises InvalidInput for a job that runs only on Kaggle.
    """
    accelerators, _ = _machine(metadata)
    task = {
        "name": metadata.slug,
        "workdir": ".",
        "resources": {
            "image_id": f"docker:{_IMAGES[metadata.pool]}",
            **({"accelerators": accelerators} if accelerators else {"cpus": "4+"}),
            "disk_size": 100,
        },
        "secrets": {TOKEN: None},
        "setup": 'python -m pip install --quiet "kaggle>=2.2.5" six\n',
        "run": f"python {RUN_JOB}\n",
    }
    heading = (
        f"# sky launch -c {metadata.slug} --secret {TOKEN} sky.yaml\n"
        f"# rsync -Pavz {metadata.slug}:/kaggle/working/ results/   (then: sky down)\n"
    )
    return {**_common_files(metadata), "sky.yaml": heading + _as_yaml(task)}


def hf_files(metadata: Metadata) -> dict[str, str]:
    """Return the files by which Hugging Face Jobs runs a packaged job, by name.

    Raises InvalidInput for a job that runs only on Kaggle.
    """
    _, flavor = _machine(metadata)
    command = f"""\
#!/bin/sh
# The outputs go into a bucket: HF_BUCKET=me/my-bucket {TOKEN}=... sh hf-jobs.sh
# Further options are passed on, such as --dry-run, --detach or --timeout 12h.
here=$(cd "$(dirname "$0")" && pwd)
: "${{HF_BUCKET:?Name the bucket for the outputs: HF_BUCKET=OWNER/NAME}}"
exec hf jobs run --name {metadata.slug} --flavor {flavor} --secrets {TOKEN} \\
    -v "$here:/job" -v "hf://buckets/$HF_BUCKET:/kaggle/working:rw" "$@" \\
    {_IMAGES[metadata.pool]} python /job/{RUN_JOB}
"""
    return {**_common_files(metadata), "hf-jobs.sh": command}


@dataclass(frozen=True)
class Service:
    """A service that runs packaged jobs: its files, and the command to type in their folder."""

    files: Callable[[Metadata], dict[str, str]]
    command: str


SERVICES: Mapping[str, Service] = {
    "sky": Service(sky_files, f"sky launch --secret {TOKEN} sky.yaml"),
    "hf": Service(hf_files, "HF_BUCKET=OWNER/NAME sh hf-jobs.sh"),
}
"""What `package --for` takes."""


def _common_files(metadata: Metadata) -> dict[str, str]:
    if metadata.language != "python":
        raise InvalidInput(
            f"{metadata.code_file} is {metadata.language}: only Python jobs run on other services.",
            code="service",
        )
    return {RUN_JOB: inspect.getsource(run_job)}


def _machine(metadata: Metadata) -> tuple[str, str]:
    machine = _MACHINES.get(metadata.machine_shape)
    if machine is None:
        raise InvalidInput(
            f"No machine of another service is known for {metadata.machine_shape}.",
            code="service",
            hint='Write "machine_shape": "NvidiaTeslaT4" in kernel-metadata.json, or "" for a CPU.',
        )
    return machine


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, as people write them."""


def _text_node(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text_node)


def _as_yaml(values: Mapping[str, object]) -> str:
    return yaml.dump(dict(values), Dumper=_Dumper, sort_keys=False, allow_unicode=True)
