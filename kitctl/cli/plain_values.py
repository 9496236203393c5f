"""Plain values of the command line, taken without pydantic.

Typer has pydantic check every value, the absent ones too, and loading it takes longer than all else
that most commands do on this machine. What is surely right is therefore taken here as it is;
everything else stays Typer's to judge, in its words. Should a later Typer work in another way, this
is passed over, and only the time is lost.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

_UNSURE = object()


def take_plainly(command: Any) -> None:
    """Lets a command of Typer's, and all below it, take plain values without pydantic."""
    parameters_of = command.get_params

    def get_params(context: Any) -> list[Any]:
        # Only here is the help option among them.
        parameters: list[Any] = parameters_of(context)
        for parameter in parameters:
            if hasattr(parameter, "type_descriptor") and "process_value" not in vars(parameter):
                parameter.process_value = _plainly(parameter)
        return parameters

    command.get_params = get_params
    for below in getattr(command, "commands", {}).values():
        take_plainly(below)


def _plainly(parameter: Any) -> Callable[[Any, Any], Any]:
    judge, descriptor = parameter.process_value, parameter.type_descriptor

    def process(context: Any, value: Any) -> Any:
        plain = _plain(descriptor.annotation, descriptor.parameter_info, value)
        if plain is _UNSURE or (plain is None and parameter.required):
            return judge(context, value)
        return parameter.callback(context, parameter, plain) if parameter.callback else plain

    return process


def _plain(kind: Any, wanted: Any, value: Any) -> Any:
    """The value as its type, where it cannot be wrong."""
    if value is None or (kind in (str, int, float) and type(value) is kind):
        return value
    if kind == list[str] and all(type(item) is str for item in value):
        return list(value)
    if kind is int and type(value) is str and value.isascii() and value.isdecimal():
        is_small = wanted.min is not None and int(value) < wanted.min
        is_large = wanted.max is not None and int(value) > wanted.max
        return _UNSURE if is_small or is_large else int(value)
    if kind is Path and type(value) is str and not (wanted.exists or wanted.resolve_path):
        is_any = wanted.file_okay and wanted.dir_okay and not (wanted.writable or wanted.allow_dash)
        is_fine = not Path(value).exists() or os.access(value, os.R_OK)
        return Path(value) if is_any and is_fine else _UNSURE
    return _UNSURE
