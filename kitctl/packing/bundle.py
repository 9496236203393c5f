"""Pack a job into the one file that Kaggle takes: the same input gives the same bytes.

Kaggle takes one file of at most 1 MB. A job with a job.toml becomes a script that holds every
module whole and readable, the settings, and at its end the text of `loader.py`, which makes the
modules importable. Another script, or a notebook, is sent as it is where nothing belongs to it;
else `launcher.py` comes before it, with its modules, files, arguments and packages.
"""

from __future__ import annotations

import inspect
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from kitctl import __version__
from kitctl.domain.job.metadata import Metadata
from kitctl.domain.runs.session_id import SESSION_LINES
from kitctl.packing import loader, notebooks
from kitctl.packing.launch_block import data_file, literal, notebook_block, script_block
from kitctl.packing.plan import (
    COMFORTABLE_SCRIPT_BYTES,
    CodeFiles,
    Launch,
    Module,
    Plan,
    identity_of,
    size_warnings,
    sources_of,
)

VARIABLES = ("KITCTL_CHECK", "KITCTL_OVERRIDES", "KITCTL_VERIFY")
"""The environment variables by which kitctl asks something of a packed script that reads them."""

NO_FILES = CodeFiles()
NOTHING = Launch()


def plan_single_file(
    metadata: Metadata,
    code: bytes,
    warnings: tuple[str, ...] = (),
    *,
    own: CodeFiles = NO_FILES,
    launch: Launch = NOTHING,
    settings: Mapping[str, Any] | None = None,
) -> Plan:
    """Return the plan for a script or a notebook, with the modules and what else goes with it.

    Where nothing does, it is sent byte for byte. `settings` are a notebook's parameters.
    """
    is_notebook = metadata.kernel_type == "notebook"
    files = {**launch.files, **own.files, metadata.code_file: code}
    identity = identity_of(metadata, files, settings or {}, launch)
    is_alone = launch.is_empty and not own.files
    sizes = {file: len(content) for file, content in sorted(files.items())}
    own_code = notebooks.code_text(code) if is_notebook else code.decode("utf-8", "replace")

    def write(own: CodeFiles, launch: Launch, compress: bool) -> bytes:
        if is_alone and not settings:
            return code
        if is_notebook:
            return _notebook(code, own, launch, settings or {}, compress=compress)
        return _launched_script(metadata, code, own, launch, identity, compress=compress)

    script, data = _small_enough(write, own, launch, metadata.slug)
    return Plan(
        data=data,
        kind="notebook" if is_notebook else "script" if is_alone else "packed",
        code="\n".join(
            [own_code, *(text.decode("utf-8", "replace") for text in own.files.values())]
        ),
        file_sizes=sizes,
        launch=launch,
        metadata=metadata,
        script_name=(
            PurePosixPath(metadata.code_file).name if is_alone or is_notebook else "script.py"
        ),
        script=script,
        script_sha256=identity,
        modules=tuple(sorted(own.files)),
        settings=dict(settings or {}),
        warnings=(*warnings, *size_warnings(len(script), sizes)),
    )


def pack_modules(
    metadata: Metadata,
    modules: tuple[Module, ...],
    settings: Mapping[str, Any],
    warnings: tuple[str, ...] = (),
    launch: Launch = NOTHING,
) -> Plan:
    """Return the plan for a package with a job.toml: its modules and settings in one script."""
    texts = {module.file: module.text.encode() for module in modules}
    files = {**launch.files, **texts}
    identity = identity_of(metadata, files, settings, launch)
    main = next(module for module in modules if module.file == metadata.code_file)
    sizes = {file: len(content) for file, content in sorted(files.items())}

    def write(_: CodeFiles, launch: Launch, compress: bool) -> bytes:
        block = "" if launch.is_empty else script_block(NO_FILES, launch, None, compress=compress)
        return _script(metadata, modules, main, settings, identity, block).encode()

    script, data = _small_enough(write, NO_FILES, launch, metadata.slug)
    return Plan(
        data=data,
        kind="packed",
        is_job=True,
        code="\n".join(module.text for module in modules),
        file_sizes=sizes,
        launch=launch,
        metadata=metadata,
        script_name="script.py",
        script=script,
        script_sha256=identity,
        modules=tuple(module.file for module in modules),
        settings=dict(settings),
        warnings=(*warnings, *size_warnings(len(script), sizes)),
        variables=frozenset(
            variable for variable in VARIABLES for module in modules if variable in module.text
        ),
    )


def _script(
    metadata: Metadata,
    modules: tuple[Module, ...],
    main: Module,
    settings: Mapping[str, Any],
    identity: str,
    block: str,
) -> str:
    job = {
        "kit_version": __version__,
        "script_sha256": identity,
        "accelerator": metadata.pool,
        "settings": settings,
        "sources": sources_of(metadata),
    }
    package = main.name.rpartition(".")[0]
    return "\n".join(
        [
            f"# {metadata.title} - packed by kitctl {__version__} from {main.file} and the modules",
            "# beside it. Edit those, not this: every module stands below whole, and the traceback",
            "# of an error names the module's own file and line.",
            f"# script_sha256 {identity}",
            "",
            SESSION_LINES,
            f"JOB = {literal(json.dumps(job, indent=2, sort_keys=True, ensure_ascii=False))}",
            "",
            "MODULES = {}",
            *(
                f"\nMODULES[{module.name!r}] = {module.file!r}, {literal(module.text)}"
                for module in modules
            ),
            "",
            *([block, ""] if block else []),
            inspect.getsource(loader),
            "",
            f"run(MODULES, {main.name!r}, JOB, {f'{package}._job'.lstrip('.')!r})",
            "",
        ]
    )


def _launched_script(
    metadata: Metadata,
    code: bytes,
    own: CodeFiles,
    launch: Launch,
    identity: str,
    *,
    compress: bool,
) -> bytes:
    """Return a script that writes its modules into a folder, and runs the main one there."""
    main = metadata.code_file
    header = [
        f"# {metadata.title} - packed by kitctl {__version__} from {main} and what belongs to it.",
        "# Edit those files, not this: each stands below whole, and the traceback of an error",
        "# names the file itself and its line.",
        f"# script_sha256 {identity}",
        "",
        SESSION_LINES,
    ]
    whole = CodeFiles(files={**own.files, main: code}, roots=own.roots, package=own.package)
    block = script_block(whole, launch, main, compress=compress)
    return "\n".join([*header, block, ""]).encode()


def _notebook(
    code: bytes, own: CodeFiles, launch: Launch, settings: Mapping[str, Any], *, compress: bool
) -> bytes:
    text = code.decode("utf-8")
    if settings:
        text = notebooks.with_parameters(text, settings)
    if own.files or not launch.is_empty:
        text = notebooks.with_first_cell(text, notebook_block(own, launch, compress=compress))
    return text.encode()


def _small_enough(
    write: Callable[[CodeFiles, Launch, bool], bytes],
    own: CodeFiles,
    launch: Launch,
    slug: str,
) -> tuple[bytes, bytes]:
    """Return what `write` makes, and the file of a data set with what it cannot hold.

    Data files are readable where they fit, else compressed, else in the data set with the modules.
    """
    for compress in (False, True):
        script = write(own, launch, compress)
        if len(script) <= COMFORTABLE_SCRIPT_BYTES:
            return script, b""
    data = data_file(own, launch) if own.files or launch.files else b""
    if data:
        code = replace(own, files={})
        checksum = (f"{slug}-code", zlib.crc32(data))
        script = write(code, replace(launch, files={}, data=checksum), True)
    return script, data
