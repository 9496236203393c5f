"""Files that come with kitctl: the templates, and the job of the course."""

from __future__ import annotations

from pathlib import Path

import kitctl
from kitctl.errors import KitError

WHEEL_FOLDER = "shipped"
"""In the installed package; pyproject.toml says what the wheel puts there."""


def shipped_folder() -> Path:
    """Return the folder that holds `templates`, `kernel` and `datasets`, laid out as a checkout.

    Raises KitError where neither the installed package nor a checkout has it.
    """
    package = Path(kitctl.__file__).parent
    for folder in (package / WHEEL_FOLDER, package.parent):
        if (folder / "templates").is_dir():
            return folder
    raise KitError(
        "This installation of kitctl lacks its templates.",
        code="installation",
        hint="pip install --force-reinstall --no-deps kaggle-kitctl",
    )
