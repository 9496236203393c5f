"""What a run in namespaces cannot see and cannot change, whatever it tries."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

import pytest
from support.projects import write_files
from support.sandbox_runs import is_isolated, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")

# Prints, for each path, "read", "absent" or the error.
READ = """
import json, os
def attempt(path):
    try:
        if os.path.isdir(path):
            return sorted(os.listdir(path))
        with open(path) as file:
            return file.read()
    except OSError as error:
        return error.strerror
print(json.dumps({path: attempt(path) for path in PATHS}))
"""
ABSENT = "No such file or directory"


def read(root: Path, paths: list[str], **options: object) -> dict[str, object]:
    """Return what a run sees at these paths."""
    code, printed, started = run(root, f"PATHS = {paths!r}\n{READ}", **options)  # type: ignore[arg-type]
    if not is_isolated(started):
        pytest.skip("this machine allows no namespaces")
    assert (code, printed.text("stderr")) == (0, "")
    seen: dict[str, object] = json.loads(printed.text())
    return seen


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with credentials, and a ledger elsewhere."""
    folder = write_files(
        tmp_path / "home",
        {".kaggle/kaggle.json": "secret", ".kaggle/access_token": "secret", "thesis.txt": "mine"},
    )
    monkeypatch.setenv("HOME", str(folder))
    write_files(tmp_path / "kit", {"ledger.sqlite": "secret"})
    monkeypatch.setenv("KITCTL_HOME", str(tmp_path / "kit"))
    return folder


def test_a_run_sees_neither_home_nor_ledger_nor_the_users_tmp(tmp_path: Path, home: Path) -> None:
    paths = [
        str(home / ".kaggle/kaggle.json"),
        str(home / "thesis.txt"),
        str(tmp_path / "kit/ledger.sqlite"),
        str(Path(__file__)),
        "/etc/shadow",
        f"/proc/1/root{home}/thesis.txt",
        f"/proc/self/cwd/../..{home}/thesis.txt",
        "/.outside",
    ]
    seen = read(tmp_path / "run", [*paths, "/run"])
    assert seen.pop("/run") == []
    assert set(seen.values()) == {ABSENT}, seen


def test_credentials_inside_an_input_are_hidden(tmp_path: Path, home: Path) -> None:
    seen = read(
        tmp_path / "run",
        ["/kaggle/input/all/home/thesis.txt", "/kaggle/input/all/home/.kaggle"],
        mounts={"datasets/ada/all": tmp_path},
    )
    assert list(seen.values()) == ["mine", []]


def test_links_in_an_input_lead_on_except_to_what_is_the_users_alone(
    tmp_path: Path, home: Path
) -> None:
    data = write_files(tmp_path / "data", {"a.txt": "a"})
    write_files(tmp_path / "disk", {"photos/1.jpg": "photo", "b.txt": "b"})
    (data / "photos").symlink_to(tmp_path / "disk/photos")
    (data / "b.txt").symlink_to("../disk/b.txt")
    (data / "inner.txt").symlink_to("a.txt")
    (data / "whole.txt").symlink_to(data / "a.txt")
    (data / "key").symlink_to(home / ".kaggle/kaggle.json")
    (data / "home").symlink_to(home)
    (data / "root").symlink_to("/")
    (data / "shadow").symlink_to("/etc/shadow")
    (data / "dangling").symlink_to("/there/is/no/such/file")
    names = ["photos/1.jpg", "b.txt", "inner.txt", "whole.txt"]
    hidden = ["key", "home/thesis.txt", f"root{tmp_path}/disk/c.txt", "shadow", "dangling"]
    seen = read(
        tmp_path / "run",
        [f"/kaggle/input/photos/{name}" for name in (*names, *hidden)],
        mounts={"datasets/ada/photos": data},
    )
    assert list(seen.values()) == ["photo", "b", "a", "a", *[ABSENT] * len(hidden)]


