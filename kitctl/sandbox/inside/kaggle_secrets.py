"""A stand-in for Kaggle's module of the same name, in runs on this machine only.

On Kaggle the real module gives a notebook the secrets that are attached to it.
"""

import json
import re
from pathlib import Path

_VALUES = Path(__file__).with_name("secrets.json")


class CredentialError(Exception):
    """Kaggle's error where the run has no account of its own."""


class BackendError(Exception):
    """Kaggle's error where it knows no such secret."""


class ValidationError(Exception):
    """Kaggle's error where a label is empty."""


class NotFoundError(Exception):
    """Kaggle's error where there is no such service."""


class UserSecretsClient:
    """Read the secrets that were given for this run."""

    def get_secret(self, label: str) -> str:
        """Return a secret's value.

        Raises BackendError where none was given; its text says how to give one.
        """
        if not label:
            raise ValidationError("Label must be non-empty.")
        variable = "KITCTL_SECRET_" + re.sub(r"\W", "_", label).upper()
        values = json.loads(_VALUES.read_text("utf-8")) if _VALUES.exists() else {}
        if variable not in values:
            raise BackendError(
                f"No value was given here for the secret {label!r}. For a run on this machine, "
                f"set it in the environment of kitctl: {variable}=VALUE kitctl dry-run "
                "(or push --local). On Kaggle, attach the secret to the kernel (Add-ons, Secrets)."
            )
        return str(values[variable])

    def __getattr__(self, name: str) -> object:
        raise AttributeError(
            f"UserSecretsClient.{name} works on Kaggle only; on this machine there is get_secret."
        )
