"""A notebook's code as one script."""

from __future__ import annotations

import json

from kitctl.sandbox import notebooks


def notebook(*cells: tuple[str, str | list[str]]) -> str:
    return json.dumps({"cells": [{"cell_type": kind, "source": text} for kind, text in cells]})


def test_code_cells_become_one_script_in_their_order() -> None:
    source = notebook(("code", "a = 1"), ("markdown", "# Title"), ("code", ["b = 2\n", "c = 3"]))
    assert notebooks.to_script(source) == "a = 1\n\nb = 2\nc = 3\n"


def test_lines_for_jupyter_only_become_comments() -> None:
    source = notebook(("code", "%matplotlib inline\n!pip list\nprint(5 % 2)"))
    assert notebooks.to_script(source) == "# %matplotlib inline\n# !pip list\nprint(5 % 2)\n"


def test_a_notebook_without_code_is_an_empty_script() -> None:
    assert notebooks.to_script("{}").strip() == ""
    assert notebooks.to_script(notebook(("code", ""))).strip() == ""