CHANGE = """
import ctypes, json, os, shutil, sys
libc = ctypes.CDLL(None, use_errno=True)
def changed(path):
    try:
        with open(path, "w") as file:
            file.write("changed")
        return "written"
    except OSError as error:
        return error.strerror
def call(name, *arguments):
    return "done" if getattr(libc, name)(*arguments) == 0 else os.strerror(ctypes.get_errno())
MS_REMOUNT_BIND, NEWUSER, NEWNS = ctypes.c_ulong(32 | 4096), 0x10000000, 0x20000
TRIES = {
    "remount input": lambda: call("mount", b"", b"/kaggle/input/x", b"", MS_REMOUNT_BIND, None),
    "remount root": lambda: call("mount", b"", b"/usr", b"", MS_REMOUNT_BIND, None),
    "unmount": lambda: call("umount2", b"/kaggle/input", 2),
    "user namespace": lambda: call("unshare", NEWUSER | NEWNS),
    "mount namespace": lambda: call("unshare", NEWNS),
    "chroot": lambda: call("chroot", b"/tmp"),
    "disk": lambda: call("mknod", b"/tmp/disk", 0o60660, ctypes.c_ulong(0xfe00)),
}
for name, attempt in TRIES.items():
    print(json.dumps([name, attempt()]))
for path in PATHS:
    print(json.dumps([path, changed(path)]))
"""


def test_a_run_can_write_to_no_file_of_the_machine_and_undo_no_mount(tmp_path: Path) -> None:
    data = write_files(tmp_path / "data", {"a.txt": "original"})
    package = Path(pytest.__file__)
    paths = [
        "/kaggle/input/x/a.txt",
        "/proc/1/root/kaggle/input/x/a.txt",
        "/proc/self/root/kaggle/input/new",
        "/kaggle/src/script.py",
        "/proc/sys/kernel/core_pattern",
        "/proc/self/oom_score_adj",
        "/sys/class/net/lo/mtu",
        "/usr/new",
        "/etc/ld.so.cache",
        str(package),
        str(package.with_name("new.py")),
        f"{sys.base_prefix}/lib/new",
    ]
    code, printed, started = run(
        tmp_path / "run", f"PATHS = {paths!r}\n{CHANGE}", {"datasets/ada/x": data}
    )
    if not is_isolated(started):
        pytest.skip("this machine allows no namespaces")
    assert code == 0, printed.text("stderr")
    results = dict(json.loads(line) for line in printed.text().splitlines())
    assert len(results) == 7 + len(paths)
    for name, result in results.items():
        assert result not in ("done", "written"), name
    assert (data / "a.txt").read_text("utf-8") == "original"
    assert not package.with_name("new.py").exists()


def test_a_script_may_do_as_root_what_it_may_on_kaggle(tmp_path: Path) -> None:
    code, printed, started = run(
        tmp_path / "run",
        """
        import os
        open("kept.txt", "w").close()
        os.chmod("kept.txt", 0o400)
        open("kept.txt", "w").write("again")
        for place in ("/tmp/a", "/new", "/kaggle/temp", "~/b"):
            os.makedirs(os.path.expanduser(place))
        print(os.getuid())
        """,
    )
    if not is_isolated(started):
        pytest.skip("this machine allows no namespaces")
    assert (code, printed.text(), printed.text("stderr")) == (0, "0\n", "")
    assert not Path("/new").exists() and not Path("/kaggle/temp").exists()


def test_sockets_of_the_user_cannot_be_reached_with_network_either(tmp_path: Path) -> None:
    path, name = tmp_path / "socket", f"kitctl-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as with_path, socket.socket(socket.AF_UNIX) as abstract:
        with_path.bind(str(path))
        abstract.bind(f"\0{name}")
        for listening in (with_path, abstract):
            listening.listen()
        _, printed, started = run(
            tmp_path / "run",
            f"""
            import socket
            for address in ({str(path)!r}, "\\0{name}"):
                try:
                    socket.socket(socket.AF_UNIX).connect(address)
                    print("connected")
                except OSError as error:
                    print(error.strerror)
            """,
            internet=True,
        )
    if not is_isolated(started):
        pytest.skip("this machine allows no namespaces")
    no_path, no_name = printed.text().splitlines()
    assert no_path == ABSENT
    if tuple(map(int, os.uname().release.split(".")[:2])) >= (6, 12):
        assert no_name == "Operation not permitted"
