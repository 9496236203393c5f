"""The packages that a project asks for: requirements.txt, pyproject.toml or PEP 723."""

from __future__ import annotations

import codecs
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from kitctl.errors import Problem

FILE = "requirements.txt"
PROJECT_FILE = "pyproject.toml"
SETTING = "requirements of [tool.kitctl]"
_COMMENT = re.compile(r"(^|\s+)#.*$")
_HASHES = re.compile(r"\s+--hash[=\s]\S+")
_ADDRESS = re.compile(r"(git|hg|svn|bzr)\+\S+|https?://\S+", re.IGNORECASE)
_PASSWORD = re.compile(r"://[^/\s@]+@")
_KAGGLES_PYTHONS = ("3.12", "3.13")
"""The Python of Kaggle's image, and of the next one."""
# PEP 723's own pattern of a block in a script.
_BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")


@dataclass
class Requirements:
    """What a project asks for, where that is written, and what is wrong or doubtful."""

    texts: list[str] = field(default_factory=list)
    source: str = ""
    is_named: bool = False
    """Whether the script or a setting names them, not only a file that lies there."""
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, text: str, place: str) -> None:
        """Add one requirement in pip's form."""
        text = _HASHES.sub("", text).strip()
        if _PASSWORD.search(text.replace("git+ssh://git@", "")):
            what = "holds an address with a name or a password."
            self.problems.append(Problem(place, what, "Take it out: it would stand in the script."))
            return
        try:
            requirement = Requirement(text)
            if not any(_applies(requirement, python) for python in _KAGGLES_PYTHONS):
                return
            text = str(requirement)
        except InvalidRequirement as error:
            if not _ADDRESS.fullmatch(text):
                what = f"is no requirement ({str(error).splitlines()[0].rstrip('.')})."
                fix = "Write it as NAME, NAME==VERSION or NAME>=VERSION."
                self.problems.append(Problem(place, what, fix))
                return
        if text not in self.texts:
            self.texts.append(text)


def _applies(requirement: Requirement, python: str) -> bool:
    """Return whether a requirement's marker holds on Kaggle."""
    machine = {
        **{"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"},
        **{"platform_machine": "x86_64", "implementation_name": "cpython"},
        **{"platform_python_implementation": "CPython", "python_version": python},
        **{"python_full_version": f"{python}.0", "extra": ""},
    }
    return requirement.marker is None or requirement.marker.evaluate(machine)


def find_requirements(
    project: Path, setting: str | Sequence[str] | None, script: Path, code: str
) -> Requirements:
    """Return the packages that the setting names; None looks for them in their usual places.

    These are, the first that there is: a PEP 723 block in the script, requirements.txt beside it
    or in the project's folder, `[project] dependencies` in the project's pyproject.toml. `code` is
    the script's text.
    """
    result = Requirements(is_named=setting is not None)
    if isinstance(setting, str):
        if setting:
            _read_file(project, project / setting, result, code)
    elif setting is not None:
        result.source = SETTING
        for text in setting:
            result.add(text, SETTING)
    elif _read_block(code, script.name, result):
        result.is_named = True
    else:
        places = dict.fromkeys((script.parent / FILE, project / FILE))
        path = next((path for path in places if path.is_file()), project / PROJECT_FILE)
        if path.is_file():
            _read_file(project, path, result, code)
    return result


def _read_file(project: Path, path: Path, result: Requirements, code: str) -> None:
    result.source = _shown(project, path)
    if path.suffix == ".py" and path.is_file():
        _read_block(path.read_text("utf-8", "replace"), result.source, result)
    elif path.name == PROJECT_FILE:
        _read_dependencies(path, result)
    else:
        _read_lines(project, path, result, set())


def _read_block(code: str, name: str, result: Requirements) -> bool:
    """Read a script's PEP 723 block; return whether there is one that names packages."""
    blocks = [match for match in _BLOCK.finditer(code) if match["type"] == "script"]
    if not blocks:
        return False
    result.source = name
    lines = blocks[0]["content"].splitlines()
    content = "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines)
    try:
        dependencies = tomllib.loads(content).get("dependencies", [])
    except tomllib.TOMLDecodeError as error:
        problem = Problem(name, f"has a block `# /// script` that is no TOML: {error}.", "Fix it.")
        result.problems.append(problem)
        return True
    _add_list(dependencies, f"{name}, block `# /// script`", result)
    return bool(dependencies)


def _read_dependencies(path: Path, result: Requirements) -> None:
    try:
        project = tomllib.loads(path.read_text("utf-8")).get("project", {})
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        result.problems.append(Problem(PROJECT_FILE, f"cannot be read: {error}.", "Fix it."))
        return
    dependencies = project.get("dependencies", []) if isinstance(project, dict) else []
    _add_list(dependencies, f"{PROJECT_FILE}, [project] dependencies", result)


def _add_list(values: object, place: str, result: Requirements) -> None:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        fix = 'It must be a list of texts, such as ["lightgbm"].'
        result.problems.append(Problem(place, "is no list of texts.", fix))
        return
    for value in values:
        result.add(value, place)


def _read_lines(project: Path, path: Path, result: Requirements, seen: set[Path]) -> None:
    """Read a file in pip's format; files that it names by -r are read too."""
    name = _shown(project, path)
    if path.resolve() in seen:
        return
    seen.add(path.resolve())
    if not path.is_file() or not path.resolve().is_relative_to(project.resolve()):
        fix = "Name a file in the project's folder."
        result.problems.append(Problem(SETTING, f"names {name}, which is not there.", fix))
        return
    left: list[str] = []
    for number, line in _lines(_text(path.read_bytes())):
        option, value = [*re.split(r"[\s=]+", line, maxsplit=1), ""][:2]
        if option in ("-r", "--requirement"):
            _read_lines(project, path.parent / value.strip(), result, seen)
        elif option.startswith("-") or re.match(r"\.{0,2}/|\.($|\[)|[A-Za-z]:\\", line):
            left.append(option)
        else:
            result.add(line, f"{name}, line {number}")
    if left:
        result.warnings.append(
            f"{name}: {', '.join(dict.fromkeys(left))} is left out: only packages by name or "
            "address are installed on Kaggle."
        )


def _text(data: bytes) -> str:
    """Return a file's text; PowerShell writes `pip freeze > requirements.txt` as UTF-16."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield number and text of each logical line, without comments."""
    joined = ""
    for number, line in enumerate(text.splitlines(), 1):
        line = _COMMENT.sub("", line)
        joined += line.removesuffix("\\")
        if line.endswith("\\"):
            continue
        if joined.strip():
            yield number, joined.strip()
        joined = ""
    if joined.strip():
        yield number, joined.strip()


def _shown(project: Path, path: Path) -> str:
    return path.relative_to(project).as_posix() if path.is_relative_to(project) else path.name
