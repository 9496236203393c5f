"""A job's script run on this machine: start it, read its lines, wait, judge its exit code."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from kitctl.errors import Hint, InvalidInput, KitError, NextCommand, RunFailed
from kitctl.files import remove_tree
from kitctl.packing.plan import Plan
from kitctl.ports import LocalRun, Reporter, Runner

LineListener = Callable[[str], None]
"""Called with each line of the script, without its line end."""

INPUT_ERROR = 3
"""The exit code with which a packed job says that its settings or its data are wrong."""
_ERROR = "error: "

POLL_SECONDS = 0.2


class ScriptRun:
    """The plan's script in `root`, a folder laid out as Kaggle's.

    A failure that names no reason shows the last `last_lines` lines.
    """

    def __init__(self, plan: Plan, root: Path, runner: Runner, *, last_lines: int = 8) -> None:
        self.root = root
        self._plan, self._runner = plan, runner
        self._mounts: Mapping[str, Path] = {}
        self._log: list[str] = []
        self._last_lines: deque[str] = deque(maxlen=last_lines)
        self._error = ""  # the last line that says one
        self._process: LocalRun | None = None

    @property
    def working(self) -> Path:
        """The folder that the script writes its outputs to."""
        return self.root / "working"

    @property
    def isolation(self) -> str:
        """One sentence on how the script is isolated; "" before it is started."""
        return self._process.isolation if self._process else ""

    def start(
        self,
        mounts: Mapping[str, Path],
        on_line: LineListener,
        reporter: Reporter,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start the script; before, the reporter is given a sentence on its isolation.

        `mounts` maps paths under input/ to local folders; `environment` is added to Kaggle's own
        variables.
        """
        self._mounts = mounts

        def report(isolation: str) -> None:
            is_isolated = isolation.startswith("Isolated")
            (reporter.hint if is_isolated else reporter.warn)(isolation)

        def record(stream: str, line: str, seconds: float) -> None:
            text = line.rstrip()
            self._log.append(f"{seconds:9.2f} {stream} {text}\n")
            # A progress bar of the script's own redraws its line: the last state is enough.
            self._last_lines.append(text.rpartition("\r")[2])
            if self._last_lines[-1].startswith(_ERROR):
                self._error = self._last_lines[-1]
            on_line(self._last_lines[-1])

        self._process = self._start_process(environment or {}, record, report)

    def wait(self) -> int:
        """Return the exit code once the script has ended; an interruption stops the script."""
        assert self._process is not None, "the script was not started"
        return wait_for_exit(self._process)

    def ask(self, variable: str) -> str:
        """Start the script again with `variable` set, and return its last line on stdout."""
        lines: list[str] = []

        def collect(stream: str, line: str, seconds: float) -> None:
            if stream == "stdout":
                lines.append(line)

        wait_for_exit(self._start_process({variable: "1"}, collect, lambda isolation: None))
        return lines[-1] if lines else ""

    def failure(self, code: int, hint: Hint) -> KitError:
        """Return what the exit code means, in the script's own words where it printed a reason."""
        lines = list(self._last_lines)
        if self._plan.is_job and code == INPUT_ERROR and self._error:
            # Lines of the other stream may have come after it.
            return InvalidInput(self._error.removeprefix(_ERROR), code="job_input", hint=hint)
        reason = self._error.removeprefix(_ERROR) if self._error in lines else ""
        if any(line.startswith("ModuleNotFoundError") for line in lines):
            hint = (NextCommand("doctor", note="says what to install here"), "   ", hint)
        detail = reason or "its last lines:\n" + "\n".join(f"    {line}" for line in lines)
        return RunFailed(f"The script ended with exit code {code}: {detail}", hint=hint)

    def write_log(self, name: str) -> None:
        """Write every line, with its time and stream, beside the outputs."""
        (self.working / name).write_text("".join(self._log), "utf-8")

    def move_outputs(self, folder: Path) -> None:
        """Put the outputs in the place of `folder`, in one step."""
        if folder.exists():
            folder.rename(self.root / "old")
        self.working.rename(folder)

    def clear_inputs(self) -> None:
        """Remove the inputs, which are write-protected where they had to be copied."""
        remove_tree(self.root / "input")

    def clear(self) -> None:
        """Remove the folder with all that is left in it."""
        remove_tree(self.root)

    def _start_process(
        self,
        environment: Mapping[str, str],
        on_line: Callable[[str, str, float], None],
        on_isolation: Callable[[str], None],
    ) -> LocalRun:
        return self._runner(
            self.root,
            self._plan.script,
            self._mounts,
            environment=environment,
            internet=self._plan.metadata.enable_internet,
            on_line=on_line,
            on_isolation=on_isolation,
            name=self._plan.script_name,
        )


def wait_for_exit(process: LocalRun) -> int:
    """Wait in small steps, so that Ctrl-C is noticed at once; it ends the whole process tree."""
    try:
        while (code := process.wait(POLL_SECONDS)) is None:
            pass
    except BaseException:
        process.stop()
        raise
    return code
