"""How much memory the photos of a run may take: computed before the first epoch, not tried."""

from pathlib import Path

from kernel.settings.settings import Settings

_SHARE = 0.5  # of the free memory, for caches of photos
_UNKNOWN_FREE = 8 << 30  # where the system does not say
_CGROUP = Path("/sys/fs/cgroup")
# Of both versions of control groups; what counts as used includes the cache of files.
_LIMIT_FILES = (
    ("memory.max", "memory.current"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
)


def budget(settings: Settings) -> int:
    """Return the bytes of memory for cached photos: of the settings, or a half of what is free."""
    if settings.ram_budget_mb:
        return settings.ram_budget_mb << 20
    return int(free_bytes() * _SHARE)


def free_bytes(meminfo: Path = Path("/proc/meminfo"), cgroup: Path = _CGROUP) -> int:
    """Return the bytes of memory that are free for this process.

    In a container that is what its limit leaves, if that is less than what the machine has.
    """
    amounts = [
        limit - _number(cgroup / usage) for maximum, usage in _LIMIT_FILES
        if (limit := _number(cgroup / maximum))
    ]  # fmt: skip
    try:
        lines = meminfo.read_text(encoding="ascii").splitlines()
    except OSError:
        lines = []
    amounts += [int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")]
    return max(0, min(amounts, default=_UNKNOWN_FREE))


def _number(path: Path) -> int:
    """Return the number in a file; 0 if there is none."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return 0
    return int(text) if text.isdigit() else 0
