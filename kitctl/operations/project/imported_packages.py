"""What a job's code imports, and which packages provide that."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec

from kitctl.domain.job.python_code import parse_python
from kitctl.packing import notebooks

PACKAGES = {
    **{name: name for name in ("lightgbm", "matplotlib", "numpy", "pandas", "scipy")},
    **{name: name for name in ("seaborn", "torch", "torchvision", "tqdm", "transformers")},
    **{name: name for name in ("catboost", "optuna", "plotly", "requests", "timm", "xgboost")},
    **dict.fromkeys(("keras", "tensorflow"), "'kaggle-kitctl[train]'"),
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}
"""Import name → the package that provides it, where kitctl knows it for sure."""

ONLY_ON_KAGGLE = {
    *("kaggle_datasets", "kaggle_gcp", "kaggle_secrets", "kaggle_session", "kaggle_web_client")
}
"""Modules of Kaggle's image that no package provides."""


def python_texts(kernel_type: str, text: str) -> list[str]:
    """Return what is Python in a script or in each cell of a notebook; damaged: nothing."""
    if kernel_type != "notebook":
        return [text]
    try:
        return [notebooks.plain_python(cell) for cell in notebooks.code_cells(text)]
    except notebooks.NotANotebook:
        return []


def imported_names(text: str) -> Iterator[str]:
    """Yield the top-level names of the absolute imports that run whenever the module is loaded."""
    try:
        tree = parse_python(text)
    except SyntaxError:
        return
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def not_installed(names: Sequence[str]) -> list[str]:
    """Return the names that cannot be imported here; none of them is imported.

    Those of Kaggle's own modules are left out.
    """
    return [
        name
        for name in names
        if name not in ONLY_ON_KAGGLE and name not in sys.modules and find_spec(name) is None
    ]


def installation(missing: Sequence[str]) -> str:
    """Return what to do to have these imports here, as far as that is known."""
    others = [name for name in missing if name not in PACKAGES]
    # A package of the import's name may be somebody else's.
    advice = f"find the packages that provide {', '.join(others)}" if others else ""
    return "; ".join(filter(None, [pip_install(missing), advice]))


def pip_install(missing: Sequence[str]) -> str:
    """Return the command that installs those whose package is known; none: ""."""
    packages = dict.fromkeys(PACKAGES[name] for name in missing if name in PACKAGES)
    return f"pip install {' '.join(packages)}" if packages else ""
