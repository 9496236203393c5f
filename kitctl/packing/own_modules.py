"""The modules of a project that its code imports, found as Python would find them on its path.

`find_own_modules` is the one place that knows which imports are the project's own: `doctor` must
not offer to install those, and packing sends them along.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kitctl.errors import Problem
from kitctl.packing.imports import ImportStatement, SourceImports, imports_of
from kitctl.packing.module_files import (
    OwnModule,
    dotted,
    find_in,
    is_file,
    is_folder,
    is_inside,
    names_in,
    python_files,
)

NEVER_FOUND = {
    *sys.builtin_module_names,
    *("abc", "codecs", "encodings", "genericpath", "io", "os", "posixpath", "site", "stat"),
}
"""Modules that Python has loaded or built in before a script starts: no file replaces them."""

_IN_IMAGE = {
    *("accelerate", "albumentations", "catboost", "cv2", "datasets", "diffusers", "evaluate"),
    *("fastai", "gensim", "jax", "keras", "lightgbm", "lightning", "matplotlib", "networkx"),
    *("nltk", "numpy", "optuna", "pandas", "peft", "plotly", "requests", "scipy", "seaborn"),
    *("shap", "skimage", "sklearn", "spacy", "statsmodels", "sympy", "tensorflow", "timm"),
    *("tokenizers", "torch", "torchvision", "tqdm", "transformers", "wandb", "xgboost", "yaml"),
}
"""Packages of Kaggle's image, by the names under which they are imported."""


@dataclass
class OwnModules:
    """What a project's code needs of the project's own modules.

    `roots` are the folders that come first on sys.path, in this order; `names` the top-level names
    that are the project's own, so no package is to be installed for them. `reads` are files beside
    the code that it opens by a name that its text shows.
    """

    modules: dict[Path, OwnModule] = field(default_factory=dict)
    roots: list[Path] = field(default_factory=list)
    reads: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(module.name.partition(".")[0] for module in self.modules.values())


@dataclass(frozen=True)
class MainCode:
    """The code that is run: its file, and its sources, of a notebook one a cell."""

    path: Path
    sources: Sequence[str | bytes]


def find_own_modules(project: Path, main: MainCode, code: Sequence[str] = ()) -> OwnModules:
    """Return the project's own modules that the code imports, wherever it does so.

    They are searched as Python searches: beside the code, in the folders that it puts on sys.path,
    in those of `code` (`[tool.kitctl] code`, from the project's folder: a folder of modules or a
    package, which is taken whole), in the project's folder and in its `src`. What is imported there
    is followed too. Names of built-in modules are never the project's own, others may be.
    """
    search = _Search(project, main.path)
    search.add_code(code)
    search.follow_main(main)
    search.follow_all()
    return search.result()


