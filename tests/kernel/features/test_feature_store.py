"""Features on disk are read back in any order, and only under the key that they were stored by."""

from pathlib import Path

import numpy as np
import pytest

from kernel.features import feature_store

KEY = {"feature_dtype": "float32", "weights": "a"}


def write(folder: Path, rows: np.ndarray, ids: list[str], key: dict[str, str] = KEY) -> None:
    with feature_store.new_store(folder, key, ids, rows.shape[1:]) as writer:
        for start in range(0, len(rows), 3):
            writer.append(rows[start : start + 3])


def test_rows_read_back_in_any_order(tmp_path: Path) -> None:
    rows = np.random.rand(10, 4, 2).astype("float32")
    write(tmp_path, rows, [f"p{i}" for i in range(10)])

    store, _ = feature_store.open_store(tmp_path, KEY, ["p7", "p2", "p3", "p7"])

    assert store is not None
    np.testing.assert_array_equal(store.read([0, 1, 2, 3]), rows[[7, 2, 3, 7]])
    np.testing.assert_array_equal(store.read([2, 0]), rows[[3, 7]])


@pytest.mark.parametrize(
    ("key", "ids", "reason"),
    [
        ({**KEY, "weights": "b"}, ["p0"], "weights was 'a' and is now 'b'"),
        (KEY, ["p0", "other"], "1 of 2 photos are not in it"),
    ],
)
def test_a_store_that_does_not_match_returns_the_reason(
    tmp_path: Path, key: dict[str, str], ids: list[str], reason: str
) -> None:
    write(tmp_path, np.zeros((2, 3), "float32"), ["p0", "p1"])

    store, actual_reason = feature_store.open_store(tmp_path, key, ids)

    assert store is None
    assert reason in actual_reason


def test_an_incomplete_store_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="1 rows of features were written for 2 photos"):
        write(tmp_path, np.zeros((1, 3), "float32"), ["p0", "p1"])

    assert feature_store.open_store(tmp_path, KEY, ["p0"])[0] is None


def test_a_store_in_half_precision_returns_single_precision(tmp_path: Path) -> None:
    key = {**KEY, "feature_dtype": "float16"}
    write(tmp_path, np.full((2, 3), 0.1, "float32"), ["p0", "p1"], key)

    store, _ = feature_store.open_store(tmp_path, key, ["p0", "p1"])

    assert store is not None
    assert store.dtype == np.float16
    assert store.read([0]).dtype == np.float32
    np.testing.assert_allclose(store.read([0]), [[0.1, 0.1, 0.1]], rtol=1e-3)


def test_a_writer_refuses_rows_of_another_shape(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match=r"rows of shape \(2,\), not \(3,\)"),
        feature_store.new_store(tmp_path, KEY, ["p0"], (3,)) as writer,
    ):
        writer.append(np.zeros((1, 2), "float32"))


def test_only_an_incomplete_store_is_removed_as_leftover(tmp_path: Path) -> None:
    write(tmp_path, np.zeros((1, 3), "float32"), ["p0"])
    feature_store.remove_leftovers(tmp_path)
    assert feature_store.open_store(tmp_path, KEY, ["p0"])[0] is not None

    (tmp_path / "key.json").unlink()
    feature_store.remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.npy", None),
        ("rows.npy", b""),
        ("rows.npy", b"\x93NUMPY"),
        ("key.json", b"null"),
        ("key.json", b"[1]"),
        ("photos.txt", b"\xff"),
    ],
)
def test_a_damaged_store_is_not_opened(tmp_path: Path, name: str, content: bytes | None) -> None:
    write(tmp_path, np.ones((2, 3), "float32"), ["p0", "p1"])
    changed = bytearray((tmp_path / name).read_bytes())
    changed[-1] ^= 128
    (tmp_path / name).write_bytes(changed if content is None else content)
    store, reason = feature_store.open_store(tmp_path, KEY, ["p0"])
    assert store is None
    assert reason


def test_the_store_of_a_part_is_no_leftover_of_the_whole(tmp_path: Path) -> None:
    write(tmp_path / "block4", np.zeros((1, 3), "float32"), ["p0"])
    (tmp_path / "rows.npy").write_bytes(b"half")
    feature_store.remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["block4"]
    assert feature_store.open_store(tmp_path / "block4", KEY, ["p0"])[0] is not None
