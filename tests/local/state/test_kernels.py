"""Kernels and their versions, without HTTP."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kitctl.local.state import records
from kitctl.local.state.errors import ApiError
from kitctl.local.state.local_state import LocalState
from kitctl.local.state.names import SourceRef
from kitctl.local.state.records import Kernel, SavedVersion, SaveRequest

REQUEST = SaveRequest(title="One job", language="python", kernel_type="script", runs=False)


def save(state: LocalState, source: str = "print(1)", **changes: Any) -> SavedVersion:
    return state.kernels.save(None, "local/one-job", source, replace(REQUEST, **changes))


def saved_kernel(state: LocalState, **changes: Any) -> Kernel:
    kernel = save(state, **changes).kernel
    assert kernel is not None
    return kernel


def test_the_first_save_makes_a_kernel_and_each_next_one_a_version(
    local_state: LocalState,
) -> None:
    assert [save(local_state, f"print({n})").version for n in (1, 2, 3)] == [1, 2, 3]
    kernel = local_state.kernels.find("local", "one-job")
    assert (kernel.current_version, kernel.title) == (3, "One job")
    assert local_state.kernels.version(kernel, "v2").source == "print(2)"
    assert local_state.kernels.version(kernel, None).source == "print(3)"


def test_a_version_keeps_its_whole_request(local_state: LocalState) -> None:
    kernel = saved_kernel(local_state, enable_internet=True, category_ids=("gpu", "cnn"))
    request = local_state.kernels.version(kernel, "v1").request
    assert request == replace(REQUEST, enable_internet=True, category_ids=("gpu", "cnn"))


def test_a_save_that_runs_queues_a_session_and_one_that_does_not_has_none(
    local_state: LocalState,
) -> None:
    kernel = saved_kernel(local_state, runs=True, machine_shape="NvidiaTeslaT4")
    save(local_state)
    session = local_state.sessions.of_version(kernel.id, 1)
    assert session is not None
    assert (session.status, session.pool) == (records.QUEUED, "gpu")
    assert local_state.sessions.of_version(kernel.id, 2) is None


@pytest.mark.parametrize(("requested", "timeout"), [(None, 43200), (600, 600), (10**6, 43200)])
def test_a_sessions_timeout_is_at_most_kaggles_limit(
    local_state: LocalState, requested: float | None, timeout: float
) -> None:
    kernel = saved_kernel(local_state, runs=True, timeout_seconds=requested)
    session = local_state.sessions.of_version(kernel.id, 1)
    assert session is not None and session.timeout_seconds == timeout


def test_a_used_up_quota_is_an_error_in_the_answer_and_saves_nothing(
    local_state: LocalState,
) -> None:
    local_state.settings["gpu_allowed_seconds"] = 0
    saved = save(local_state, runs=True, machine_shape="NvidiaTeslaT4")
    assert saved.error is not None and "weekly GPU quota" in saved.error
    assert saved.kernel is None
    assert local_state.kernels.visible() == []


def test_a_title_that_another_kernel_has_is_an_error_in_the_answer(
    local_state: LocalState,
) -> None:
    save(local_state)
    saved = local_state.kernels.save(None, "local/other", "print(1)", REQUEST)
    assert saved.error is not None and "already in use by a notebook" in saved.error


@pytest.mark.parametrize(
    ("source", "changes", "message"),
    [
        ("#" * 1_000_000, {}, "less than 1 megabytes"),
        ("", {"title": "Four"}, "at least five characters"),
        ("", {"title": "-----"}, "No address can be made"),
        ("", {"machine_shape": "Abacus"}, "Invalid machine shape"),
    ],
)
def test_an_invalid_save_is_a_bad_request_and_saves_nothing(
    local_state: LocalState, source: str, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ApiError, match=message) as raised:
        save(local_state, source, **changes)
    assert raised.value.status == 400
    assert local_state.kernels.visible() == []


def test_sources_that_do_not_exist_are_reported_and_left_out(
    local_state: LocalState, tmp_path: Path
) -> None:
    local_state.datasets.register_folder("someone/photos", tmp_path)
    saved = save(
        local_state,
        dataset_sources=("someone/photos", "someone/nothing"),
        kernel_sources=("nobody/nowhere",),
        competition_sources=("gone",),
        model_sources=("a/b/keras/c/1",),
    )
    assert saved.invalid == {
        "dataset": ["someone/nothing"],
        "kernel": ["nobody/nowhere"],
        "competition": ["gone"],
        "model": ["a/b/keras/c/1"],
    }
    assert saved.kernel is not None
    request = local_state.kernels.version(saved.kernel, None).request
    assert request.dataset_sources == ("someone/photos",)
    assert (request.kernel_sources, request.model_sources) == ((), ())


def test_another_owners_private_kernel_is_forbidden_and_not_listed(
    local_state: LocalState,
) -> None:
    local_state.kernels.add_version("someone", "secret", "", replace(REQUEST, is_private=True))
    local_state.kernels.add_version("someone", "open", "", replace(REQUEST, is_private=False))
    assert [kernel.slug for kernel in local_state.kernels.visible()] == ["open"]
    for owner, slug in (("someone", "secret"), ("someone", "nothing")):
        with pytest.raises(ApiError) as raised:
            local_state.kernels.find(owner, slug)
        assert raised.value.status == 403
    with pytest.raises(ApiError):
        local_state.kernels.own("someone", "open", "kernels.delete")
    with pytest.raises(ApiError):
        local_state.kernels.save(None, "someone/open", "", REQUEST)


def test_an_unknown_version_is_not_found(local_state: LocalState) -> None:
    kernel = saved_kernel(local_state)
    for label in ("v2", "1"):
        with pytest.raises(ApiError) as raised:
            local_state.kernels.version(kernel, label)
        assert raised.value.status == 404


def test_a_deleted_kernel_is_gone_and_its_session_is_cancelled(local_state: LocalState) -> None:
    kernel = saved_kernel(local_state, runs=True)
    local_state.kernels.delete(kernel)
    with pytest.raises(ApiError):
        local_state.kernels.find("local", "one-job")
    (session,) = local_state.sessions.unfinished()
    assert session.status == records.CANCEL_REQUESTED
    assert saved_kernel(local_state).id != kernel.id


def test_a_kernel_source_is_the_newest_complete_run_or_the_named_version(
    local_state: LocalState,
) -> None:
    for _ in range(2):
        kernel = saved_kernel(local_state, runs=True)
    first, second = (local_state.sessions.of_version(kernel.id, number) for number in (1, 2))
    assert first is not None and second is not None
    local_state.sessions.end(first.id, records.COMPLETE)

    def source(version: int | None) -> int | None:
        session = local_state.kernels.source_session(SourceRef("local", "one-job", version))
        return session.id if session else None

    assert (source(None), source(2)) == (first.id, second.id)
    assert local_state.kernels.source_session(SourceRef("local", "nothing", None)) is None
