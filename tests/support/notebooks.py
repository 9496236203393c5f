"""Notebooks for tests."""

from __future__ import annotations

import json
from typing import Any

PYTHON = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def code_cell(source: str, *outputs: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": metadata,
        "outputs": list(outputs),
        "source": source,
    }


def notebook(*sources: str, **fields: Any) -> str:
    """Return a notebook of code cells; `fields` replace its own."""
    cells = [code_cell(source) for source in sources]
    return json.dumps(
        {"cells": cells, "metadata": PYTHON, "nbformat": 4, "nbformat_minor": 4, **fields}
    )
