"""The start of a packed script or notebook: its files, arguments, variables and packages.

kitctl copies this file's text behind a job's own files; nothing imports it there. Code is written
into a new temporary folder, whose folders of modules come first on sys.path, so that tracebacks,
`__file__`, worker processes and pickles find real files. Data files are written there and into the
working directory, and leave that at the end if they have not changed.

Only modules that every Python has loaded already, or that are built in, are imported here: a job's
own module may have the name of any other.
"""

import atexit
import binascii
import os
import sys
import zlib

_written: dict[str, bytes] = {}


def launch(job: dict) -> None:  # type: ignore[type-arg]
    """Prepare the run of a packed job; a script's main module runs here, as `__main__`.

    `job` has `code` and `files` (file name → text, or compressed bytes in base64), `roots` (folders
    of modules), `arguments`, `environment`, `requirements`, `may_lack_packages` (whether the run
    goes on without them), `resume` (the input with the outputs to go on from, or ""), `data` (the
    data set with what is too large for a script, and its checksum), `wheels` (that with packages
    for a run without internet), and for a script `main`, `package`.
    """
    os.environ.update(job["environment"])
    if job["resume"] and "KITCTL_CHECK" not in os.environ:
        _find_earlier_outputs(job["resume"])
    folder = _new_folder()
    atexit.register(_clean_up, folder, os.getcwd(), os.getpid())
    # kitctl asks for the settings of a job without what these need.
    if job["requirements"] and "KITCTL_CHECK" not in os.environ:
        wheels = ["--wheels", _input_folder(job["wheels"])] if job["wheels"] else []
        words = [*(["--any"] if job["may_lack_packages"] else []), *wheels, *job["requirements"]]
        _install(folder, job["installer"], words)
    code = {name: _bytes(content) for name, content in job["code"].items()}
    _written.update((name, _bytes(content)) for name, content in job["files"].items())
    if job["data"] and "KITCTL_CHECK" not in os.environ:
        slug, checksum = job["data"]
        _read_data(slug, checksum, {"code": code, "files": _written})
    for name, content in [*code.items(), *_written.items()]:
        _write(folder, name, content)
    for name, content in _written.items():
        _write(os.getcwd(), name, content)
    roots = [os.path.normpath(os.path.join(folder, root)) for root in job["roots"]]
    sys.path[:0] = roots
    # For the programs that the job starts.
    inherited = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([*roots, *([inherited] if inherited else [])])
    if "main" not in job:
        sys.argv[1:] = job["arguments"]
        return
    main = os.path.join(folder, job["main"])
    sys.argv[:] = [main, *job["arguments"]]
    _run(main, job["package"])


def _find_earlier_outputs(source: str) -> None:
    """Name the folder of an input by KITCTL_RESUME; Kaggle has two places for it."""
    for place in (source, source.split("/")[2]):
        folder = os.path.abspath(f"../input/{place}")
        if os.path.isdir(folder):
            os.environ["KITCTL_RESUME"] = folder
            return
    raise FileNotFoundError(f"{source} is not attached: nothing to go on from.")


def _input_folder(slug: str) -> str:
    """Return the folder of an attached data set, whoever owns it."""
    owners = "../input/datasets"
    places = [f"{owners}/{owner}" for owner in os.listdir(owners)] if os.path.isdir(owners) else []
    for place in [*places, "../input"]:
        folder = os.path.abspath(f"{place}/{slug}")
        if os.path.isdir(folder):
            return folder
    raise FileNotFoundError(f"The data set {slug}, which this job needs, is not attached to it.")


def _read_data(slug: str, checksum: int, parts: dict[str, dict[str, bytes]]) -> None:
    """Add the files of a data set that kitctl made to `code` and `files`."""
    with open(os.path.join(_input_folder(slug), "files.kitctl"), "rb") as file:
        content = file.read()
    if zlib.crc32(content) != checksum:
        raise ValueError(f"The data set {slug} holds other files than this job was packed with.")
    content = zlib.decompress(content)
    while content:
        header, _, content = content.partition(b"\n")
        part, name_size, size = header.decode("ascii").split(" ")
        start, end = int(name_size), int(name_size) + int(size)
        parts[part][content[:start].decode("utf-8")] = content[start:end]
        content = content[end:]


def _bytes(content: str | bytes) -> bytes:
    if isinstance(content, bytes):
        return zlib.decompress(binascii.a2b_base64(content))
    return content.encode("utf-8", "surrogatepass")


def _new_folder() -> str:
    """Make a folder of a name that is the same in every run, if that is free.

    KITCTL_CODE_PARENT is set for a run on the user's machine that sees the user's own folders.
    """
    parents = [os.environ.get(name) for name in ("KITCTL_CODE_PARENT", "TMPDIR", "TEMP")]
    for parent in filter(None, [*parents, "/tmp", os.getcwd()]):
        for number in range(10_000):
            folder = os.path.join(os.path.abspath(parent), f"kitctl-code{number or ''}")
            try:
                os.mkdir(folder, 0o700)
                return folder
            except FileExistsError:
                continue
            except OSError:
                break
    raise OSError("There is no folder in which the job's modules can be written.")


def _install(folder: str, program: str, arguments: list[str]) -> None:
    _write(folder, "kitctl_installer.py", program.encode())
    path = os.path.join(folder, "kitctl_installer.py")
    command = [sys.executable, "-I", path, *arguments]
    if os.name == "nt":  # Windows joins the words to one line.
        command = ['"' + word.replace('"', '\\"') + '"' for word in command]
    code = os.spawnv(os.P_WAIT, sys.executable, command)
    os.remove(path)
    if code:
        sys.exit(1)
    sys.path_importer_cache.clear()


def _write(folder: str, name: str, content: bytes) -> None:
    path = os.path.join(folder, *name.split("/"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def _run(path: str, package: str) -> None:
    if package:
        __import__(package)
    module = type(sys)("__main__")
    module.__file__ = path
    module.__package__ = package or None
    module.__dict__["__builtins__"] = __builtins__
    sys.modules["__main__"] = module
    sys.excepthook = _show_error
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec", dont_inherit=True)
    exec(code, module.__dict__)


def _show_error(kind, error, trace) -> None:  # type: ignore[no-untyped-def]
    """Print the traceback of the job's own code, without the lines of this file."""
    while trace is not None and trace.tb_frame.f_globals is globals():
        trace = trace.tb_next
    sys.__excepthook__(kind, error.with_traceback(trace), trace)


def _clean_up(folder: str, working: str, process: int) -> None:
    """Remove the code, and of the data files those that the job has not changed."""
    if os.getpid() != process:
        return
    for name, content in _written.items():
        path = os.path.join(working, *name.split("/"))
        try:
            with open(path, "rb") as file:
                if file.read() != content:
                    continue
            os.remove(path)
            # Only empty folders can be removed; the working folder itself stays.
            above = os.path.dirname(name)
            while above:
                os.rmdir(os.path.join(working, *above.split("/")))
                above = os.path.dirname(above)
        except OSError:
            continue
    try:
        for parent, folders, files in os.walk(folder, topdown=False):
            for name in files:
                os.remove(os.path.join(parent, name))
            for name in folders:
                path = os.path.join(parent, name)
                (os.remove if os.path.islink(path) else os.rmdir)(path)
        os.rmdir(folder)
    except OSError:
        return
