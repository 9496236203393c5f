"""Installs a job's packages at the start of its run: only what the image lacks, and timed.

kitctl copies this file's text into a packed script, which runs it as a program of its own, with the
requirements as its arguments: what it imports is not loaded for the job. `--wheels FOLDER` is for a
run without internet; `--any` goes on without those that cannot be installed.
"""

import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

try:
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name
except ImportError:
    Requirement = None  # type: ignore[assignment, misc]

SAME_MODULE = {
    "tensorflow": ("tensorflow-cpu", "tensorflow-gpu"),
    "opencv-python": ("opencv-python-headless", "opencv-contrib-python"),
    "opencv-python-headless": ("opencv-python", "opencv-contrib-python"),
    "psycopg2": ("psycopg2-binary",),
}
"""Distribution → others that give the same module, which is not to be installed twice."""


def lacks(text: str, depth: int = 2) -> bool:
    """Return whether the image lacks what a requirement asks for, as far as that can be read."""
    if Requirement is None:
        return True
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return True  # An address, which only pip reads.
    if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
        return False
    name = canonicalize_name(requirement.name)
    for candidate in (name, *SAME_MODULE.get(name, ())):
        try:
            version = metadata.version(candidate)
        except metadata.PackageNotFoundError:
            continue
        if requirement.url or not requirement.specifier.contains(version, prereleases=True):
            return True
        return depth > 0 and any(
            _extra_lacks(candidate, extra, depth) for extra in requirement.extras
        )
    return True


def _extra_lacks(name: str, extra: str, depth: int) -> bool:
    for text in metadata.requires(name) or ():
        needed = Requirement(text)
        marker, needed.marker = needed.marker, None
        if marker is None or marker.evaluate({"extra": ""}):
            continue
        if marker.evaluate({"extra": extra}) and lacks(str(needed), depth - 1):
            return True
    return False


def main(arguments: list[str]) -> int:
    """Install what is lacking; return pip's exit code."""
    source: list[str] = []
    may_lack = arguments[:1] == ["--any"]
    arguments = arguments[1:] if may_lack else arguments
    if arguments[:1] == ["--wheels"]:
        source = ["--no-index", "--find-links", arguments[1]]
        arguments = arguments[2:]
        if not Path(source[-1]).is_dir():
            print(f"error: The packages' data set is not at {source[-1]}.", file=sys.stderr)
            return 1
    lacking = [text for text in arguments if lacks(text)]
    if not lacking:
        print("kitctl: every package that the job asks for is here already.", file=sys.stderr)
        return 0
    started = time.monotonic()
    names = ", ".join(lacking)
    print(f"kitctl: installing {names}", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input"]
    command += ["--disable-pip-version-check", "--root-user-action=ignore"]
    code = subprocess.call([*command, *source, *lacking], stdout=sys.stderr)
    if code and may_lack:
        # One that cannot be installed must not keep the others away.
        alone = [*command, *source]
        failed = [text for text in lacking if subprocess.call([*alone, text], stdout=sys.stderr)]
        names, code = ", ".join(failed), len(failed)
    seconds = time.monotonic() - started
    if code:
        print(f"error: These packages could not be installed: {names}.", file=sys.stderr)
    else:
        print(f"kitctl: installed in {seconds:.1f} s.", file=sys.stderr)
    return 0 if may_lack else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
