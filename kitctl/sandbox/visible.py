"""What of this machine an isolated run sees: system folders, Python, and its own inputs.

All is read-only. What is not listed here does not exist in the run: the user's home folder, their
credentials, the ledger, /tmp and /run with their sockets.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kitctl.sandbox.interpreter import Interpreter, own_interpreter

_SYSTEM = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "opt", "nix", "gnu")
_ETC = (
    *("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "os-release"),
    *("nsswitch.conf", "hosts", "host.conf", "gai.conf", "resolv.conf", "protocols", "services"),
    *("ssl/certs", "ssl/openssl.cnf", "ssl/cert.pem", "ca-certificates", "pki/ca-trust"),
    *("pki/tls/certs", "pki/tls/cert.pem", "pki/tls/openssl.cnf", "crypto-policies"),
    *("mime.types", "magic", "fonts", "OpenCL", "vulkan", "glvnd", "ImageMagick-6"),
)
_SYS = ("devices", "class", "bus", "dev", "module", "fs/cgroup")
_DEVICES = ("null", "zero", "full", "random", "urandom", "kfd", "dri", "dxg")
_DEVICE_LINKS = {
    "/dev/fd": "/proc/self/fd",
    "/dev/stdin": "/proc/self/fd/0",
    "/dev/stdout": "/proc/self/fd/1",
    "/dev/stderr": "/proc/self/fd/2",
    "/dev/ptmx": "pts/ptmx",
}
_PREFIX_PARTS = (
    *("bin", "lib", "lib64", "libexec", "include", "share", "etc", "ssl", "nvvm", "targets"),
    *("conda-meta", "pyvenv.cfg"),
)
_ACCOUNTS = {
    "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "/etc/group": "root:x:0:\nnogroup:x:65534:\n",
}
_NEVER_FROM_LINKS = tuple(map(Path, ("/proc", "/sys", "/dev", "/etc", "/run", "/var/run")))


@dataclass
class View:
    """A run's file system in the form that namespaces.py builds."""

    folders: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    mounts: list[tuple[str, str, str]] = field(default_factory=list)

    def mount(self, source: Path, place: Path | str, access: str = "ro") -> None:
        self.mounts.append((str(source.resolve()), str(place), access))

    def seal(self, place: str) -> None:
        """Make a folder and all that was mounted in it read-only."""
        self.mounts.append(("", place, "ro"))

    def shows(self, path: Path) -> bool:
        """Whether this path of the machine stands at the same place in the run."""
        for source, place, _ in reversed(self.mounts):
            if path.is_relative_to(place):
                return source == place
        return False


def machine(empty: Path, python: Interpreter) -> View:
    """Return the machine's part: programs, libraries, a Python, devices, a few settings.

    `empty` is an empty folder, which hides others.
    """
    view = View(["/tmp", "/var/tmp", "/run"], dict(_DEVICE_LINKS), dict(_ACCOUNTS))
    for path in (Path("/", name) for name in _SYSTEM):
        if path.is_symlink():
            view.links[str(path)] = str(path.readlink())
        elif path.is_dir():
            view.mount(path, path)
    for path in _private_folders():
        if view.shows(path) and path.is_dir():
            view.mount(empty, path, "rw")  # Python may be in it, and then needs a place.
    for path in (*(Path("/etc", name) for name in _ETC), *(Path("/sys", name) for name in _SYS)):
        if path.exists():
            view.mount(path, path)
    devices = [Path("/dev", name) for name in _DEVICES]
    for path in (*devices, *Path("/dev").glob("nvidia*")):
        if path.exists():
            view.mount(path, path, "rw")
    # The program that starts the run is one of kitctl's own Python.
    for path in dict.fromkeys((*_python_folders(python), *_python_folders(own_interpreter()))):
        _show(view, path)
    return view


def _show(view: View, path: Path) -> None:
    """Add a path of Python's as it is written, and where its links lead."""
    for place in dict.fromkeys((path, path.resolve())):
        if path.is_symlink() and place == path:
            if not view.shows(path):
                view.links[str(path)] = str(path.readlink())
        elif not view.shows(place):
            view.mount(path, place)


def _python_folders(python: Interpreter) -> Iterator[Path]:
    """Yield what a Python and its packages consist of."""
    program = python.executable
    folders = [*python.prefixes, program.parent.parent, program.resolve().parent.parent]
    for folder in dict.fromkeys(folders):
        yield from (folder / part for part in _PREFIX_PARTS if (folder / part).exists())
    for folder in python.site_folders:
        yield folder
        # Data of its packages, where they are not this environment's own.
        yield from (path for path in (folder.parents[2] / "share/jupyter",) if path.is_dir())
    for name in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep):
        if name and Path(name).is_dir() and not _is_private(Path(name).resolve()):
            yield Path(name).absolute()


def _home() -> Path | None:
    try:
        home = Path.home().resolve()
    except RuntimeError:  # No HOME, and no entry for this user.
        return None
    return None if home == Path("/") else home


def _private_folders() -> list[Path]:
    """Return the folders that hold what is the user's alone."""
    names = [os.environ.get(name, "") for name in ("KITCTL_HOME", "KAGGLE_CONFIG_DIR")]
    home = _home()
    return [
        *([home] if home else []),
        *(Path(name).expanduser().resolve() for name in names if name),
    ]


def _is_private(path: Path) -> bool:
    """Whether showing this path would show what is the user's alone."""
    home, folders = _home(), _private_folders()
    if any(folder.is_relative_to(path) for folder in folders):
        return True
    if any(path.is_relative_to(folder) for folder in folders if folder != home):
        return True
    below = path.relative_to(home).parts if home and path.is_relative_to(home) else ()
    return any(part.startswith(".") and part != ".cache" for part in below)


def mount_input(view: View, folder: Path, place: str, empty: Path) -> None:
    """Add an input; links in it that lead to other places of this machine go on to lead there."""
    folder = folder.resolve()
    for linked, source in _outward_links(folder, place).items():
        if not view.shows(Path(linked)):
            view.mount(source, linked)
    view.mount(folder, place)
    for private in _private_folders():
        if private.is_relative_to(folder):
            for hidden in private.glob(".*") if private == _home() else (private,):
                below = hidden.relative_to(folder)
                view.mount(empty if hidden.is_dir() else Path("/dev/null"), f"{place}/{below}")


def _outward_links(folder: Path, place: str) -> dict[str, Path]:
    """Return where links of the folder lead in the run → what is there on this machine."""
    leads: dict[str, Path] = {}
    for link in _links(folder):
        text, target = link.readlink(), Path(os.path.realpath(link))
        if not target.exists() or _is_private(target):
            continue
        if not text.is_absolute():
            text = Path(place, link.parent.relative_to(folder), text)
            if target.is_relative_to(folder) or not _normal(text).startswith("/kaggle/input/"):
                continue
        if not any(Path(_normal(text)).is_relative_to(never) for never in _NEVER_FROM_LINKS):
            leads[_normal(text)] = target
    return leads


def _normal(path: Path) -> str:
    return os.path.normpath(path)


def _links(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            if os.path.islink(path := f"{parent}/{name}"):  # noqa: PTH114 (a fast path)
                yield Path(path)
