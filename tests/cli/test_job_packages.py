"""Packages that a job asks for, installed at the start of its run."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.command_line import Kitctl, write_script
from support.projects import write_files
from support.wheels import write_wheel

SCRIPT = "import carried_package\nprint('session 7')\nprint(carried_package.__file__)"


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package index on a port of its own that has one package, as the user's pip is set up."""
    folder = tmp_path / "index" / "carried-package"
    folder.mkdir(parents=True)
    wheel = write_wheel(folder, "carried-package", "1.5", {"carried_package.py": b"X = 1\n"})
    (folder / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    handler = partial(QuietHandler, directory=str(tmp_path / "index"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
        yield folder
        server.shutdown()


def test_what_the_image_lacks_is_installed_and_thrown_away(
    kitctl: Kitctl, project: Path, index: Path
) -> None:
    write_script(project, SCRIPT, enable_internet="true")
    write_files(project, {"requirements.txt": "packaging>=20\ncarried-package\n"})
    run = kitctl("dry-run")
    assert run.code == 0
    assert "kitctl: installing carried-package\n" in run.err, "packaging is here already"
    assert "/kitctl/packages/" in run.err and "kitctl: installed in " in run.err
    assert importlib.util.find_spec("carried_package") is None
    data = kitctl("push", "--plan", "--json").data
    assert (data["kind"], data["requirements"]) == ("packed", ["packaging>=20", "carried-package"])


def test_a_run_ends_where_a_package_cannot_be_installed(
    kitctl: Kitctl, project: Path, index: Path
) -> None:
    block = "# /// script\n# dependencies = ['carried-package==99']\n# ///\n"
    write_script(project, f"{block}open('never', 'w')", enable_internet="true")
    failed = kitctl("dry-run", "--json")
    assert failed.code == 6
    assert "could not be installed: carried-package==99" in failed.error["message"]
    assert not list((project / "results").rglob("never"))


def test_a_run_goes_on_without_what_a_file_that_lies_there_names_in_vain(
    kitctl: Kitctl, project: Path, index: Path
) -> None:
    write_script(project, SCRIPT, enable_internet="true")
    write_files(project, {"requirements.txt": "absent-package==1.0\ncarried-package\n"})
    run = kitctl("dry-run")
    assert run.code == 0 and "/kitctl/packages/" in run.err
    assert "could not be installed: absent-package==1.0." in run.err


def test_packages_are_not_asked_for_where_all_are_in_the_image(
    kitctl: Kitctl, project: Path
) -> None:
    write_script(project, "print(1)")
    write_files(project, {"requirements.txt": "torch>=2\nsurely-unknown\n"})
    (warning,) = kitctl("package", "--json").data["warnings"]
    assert "requirements.txt asks for surely-unknown, which Kaggle's image may lack" in warning


def test_without_internet_packages_go_along_as_a_data_set(
    kitctl: Kitctl, project: Path, index: Path
) -> None:
    write_script(project, f"{SCRIPT}\nopen('out.txt', 'w').close()")
    write_files(
        project,
        {
            "requirements.txt": "absent-package",
            "wanted.txt": "carried-package>=1\nnumpy\n",
            "pyproject.toml": '[tool.kitctl]\nrequirements = "wanted.txt"\n',
        },
    )
    run = kitctl("dry-run")
    assert run.code == 0 and "/kitctl/packages/" in run.err
    pushed = kitctl("push", "--local", "--follow", "--json")
    assert pushed.code == 0
    assert pushed.data["attached"] == ["small-job-wheels"]
    assert pushed.data["requirements"] == ["carried-package>=1"]
    assert "kitctl: installed in " in kitctl("logs", "--local").out
    again = kitctl("push", "--local", "--json")
    assert (again.code, again.error["code"]) == (4, "same_script")
    assert "local/small-job-wheels version 1 with its packages: unchanged" in again.err
    refused = kitctl("package", "--json")
    assert (refused.code, refused.error["code"]) == (3, "needs_dataset")


def test_without_internet_a_file_that_lies_there_sends_what_the_code_imports(
    kitctl: Kitctl, project: Path, index: Path
) -> None:
    write_script(project, SCRIPT)
    write_files(project, {"requirements.txt": "Carried.Package\nabsent-package\nnumpy\n"})
    plan = kitctl("push", "--plan", "--json")
    assert plan.data["attached"] == ["small-job-wheels"]
    assert plan.data["requirements"] == ["Carried.Package"]
    (warning,) = plan.data["warnings"]
    assert "asks for absent-package, which" in warning
    assert "/kitctl/packages/" in kitctl("dry-run").err


def test_packages_that_cannot_be_fetched_are_named_before_anything_is_sent(
    kitctl: Kitctl, project: Path, index: Path
) -> None:
    write_script(project, "# /// script\n# dependencies = ['absent-package']\n# ///\nprint(1)\n")
    refused = kitctl("push", "--local", "--json")
    assert (refused.code, refused.error["code"]) == (3, "wheels")
    assert "absent-package" in refused.error["message"]
