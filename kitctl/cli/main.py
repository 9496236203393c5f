"""The way in and the only way out: every failure ends here as a sentence and an exit code."""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress

import typer

from kitctl.cli.app import MODULES, root, split_script_arguments, takes_option
from kitctl.cli.context import CommandContext
from kitctl.cli.global_options import GlobalOptions, typed_command
from kitctl.cli.near_names import meant_command
from kitctl.errors import Interrupted, InvalidInput, KitError, UsageError
from kitctl.render import streams
from kitctl.render.output import CommandResult


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    streams.replace_closed()
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal cannot show must not end the command.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    command = typed_command(arguments)
    arguments, script_arguments = split_script_arguments(arguments, command)
    context = CommandContext(
        GlobalOptions.guess(arguments), command, takes_option, script_arguments
    )
    try:
        try:
            return _run(arguments, context)
        except KitError as error:
            return _fail(context, error)
        except typer.TyperException as error:
            return _fail(context, _usage_error(error, arguments))
        except KeyboardInterrupt:
            return _fail(context, Interrupted("Stopped by Ctrl-C."))
        except BrokenPipeError:
            raise
        except OSError as error:
            return _fail(context, _system_error(error))
        except Exception as error:  # The last line of defence: a bug is reported as one.
            return _fail(context, _bug(error))
    except BrokenPipeError:
        streams.hush(sys.stdout)
        return 0


def _run(arguments: list[str], context: CommandContext) -> int:
    arguments = arguments or ["--help"]
    result = root(arguments).main(arguments, prog_name="kitctl", standalone_mode=False, obj=context)
    if isinstance(result, CommandResult):
        return context.output.show(context.command, result)
    if result == Interrupted.exit_code:  # Typer has made this of the KeyboardInterrupt.
        raise Interrupted("Stopped by Ctrl-C.")
    return int(result or 0)


def _fail(context: CommandContext, error: KitError) -> int:
    if context.options.verbose:
        from kitctl.cli.verbose import print_traceback

        print_traceback(sys.exception() or error)
    try:
        return context.output.fail(context.command, error)
    except BrokenPipeError:
        raise
    except OSError:  # Nothing can be written on stdout, so stderr has it also with --json.
        streams.hush_unwritable()
        with suppress(OSError):
            context.console.fail(error)
        streams.hush_unwritable()
        return error.exit_code


def _usage_error(error: typer.TyperException, arguments: Sequence[str]) -> UsageError:
    call = getattr(error, "ctx", None)
    path = call.command_path if call else "kitctl"
    typed = typed_command(arguments)
    if path == "kitctl" and typed:
        if typed.split(" ")[0] in MODULES:
            return UsageError(error.format_message(), hint=f"kitctl {typed} --help")
        suggestion, line = meant_command(arguments, MODULES)
        if suggestion:
            return UsageError(
                f"There is no command {typed!r}. Did you mean {suggestion!r}?", hint=line
            )
    return UsageError(error.format_message(), hint=f"{path} --help")


def _system_error(error: OSError) -> InvalidInput:
    """Return the failure for a full disk or a folder without permission, which is no bug."""
    streams.hush_unwritable()
    what = f"{error.filename}: " if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return InvalidInput(
            f"{what}The disk is full: the command stopped there.",
            code="disk_full",
            hint="Free some space, or name a folder on another disk, and type it again.",
        )
    return InvalidInput(f"{what}{error.strerror or error}.", code="system")


def _bug(error: Exception) -> KitError:
    last = traceback.extract_tb(error.__traceback__)[-1]
    # The exception's own text is left out: it may hold what must not be shown.
    return KitError(
        f"This is a bug of kitctl: {type(error).__name__} at {last.name}:{last.lineno}.",
        hint="The same command with --verbose shows the traceback for a bug report.",
    )
