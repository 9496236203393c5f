"""Pushing, running and reading kernels over the local Kaggle's HTTP surface."""

from __future__ import annotations

from support.local_kaggle import LocalKaggle


def test_a_pushed_script_runs_and_leaves_its_outputs_and_log(local_kaggle: LocalKaggle) -> None:
    script = (
        "import sys\nprint('out')\nprint('err', file=sys.stderr)\nopen('a.txt', 'w').write('x')\n"
    )
    saved = local_kaggle.push("first-run", script)
    assert (saved["ref"], saved["versionNumber"]) == ("/code/local/first-run", 1)
    assert local_kaggle.wait("first-run") == "COMPLETE"

    page = local_kaggle.call(
        "ListKernelSessionOutput", userName="local", kernelSlug="first-run", versionLabel="v1"
    )
    assert [file["fileName"] for file in page["files"]] == ["a.txt"]
    assert local_kaggle.open(page["files"][0]["url"]).read() == b"x"
    lines = {(line["stream_name"], line["data"]) for line in local_kaggle.log("first-run")}
    assert {("stdout", "out\n"), ("stderr", "err\n")} <= lines
