"""The first program inside a run's namespaces: builds the run's file system and runs the script.

A program of its own (`python -IS namespaces.py SPEC COMMAND…`, standard library only), started by
`unshare` as root of new user, mount, process and IPC namespaces. SPEC is JSON:

- `root`: an empty folder, which becomes the run's `/`; what the script writes there stays in it;
- `folders`, `links`, `texts`: what else it holds: folders, path → link target, path → file content;
- `mounts`: [source, place, "ro" or "rw"], in this order; a source of "" is the place itself;
- `cwd`, and `loopback`: whether to bring up the loopback device of an empty network namespace.

Nothing else of this machine is in the run's mount namespace. Before the script starts, every
capability is dropped that could mount, and no new user namespace can be made, so a read-only mount
stays read-only.

The program stays as the run's init process: it reaps orphaned processes, and when the script ends,
every process of the namespace ends with it.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import struct
import sys
from pathlib import Path

MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
MNT_DETACH = 2
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID = 1, 2
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
AF_INET, SOCK_DGRAM, SIOCSIFFLAGS, IFF_UP = 2, 2, 0x8914, 1

PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
CAPABILITY_VERSION = 0x20080522
CAP_LAST = 63
# As Kaggle's root, a script may change owners and rights, and write its own read-only files.
CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER = 0, 1, 3
KEPT_CAPABILITIES = (CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER)

# System calls without a function in every C library; these numbers hold on all machines.
SYS_MOUNT_SETATTR, SYS_LANDLOCK_CREATE_RULESET, SYS_LANDLOCK_RESTRICT_SELF = 442, 444, 446
SCOPE_ABSTRACT_SOCKETS, SCOPE_SIGNALS = 1, 2
SYS_KEYCTL = {"x86_64": 250, "aarch64": 219}
KEYCTL_JOIN_SESSION_KEYRING = 1

OUTSIDE = Path("/.outside")
"""Where the machine's own files are while the run's file system is built."""

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> int:
    """Run COMMAND as SPEC says and return its exit code."""
    spec = json.loads(sys.argv[1])
    if spec["loopback"]:
        _bring_up_loopback()
    _enter(Path(spec["root"]))
    for folder in spec["folders"]:
        Path(folder).mkdir(mode=0o1777, parents=True, exist_ok=True)
    for place, target in spec["links"].items():
        _make_parents(Path(place)).symlink_to(target)
    for place, text in spec["texts"].items():
        _make_parents(Path(place)).write_text(text, "utf-8")
    for source, place, access in spec["mounts"]:
        _bind(source, Path(place), read_only=access == "ro")
    _mount_kernel_folders()
    _checked(_libc.umount2(bytes(OUTSIDE), MNT_DETACH), "umount", OUTSIDE)
    OUTSIDE.rmdir()
    os.chdir(spec["cwd"])
    _give_up_privileges()
    return _run_as_init(sys.argv[2:])


def _checked(result: int, action: str, place: Path) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{action}: {os.strerror(code)}", str(place))
    return result


def _mount(source: Path | str, place: Path, kind: str, flags: int, options: str = "") -> None:
    arguments = (os.fsencode(source), bytes(place), kind.encode(), ctypes.c_ulong(flags))
    _checked(_libc.mount(*arguments, options.encode() or None), "mount", place)


def _make_read_only(place: Path) -> None:
    """Make a mount and all mounts in it read-only."""
    attributes = struct.pack("4Q", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, 0, 0)
    _checked(
        _libc.syscall(
            ctypes.c_long(SYS_MOUNT_SETATTR),
            ctypes.c_long(AT_FDCWD),
            bytes(place),
            ctypes.c_long(AT_RECURSIVE),
            attributes,
            ctypes.c_size_t(len(attributes)),
        ),
        "mount_setattr",
        place,
    )


def _enter(root: Path) -> None:
    """Make `root` the namespace's root folder; the machine's own is then at `OUTSIDE`."""
    _mount("", Path("/"), "", MS_REC | MS_PRIVATE)
    _mount(root, root, "", MS_BIND)
    outside = root / OUTSIDE.name
    outside.mkdir()
    _checked(_libc.pivot_root(bytes(root), bytes(outside)), "pivot_root", root)
    os.chdir("/")


def _make_parents(place: Path) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _bind(source: str, place: Path, *, read_only: bool) -> None:
    """Mount a file or folder of this machine, with the mounts in it, at `place`."""
    outside = Path(f"{OUTSIDE}{source}") if source else place
    if outside.is_dir():
        place.mkdir(parents=True, exist_ok=True)
    elif not place.exists():
        _make_parents(place).touch()
    _mount(outside, place, "", MS_BIND | MS_REC)
    if read_only:
        _make_read_only(place)


def _mount_kernel_folders() -> None:
    """Mount /proc, /dev/shm and /dev/pts anew, for this namespace's own processes."""
    proc = Path("/proc")
    proc.mkdir()
    try:
        _mount("proc", proc, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    except OSError:
        # Refused where parts of the machine's /proc are hidden, as in a container.
        _mount(OUTSIDE / "proc", proc, "", MS_BIND | MS_REC)
    with contextlib.suppress(OSError):
        # In a user namespace of its own, a script would have every capability again.
        (proc / "sys/user/max_user_namespaces").write_text("0", "ascii")
    _make_read_only(proc)
    for place, kind, options in (
        (Path("/dev/shm"), "tmpfs", "mode=1777"),
        (Path("/dev/pts"), "devpts", "newinstance,ptmxmode=0666,mode=0620"),
    ):
        place.mkdir(parents=True, exist_ok=True)
        _mount(kind, place, kind, MS_NOSUID | MS_NOEXEC, options)


def _bring_up_loopback() -> None:
    # Without the module `socket`, which takes as long to load as all that this program does.
    device = _checked(_libc.socket(AF_INET, SOCK_DGRAM, 0), "socket", Path("lo"))
    fcntl.ioctl(device, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    os.close(device)


def _give_up_privileges() -> None:
    """Drop what could undo the isolation, for this process and all that it starts."""
    for capability in range(CAP_LAST + 1):
        if capability not in KEPT_CAPABILITIES:
            _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # The last ones may not exist.
    _checked(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl", Path("/"))
    capabilities = sum(1 << capability for capability in KEPT_CAPABILITIES)
    header = struct.pack("Ii", CAPABILITY_VERSION, 0)
    _checked(
        _libc.capset(header, struct.pack("6I", capabilities, capabilities, 0, 0, 0, 0)),
        "capset",
        Path("/"),
    )
    _leave_session_keyring()
    _forbid_abstract_sockets()


def _leave_session_keyring() -> None:
    if number := SYS_KEYCTL.get(os.uname().machine):
        _libc.syscall(ctypes.c_long(number), ctypes.c_long(KEYCTL_JOIN_SESSION_KEYRING), None)


def _forbid_abstract_sockets() -> None:
    """Forbid connections to Unix sockets without a path, which the network's namespace shares.

    Kernels before 6.12 cannot do this.
    """
    rules = struct.pack("3Q", 0, 0, SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS)
    ruleset = _libc.syscall(
        ctypes.c_long(SYS_LANDLOCK_CREATE_RULESET),
        rules,
        ctypes.c_size_t(len(rules)),
        ctypes.c_long(0),
    )
    if ruleset >= 0:
        _libc.syscall(
            ctypes.c_long(SYS_LANDLOCK_RESTRICT_SELF), ctypes.c_long(ruleset), ctypes.c_long(0)
        )
        os.close(ruleset)


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
