"""Kernels over HTTP: save, read, list and delete."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.local_kaggle import AnsweredError, LocalKaggle

QUICK = "print('done')"


def get(server: LocalKaggle, slug: str, owner: str = "local", **fields: Any) -> Any:
    return server.call("GetKernel", userName=owner, kernelSlug=slug, **fields)


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
    times = [line["time"] for line in local_kaggle.log("first-run")]
    assert times == sorted(times) and times[0] >= 0


def test_every_push_makes_a_new_version(local_kaggle: LocalKaggle) -> None:
    for number in (1, 2, 3):
        saved = local_kaggle.push("one-job", f"print({number})")
        assert saved["versionNumber"] == number
    assert get(local_kaggle, "one-job")["metadata"]["currentVersionNumber"] == 3
    assert get(local_kaggle, "one-job", versionLabel="v2")["blob"]["source"] == "print(2)"


@pytest.mark.parametrize("label", ["1", "v2", "V1", "latest"])
def test_a_label_that_is_no_version_is_not_found(local_kaggle: LocalKaggle, label: str) -> None:
    local_kaggle.seed("one-job")
    with pytest.raises(AnsweredError) as answered:
        get(local_kaggle, "one-job", versionLabel=label)
    assert answered.value.status == 404


def test_a_new_kernels_slug_comes_from_its_title(local_kaggle: LocalKaggle) -> None:
    saved = local_kaggle.push("some-slug", QUICK, newTitle="Don't stop: Käse 2!")
    assert saved["ref"] == "/code/local/don-t-stop-kase-2"
    again = local_kaggle.push("some-slug", QUICK, newTitle="Don't stop: Käse 2!")
    assert "already in use by a notebook" in again["error"]
    assert "versionNumber" not in again


def test_a_push_names_its_kernel_by_id_or_by_a_bare_slug(local_kaggle: LocalKaggle) -> None:
    first = local_kaggle.push("one-job", QUICK, slug="one-job")
    assert first["ref"] == "/code/local/one-job"
    again = local_kaggle.push("one-job", QUICK, slug="", id=first["kernelId"])
    assert (again["versionNumber"], again["kernelId"]) == (2, first["kernelId"])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"newTitle": "Four"}, "at least five characters"),
        ({"text": "#" * 1_000_000}, "The kernel source must be less than 1 megabytes in size."),
        ({"machineShape": "Abacus"}, "Invalid machine shape"),
        ({"kernelType": "novel"}, "kernel type"),
        ({"language": "cobol"}, "language"),
        ({"slug": "a/b/c"}, "username/slug"),
        ({"enableGpu": "true"}, "enableGpu"),
        ({"datasetDataSources": "a/b"}, "datasetDataSources"),
    ],
)
def test_a_push_with_an_invalid_field_is_a_bad_request(
    local_kaggle: LocalKaggle, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(AnsweredError, match=message) as answered:
        local_kaggle.push("one-job", QUICK, **fields)
    assert answered.value.status == 400
    assert local_kaggle.call("ListKernels", group="PROFILE")["kernels"] == []


def test_another_owners_private_kernel_looks_like_one_that_does_not_exist(
    local_kaggle: LocalKaggle,
) -> None:
    local_kaggle.seed("secret", owner="someone", isPrivate=True)
    answers = []
    for owner, slug in (("someone", "secret"), ("someone", "nothing"), ("local", "nothing")):
        with pytest.raises(AnsweredError) as answered:
            local_kaggle.call("GetKernelSessionStatus", userName=owner, kernelSlug=slug)
        answers.append((answered.value.status, answered.value.message))
    assert set(answers) == {(403, "Permission 'kernels.get' was denied")}


def test_another_owners_public_kernel_can_be_read_but_not_changed(
    local_kaggle: LocalKaggle,
) -> None:
    seeded = local_kaggle.seed("open-one", owner="someone", source=QUICK)
    assert get(local_kaggle, "open-one", owner="someone")["blob"]["source"] == QUICK
    for call in (
        lambda: local_kaggle.push("open-one", QUICK, slug="someone/open-one"),
        lambda: local_kaggle.call("DeleteKernel", userName="someone", kernelSlug="open-one"),
        lambda: local_kaggle.call("CancelKernelSession", kernelSessionId=seeded["sessionId"]),
    ):
        with pytest.raises(AnsweredError) as answered:
            call()
        assert answered.value.status == 403


@pytest.mark.parametrize(
    ("requested", "shape"),
    [
        ({"machineShape": "NvidiaTeslaP100"}, "NvidiaTeslaT4"),
        ({"machineShape": "TpuV38"}, "TpuV5E8"),
        ({"machineShape": "Tpu1VmV38"}, "TpuV5E8"),
        ({"machineShape": "TpuV232"}, ""),
        ({"machineShape": "NvidiaL4"}, "NvidiaL4"),
        ({"enableGpu": True}, "NvidiaTeslaT4"),
        ({"enableTpu": True}, "TpuV5E8"),
        ({"enableGpu": True, "machineShape": "None"}, ""),
        ({}, ""),
    ],
)
def test_a_retired_machine_is_replaced_without_an_error(
    local_kaggle: LocalKaggle, requested: dict[str, Any], shape: str
) -> None:
    local_kaggle.push("one-job", QUICK, kernelExecutionType="QUICK_SAVE", **requested)
    assert get(local_kaggle, "one-job")["metadata"]["machineShape"] == shape


def test_sources_that_do_not_exist_are_listed_and_left_out(
    local_kaggle: LocalKaggle, tmp_path: Path
) -> None:
    (tmp_path / "1.txt").write_text("a car", encoding="utf-8")
    local_kaggle.stand_in("someone/photos", tmp_path)
    local_kaggle.stand_in("competitions/titanic", tmp_path)
    saved = local_kaggle.push(
        "one-job",
        "import os\nprint(sorted(os.listdir('../input')))",
        datasetDataSources=["someone/photos", "someone/nothing"],
        kernelDataSources=["someone/nowhere"],
        competitionDataSources=["titanic", "gone"],
        modelDataSources=["a/b/keras/c/1"],
    )
    assert saved["versionNumber"] == 1
    assert saved["invalidDatasetSources"] == ["someone/nothing"]
    assert saved["invalidKernelSources"] == ["someone/nowhere"]
    assert saved["invalidCompetitionSources"] == ["gone"]
    assert saved["invalidModelSources"] == ["a/b/keras/c/1"]
    metadata = get(local_kaggle, "one-job")["metadata"]
    assert metadata["datasetDataSources"] == ["someone/photos"]
    assert local_kaggle.wait("one-job") == "COMPLETE"


def test_a_run_sees_the_outputs_of_an_earlier_kernel(local_kaggle: LocalKaggle) -> None:
    local_kaggle.push("maker", "open('made.txt', 'w').write('by the maker')")
    local_kaggle.wait("maker")
    reader = (
        "for place in ('notebooks/local/maker', 'maker'):\n"
        "    print(open(f'../input/{place}/made.txt').read())"
    )
    local_kaggle.push("reader", reader, kernelDataSources=["local/maker"])
    assert local_kaggle.wait("reader") == "COMPLETE"
    assert [line["data"] for line in local_kaggle.log("reader")] == ["by the maker\n"] * 2


def test_kernels_are_listed_by_owner_search_and_page(local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed_many([{"slug": f"job-{n}", "title": f"Job {n}"} for n in range(5)])
    local_kaggle.seed("other-job", owner="someone")

    def refs(**fields: Any) -> list[str]:
        return [kernel["ref"] for kernel in local_kaggle.call("ListKernels", **fields)["kernels"]]

    assert len(refs()) == 6
    assert len(refs(group="PROFILE")) == 5
    assert refs(user="someone") == ["someone/other-job"]
    assert refs(search="job 3") == ["local/job-3"]
    assert refs(pageSize=4, page=2) == refs()[4:]
    first = local_kaggle.call("ListKernels", pageSize=4)
    assert refs(pageSize=4, pageToken=first["nextPageToken"]) == refs()[4:]


def test_a_deleted_kernel_is_gone_and_its_address_is_free(local_kaggle: LocalKaggle) -> None:
    local_kaggle.seed("old-one")
    local_kaggle.call("DeleteKernel", userName="local", kernelSlug="old-one")
    with pytest.raises(AnsweredError):
        get(local_kaggle, "old-one")
    assert local_kaggle.push("old-one", QUICK)["versionNumber"] == 1


def test_no_response_contains_the_session_id_or_a_null(local_kaggle: LocalKaggle) -> None:
    seeded = local_kaggle.seed("one-job", files=[{"name": "a.txt", "text": "a"}])
    where = {"userName": "local", "kernelSlug": "one-job"}
    answers = [
        local_kaggle.push("other-job", QUICK),
        local_kaggle.call("GetKernel", **where),
        local_kaggle.call("ListKernels"),
        local_kaggle.call("GetKernelSessionStatus", **where),
        local_kaggle.call("ListKernelSessionOutput", **where),
        local_kaggle.call("ListKernelFiles", **where),
        local_kaggle.call("GetAcceleratorQuotaStatistics"),
    ]
    text = json.dumps(answers)
    assert str(seeded["sessionId"]) not in text
    assert "null" not in text
