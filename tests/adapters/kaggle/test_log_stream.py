"""The log of a run: every line once, whatever happens to the connection."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.jobs import save_request
from support.local_kaggle import LocalKaggle, until

from kitctl.adapters.kaggle import connect_local
from kitctl.adapters.kaggle.log_lines import LogLines
from kitctl.domain.runs.run import KernelRef, RunRef

SCRIPT = "import time\nfor n in range(30):\n    print('line', n, flush=True)\n    time.sleep(0.02)"
EXPECTED = [f"line {number}" for number in range(30)]


def piece(data: str, stream: str = "stdout") -> dict[str, Any]:
    return {"stream_name": stream, "time": 1.0, "data": data}


def run(server: LocalKaggle, script: str = SCRIPT) -> RunRef:
    kaggle = connect_local(server.endpoint, server.token)
    return kaggle.save(save_request(KernelRef("local", "talks"), script)).run


def followed(server: LocalKaggle, ref: RunRef) -> list[str]:
    kaggle = connect_local(server.endpoint, server.token)
    return [line.text for line in kaggle.follow_log(ref)]


def test_a_line_is_shown_while_the_run_goes_on(local_kaggle: LocalKaggle) -> None:
    kaggle = connect_local(local_kaggle.endpoint, local_kaggle.token)
    ref = run(local_kaggle, "import time\nprint('first', flush=True)\ntime.sleep(600)")
    assert next(iter(kaggle.follow_log(ref))).text == "first"
    assert not kaggle.status(ref).status.ended


def test_each_line_is_shown_once_after_the_log_was_cut_and_replayed(
    local_kaggle: LocalKaggle,
) -> None:
    local_kaggle.fault("drop", "logs", after_events=7, count=1)
    ref = run(local_kaggle)
    local_kaggle.fault("drop", "logs", after_events=15, count=1)
    assert followed(local_kaggle, ref) == EXPECTED
    assert local_kaggle.calls("logs") >= 2


def test_each_line_is_shown_once_after_a_cut_within_a_piece(
    local_kaggle: LocalKaggle,
) -> None:
    ref = run(local_kaggle)
    local_kaggle.fault("drop", "logs", after_bytes=333, count=3)
    assert followed(local_kaggle, ref) == EXPECTED


def test_the_log_is_requested_again_while_kaggle_is_busy(local_kaggle: LocalKaggle) -> None:
    local_kaggle.fault("status", "logs", status=503, count=2)
    assert followed(local_kaggle, run(local_kaggle)) == EXPECTED


def test_the_log_of_an_ended_run_has_the_same_lines(local_kaggle: LocalKaggle) -> None:
    ref = run(local_kaggle)
    local_kaggle.wait("talks")
    assert followed(local_kaggle, ref) == EXPECTED


def test_each_version_has_its_own_log(local_kaggle: LocalKaggle) -> None:
    first = run(local_kaggle, "print('one')")
    local_kaggle.wait("talks")
    second = run(local_kaggle, "print('two')")
    local_kaggle.wait("talks", 2)
    assert (followed(local_kaggle, first), followed(local_kaggle, second)) == (["one"], ["two"])


def test_the_log_so_far_ends_before_the_run_does(local_kaggle: LocalKaggle) -> None:
    kaggle = connect_local(local_kaggle.endpoint, local_kaggle.token)
    ref = run(local_kaggle, "import time\nprint('so far', flush=True)\ntime.sleep(600)")
    assert until(lambda: [line.text for line in kaggle.log_so_far(ref)]) == ["so far"]


@settings(max_examples=40)
@given(
    texts=st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), st.text(max_size=8))),
    cuts=st.lists(st.integers(0, 12), max_size=4),
    width=st.integers(1, 5),
)
def test_the_lines_do_not_depend_on_cuts_and_pieces(
    texts: list[tuple[str, str]], cuts: list[int], width: int
) -> None:
    pieces = [piece(text, stream) for stream, text in texts]
    # The same log again, in other pieces.
    narrow = [
        piece(text[start : start + width], stream)
        for stream, text in texts
        for start in range(0, len(text), width)
    ]
    whole = _taken(LogLines(), pieces)
    lines = LogLines()
    got = []
    for number, cut in enumerate(cuts):
        lines.start_over()
        replay = (narrow if number % 2 else pieces)[:cut]
        got += [line for one in replay for line in lines.take(one)]
    lines.start_over()
    got += _taken(lines, pieces)
    for stream in ("stdout", "stderr"):
        assert [line.text for line in got if line.stream == stream] == [
            line.text for line in whole if line.stream == stream
        ]


def _taken(lines: LogLines, pieces: list[dict[str, Any]]) -> list[Any]:
    return [line for one in pieces for line in lines.take(one)] + list(lines.rest())


def test_pieces_are_joined_and_carriage_returns_overwrite_as_on_a_terminal() -> None:
    pieces = [piece("hal"), piece("f a li"), piece("ne\n1 %\r50 %\r100 %\r\nlast")]
    texts = [line.text for line in _taken(LogLines(), pieces)]
    assert texts == ["half a line", "100 %", "last"]
