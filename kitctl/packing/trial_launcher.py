"""The start of a run with several trials: the packed script runs once for each of them.

kitctl copies this file's text before that of `launcher.py`; nothing imports it there. Each trial is
a process of its own in the run's working folder, so that it finds `../input` as every run does.
What it leaves there goes into the folder `trial-<number>`.
"""

import os
import sys


def take_trial(job: dict, trials: list) -> None:  # type: ignore[type-arg]
    """Give `job` the arguments and variables of this process's trial, and return.

    The run's first process is of no trial: it runs them all, and ends. `trials` has the arguments
    and variables of each. The exit code is 0 where any of them ended well.
    """
    if "KITCTL_CHECK" in os.environ:
        return
    for arguments, environment in trials:
        if os.environ.get("KITCTL_TRIAL") == environment["KITCTL_TRIAL"]:
            job["arguments"], job["environment"] = arguments, environment
            return
    codes = [run_trial(environment) for _, environment in trials]
    sys.exit(0 if 0 in codes else 1)


def run_trial(environment: dict) -> int:  # type: ignore[type-arg]
    """Run the script as one trial; the lines around its log say whose it is."""
    # Not at the top: the job's own modules may have these names.
    import subprocess

    number = environment["KITCTL_TRIAL"].split()[1]
    print(f"kitctl: trial {number} begins", flush=True)
    earlier = set(os.listdir())
    variables = {**os.environ, **environment}
    code = subprocess.call([sys.executable, *sys.argv[:1]], env=variables)
    keep_outputs(f"trial-{number}", earlier)
    print(f"kitctl: trial {number} ended with exit code {code}", flush=True)
    return code


def keep_outputs(folder: str, earlier: set) -> None:  # type: ignore[type-arg]
    """Move what a trial has left in the working folder into a folder of its own."""
    new = [name for name in os.listdir() if name not in earlier]
    if not new:
        return
    # The trial itself may have left something of the folder's name.
    place = f"{folder}.part"
    while os.path.lexists(place):
        place += ".part"
    os.mkdir(place)
    for name in new:
        os.rename(name, os.path.join(place, name))
    os.rename(place, folder)
