"""Notebooks as Kaggle takes them."""

from __future__ import annotations

import ast
import json

import pytest
from support.notebooks import PYTHON, notebook

from kitctl.packing import notebooks
from kitctl.packing.notebooks import NotANotebook, without_outputs


def test_a_notebook_is_sent_without_outputs_and_with_each_source_as_one_string() -> None:
    code = {"cell_type": "code", "source": ["a = 1\n", "a"], "outputs": ["1"], "metadata": {}}
    text = {"cell_type": "markdown", "source": "# Title"}
    whole = {"cells": [code, text], "nbformat": 4, "metadata": PYTHON}
    assert json.loads(without_outputs(json.dumps(whole))) == {
        **whole,
        "cells": [{**code, "source": "a = 1\na", "outputs": []}, text],
    }


@pytest.mark.parametrize(
    ("language", "metadata", "name"),
    [
        ("python", {}, "python3"),
        ("python", {"kernelspec": {"display_name": "?"}}, "python3"),
        ("r", {"language_info": {"name": "R"}}, "ir"),
    ],
)
def test_a_notebook_that_names_no_kernel_gets_its_languages(
    language: str, metadata: dict[str, object], name: str
) -> None:
    text = notebook("1", metadata=metadata)
    assert notebooks.names_no_kernel(text)
    sent = without_outputs(text, language)
    assert json.loads(sent)["metadata"]["kernelspec"]["name"] == name
    assert not notebooks.names_no_kernel(sent)


def test_the_kernel_that_a_notebook_names_is_kept() -> None:
    metadata = {"kernelspec": {"name": "mine"}, "other": 1}
    sent = json.loads(without_outputs(notebook("1", metadata=metadata)))
    assert sent["metadata"] == metadata


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not valid JSON"),
        (notebook("print(1)")[:60], "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ('{"cells": [], "nbformat": ' + "4" * 5000 + "}", "thousands of digits"),
        ("{}", "no list of cells"),
        ("[]", "no list of cells"),
        ('{"cells": 1}', "no list of cells"),
        ('{"nbformat": 3, "worksheets": [{"cells": []}]}', "no cells with anything"),
        ('{"nbformat": 3, "worksheets": 1}', "format 4"),
        (notebook("1", metadata=[1]), "metadata is no object"),
        (notebook(), "no cells with anything in them"),
        (notebook("", " \n"), "no cells with anything in them"),
        (notebook("1", cells=[{"cell_type": "code", "source": None}]), "source of cell 1 is null"),
        (notebook("1", cells=[{"cell_type": "code"}]), "source of cell 1 is null"),
        (notebook("1", cells=[{"cell_type": "raw", "source": [1]}]), r"source of cell 1 is \[1\]"),
        (notebook("1", cells=[{"source": "1"}]), "cell 1 has no type"),
        (notebook("1", cells=["1"]), "cell 1 has no type"),
    ],
)
def test_a_text_that_kaggle_cannot_run_as_a_notebook_is_refused_with_the_reason(
    text: str, reason: str
) -> None:
    with pytest.raises(NotANotebook, match=reason):
        without_outputs(text)


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("import os\nimport torch", "import os\nimport torch"),
        ("%%bash\nimport x", "# %%bash\n# import x"),
        ("for s in (1, 2):\n    !echo {s}", "for s in (1, 2):\n    None  # !echo {s}"),
        ("files = !ls\nx = 5 % 2", "files = None\nx = 5 % 2"),
        ("!pip install \\\n  numpy\nimport a", "None  # !pip install \\\nNone  # numpy\nimport a"),
    ],
)
def test_what_is_for_ipython_only_is_no_code_of_python(cell: str, python: str) -> None:
    assert notebooks.plain_python(cell) == python


def test_only_code_cells_hold_code() -> None:
    cells = [{"cell_type": "markdown", "source": "import x"}, {"cell_type": "code", "source": "1"}]
    assert notebooks.code_cells(notebook(cells=cells)) == ["1"]
    assert ast.parse(notebooks.plain_python("a = 1\n%time b = 2\nc = !ls\n"))


def test_a_notebook_of_format_3_is_sent_in_format_4() -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Title"], "metadata": {}},
        {"cell_type": "code", "input": ["a = 1\n", "a"], "outputs": ["1"], "metadata": {}},
    ]
    old = json.dumps({"nbformat": 3, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]})
    assert notebooks.is_of_format_3(old)
    sent = json.loads(without_outputs(old))
    assert (sent["nbformat"], sent["metadata"]["kernelspec"]["name"]) == (4, "python3")
    assert [cell["source"] for cell in sent["cells"]] == ["## Title", "a = 1\na"]
    assert sent["cells"][1]["outputs"] == []
    assert not notebooks.is_of_format_3(json.dumps(sent))


def test_lines_for_the_shell_name_files_but_those_that_a_cell_has_written() -> None:
    cells = ["!python train.py --lr 1", "%%writefile made.py\nx", "%run made.py", "x = 'a.txt'"]
    words = list(notebooks.named_words([*cells, "%%bash\nbash run.sh"]))
    assert {"train.py", "run.sh"} <= {*words} and not {"made.py", "a.txt"} & {*words}


def test_the_state_of_widgets_is_left_out_where_it_is_large() -> None:
    small, large = ({"widgets": {"state": "x" * size}, **PYTHON} for size in (1000, 200_000))
    assert json.loads(without_outputs(notebook("1", metadata=small)))["metadata"] == small
    assert json.loads(without_outputs(notebook("1", metadata=large)))["metadata"] == PYTHON


@pytest.mark.parametrize(
    ("name", "foreign"), [("python3", ""), ("ir", ""), ("", ""), ("conda-env-x", "conda-env-x")]
)
def test_a_kernel_that_kaggles_image_lacks_is_seen(name: str, foreign: str) -> None:
    text = notebook("1", metadata={"kernelspec": {"name": name}})
    assert notebooks.foreign_kernel(text) == foreign
