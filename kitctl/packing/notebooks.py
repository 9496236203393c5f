"""Notebooks as Kaggle takes them."""

from __future__ import annotations

import json


def without_outputs(text: str) -> str:
    """Return the notebook without outputs, the source of each cell as one string.

    Raises ValueError where the text is no notebook.
    """
    notebook = json.loads(text)
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise ValueError("it holds no cells")
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell.get("source", ""))
        if cell.get("cell_type") == "code":
            cell["outputs"] = []
    return json.dumps(notebook)
