"""Where pip finds packages on this machine, for runs that may use the network.

A run sees no configuration of the user's, and on many machines PyPI itself cannot be reached: a
mirror or a proxy can. Addresses with a name or a password are left out.
"""

from __future__ import annotations

import configparser
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

_PIP = ("index-url", "extra-index-url", "find-links", "trusted-host", "proxy")
_VARIABLES = (
    *(f"PIP_{name.upper().replace('-', '_')}" for name in _PIP),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)
_PASSWORD = re.compile(r"://[^/\s@]+@")


def pip_variables(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment variables with which a run's pip finds packages as the user's does."""
    settings: dict[str, str] = {}
    for path in _files(environ):
        settings |= _read(path)
    settings |= {name: environ[name] for name in _VARIABLES if environ.get(name)}
    return {name: value for name, value in settings.items() if not _PASSWORD.search(value)}


def pip_folders(variables: Mapping[str, str]) -> list[Path]:
    """Return the folders of packages that these variables name, which the run must see."""
    urls = " ".join(variables.get(f"PIP_{name}", "") for name in ("EXTRA_INDEX_URL", "FIND_LINKS"))
    places = (Path(word.removeprefix("file://")) for word in urls.split())
    return [place for place in places if place.is_absolute() and place.is_dir()]


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield pip's configuration files, the least important first."""
    if os.name == "posix":
        for folder in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep):
            yield Path(folder, "pip/pip.conf")
        yield Path("/etc/pip.conf")
    try:
        home = Path.home()
    except RuntimeError:
        return
    yield home / ".pip/pip.conf"
    yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "pip/pip.conf")
    if environ.get("APPDATA"):
        yield Path(environ["APPDATA"], "pip/pip.ini")
    yield Path(sys.prefix, "pip.ini" if os.name == "nt" else "pip.conf")
    if environ.get("PIP_CONFIG_FILE"):
        yield Path(environ["PIP_CONFIG_FILE"])


def _read(path: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, "utf-8")
        sections = [parser[name] for name in ("global", "install") if parser.has_section(name)]
    except (configparser.Error, OSError, UnicodeDecodeError):
        return {}
    return {
        f"PIP_{name.upper().replace('-', '_')}": " ".join(section[name].split())
        for section in sections
        for name in _PIP
        if section.get(name)
    }
