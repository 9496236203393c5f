"""The way in and the only way out: every failure ends here as a sentence and an exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence

import typer

from kitctl.cli.invocation import GlobalOptions, Invocation, command_typed
from kitctl.errors import Interrupted, InvalidInput, KitError, UsageError
from kitctl.render import streams
from kitctl.render.output import CommandResult


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal cannot show must not end the command.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    invocation = Invocation(GlobalOptions.guess(words), command_typed(words))
    try:
        try:
            return _run(words, invocation)
        except KitError as error:
            return _fail(invocation, error)
        except typer.TyperException as error:
            return _fail(invocation, _usage_error(error))
        except KeyboardInterrupt:
            return _fail(invocation, Interrupted("Stopped by Ctrl-C."))
        except BrokenPipeError:
            raise
        except OSError as error:
            return _fail(invocation, _system_error(error))
        except Exception as error:  # The last line of defence: a bug is told as one.
            return _fail(invocation, _bug(error))
    except BrokenPipeError:
        streams.hush(sys.stdout)
        return 0


def _run(words: list[str], invocation: Invocation) -> int:
    from kitctl.cli.app import root

    words = words or ["--help"]
    outcome = root(words).main(words, prog_name="kitctl", standalone_mode=False, obj=invocation)
    if isinstance(outcome, CommandResult):
        return invocation.output.show(invocation.command, outcome)
    if outcome == Interrupted.exit_code:  # Typer has turned the KeyboardInterrupt into this.
        raise Interrupted("Stopped by Ctrl-C.")
    return int(outcome or 0)


def _fail(invocation: Invocation, error: KitError) -> int:
    if invocation.options.verbose:
        traceback.print_exc()
    return invocation.output.fail(invocation.command, error)


def _usage_error(error: typer.TyperException) -> UsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "kitctl"
    return UsageError(error.format_message(), hint=f"{path} --help")


def _system_error(error: OSError) -> InvalidInput:
    """A full disk or a folder without permission: the user's to mend, not a bug."""
    what = f"{error.filename}: " if error.filename else ""
    return InvalidInput(f"{what}{error.strerror or error}.", code="system")


def _bug(error: Exception) -> KitError:
    last = traceback.extract_tb(error.__traceback__)[-1]
    # The exception's own text is left out: it may hold what must not be shown.
    return KitError(
        f"kitctl has met a bug of its own: {type(error).__name__} at {last.name}:{last.lineno}.",
        hint="The same command with --verbose shows the traceback for a bug report.",
    )
