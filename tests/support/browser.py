"""Chromium for tests of pages: each page records what it printed and requested."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """Return the path of Chromium; KITCTL_CHROMIUM names one."""
    named = os.environ.get("KITCTL_CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


@dataclass
class OpenedPage:
    """A page with what it wrote to the console, errors included, and the addresses requested."""

    page: Page
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, address: str) -> Page:
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("dialog", lambda dialog: self.messages.append(f"dialog {dialog.message}"))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(address)
        return self.page

    @property
    def other_requests(self) -> list[str]:
        """The requests but the first one and those for data in the page itself."""
        return [url for url in self.requests[1:] if not url.startswith("data:")]

    def overflows(self) -> bool:
        """Return whether the page is wider than its window."""
        wide: bool = self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        return wide


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; the test is skipped where there is none.

    While it is open, an event loop runs in this process, and tests with their own cannot.
    """
    path = chromium()
    if path is None:
        pytest.skip("no Chromium here; install it, or name one in KITCTL_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened_page(browser: Browser) -> Iterator[OpenedPage]:
    context = browser.new_context(viewport={"width": 360, "height": 800})
    yield OpenedPage(context.new_page())
    context.close()
