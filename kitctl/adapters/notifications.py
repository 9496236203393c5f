"""Tell the user that a run has ended: on the desktop, or by a request to an address of theirs."""

from __future__ import annotations

import ipaddress
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

from kitctl.errors import NetworkFailed, UsageError

DESKTOP = "desktop"
TIMEOUT_SECONDS = 10.0
_APPLE_SCRIPT = """on run arguments
display notification (item 1 of arguments) with title "kitctl"
end run"""


def require_target(target: str) -> None:
    """Raise UsageError where nothing can be sent to: neither "desktop" nor a protected address."""
    if target == DESKTOP:
        return
    try:
        parts = urlsplit(target)
        is_protected = parts.scheme == "https" or (
            parts.scheme == "http" and _is_loopback(parts.hostname or "")
        )
    except ValueError:
        is_protected = False
    if not is_protected or not parts.hostname:
        raise UsageError(
            "--notify takes `desktop`, or an address that begins with https://.",
            code="bad_notify",
            hint="An address can stand in the variable KITCTL_NOTIFY, where no history keeps it.",
        )


def notify(target: str, text: str, facts: Mapping[str, object]) -> None:
    """Show the text on the desktop, or send text and facts to an address as one JSON object.

    Raises NetworkFailed where that is not possible. The address, which may hold a secret, is in no
    message.
    """
    if target == DESKTOP:
        _show_on_desktop(text)
    else:
        _post(target, {"text": text, "content": text, **facts})


def _show_on_desktop(text: str) -> None:
    if sys.platform == "darwin":
        command = ["osascript", "-e", _APPLE_SCRIPT, text]
    else:
        command = ["notify-send", "--app-name=kitctl", "--", "kitctl", text]
    program = shutil.which(command[0])
    try:
        if program is None:
            raise FileNotFoundError
        subprocess.run(
            [program, *command[1:]], check=True, capture_output=True, timeout=TIMEOUT_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        raise NetworkFailed(
            f"The desktop cannot show it: {command[0]} is missing, or there is no desktop.",
            code="no_desktop",
        ) from None


def _post(address: str, body: Mapping[str, object]) -> None:
    # Loaded here: most calls notify nobody.
    import http.client
    import urllib.error
    import urllib.request

    request = urllib.request.Request(
        address,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "User-Agent": "kitctl"},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
            return
    except urllib.error.HTTPError as error:
        reason = f"it answered {error.code}"
        error.close()
    except (OSError, ValueError, http.client.HTTPException):
        reason = "it cannot be reached"
    raise NetworkFailed(f"The address of --notify did not get it: {reason}.", code="notify_failed")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
