"""The texts in kitctl's code that people may read, as the translations know them."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support.source_files import PROJECT

from kitctl.cli.app import HELP, MODULES, command_at
from kitctl.cli.command import Group

# What runs at Kaggle or stands for it, and what draws results: tables and names stay English.
_NOT_READ = (
    *("kitctl/local/http", "kitctl/local/state", "kitctl/local/testing", "kitctl/local/runs"),
    *("kitctl/local/pages", "kitctl/sandbox/inside", "kitctl/packing/launcher.py"),
    *("kitctl/packing/installer.py", "kitctl/packing/loader.py", "kitctl/packing/launch_block.py"),
    "kitctl/packing/trial_launcher.py",
    *("kitctl/packing/elsewhere", "kitctl/render", "kitctl/adapters/ledger/ledger.py"),
    *("kitctl/adapters/ledger/schema.py", "kitctl/adapters/ledger/rows.py"),
    "kitctl/adapters/ledger/conditions.py",
)
READINGS = "kernel/report/curve_verdict.py"
_NOT_PROSE = (
    # Options, commands, headers and code, patterns, SQL, formats of the logging module, types.
    re.compile(
        r"(--?[a-z]|RUN\b|\[RUN\]|`?(kitctl|kaggle|pip) |\{\} -m pip |\{\}==|#|@|#!|import )"
    ),
    re.compile(r"(SELECT|INSERT|UPDATE|CREATE|DELETE|PRAGMA|ALTER|BEGIN)\b"),
    re.compile(r".*(\(\?|\\b|\\s|\\S|\.\*|\[A-Z|%[(Yads]|\w\|\w| \| |\w, \*/\*)"),
    re.compile(r"(datasets|local|models) \w+$"),
)
_OTHERS = frozenset(
    {
        "Traceback (most recent call last):",
        "Tunnel connection failed: (\\d{3})",
        "local Kaggle:",
        "log so far",
        "keras, tensorFlow2, pyTorch, scikitLearn, onnx, transformers, jax, flax, other.",
        "RTX Pro 6000: {}",
        "Mapping[str, Parameter]",
        "print(os.environ['KAGGLE_CONTAINER_NAME'], flush=True)",
        "run(MODULES, {}, JOB, {})",
        "{}, [project] dependencies",
        "Kaggle job",
        "Sample contest",
        "string literal",
        "Unterminated string",
        "The string has no end.",
        "the last attempt returns or raises",
        "on_error: continue",
    }
)


def sentences() -> Iterator[tuple[str, str]]:
    """Yield the place and the text of each sentence; `{}` stands for a value."""
    seen = set()
    for path in [*sorted((PROJECT / "kitctl").rglob("*.py")), PROJECT / READINGS]:
        place = path.relative_to(PROJECT).as_posix()
        if place.startswith(_NOT_READ):
            continue
        for line, text in _texts(path):
            core = text.strip()
            if core not in seen and _is_prose(core):
                seen.add(core)
                yield f"{place}:{line}", core


def _is_prose(text: str) -> bool:
    words = re.findall(r"[A-Za-z]{2,}", text.replace("{}", " "))
    if len(words) < 2 or " " not in text or text in _OTHERS or "\n" in text.strip("\n"):
        return text == "its last lines:\n{}"
    return not any(pattern.match(text) for pattern in _NOT_PROSE)


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of each string that is no docstring."""
    left: list[ast.AST] = [ast.parse(path.read_text("utf-8"))]
    while left:
        node = left.pop()
        text = _text(node)
        if text is not None:
            yield getattr(node, "lineno", 0), text
            values = node.values if isinstance(node, ast.JoinedStr) else []
            left += [part.value for part in values if isinstance(part, ast.FormattedValue)]
            continue
        body = getattr(node, "body", None)
        documented = {id(part) for part in body} if isinstance(body, list) else set()
        left += [
            child
            for child in ast.iter_child_nodes(node)
            if not (id(child) in documented and isinstance(child, ast.Expr))
            or not isinstance(child.value, ast.Constant)
        ]


def _text(node: ast.AST) -> str | None:
    """Return the text of a string, `{}` for each value in it; None for what is no string."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or "{}" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left), _text(node.right)
        if left is not None or right is not None:
            return ("{}" if left is None else left) + ("{}" if right is None else right)
    return None


def help_texts() -> Iterator[str]:
    """Yield the help of each command, group and option."""
    yield HELP
    for name in MODULES:
        found = command_at(name)
        commands: list[Any] = list(found.commands) if isinstance(found, Group) else [found]
        yield from [found.help] if isinstance(found, Group) else []
        for command in commands:
            yield inspect.getdoc(command.function) or ""
            for parameter in inspect.signature(command.function, eval_str=True).parameters.values():
                for note in getattr(parameter.annotation, "__metadata__", ()):
                    yield from filter(None, [getattr(note, "help", None)])
