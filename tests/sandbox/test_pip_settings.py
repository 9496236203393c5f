"""What a run's pip gets of the user's configuration."""

from __future__ import annotations

from pathlib import Path

from kitctl.sandbox.pip_settings import pip_folders, pip_variables


def test_mirrors_and_proxies_reach_a_run_and_passwords_do_not(tmp_path: Path) -> None:
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nindex-url = https://mirror/simple\nproxy = http://me:pw@proxy\n")
    environ = {
        "PIP_CONFIG_FILE": str(config),
        "PIP_FIND_LINKS": str(tmp_path),
        "HTTPS_PROXY": "http://proxy:3128",
        "PIP_EXTRA_INDEX_URL": "https://name:token@host/simple",
        "XDG_CONFIG_DIRS": str(tmp_path),
    }
    variables = pip_variables(environ)
    assert variables["PIP_INDEX_URL"] == "https://mirror/simple"
    assert variables["HTTPS_PROXY"] == "http://proxy:3128"
    assert not {"PIP_PROXY", "PIP_EXTRA_INDEX_URL"} & set(variables)
    assert pip_folders(variables) == [tmp_path]
