"""The options `--env KEY=VALUE` and `-- ARGS`: what a run gets besides its code."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from kitctl.domain.job.secrets import looks_secret
from kitctl.errors import InvalidInput, Refused

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = re.compile(r"KAGGLE_|KITCTL_", re.IGNORECASE)
_SECRET_HINT = (
    "It would stand in the script, where whoever may see the kernel reads it. A run reads secrets "
    "with kaggle_secrets.UserSecretsClient"
)


def parse_environment(options: Sequence[str]) -> dict[str, str]:
    """Return the variables of `KEY=VALUE` options.

    Raises InvalidInput for what is none, Refused for what looks like a secret.
    """
    variables = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or not _NAME.fullmatch(name) or "\0" in value:
            # The option itself is not repeated: it may be a secret.
            raise InvalidInput(
                "An --env has no KEY=VALUE form with a KEY of letters, digits and _.",
                code="environment",
                hint="For example: --env TOKENIZERS_PARALLELISM=false",
            )
        if _RESERVED.match(name):
            raise InvalidInput(
                f"--env cannot set {name}: such variables are Kaggle's or kitctl's own.",
                code="environment",
            )
        if reason := looks_secret(name, value):
            raise Refused(
                f"--env {name} looks like a secret: {reason}. Nothing was sent.",
                code="secret",
                hint=_SECRET_HINT,
            )
        variables[name] = value
    return variables


def check_arguments(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the arguments for the script.

    Raises Refused where one of them looks like a secret.
    """
    for option, value in pairwise([*arguments, ""]):
        name, equals, own_value = option.lstrip("-").partition("=")
        is_option = option.startswith("-")
        value = own_value if equals else "" if value.startswith("-") else value
        reason = looks_secret(name if is_option else "", value if is_option else option)
        if reason:
            raise Refused(
                f"An argument for the script looks like a secret: {reason}. Nothing was sent.",
                code="secret",
                hint=_SECRET_HINT,
            )
    return tuple(arguments)


def environment_warnings(environment: Mapping[str, str]) -> list[str]:
    """Return what to say of variables that Python reads only at its start."""
    late = [name for name in environment if name.startswith("PYTHON") or name.startswith("LD_")]
    if not late:
        return []
    return [
        f"{', '.join(late)} is set when Python has started already: it has an effect only on "
        "programs that the job starts."
    ]
