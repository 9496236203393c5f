"""`dry-run` of small jobs: the packed script itself, in a folder like Kaggle's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.notebooks import notebook
from support.projects import MAIN, packed_job, single_script, write_files

from kitctl.errors import InvalidInput, RunFailed, hint_text
from kitctl.operations import dry_run
from kitctl.operations.dry_run import LOG_NAME, DryRunResult, Scale
from kitctl.operations.planning.plan_job import plan_job
from kitctl.ports import NullReporter
from kitctl.sandbox import runner

SMALL = Scale(photos=40, epochs=2)


def run_dry(
    project: Path, *, scale: Scale = SMALL, mounts: Mapping[str, Path] | None = None
) -> DryRunResult:
    return dry_run.dry_run(
        plan_job(project),
        mounts or {},
        scale,
        out=project / "out",
        runner=runner.start,
        reporter=NullReporter(),
    )


def test_the_packed_script_runs_with_few_epochs_and_its_outputs_are_checked(tmp_path: Path) -> None:
    result = run_dry(packed_job(tmp_path, job="epochs = 30\n"))
    assert result.ok
    assert (result.epochs, result.metrics) == (2, {"loss": 0.5})
    assert [check.name for check in result.checks][-1] == "epochs"
    assert [file.path for file in result.artifacts] == ["epochs.txt"]
    assert (tmp_path / "out/epochs.txt").read_text("utf-8") == "2"
    assert "epoch 2/2 loss 0.5" in (tmp_path / "out" / LOG_NAME).read_text("utf-8")


def test_a_full_run_has_all_epochs_and_a_short_job_is_not_made_longer(tmp_path: Path) -> None:
    project = packed_job(tmp_path, job="epochs = 3\n")
    assert run_dry(project, scale=Scale(0, 0)).epochs == 3
    assert run_dry(project, scale=Scale(0, 9)).epochs == 3


def test_a_second_dry_run_replaces_the_first_one(tmp_path: Path) -> None:
    project = packed_job(tmp_path)
    run_dry(project)
    (tmp_path / "out/old.txt").write_text("old", "utf-8")
    run_dry(project)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [LOG_NAME, "epochs.txt"]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".out")]


def test_a_failing_script_keeps_its_log_and_leaves_the_last_good_outputs(tmp_path: Path) -> None:
    project = packed_job(tmp_path)
    run_dry(project)
    write_files(project, {"job/counting.py": "def count(epochs):\n    raise ValueError('NaN')\n"})
    with pytest.raises(RunFailed, match=r"exit code 1.*\n(.*\n)*.*ValueError: NaN") as failure:
        run_dry(project)
    log = project / "out-failed" / LOG_NAME
    assert str(log) in hint_text(failure.value.hint)
    assert 'File "job/counting.py", line 2, in count' in log.read_text("utf-8")
    assert (tmp_path / "out/epochs.txt").is_file()


def test_a_job_that_reports_wrong_input_is_invalid_input_in_its_own_words(tmp_path: Path) -> None:
    main = MAIN.replace(
        'print("session 1")', "print('error: no photos in train.', file=sys.stderr)\n    return 3"
    )
    with pytest.raises(InvalidInput, match=r"^no photos in train\."):
        run_dry(packed_job(tmp_path, {"job/main.py": main}))


def test_a_single_script_finds_both_layouts_and_few_photos(tmp_path: Path) -> None:
    data = write_files(
        tmp_path / "data",
        {f"train/car/{number}.jpg": "photo" for number in range(9)} | {"labels.csv": "a,b"},
    )
    project = single_script(
        tmp_path / "project",
        """
        import json, os
        from pathlib import Path
        found_photos = {}
        for folder in ("../input/datasets/ada/photos", "../input/photos"):
            photos = sorted(path.name for path in Path(folder, "train/car").iterdir())
            found_photos[folder] = [photos, Path(folder, "labels.csv").read_text()]
        json.dump(found_photos, open("found_photos.json", "w"))
        """,
    )
    result = run_dry(project, scale=Scale(3, 0), mounts={"datasets/ada/photos": data})
    assert result.ok
    found_photos = json.loads((project / "out/found_photos.json").read_text("utf-8"))
    few = [["0.jpg", "1.jpg", "2.jpg"], "a,b"]
    assert found_photos == {"../input/datasets/ada/photos": few, "../input/photos": few}


def test_a_folder_of_the_users_own_is_never_replaced(tmp_path: Path) -> None:
    project = packed_job(tmp_path)
    write_files(project, {"out/thesis.txt": "years of work"})
    with pytest.raises(InvalidInput, match="not touched"):
        run_dry(project)
    assert (project / "out/thesis.txt").is_file()


def test_a_notebook_runs_and_leaves_itself_with_outputs_and_a_page(tmp_path: Path) -> None:
    project = single_script(tmp_path, "", code_file="train.ipynb", kernel_type="notebook")
    write_files(project, {"train.ipynb": notebook("print('one')", "!echo two > two.txt")})
    result = run_dry(project)
    assert result.ok
    names = [file.path for file in result.artifacts]
    assert names == ["__notebook__.ipynb", "__results__.html", "two.txt"]
    executed = json.loads((project / "out/__notebook__.ipynb").read_text("utf-8"))
    assert executed["cells"][0]["outputs"][0]["text"] == ["one\n"]


def test_a_failing_cell_is_named_with_its_line(tmp_path: Path) -> None:
    project = single_script(tmp_path, "", code_file="train.ipynb", kernel_type="notebook")
    write_files(project, {"train.ipynb": notebook("x = 1", "y = 2\n\nraise ValueError('NaN')")})
    with pytest.raises(RunFailed, match="exit code 1: cell 2, line 3: ValueError: NaN"):
        run_dry(project)
    assert (project / "out-failed/__results__.html").is_file()


@pytest.mark.parametrize(
    ("code_file", "kind"), [("train.r", "script"), ("train.ipynb", "notebook")]
)
def test_what_is_no_python_is_refused_with_the_command_that_runs_it(
    tmp_path: Path, code_file: str, kind: str
) -> None:
    project = single_script(tmp_path, "", code_file=code_file, kernel_type=kind, language="r")
    write_files(project, {code_file: notebook("print(1)")})
    with pytest.raises(InvalidInput, match=rf"{code_file} cannot run here") as caught:
        run_dry(project)
    assert "kitctl push" in hint_text(caught.value.hint)


def test_hidden_folders_of_killed_dry_runs_are_cleared_by_the_next(tmp_path: Path) -> None:
    project = single_script(tmp_path, "import time; print('started', flush=True); time.sleep(600)")
    killed = subprocess.Popen(
        [sys.executable, "-m", "kitctl", "--project", str(project), "dry-run", "--out", "out"],
        cwd=project,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert killed.stderr is not None
    try:
        assert any("started" in line for line in killed.stderr)
        (running,) = project.glob(".out-*")
        single_script(project, "print('done'); open('left.txt', 'w')")
        run_dry(project)
        assert running.is_dir(), "the folder of a living dry run stays"
    finally:
        killed.kill()
        killed.communicate()
    run_dry(project)
    assert not running.exists()
