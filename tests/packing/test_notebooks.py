"""Notebooks as Kaggle takes them."""

from __future__ import annotations

import json

import pytest

from kitctl.packing.notebooks import without_outputs


def test_a_notebook_is_sent_without_outputs_and_with_each_source_as_one_string() -> None:
    code = {"cell_type": "code", "source": ["a = 1\n", "a"], "outputs": ["1"], "metadata": {}}
    text = {"cell_type": "markdown", "source": "# Title"}
    notebook = {"cells": [code, text], "nbformat": 4}
    assert json.loads(without_outputs(json.dumps(notebook))) == {
        "cells": [{**code, "source": "a = 1\na", "outputs": []}, text],
        "nbformat": 4,
    }


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": 1}'])
def test_a_text_that_is_no_notebook_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        without_outputs(text)
