"""All of the local Kaggle's state, opened from its folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from kitctl.local.state.blobs import Blobs
from kitctl.local.state.clock import ServerClock
from kitctl.local.state.competitions import Competitions
from kitctl.local.state.database import Database
from kitctl.local.state.datasets import Datasets
from kitctl.local.state.discussions import Discussions
from kitctl.local.state.folders import FOLDERS
from kitctl.local.state.hosting import Hosting
from kitctl.local.state.kernels import Kernels
from kitctl.local.state.models import Models
from kitctl.local.state.quota import Quota
from kitctl.local.state.sessions import Sessions
from kitctl.local.state.settings import ServerSettings
from kitctl.local.state.visibility import Visibility

ACCOUNT = "local"


class LocalState:
    """Kernels, sessions, data sets, quota, settings and clock, which share one database."""

    account = ACCOUNT

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._database = Database(folder / "kaggle.sqlite")
        self.settings = ServerSettings(self._database)
        self.clock = ServerClock(self.settings)
        self.quota = Quota(self._database, self.settings, self.clock)
        self.sessions = Sessions(self._database, self.settings, self.clock, folder / "sessions")
        self.blobs = Blobs(self._database, self.clock, folder / "blobs")
        self.datasets = Datasets(
            self._database, self.settings, self.clock, self.blobs, folder / "datasets", ACCOUNT
        )
        self.competitions = Competitions(
            self._database, self.settings, self.clock, self.datasets, folder / "submissions"
        )
        self.hosting = Hosting(
            self._database, self.competitions, self.datasets, folder / "competitions"
        )
        self.discussions = Discussions(self._database, self.clock, ACCOUNT)
        self.models = Models(self.datasets, ACCOUNT)
        self.kernels = Kernels(
            self._database, self.clock, self.quota, self.sessions, self.datasets, ACCOUNT
        )
        self.visibility = Visibility(self.kernels, self.settings, self.clock)

    def clear(self) -> None:
        """Delete everything; settings and clock get their defaults."""
        self._database.clear()
        self.settings.reload()
        for name in FOLDERS:
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def close(self) -> None:
        self._database.close()
