"""The first program inside a run's namespaces: mounts /kaggle and runs the script.

A program of its own (`python -I namespaces.py SPEC COMMAND…`, standard library only), started by
`unshare` as root of a new user and mount namespace. SPEC is JSON: `root` (the run's folder, which
becomes /kaggle), `mounts` (path under /kaggle/input → local folder, mounted read-only), `cwd` and
`loopback` (whether to bring up the loopback device of an empty network namespace).

It stays as the run's init process: it reaps orphaned processes, and when the script ends, every
process of the namespace ends with it.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import socket
import struct
import sys
from pathlib import Path

MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
# A remount must repeat what the mount already forbids, or the kernel refuses it.
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_NOATIME = 2, 4, 8, 1024
LOCKED_FLAGS = {
    os.ST_NOSUID: MS_NOSUID,
    os.ST_NODEV: MS_NODEV,
    os.ST_NOEXEC: MS_NOEXEC,
    os.ST_NOATIME: MS_NOATIME,
}

SIOCSIFFLAGS, IFF_UP = 0x8914, 1

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> int:
    """Run COMMAND as SPEC says and return its exit code."""
    spec = json.loads(sys.argv[1])
    _enter_root(Path(spec["root"]), {name: Path(folder) for name, folder in spec["mounts"].items()})
    if spec["loopback"]:
        _bring_up_loopback()
    os.chdir(spec["cwd"])
    return _run_as_init(sys.argv[2:])


def _mount(source: Path | str, target: Path, kind: str, flags: int) -> None:
    done = _libc.mount(
        os.fsencode(source), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), None
    )
    if done != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"mount: {os.strerror(code)}", str(target))


def _bind(source: Path, target: Path) -> None:
    _mount(source, target, "", MS_BIND | MS_REC)


def _make_read_only(target: Path) -> None:
    current = os.statvfs(target).f_flag
    locked = sum(flag for current_flag, flag in LOCKED_FLAGS.items() if current & current_flag)
    _mount("", target, "", MS_REMOUNT | MS_BIND | MS_RDONLY | locked)


def _enter_root(root: Path, mounts: dict[str, Path]) -> None:
    """Mount this machine's root folder again, with the run's folder as /kaggle, and enter it."""
    _mount("", Path("/"), "", MS_REC | MS_PRIVATE)
    stage = root / "stage"
    _mount("tmpfs", stage, "tmpfs", 0)
    for entry in Path("/").iterdir():
        if entry.name == "kaggle":
            continue
        target = stage / entry.name
        if entry.is_symlink():
            target.symlink_to(entry.readlink())
        elif entry.is_dir():
            target.mkdir()
            _mount_folder(entry, target)
        else:
            target.touch()
            _bind(entry, target)
    kaggle = stage / "kaggle"
    kaggle.mkdir()
    _bind_without_submounts(root, kaggle)
    _bind(kaggle / "input", kaggle / "input")
    _make_read_only(kaggle / "input")
    for name, folder in mounts.items():
        _bind(folder, kaggle / "input" / name)
        _make_read_only(kaggle / "input" / name)
    os.chroot(stage)


def _mount_folder(entry: Path, target: Path) -> None:
    """Mount a folder of this machine; /proc is mounted anew, for the namespace's own processes."""
    if entry == Path("/proc"):
        # Refused where parts of the machine's /proc are hidden, as in a container.
        with contextlib.suppress(OSError):
            return _mount("proc", target, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    _bind(entry, target)


def _bind_without_submounts(source: Path, target: Path) -> None:
    """Mount a folder without the mounts inside it: the stage would otherwise contain itself."""
    _mount(source, target, "", MS_BIND)


def _bring_up_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        fcntl.ioctl(device, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def _run_as_init(command: list[str]) -> int:
    """Run a command as a child, reap every process until it ends, and return its exit code."""
    script = os.fork()
    if script == 0:
        os.execv(command[0], command)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # The script gets it from the supervisor too.
    while True:
        pid, status = os.wait()
        if pid == script:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
