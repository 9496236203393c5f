"""A job's script run on this machine: its lines, its exit code, its folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.plans import job_metadata, script_plan

from kitctl.errors import InvalidInput, RunFailed, hint_text
from kitctl.operations.local_runs.local_run import INPUT_ERROR, ScriptRun
from kitctl.packing import bundle
from kitctl.packing.plan import Module, Plan
from kitctl.ports import LocalRun, NullReporter
from kitctl.sandbox import runner


def packed_plan(script: str) -> Plan:
    """Return the plan of a packed job with one module."""
    metadata = job_metadata(code_file="main.py")
    return bundle.pack_modules(metadata, (Module("main", "main.py", script),), {})


def run(plan: Plan, root: Path, **options: int) -> tuple[ScriptRun, int, list[str]]:
    """Run a plan to its end; return the run, its exit code and its lines."""
    lines: list[str] = []
    script = ScriptRun(plan, root, runner.start, **options)
    script.start({}, lines.append, NullReporter())
    return script, script.wait(), lines


def test_each_line_is_passed_on_and_written_to_the_log_with_its_stream(tmp_path: Path) -> None:
    script, code, lines = run(script_plan("print('one')\nprint('two  ')\n"), tmp_path / "run")
    assert (code, lines) == (0, ["one", "two"])
    script.write_log("run.log")
    log = (script.working / "run.log").read_text("utf-8").splitlines()
    assert [line.split(maxsplit=1)[1] for line in log] == ["stdout one", "stdout two"]


def test_of_a_line_that_is_redrawn_only_the_last_state_is_passed_on(tmp_path: Path) -> None:
    _, _, lines = run(script_plan(r"print('10 %\r50 %\r100 %')"), tmp_path / "run")
    assert lines == ["100 %"]


def test_a_question_is_answered_by_the_last_line_on_stdout(tmp_path: Path) -> None:
    source = "import os, sys\nprint('x')\nprint(os.environ.get('ASKED'))\nprint(1, file=sys.stderr)"
    script, _, lines = run(script_plan(source), tmp_path / "run")
    assert "None" in lines
    assert script.ask("ASKED").strip() == "1"


def test_a_failure_without_a_reason_shows_the_last_lines(tmp_path: Path) -> None:
    source = "for n in range(20): print('line', n)\nraise SystemExit(5)"
    script, code, _ = run(script_plan(source), tmp_path / "run", last_lines=2)
    error = script.failure(code, "look there")
    assert isinstance(error, RunFailed)
    assert error.message == (
        "The script ended with exit code 5: its last lines:\n    line 18\n    line 19"
    )
    assert error.hint == "look there"


def test_a_packed_job_that_reports_wrong_input_is_invalid_input(tmp_path: Path) -> None:
    source = f"print('error: no photos.')\nraise SystemExit({INPUT_ERROR})"
    script, code, _ = run(packed_plan(source), tmp_path / "run")
    error = script.failure(code, "")
    assert isinstance(error, InvalidInput)
    assert (error.code, error.message) == ("job_input", "no photos.")


def test_the_same_exit_code_of_a_single_script_is_a_failed_run(tmp_path: Path) -> None:
    source = f"print('error: no photos.')\nraise SystemExit({INPUT_ERROR})"
    script, code, _ = run(script_plan(source), tmp_path / "run")
    assert isinstance(script.failure(code, ""), RunFailed)


def test_a_missing_module_is_a_hint_to_the_doctor(tmp_path: Path) -> None:
    script, code, _ = run(script_plan("import no_such_module"), tmp_path / "run")
    assert hint_text(script.failure(code, "look there").hint) == (
        "kitctl doctor   (says what to install here)   look there"
    )


def test_an_interruption_stops_the_script(tmp_path: Path) -> None:
    class Interrupted:
        working, isolation, stopped = tmp_path, "", False

        def wait(self, timeout: float | None = None) -> int | None:
            raise KeyboardInterrupt

        def stop(self) -> None:
            self.stopped = True

    process = Interrupted()

    def start(*_: object, **__: object) -> LocalRun:
        return process

    script = ScriptRun(script_plan(), tmp_path, start)
    script.start({}, lambda line: None, NullReporter())
    with pytest.raises(KeyboardInterrupt):
        script.wait()
    assert process.stopped


def test_outputs_replace_a_folder_and_nothing_else_is_left(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "old.txt").touch()
    script, _, _ = run(script_plan("open('new.txt', 'w')"), tmp_path / "run")
    script.move_outputs(out)
    script.clear()
    assert [path.name for path in out.iterdir()] == ["new.txt"]
    assert list(tmp_path.iterdir()) == [out]


def test_write_protected_inputs_are_removed(tmp_path: Path) -> None:
    script = ScriptRun(script_plan(), tmp_path / "run", runner.start)
    folder = script.root / "input" / "datasets" / "ada"
    folder.mkdir(parents=True)
    (folder / "a.txt").touch()
    for path in (folder, *folder.parents[:2]):
        path.chmod(0o555)
    script.clear_inputs()
    assert list(script.root.iterdir()) == []
