"""A script or notebook that becomes a project's job, and what it needs."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from kitctl.config import JOB_NAME, closest
from kitctl.domain.job.code_needs import CodeNeeds, code_needs
from kitctl.domain.job.python_code import parse_python
from kitctl.errors import InvalidInput
from kitctl.operations.project.imported_packages import python_texts
from kitctl.packing import notebooks

KINDS = {
    ".py": ("script", "python"),
    ".ipynb": ("notebook", "python"),
    ".r": ("script", "r"),
    ".rmd": ("script", "rmarkdown"),
}
"""A file's ending, in small letters → kernel_type and language."""

EMPTY_JOB = b"# With this file, all modules of its folder are packed into the script.\n"


@dataclass(frozen=True, kw_only=True)
class AdoptedCode:
    """A file of code in a project's folder, with its kind and needs.

    `imports` are names of packages that do not lie in the project; `new_files` is what else the
    project gets, by its name.
    """

    project: Path
    code_file: str
    kernel_type: str
    language: str
    imports: tuple[str, ...]
    needs: CodeNeeds
    new_files: Mapping[str, bytes] = field(default_factory=dict)


def adopt_file(file: Path, project: Path | None) -> AdoptedCode:
    """Read a file of code as the job of `project`, by default its folder or that of its package.

    Raises InvalidInput where it cannot be a job's code, or lies outside of the project.
    """
    file = file.absolute()
    _require_code(file)
    project = (project or _folder_of_package(file)).absolute()
    if not file.is_relative_to(project):
        raise InvalidInput(
            f"{file} is not in {project}, so it cannot be the code of a project there.",
            code="code_file",
            hint="Leave the folder out, or name one above the file.",
        )
    name = file.relative_to(project).as_posix()
    code = adopt_text(project, name, file.read_bytes().decode("utf-8-sig", "replace"))
    return replace(code, new_files=dict(_new_files(code, file)))


def adopt_text(project: Path, code_file: str, text: str) -> AdoptedCode:
    """Return the code of this text as the job of a project's folder."""
    kernel_type, language = KINDS[Path(code_file).suffix.lower()]
    if kernel_type == "notebook" and _is_r_notebook(text):
        language = "r"
    texts = python_texts(kernel_type, text) if language == "python" else []
    beside = (project, (project / code_file).parent, project / "src")
    names = dict.fromkeys(name for part in texts for name in _imports_anywhere(part))
    imports = tuple(name for name in names if not any(_holds_module(at, name) for at in beside))
    return AdoptedCode(
        project=project,
        code_file=code_file,
        kernel_type=kernel_type,
        language=language,
        imports=imports,
        needs=code_needs(imports, _code(kernel_type, text, texts)),
    )


def _new_files(code: AdoptedCode, file: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files without which the modules that the code imports would not be sent."""
    job = file.parent / JOB_NAME
    if file.parent != code.project and _has_relative_imports(code, file) and not job.exists():
        yield job.relative_to(code.project).as_posix(), EMPTY_JOB


def _require_code(file: Path) -> None:
    if not file.is_file():
        names = [path.name for path in file.parent.glob("*") if path.suffix.lower() in KINDS]
        what = "is no file" if file.exists() else "does not exist"
        what = "is a folder" if file.is_dir() else what
        raise InvalidInput(
            f"{file} {what}.",
            code="no_file",
            hint=closest(file.name, {*names} - {file.name})
            or "Name the script or notebook to run.",
        )
    if file.suffix.lower() not in KINDS:
        raise InvalidInput(
            f"{file.name} is no code that Kaggle runs.",
            code="code_file",
            hint="Name a .py script, an .ipynb notebook, or R code (.r, .rmd).",
        )


def _folder_of_package(file: Path) -> Path:
    """Return the file's folder, or the one above its package."""
    folder = file.parent
    while (folder / "__init__.py").is_file() and folder != folder.parent:
        folder = folder.parent
    return folder


def _has_relative_imports(code: AdoptedCode, file: Path) -> bool:
    if code.language != "python" or code.kernel_type != "script":
        return False
    tree = _parse(file.read_bytes().decode("utf-8-sig", "replace"))
    return any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree))


def _imports_anywhere(text: str) -> Iterator[str]:
    """Yield the top-level name of each absolute import, also of those within functions."""
    for node in ast.walk(_parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _without_notes(text: str) -> str:
    """Return Python code without comments and docstrings, which speak of what it does not do."""
    tree = _parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [part for part in node.body if not _is_note(part)]
    with suppress(RecursionError):
        return ast.unparse(tree) if tree.body else text
    return text


def _is_note(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(ast.Constant(str())):
            return True
    return False


def _parse(text: str) -> ast.Module:
    """Return the tree of some Python code, or an empty one where it is none."""
    try:
        return parse_python(text)
    except SyntaxError:
        return ast.Module([], [])


def _holds_module(folder: Path, name: str) -> bool:
    return (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file()


def _is_r_notebook(text: str) -> bool:
    with suppress(ValueError, AttributeError, RecursionError):
        kernel = (json.loads(text).get("metadata") or {}).get("kernelspec") or {}
        return kernel.get("name") == "ir" or str(kernel.get("language", "")).lower() == "r"
    return False


def _code(kernel_type: str, text: str, parts: Sequence[str]) -> str:
    """Return what is run: Python without comments, and the lines of a notebook for the shell."""
    if kernel_type != "notebook":
        return "\n".join(map(_without_notes, parts)) or text
    with suppress(notebooks.NotANotebook):
        lines = "\n".join(notebooks.code_cells(text)).splitlines()
        shell = [line for line in lines if line.lstrip().startswith(("!", "%"))]
        return "\n".join([*map(_without_notes, parts), *shell])
    return ""
