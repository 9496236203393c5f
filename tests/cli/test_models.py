"""`kitctl models push`, and jobs that read models, through the local Kaggle."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import Kitctl, write_script
from support.local_kaggle import LocalKaggle

LEAVE_MODEL = (
    "open('model.keras', 'w').write('weights {number}')\n"
    "open('labels.json', 'w').write('[\"car\", \"truck\"]')\n"
    "open('notes.txt', 'w').write('not of the model')\n"
)
PUSH = ("models", "push", "--id", "my-classifier", "--local", "--json")


def run_job(kitctl: Kitctl, project: Path, script: str, **metadata: object) -> None:
    write_script(project, script, **metadata)
    followed = kitctl("push", "--local", "--follow")
    assert followed.code == 0, followed.err


def test_a_runs_model_is_made_versioned_when_it_changed_and_read_by_jobs(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    run_job(kitctl, project, LEAVE_MODEL.format(number=1))
    first = kitctl(*PUSH).data
    assert first["source"] == "local/my-classifier/keras/default/1"
    assert (first["files"], first["changed"]) == (["labels.json", "model.keras"], True)
    assert kitctl(*PUSH).data["changed"] is False
    run_job(kitctl, project, LEAVE_MODEL.format(number=2))
    assert kitctl(*PUSH).data["version"] == 2

    read = (
        "import pathlib\n"
        "folder = pathlib.Path('../input/models/local/my-classifier/keras/default')\n"
        "for path in sorted(folder.glob('*/model.keras')):\n"
        "    print(path.parent.name, path.read_text())\n"
    )
    for source, printed in (("", "2 weights 2\n"), ("/1", "1 weights 1\n")):
        model = f"local/my-classifier/keras/default{source}"
        run_job(kitctl, project, read, model_sources=[model])
        newest = kitctl("status", "--local", "--json").data["version"]
        assert [line["data"] for line in local_kaggle.log("small-job", newest)] == [printed]


def test_a_run_without_a_model_is_named(kitctl: Kitctl, local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("no-model", files=[{"name": "notes.txt", "text": "x"}])
    words = ("models", "push", "local/no-model/1", "--local", "--json")
    missing = kitctl(*words)
    assert (missing.code, missing.error["code"]) == (3, "file_missing")
    assert "notes.txt" in missing.error["hint"]
    chosen = kitctl(*words, "--files", "*.txt", "--framework", "pytorch").data
    assert chosen["model"] == "local/no-model/pyTorch/default"


def test_a_model_that_is_not_there_is_no_source(kitctl: Kitctl, project: Path) -> None:
    write_script(project, "print(1)", model_sources=["local/none/keras/default"])
    refused = kitctl("push", "--local", "--json")
    assert (refused.code, refused.error["code"]) == (4, "source_missing")


@pytest.mark.parametrize(
    "words", [("--framework", "perl"), ("--id", "a b"), ("--variation", "a/b")]
)
def test_a_wrong_name_is_a_usage_error(
    kitctl: Kitctl, local_kaggle: LocalKaggle, words: tuple[str, str]
) -> None:
    local_kaggle.seed("no-model")
    assert kitctl("models", "push", "local/no-model/1", *words, "--local", "--json").code == 2


def test_only_what_is_sent_is_called_sent(kitctl: Kitctl, local_kaggle: LocalKaggle) -> None:
    names = ("config.json", "dataset-metadata.json", "model-metadata.json")
    local_kaggle.seed("some-model", files=[{"name": name, "text": "{}"} for name in names])
    words = ("models", "push", "local/some-model/1", "--local", "--framework", "other")
    pushed = kitctl(*words, "--files", "*.json", "--json")
    assert pushed.data["files"] == ["config.json"]
    assert "dataset-metadata.json is not sent" in pushed.err
    warned = kitctl(*words, "--files", "config.json", "--public")
    assert warned.code == 0 and "--public had no effect" in warned.err


def test_what_cannot_be_sent_is_refused_with_the_option_that_helps(
    kitctl: Kitctl, local_kaggle: LocalKaggle
) -> None:
    files = [{"name": "model.keras", "text": "x"}, {"name": "tok.env", "text": "A=1"}]
    local_kaggle.seed("some-model", files=files)
    words = ("models", "push", "local/some-model/1", "--local", "--json")
    refused = kitctl(*words, "--files", "*")
    assert (refused.code, refused.error["code"]) == (4, "odd_files")
    assert "--files" in refused.error["hint"] and "/tmp/" not in refused.error["message"]
    of_another = kitctl(*words, "--id", "bob/some-model")
    assert (of_another.code, of_another.error["code"]) == (4, "wrong_account")
    assert local_kaggle.calls("StartBlobUpload") == 0


def test_the_model_of_a_failed_run_is_only_sent_with_force(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle
) -> None:
    write_script(project, "open('model.keras', 'w').write('half'); raise SystemExit(1)")
    kitctl("push", "--local", "--follow")
    assert kitctl(*PUSH).error["code"] == "run_not_complete"
    assert kitctl(*PUSH, "--force", "--public").data["version"] == 1
