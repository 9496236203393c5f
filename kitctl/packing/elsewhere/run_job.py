"""Run a packaged Kaggle job on any machine, with the folders that it has on Kaggle.

    KAGGLE_API_TOKEN=… python run_job.py

It reads kernel-metadata.json beside it, fetches the inputs with Kaggle's own client, and runs the
job in /kaggle/working. An input folder that is there already is not fetched. KAGGLE_ROOT names
another folder than /kaggle, for jobs that do not write absolute paths.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Fetch the inputs and run the job; return the job's exit code."""
    metadata = json.loads((HERE / "kernel-metadata.json").read_text("utf-8"))
    root = Path(os.environ.get("KAGGLE_ROOT", "/kaggle"))
    for folder, link, command in inputs(metadata, root / "input"):
        fetch(folder, command)
        if not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(folder)
    return run(HERE / metadata["code_file"], root)


def inputs(metadata: dict[str, Any], root: Path) -> Iterator[tuple[Path, Path, list[str]]]:
    """Yield the folder of each input, its older name, and the client's arguments that fetch it."""
    for ref in metadata["dataset_sources"]:
        arguments = ["datasets", "download", ref, "--unzip", "--quiet"]
        yield root / "datasets" / ref, root / ref.split("/")[1], arguments
    for ref in metadata["kernel_sources"]:
        yield root / "notebooks" / ref, root / ref.split("/")[1], ["kernels", "output", ref]
    for ref in metadata["competition_sources"]:
        arguments = ["competitions", "download", ref, "--quiet"]
        yield root / "competitions" / ref, root / ref, arguments
    for ref in metadata["model_sources"]:
        arguments = ["models", "instances", "versions", "download", ref, "--untar", "--quiet"]
        yield root / "models" / ref, root / ref.partition("/")[2], arguments


def fetch(folder: Path, command: list[str]) -> None:
    """Run Kaggle's client with `command`; the folder appears only when it is complete."""
    if folder.exists():
        print(f"{folder} is there already", flush=True)
        return
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    print(f"fetching {folder}", flush=True)
    subprocess.run([sys.executable, "-m", "kaggle", *command, "--path", str(part)], check=True)
    for archive in part.glob("*.zip") if command[0] == "competitions" else ():
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(part)
        archive.unlink()
    part.rename(folder)


def run(code: Path, root: Path) -> int:
    """Run the script or notebook as Kaggle does; return its exit code."""
    working, source = root / "working", root / "src"
    working.mkdir(parents=True, exist_ok=True)
    source.mkdir(parents=True, exist_ok=True)
    script = source / f"script{code.suffix}"
    shutil.copyfile(code, script)
    arguments = [str(script)]
    if code.suffix == ".ipynb":
        output = ["--output", "__notebook__.ipynb", "--output-dir", str(working)]
        convert = ["-m", "jupyter", "nbconvert", "--to", "notebook", "--execute"]
        arguments = [*convert, *output, str(script)]
    environment = {**os.environ, "KAGGLE_KERNEL_RUN_TYPE": "Batch"}
    return subprocess.run([sys.executable, *arguments], cwd=working, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
