"""Projects whose files and names are drawn by chance, most of them hostile."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from random import Random

from support.command_line import METADATA

SCRIPT = "open('out.txt', 'w').write('hello')\n"

VALUES = (
    *("null", "true", "0", "-1", "1.5", "1e999", "NaN", "-Infinity", "1" + "0" * 5000, "[]", "{}"),
    *('""', '" "', '"x"', '"\\ud800"', '"a\\u0000b"', '"\\u001b]52;c;eA==\\u0007"', '"\\u202e"'),
    *('"../../x.py"', '"/etc/passwd"', '"con.py"', '"~/x.py"', '"a/b/c"', '"a\\nb"', '"%s{0}"'),
    *('"straße"', '"日本語"', '"2026-11-25"', '"a//b"', '"."', '"local/x"', '"{\\"a\\": 1}"'),
    *('["a", 1]', '["\\ud800/x"]', '["a/b", "a/b"]', '[["a/b"]]', '{"a": {"b": []}}', '["\\n/x"]'),
    "[" * 3000 + "]" * 3000,
    '"' + "x" * 3000 + '"',
)
DEEP = 100_000
LONG = 10_000_000

TOML_VALUES = (
    *("1", "-1", "true", "nan", "-inf", "1e999", "9" * 5000, '""', '"x"', "[]", "{}", "[[1]]"),
    *("2026-11-25", "12:30:00", "2026-11-25T10:00:00Z", '"\\u001b[2J"', '"\\u009b2J"', "{a = 1}"),
    *('"日本語"', '["a", 1]', "'''\n\n'''", "[" * 2000 + "]" * 2000, '"' + "x" * 3000 + '"'),
)
JOB_KEYS = ("epochs", "base", "data", "seed", '"a.b"', '"\\u001b[2J"', '""', "épochs", '"日本"')
KITCTL_KEYS = (
    *("local", "accelerator", "timeout", "results", "photos", "epochs", "jobs", "sources"),
    *("sources.x", '"\\u001b[2J"', "nothing"),
)
NAMES = (
    *(b"a b", b"-rf", b"a\nb", b"\x1b[2J", b"\xff\xfe", b"\xc2\x9b2J", b"con", b"$HOME", b"[red]x"),
    *("日本語".encode(), "\u202egpj".encode(), b"'; x", b"x" * 200, b"%s{0}", b"~", b"a\\b", b"*"),
)

CODE = (
    *(b"", b"\0", b"\xff\xfe\x00", b"print('h\xe9')", b"# -*- coding: utf-7 -*-\n+AAAA-\n"),
    *(
        b"# coding: no-such-codec\n",
        b"\xef\xbb\xbf# coding: latin-1\n",
        b"x = '\\d'\n",
        b"def f(:\n",
    ),
    *(
        b"x = " + b"(" * 3000 + b")" * 3000,
        b"x = " + b"-" * 100_000 + b"1",
        b"x = 1" + b"0" * 10_000,
    ),
    *(
        b"if 1:\n" * 200,
        b"import " + b"a." * 5000 + b"a\n",
        b"import a\x0cb\n",
        b"x = '\\N{DIGIT'\n",
    ),
    *(
        "import \u202e\n".encode(),
        b"from . import x\nfrom .. import y\n",
        b"import __main__, sys\n",
    ),
    *(b"a\r\nb\rc\n", b"x = '\\ud800'\nprint(x)\n", "import straße, 日本\n".encode(), b"\x1b[2J\n"),
    b"".join(b"import m%d\n" % number for number in range(3000)),
    b"f'" + b"{f'" * 40,
)
CELLS = (
    *("null", "7", '"x"', "[]", "{}", '[{"cell_type": "code"}]', '[{"cell_type": 7, "source": 7}]'),
    *(
        '[{"cell_type": "code", "source": [7, null]}]',
        '[{"cell_type": "code", "source": {"a": 1}}]',
    ),
    '[{"cell_type": "code", "source": "%%bash\\nrm -rf x\\n!ls\\n\\ud800", "outputs": 7}]',
    '[{"cell_type": "code", "source": "%timeit -n \\u001b[2J ?x", "metadata": []}]',
    '[{"cell_type": "code", "source": "(" , "metadata": {"tags": "parameters"}}]',
)


def draw_code(chance: Random) -> bytes:
    """Return a script, often one that Python cannot read or that is hard to read."""
    return chance.choice(CODE) if chance.random() < 0.8 else chance.randbytes(300)


def draw_notebook(chance: Random) -> bytes:
    """Return a notebook, often one that is none."""
    keys = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}}
    text = draw_json(chance, keys).decode("utf-8", "replace") if chance.random() < 0.5 else ""
    cells = f'{{"cells": {chance.choice(CELLS)}, "nbformat": 4, "metadata": {{}}}}'
    return (text or cells).encode("utf-8", "surrogatepass")


def draw_json(chance: Random, keys: dict[str, object]) -> bytes:
    """Return a metadata file with these keys, damaged in one to three ways."""
    pairs = [(json.dumps(key), json.dumps(value)) for key, value in keys.items()]
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(pairs))
        key, _ = pairs[place]
        value = chance.choice(VALUES)
        if chance.random() < 0.2:
            pairs.append((key, value))  # A doubled key.
        elif chance.random() < 0.2:
            pairs[place] = chance.choice(VALUES[11:30]), value
        else:
            pairs[place] = key, value
    text = "{" + ",\n".join(f"{key}: {value}" for key, value in pairs) + "}"
    return _draw_bytes(chance, text, ("[", '{"a":'))


def draw_toml(chance: Random, table: str, keys: tuple[str, ...]) -> bytes:
    """Return a TOML file with some of these keys in a table, "" for none."""
    lines = [
        f"{chance.choice(keys)} = {chance.choice(TOML_VALUES)}" for _ in range(chance.randint(1, 3))
    ]
    text = "\n".join([f"[{table}]" if table else "", *lines])
    if table and chance.random() < 0.2:
        text = chance.choice(["tool = 1", "[[tool]]", "[tool]\nkitctl = []", "[[tool.kitctl]]"])
    return _draw_bytes(chance, text, ("a = [", "a = {b = "))


def _draw_bytes(chance: Random, text: str, openings: tuple[str, str]) -> bytes:
    """Return the text in UTF-8 as it is (half of the time), or otherwise encoded or damaged."""
    forms: list[Callable[[], bytes]] = [
        lambda: text.encode("utf-16"),
        lambda: text.encode("utf-16-le"),
        lambda: text.encode("utf-8-sig"),
        lambda: text.encode("gbk", "replace"),
        lambda: text.encode("latin-1", "replace"),
        lambda: text.encode()[: chance.randrange(len(text))],
        lambda: openings[0].encode() + openings[0][-1:].encode() * DEEP,
        lambda: openings[1].encode() * DEEP,
        lambda: text.encode() + b" " * LONG,
        lambda: b"\0" * 100,
        lambda: b"",
        lambda: chance.choice([b"null", b"[]", b'"x"', b"7", b"\xff"]),
        lambda: chance.randbytes(200),
    ]
    return text.encode() if chance.random() < 0.5 else chance.choice(forms)()


def put(path: Path, content: bytes, chance: Random) -> None:
    """Write a file or, rarely, put something else in its place that nobody can read to its end."""
    kind = chance.random()
    if kind < 0.03:
        path.mkdir()
    elif kind < 0.06:
        os.mkfifo(path)
    elif kind < 0.09:
        path.symlink_to(path.name)
    elif kind < 0.12:
        path.symlink_to("/dev/zero")
    else:
        path.write_bytes(content)


def draw_project(folder: Path, chance: Random) -> Path:
    """Make a project in a new folder below `folder`, and return it."""
    name = chance.choice(NAMES) if chance.random() < 0.3 else b"project"
    project = folder / os.fsdecode(name)
    (project / "job").mkdir(parents=True)
    packed = chance.random() < 0.5
    metadata = METADATA | {"code_file": "job/main.py" if packed else "train.py"}
    (project / metadata["code_file"]).write_text(SCRIPT)
    content = json.dumps(metadata).encode()
    if chance.random() < 0.6:
        content = draw_json(chance, metadata)
    put(project / "kernel-metadata.json", content, chance)
    if packed:
        put(project / "job" / "job.toml", draw_toml(chance, "", JOB_KEYS), chance)
    if chance.random() < 0.3:
        put(
            project / "pyproject.toml",
            draw_toml(chance, "tool.kitctl", KITCTL_KEYS),
            chance,
        )
    if packed and chance.random() < 0.3:
        odd = os.fsdecode(chance.choice(NAMES))
        (project / "job" / f"{odd}.py").write_text("x = 1\n")
    return project
