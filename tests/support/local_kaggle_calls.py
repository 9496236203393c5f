"""Calls to a local Kaggle: Kaggle's own API, and the control of the server that tests need."""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPMessage
from pathlib import Path
from typing import Any, TypeVar

Value = TypeVar("Value")

ACCOUNT = "local"
ENDED = ("COMPLETE", "ERROR", "CANCEL_ACKNOWLEDGED")


class AnsweredError(Exception):
    """The server answered with a status other than 2xx."""

    def __init__(self, status: int, body: Any, headers: HTTPMessage) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.headers = headers

    @property
    def message(self) -> str:
        """Kaggle's words, in either form of an error."""
        return str(self.body.get("error", self.body)["message"])


def until(condition: Callable[[], Value], seconds: float = 20.0) -> Value:
    """Wait until `condition()` is true in a Boolean context, and return its value."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
    return value


@dataclass
class LocalKaggleCalls:
    """The calls. Times are ISO 8601 in UTC, durations in seconds."""

    state: Path

    @property
    def endpoint(self) -> str:
        return (self.state / "endpoint").read_text("utf-8").strip()

    @property
    def token(self) -> str:
        return (self.state / "token").read_text("utf-8").strip()

    @property
    def port(self) -> int:
        return int(self.endpoint.rsplit(":", 1)[1])

    # Kaggle's own API.

    def call(self, method: str, **fields: Any) -> Any:
        """Call an API method: `call("kernels.KernelsApiService/SaveKernel", slug=…)`.

        A name without a service is one of the kernels'.
        """
        path = method if "/" in method else f"kernels.KernelsApiService/{method}"
        return self.post(f"/api/v1/{path}", fields)

    def post(self, path: str, fields: Mapping[str, Any]) -> Any:
        body = json.dumps(fields).encode()
        return json.loads(self.open(path, data=body).read())

    def open(self, path: str, data: bytes | None = None, **headers: str) -> Any:
        """Return the response to a request with the token; `path` may be a whole URL.

        Raises:
            AnsweredError: for anything but 2xx.
        """
        url = path if "://" in path else f"{self.endpoint}{path}"
        hyphenated = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(
            url, data, {"Authorization": f"Bearer {self.token}", **hyphenated}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            return opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode()
            is_json = "json" in error.headers.get("Content-Type", "")
            answer = json.loads(text) if is_json else text
            raise AnsweredError(error.code, answer, error.headers) from None

    def push(self, slug: str, script: str, /, **fields: Any) -> Any:
        """Push a Python script whose title resolves to its slug; it runs on the CPU by default."""
        return self.call(
            "SaveKernel",
            **{
                "slug": f"{ACCOUNT}/{slug}",
                "newTitle": slug.replace("-", " ").capitalize(),
                "text": script,
                "language": "python",
                "kernelType": "script",
                "isPrivate": True,
                **fields,
            },
        )

    def status(self, slug: str, version: int | None = None) -> str:
        label = {"versionLabel": f"v{version}"} if version else {}
        answer = self.call("GetKernelSessionStatus", userName=ACCOUNT, kernelSlug=slug, **label)
        return str(answer["status"])

    def wait(self, slug: str, version: int = 1) -> str:
        """Wait until a version's run has ended; return its last status."""
        return until(lambda: status if (status := self.status(slug, version)) in ENDED else "")

    def log(self, slug: str, version: int = 1) -> list[dict[str, Any]]:
        """Return the log of a run that has ended: {stream_name, time, data} for each line."""
        page = self.call(
            "ListKernelSessionOutput",
            userName=ACCOUNT,
            kernelSlug=slug,
            versionLabel=f"v{version}",
        )
        lines: list[dict[str, Any]] = json.loads(page["log"])
        return lines

    # Control of the server itself.

    def admin(self, method: str, /, **fields: Any) -> Any:
        return self.post(f"/_local/{method}", fields)

    def fault(self, kind: str, method: str = "*", **details: Any) -> None:
        """Inject a fault; kitctl/local/testing/faults.py has the kinds and their details."""
        self.admin("faults", kind=kind, method=method, **details)

    def answer(
        self,
        method: str,
        body: bytes | str = b"",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        count: int | None = 1,
        after_effect: bool = False,
        effect_after_seconds: float = 0.0,
        seconds: float = 0.0,
    ) -> None:
        """Answer calls of a method with this status, these headers and this body as they are.

        Args:
            method: an API method, "download", "upload", "logs" or "*".
            body: sent as it is; say its Content-Encoding and Content-Type in `headers`. A larger
                Content-Length than it has ends the connection after it.
            status: any of 100 to 599.
            headers: none of them is added but Content-Length, and Date.
            count: how many calls; None: until faults are cleared.
            after_effect: whether the call takes effect (a push makes its version).
            effect_after_seconds: how long after the answer it does, by the server's clock; a test
                may `advance` it.
            seconds: how long the answer takes.
        """
        content = body.encode() if isinstance(body, str) else body
        self.fault(
            "answer",
            method,
            status=status,
            headers=dict(headers or {}),
            body_base64=base64.b64encode(content).decode(),
            count=count,
            after_effect=after_effect,
            effect_after_seconds=effect_after_seconds,
            seconds=seconds,
        )

    def change_events(self, form: str) -> None:
        """Give the events of log streams another form: "no_newline", "plain" or "empty"."""
        self.fault("events", "logs", form=form)

    def write_oauth_login(self, home: Path, seconds: float = 0.0) -> None:
        """Write the file of `kaggle auth login`, whose access token lasts so many seconds.

        Without seconds it lasts 12 h. The official client trusts the file's time for 30 minutes
        more: it sees the end by the answer 401.
        """
        folder = home / ".kaggle"
        folder.mkdir(parents=True, exist_ok=True)
        login = self.admin("login", seconds=seconds)
        (folder / "credentials.json").write_text(json.dumps(login), encoding="utf-8")

    def hide_new_versions(self, seconds: float, status: int = 403) -> None:
        """Answer status and GetKernel of a version with 403 or 404 so long after its push."""
        self.settings(hidden_seconds=seconds, hidden_status=status)

    def show_new_versions_late(self, seconds: float) -> None:
        """Let GetKernel without a label show the version before so long after a push."""
        self.settings(kernel_lag_seconds=seconds)

    def take_pushes_without_runs(self) -> None:
        """Take every push, and never start its run: it has no session."""
        self.settings(pushes_start_runs=0)

    def write_errors(self, *, nested: bool) -> None:
        """Choose the form of errors: {"error": {code, message, status}} or {code, message}."""
        self.settings(nested_errors=int(nested))

    def clear_faults(self) -> None:
        """Remove all faults and count calls from 0."""
        self.admin("faults", clear=True)

    def calls(self, method: str) -> int:
        """Return how often a method (or "download", "upload", "logs") was called in this test."""
        return int(self.admin("calls")["calls"].get(method, 0))

    def set_clock(self, now: str) -> None:
        self.admin("clock", now=now)

    def advance(self, seconds: float) -> None:
        self.admin("clock", advanceSeconds=seconds)

    def now(self) -> str:
        return str(self.admin("clock")["now"])

    def settings(self, **numbers: float) -> Any:
        """Change settings (kitctl/local/state/settings.py has their names); return all of them."""
        return self.admin("settings", **numbers)

    def seed(self, slug: str, /, **run: Any) -> Any:
        """Add a finished run; return its version and sessionId."""
        return self.admin("seed", runs=[{"slug": slug, **run}])["runs"][0]

    def seed_many(self, runs: list[dict[str, Any]]) -> Any:
        return self.admin("seed", runs=runs)["runs"]

    def use_elsewhere(self, accelerator: str, started_at: str, ended_at: str) -> None:
        """Add quota used by an open notebook."""
        use = {"accelerator": accelerator, "startedAt": started_at, "endedAt": ended_at}
        self.admin("seed", interactive=[use])

    def stand_in(self, reference: str, folder: Path) -> None:
        """Register a folder as the data set `owner/slug`."""
        self.admin("sources", sources={reference: str(folder)})

    def reset(self) -> None:
        self.admin("reset")
