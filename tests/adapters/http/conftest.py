"""Fixtures of the HTTP client's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.http_server import RecordingServer
from support.servers import serving

from kitctl.adapters.http.certificates import VARIABLES


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    with serving(RecordingServer()) as started:
        yield started


@pytest.fixture(autouse=True)
def _no_proxies_and_certificates_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
