"""Fixtures that every test may ask for."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = ("support.local_kaggle", "support.official_client", "support.road")

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("kitctl", deadline=None)
settings.load_profile("kitctl")
