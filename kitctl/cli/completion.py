"""Shell completion: `--show-completion` and `--install-completion`, for bash, zsh and fish."""

from __future__ import annotations

import os
from pathlib import Path

import click

from kitctl.errors import UsageError

# The variable with which a shell's script asks kitctl for the possible words.
VARIABLE = "_KITCTL_COMPLETE"

_BASH_SCRIPT = Path(".bash_completions", "kitctl.sh")
_ZSH_SCRIPT = Path(".zfunc", "_kitctl")
_FISH_SCRIPT = Path(".config", "fish", "completions", "kitctl.fish")

# Shell → where its script goes, the file that loads it, and the line there.
_PLACES: dict[str, tuple[Path, Path | None, str]] = {
    "bash": (_BASH_SCRIPT, Path(".bashrc"), f"source ~/{_BASH_SCRIPT}"),
    "zsh": (_ZSH_SCRIPT, Path(".zshrc"), "fpath+=~/.zfunc; autoload -Uz compinit; compinit"),
    "fish": (_FISH_SCRIPT, None, ""),
}


def _shell() -> str:
    name = Path(os.environ.get("SHELL", "")).name
    if name not in _PLACES:
        raise UsageError(
            f"There is no completion for the shell {name or 'of this terminal'}.",
            code="no_completion",
            hint=f"The variable SHELL names one of: {', '.join(_PLACES)}.",
        )
    return name


def _script(call: click.Context, shell: str) -> str:
    from click.shell_completion import get_completion_class

    completion = get_completion_class(shell)
    assert completion is not None
    return completion(call.find_root().command, {}, "kitctl", VARIABLE).source()


def _show(call: click.Context, _: click.Parameter, is_given: bool) -> None:
    if is_given and not call.resilient_parsing:
        call.obj.output.line(_script(call, _shell()))
        call.exit()


def _install(call: click.Context, _: click.Parameter, is_given: bool) -> None:
    if not is_given or call.resilient_parsing:
        return
    shell = _shell()
    script, startup, line = _PLACES[shell]
    path = Path.home() / script
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_script(call, shell), "utf-8")
    if startup is not None:
        _append_line(Path.home() / startup, line)
    call.obj.console.info(f"{shell} completion is in {path}; it works in a new terminal.")
    call.exit()


def _append_line(path: Path, line: str) -> None:
    text = path.read_text("utf-8") if path.is_file() else ""
    if line not in text.splitlines():
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")


COMPLETION_OPTIONS = (
    click.Option(
        ["--install-completion"],
        is_flag=True,
        expose_value=False,
        callback=_install,
        help="Install completion for the current shell.",
    ),
    click.Option(
        ["--show-completion"],
        is_flag=True,
        expose_value=False,
        callback=_show,
        help="Show the completion script for the current shell.",
    ),
)
