"""Fixtures that every test may ask for."""

from __future__ import annotations

import os
import signal

from hypothesis import settings

pytest_plugins = (
    "support.local_kaggle",
    "support.official_client",
    "support.official_session",
    "support.local_setup",
    "support.command_line",
    "support.browser",
)

# The tests read English, whatever the locale is.
os.environ["KITCTL_LANG"] = "en"

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("kitctl", deadline=None)
settings.load_profile("kitctl")

# A shell's background job ignores Ctrl-C, and so would every program that a test starts from it.
signal.signal(signal.SIGINT, signal.default_int_handler)
