"""The fast ways of decoding return the pixels of TensorFlow's own operations."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from support.kernel_runs import write_photo

from kernel.data.decoding import Decoder, to_unit, to_unit_fast
from kernel.settings.settings import Settings

SIZE = (24, 32)


@pytest.mark.parametrize("side", [2, 31, 128, 300, 1000])
def test_the_fast_resize_takes_the_same_pixels_as_tensorflow(side: int, tmp_path: Path) -> None:
    random = np.random.default_rng(side)
    path = tmp_path / "photo.png"
    Image.fromarray(random.integers(0, 256, (side, side + 3, 3), dtype=np.uint8)).save(path)
    decoder = Decoder(Settings(image_size=(97, 128)))
    contents = decoder.read(str(path))
    np.testing.assert_array_equal(decoder.decode_fast(contents), decoder.decode(contents))


def test_the_fast_conversion_returns_the_same_bits_for_every_byte() -> None:
    values = tf.range(256)[tf.newaxis]
    every_byte = tf.cast(values, tf.uint8)
    np.testing.assert_array_equal(to_unit_fast(every_byte), to_unit(every_byte))


def test_downscaled_decoding_keeps_the_size_and_stays_close(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    slope = np.linspace(0, 255, 320, dtype=np.uint8)
    Image.fromarray(np.stack([np.tile(slope, (240, 1))] * 3, axis=-1)).save(path)
    plain, downscaling = (
        Decoder(Settings(image_size=SIZE, downscale_decode=downscale))
        for downscale in (False, True)
    )
    contents = plain.read(str(path))
    exact, close = (
        decoder.decode_fast(contents).numpy().astype(int) for decoder in (plain, downscaling)
    )
    assert close.shape == (*SIZE, 3)
    assert 0 < np.abs(exact - close).max() < 8


def test_downscaled_decoding_does_not_change_other_files_than_jpegs(tmp_path: Path) -> None:
    png = tmp_path / "photo.png"
    write_photo(png, label=0, seed=0)
    plain, downscaling = (
        Decoder(Settings(image_size=(8, 8), downscale_decode=downscale))
        for downscale in (False, True)
    )
    contents = plain.read(str(png))
    np.testing.assert_array_equal(plain.decode_fast(contents), downscaling.decode_fast(contents))


def test_every_read_waits_for_the_delay(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    write_photo(path, label=0, seed=0)
    decoder = Decoder(Settings(read_delay_ms=30))
    before = tf.timestamp()
    with tf.control_dependencies([decoder.read(str(path))]):
        assert tf.timestamp() - before >= 0.03
