"""Settings of the local Kaggle's behaviour, stored in the database so that a restart keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping

from kitctl.local.state.database import Database
from kitctl.local.state.errors import bad_request

DEFAULTS: Mapping[str, float] = {
    "clock_offset_seconds": 0.0,
    "gpu_allowed_seconds": 30 * 3600.0,
    "tpu_allowed_seconds": 20 * 3600.0,
    # How long a session waits in the queue.
    "queue_seconds": 0.2,
    # How long after a push a status without a version label still shows the version before.
    "status_lag_seconds": 0.0,
    # How long after a push GetKernel and GetKernelSessionStatus answer for the new version with
    # the status `hidden_status`, 403 or 404.
    "hidden_seconds": 0.0,
    "hidden_status": 403.0,
    # How long after a push GetKernel without a version label still shows the version before.
    "kernel_lag_seconds": 0.0,
    # 0: a push is taken, but its version never gets a session.
    "pushes_start_runs": 1.0,
    # How long at most a log stream's headers wait while its run is queued.
    "stream_header_seconds": 60.0,
    # 1: the stream of a finished run redirects to its log.
    "finished_logs_redirect": 0.0,
    # How long a cancelled session stays CANCEL_REQUESTED, while its outputs appear one by one.
    "cancel_seconds": 0.0,
    # How long an access token of an OAuth login lasts at most.
    "access_token_seconds": 12 * 3600.0,
    # 1: 401 for the legacy key where lists, quota and status are asked for.
    "legacy_key_refused": 0.0,
    # The form of errors: 1 is {"error": {"code", "message", "status"}}, 0 {"code", "message"}.
    "nested_errors": 1.0,
    # How long a new data set version is processed before it is ready.
    "dataset_seconds": 0.0,
    # How many uploads a version may have at its top, and how many bytes in all.
    "dataset_files": 1000.0,
    "dataset_bytes": 200.0 * (1 << 30),
    # How long a submission to a competition waits for its score.
    "scoring_seconds": 0.0,
    # How long a signed URL is valid.
    "url_seconds": 3600.0,
}


class ServerSettings(MutableMapping[str, float]):
    """The settings by name. A name that is not in `DEFAULTS` is a bad request."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._values: dict[str, float] = {}
        self.reload()

    def reload(self) -> None:
        """Read all settings from the database again."""
        rows = self._database.fetch_all("SELECT name, value FROM settings")
        stored = {row["name"]: row["value"] for row in rows if row["name"] in DEFAULTS}
        self._values = {**DEFAULTS, **{name: float(value) for name, value in stored.items()}}

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def __setitem__(self, name: str, value: float) -> None:
        if name not in DEFAULTS:
            raise bad_request(f'No setting is called "{name}"; there are {", ".join(DEFAULTS)}.')
        self._database.execute(
            "INSERT INTO settings VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            repr(float(value)),
        )
        self._values[name] = float(value)

    def __delitem__(self, name: str) -> None:
        self._database.execute("DELETE FROM settings WHERE name = ?", name)
        self._values[name] = DEFAULTS[name]

    def __iter__(self) -> Iterator[str]:
        return iter(DEFAULTS)

    def __len__(self) -> int:
        return len(DEFAULTS)
