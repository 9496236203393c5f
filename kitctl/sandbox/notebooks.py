"""A notebook's code as one script."""

from __future__ import annotations

import json


def to_script(source: str) -> str:
    """Return the code cells in order; lines for Jupyter only (%magic, !shell) become comments."""
    cells = json.loads(source).get("cells", [])
    code = ["".join(cell.get("source", "")) for cell in cells if cell.get("cell_type") == "code"]
    lines = "\n\n".join(code).splitlines()
    return "\n".join(f"# {line}" if line.startswith(("%", "!")) else line for line in lines) + "\n"
