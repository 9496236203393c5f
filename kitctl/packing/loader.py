"""The end of every packed script: makes its modules importable and runs the main one.

kitctl copies this file's text into the script, below the modules; nothing imports it there. Every
module is compiled under its own file name, and its lines are stored where tracebacks, `inspect` and
debuggers look for them. Worker processes started by *spawn* cannot import packed modules (they have
no access to the script's memory); forked ones, Linux's default, can.
"""

import importlib.abc
import importlib.util
import io
import json
import linecache
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType


class Packed(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds and loads the modules of a packed script, given as dotted name → (file name, text)."""

    def __init__(self, modules: Mapping[str, tuple[str, str]]) -> None:
        self._modules = modules
        for file, text in modules.values():
            lines = io.StringIO(text, newline=None).readlines()
            # Without a modification time the cache never looks for the file on disk.
            linecache.cache[file] = (len(text), None, lines, file)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._modules:
            return None
        file = self._modules[fullname][0]
        package = self.is_package(fullname)
        spec = ModuleSpec(fullname, self, origin=file, is_package=package)
        spec.has_location = True
        return spec

    def is_package(self, fullname: str) -> bool:
        return self._modules[fullname][0].endswith("__init__.py")

    def get_source(self, fullname: str) -> str:
        return self._modules[fullname][1]

    def get_code(self, fullname: str) -> CodeType:
        file, text = self._modules[fullname]
        return compile(text, file, "exec", dont_inherit=True)


def run(modules: Mapping[str, tuple[str, str]], main: str, job: str, job_module: str) -> None:
    """Run the module `main` as `__main__`, with the job's settings as `job_module.JOB`."""
    packed = Packed(modules)
    sys.meta_path.insert(0, packed)
    # Python before 3.13 prints source lines only of files on disk, unless `traceback` prints them.
    sys.excepthook = traceback.print_exception
    threading.excepthook = lambda hook: traceback.print_exception(hook.exc_value)
    settings_module = ModuleType(job_module)
    settings_module.JOB = json.loads(job)  # type: ignore[attr-defined]
    sys.modules[job_module] = settings_module
    spec = packed.find_spec(main, None)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    module.__name__ = "__main__"
    sys.modules["__main__"] = module
    exec(packed.get_code(main), module.__dict__)
