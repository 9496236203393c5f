"""Files are written completely or not at all, and tables keep every digit."""

from pathlib import Path

import pandas as pd
import pytest

from kernel import files


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text("old", "utf-8")

    with pytest.raises(RuntimeError), files.atomic_write(path) as temporary:
        temporary.write_text("half of the ne", "utf-8")
        raise RuntimeError

    assert path.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_stands_at_the_path_until_the_file_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run.json"

    with files.atomic_write(path) as temporary:
        temporary.write_text("new", "utf-8")
        assert not path.exists()
        assert temporary.suffix == ".json"

    assert path.read_text("utf-8") == "new"
    assert list(path.parent.iterdir()) == [path]


def test_a_table_keeps_every_digit_and_quotes_what_csv_requires(tmp_path: Path) -> None:
    table = pd.DataFrame({"units": ["[8, 2]"], "loss": [0.1 + 0.2], "missing": [float("nan")]})

    files.write_csv(tmp_path / "heads.csv", table)

    written = (tmp_path / "heads.csv").read_bytes()
    assert written == b'units,loss,missing\r\n"[8, 2]",0.30000000000000004,nan\r\n'