class _Search:
    """One search, over the folders in which Python would look."""

    def __init__(self, project: Path, main: Path) -> None:
        beside = main.parent
        self._project, self._main, self._beside = project, main, beside
        self._places: list[Path] = [beside]
        self._result = OwnModules()
        self._used = {beside}
        self._named = {beside}
        self._unread: list[OwnModule] = []
        self._unseen: list[str] = []

    def add_code(self, code: Sequence[str]) -> None:
        """Take the folders and files of `[tool.kitctl] code` whole."""
        for name in code:
            path = self._project / name
            if not path.exists() or not is_inside(path, self._project):
                what = "does not exist" if is_inside(path, self._project) else "leads out of it"
                self._result.problems.append(
                    Problem("code", f"names {name}, which {what}.", "Name folders in the project.")
                )
                continue
            is_package = path.is_dir() and "__init__.py" in names_in(path)
            root = path.parent if is_package or path.is_file() else path
            self._places.append(root)
            self._used.add(root)
            self._named.add(root)
            for file in sorted([path] if path.is_file() else python_files(path)):
                self._add(OwnModule(dotted(file.relative_to(root)), file, root))
        self._places += [self._project, self._project / "src"]

    def follow_main(self, main: MainCode) -> None:
        """Follow the imports of the code that is run."""
        for source in main.sources:
            try:
                imports = imports_of(source)
            except SyntaxError:
                continue  # Of a notebook, what only IPython reads; a script is checked before.
            self._follow(imports, main.path, main_package(self._project, main))

    def follow_all(self) -> None:
        """Follow the imports of the modules that were found, and of those found then."""
        while self._unread:
            module = self._unread.pop()
            try:
                imports = imports_of(module.path.read_bytes())
            except SyntaxError as error:
                what = f"is not valid Python: {error}."
                self._result.problems.append(Problem(self._shown(module.path), what, "Fix it."))
                continue
            is_package = module.path.name == "__init__.py"
            package = module.name if is_package else module.name.rpartition(".")[0]
            self._follow(imports, module.path, package)

    def result(self) -> OwnModules:
        """Return what was found, in a fixed order."""
        result = self._result
        result.modules = dict(sorted(result.modules.items()))
        result.roots = [place for place in dict.fromkeys(self._places) if place in self._used]
        result.reads = sorted(dict.fromkeys(result.reads))
        result.warnings += self._name_warnings()
        if self._unseen and self._has_other_modules():
            result.warnings.append(
                f"{', '.join(self._unseen)} imports a module by a name that is computed there, so "
                "it is not seen which: if it is the project's own, name its folder in `code` of "
                "[tool.kitctl]."
            )
        return result

    def _follow(self, imports: SourceImports, path: Path, package: str) -> None:
        for text in imports.paths:
            self._add_place(path, text)
        for statement in imports.statements:
            self._import(statement, package)
        for name in imports.packages:
            self._import_folder(name)
        self._unseen += [f"{self._shown(path)}, line {line}" for line in imports.unseen]
        for name in imports.reads:
            for folder in dict.fromkeys((self._project, self._beside, path.parent)):
                file = folder / name
                if not Path(name).is_absolute() and is_file(file) and is_inside(file, folder):
                    self._result.reads.append(file)
                    break

    def _add_place(self, path: Path, name: str) -> None:
        """Add a folder of the project that the code puts on sys.path."""
        for base in (self._project, path.parent):
            folder = Path(os.path.normpath(base / name))
            if is_folder(folder) and is_inside(folder, self._project):
                self._places.insert(1, folder)

    def _import(self, statement: ImportStatement, package: str) -> None:
        base = package.split(".") if package else []
        if statement.level:
            if not base or statement.level > len(base):
                return
            base = base[: len(base) - statement.level + 1]
            name = ".".join([*base, *filter(None, [statement.module])])
        else:
            name = statement.module
        modules = self._find(name)
        for module in modules:
            self._add(module)
        whole = any(module.name == name for module in modules)
        for below in self._exported(modules) if "*" in statement.names else statement.names:
            # `from a import b` may name a module of the package a, or what is in it.
            if whole or not modules:
                for module in self._find(f"{name}.{below}"):
                    self._add(module)

    def _exported(self, modules: Sequence[OwnModule]) -> Sequence[str]:
        """Return the names that `from package import *` imports as modules."""
        try:
            return imports_of(modules[-1].path.read_bytes()).exported if modules else ()
        except SyntaxError:
            return ()

    def _import_folder(self, name: str) -> None:
        """Add every module of a package, one of which is imported by a computed name."""
        for place in self._places:
            folder = place.joinpath(*name.split("."))
            if is_inside(folder, self._project) and folder.is_dir():
                for module in self._find(name):
                    self._add(module)
                for file in sorted(folder.glob("*.py")):
                    self._add(OwnModule(dotted(file.relative_to(place)), file, place))
                return

    def _find(self, name: str) -> list[OwnModule]:
        """Return the module of this name after the packages around it; [] if it is not ours."""
        top = name.partition(".")[0]
        if not top or top in NEVER_FOUND:
            return []
        places = list(dict.fromkeys(self._places))
        if top in sys.stdlib_module_names:
            places = [place for place in places if place in self._named]
        matches = [modules for place in places if (modules := find_in(place, name))]
        # Python takes a folder without __init__.py only where no other place has the name.
        regular = [modules for modules in matches if modules[0].name == top]
        return next(iter([*regular, *matches]), [])

    def _add(self, module: OwnModule) -> None:
        if module.path in self._result.modules:
            return
        if not is_inside(module.path, self._project) and not is_inside(module.path, self._beside):
            self._result.warnings.append(
                f"{self._shown(module.path)} leads to {module.path.resolve()}, outside of the "
                "project's folder; its text is sent."
            )
        self._result.modules[module.path] = module
        self._used.add(module.root)
        self._unread.append(module)

    def _shown(self, path: Path) -> str:
        return Path(os.path.relpath(path, self._project)).as_posix()

    def _name_warnings(self) -> Iterator[str]:
        for name in sorted(self._result.names):
            owner = "a module of Python's own" if name in sys.stdlib_module_names else ""
            owner = owner or ("a package of Kaggle's image" if name in _IN_IMAGE else "")
            if owner:
                module = next(
                    module
                    for module in self._result.modules.values()
                    if module.name.partition(".")[0] == name
                )
                yield (
                    f"{self._shown(module.path)} has the name of {owner}: `import {name}` finds "
                    "the project's, also in packages that mean the other one."
                )

    def _has_other_modules(self) -> bool:
        known = {*self._result.modules, self._main}
        return any(path not in known for path in python_files(self._project))


def main_package(project: Path, main: MainCode) -> str:
    """Return the package of a script that imports relatively, as `python -m` would run it."""
    for source in main.sources:
        try:
            statements = imports_of(source).statements
        except SyntaxError:
            continue
        if any(statement.level for statement in statements) and is_inside(main.path, project):
            parts = main.path.parent.relative_to(project).parts
            return ".".join(parts)
    return ""
