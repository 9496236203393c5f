"""One photo: file → contents → pixels → values in 0…1, the plain way and the short one."""

import os
import time
from collections.abc import Sequence
from functools import cached_property

import keras
import tensorflow as tf

from kernel.settings import Settings

JPEG, PNG = b"\xff\xd8", b"\x89P"  # how their files begin, whatever they are called
SCALES = (8, 4, 2, 1)  # at which libjpeg can decode


class Loader:
    """Reads and decodes the photos at `paths`; its steps are traced into a tf.data map."""

    def __init__(self, settings: Settings, paths: Sequence[str]) -> None:
        self.paths = paths
        self.size = settings.image_size
        self.channels = settings.channels
        self.method = settings.interpolation
        self.crop = settings.crop_to_aspect_ratio
        self.downscale = settings.downscale_decode
        self.delay = settings.read_delay_ms / 1000

    def read(self, path):
        """The file's contents, after the declared delay that stands for storage far away."""
        with tf.control_dependencies([self.wait()]):
            return tf.io.read_file(path)

    def wait(self):
        """Wait for the declared delay without using a core."""
        if not self.delay:
            return tf.no_op()
        return tf.numpy_function(self._sleep, [], [], stateful=True)

    def _sleep(self) -> None:
        time.sleep(self.delay)

    def decode(self, contents):
        """Pixels [height, width, channels] as Keras' `image_dataset_from_directory` gives them.

        uint8 for `nearest`, else float32 in 0…255.
        """
        photo = tf.image.decode_image(contents, channels=self.channels, expand_animations=False)
        return self._resized(photo)

    def decode_fast(self, contents):
        """The same pixels in less time.

        Photos go straight to the JPEG decoder (`decode_image` makes a detour; both use the fast
        integer DCT, so the bits are equal), and `nearest` picks its pixels by two gathers instead
        of TensorFlow's slow resize, or by nothing at all when the photo has the size already.
        """
        if self.channels == 4 or not self.formats <= {JPEG, PNG}:
            return self.decode(contents)
        photo = self._decode_jpeg(contents)
        if self.method != "nearest" or self.crop:
            return self._resized(photo)
        height, width = self.size
        shape = tf.shape(photo)
        photo = tf.cond(
            tf.reduce_all(tf.equal(shape[:2], self.size)),
            lambda: photo,
            lambda: tf.gather(
                tf.gather(photo, _nearest(shape[0], height), axis=0),
                _nearest(shape[1], width),
                axis=1,
            ),
        )
        return tf.ensure_shape(photo, (height, width, self.channels))

    @cached_property
    def formats(self) -> set[bytes]:
        """The first two bytes of the photos' files.

        Asked once for all of them: to ask in the pipeline would cost a branch for each photo.
        """
        return set(map(_first_bytes, self.paths))

    def _decode_jpeg(self, contents):
        """Pixels of a JPEG or, by the decoder's courtesy, of a PNG.

        With `downscale_decode`, and JPEGs only, at the smallest scale that is not too small.
        """
        if not self.downscale or PNG in self.formats:
            return tf.io.decode_jpeg(contents, channels=self.channels)
        shape = tf.io.extract_jpeg_shape(contents)
        fits = [
            tf.reduce_all(tf.greater_equal(shape[:2], [side * scale for side in self.size]))
            for scale in SCALES[:-1]
        ]
        decoders = [
            lambda scale=scale: tf.io.decode_jpeg(contents, channels=self.channels, ratio=scale)
            for scale in SCALES
        ]
        largest = tf.argmax(tf.stack([*fits, tf.constant(True)]), output_type=tf.int32)
        return tf.switch_case(largest, decoders)

    def _resized(self, photo):
        if self.crop:
            photo = keras.preprocessing.image.smart_resize(
                photo, self.size, interpolation=self.method, data_format="channels_last"
            )
        else:
            photo = tf.image.resize(photo, self.size, method=self.method)
        return tf.ensure_shape(photo, (*self.size, self.channels))


def to_unit(photo):
    """Values in 0…1, float32, from pixels of any shape, as the course has it.

    Pixels that were interpolated are floats in 0…255, which `convert_image_dtype` would leave as
    they are: they are scaled as well, and what a cubic filter shot over the edge is cut off.
    """
    if photo.dtype == tf.uint8:
        return tf.image.convert_image_dtype(photo, tf.float32)
    return tf.clip_by_value(photo * (1 / 255), 0.0, 1.0)


def to_unit_fast(photo):
    """The same bits as `to_unit`; bytes are converted in one pass over memory instead of two."""
    if photo.dtype != tf.uint8:
        return to_unit(photo)
    return tf.quantization.dequantize(tf.bitcast(photo, tf.quint8), 0.0, 1.0, mode="MIN_COMBINED")


def _nearest(size, wanted: int):
    """The pixels that TensorFlow's `nearest` takes along a side of `size`."""
    scale = tf.cast(size, tf.float32) / wanted
    taken = tf.floor((tf.range(wanted, dtype=tf.float32) + 0.5) * scale)
    return tf.minimum(tf.cast(taken, tf.int32), size - 1)


def _first_bytes(path: str) -> bytes:
    file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        return os.read(file, 2)
    finally:
        os.close(file)
