"""All of the local Kaggle's state in one place, opened from a folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from kitctl.local.state.blobs import Blobs
from kitctl.local.state.clock import Clock
from kitctl.local.state.database import Database
from kitctl.local.state.datasets import Datasets
from kitctl.local.state.kernels import Kernels
from kitctl.local.state.quota import Quota
from kitctl.local.state.sessions import Sessions
from kitctl.local.state.settings import ServerSettings

ACCOUNT = "local"


class Kaggle:
    """The rules and the memory. Knows nothing of HTTP and starts no process."""

    account = ACCOUNT

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._database = Database(folder / "kaggle.sqlite")
        self.settings = ServerSettings(self._database)
        self.clock = Clock(self.settings)
        self.quota = Quota(self._database, self.settings, self.clock)
        self.sessions = Sessions(self._database, self.settings, self.clock, folder / "sessions")
        self.blobs = Blobs(self._database, self.clock, folder / "blobs")
        self.datasets = Datasets(
            self._database, self.settings, self.clock, self.blobs, folder / "datasets", ACCOUNT
        )
        self.kernels = Kernels(
            self._database, self.clock, self.quota, self.sessions, self.datasets, ACCOUNT
        )

    def wipe(self) -> None:
        """Forget everything: as on the first day."""
        self._database.wipe()
        self.settings.reload()
        for name in ("sessions", "blobs", "datasets"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def close(self) -> None:
        self._database.close()
