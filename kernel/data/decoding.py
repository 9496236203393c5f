"""One photo: file → contents → pixels → values in 0…1, as Keras does it and faster."""

import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from kernel.data import pillow
from kernel.settings.settings import Settings

SCALES = (8, 4, 2, 1)  # at which libjpeg can decode


class Decoder:
    """Reads and decodes photos, as operations inside a tf.data map.

    `size` is the (height, width) of every photo, if they are known to have the same. `of_pillow`
    says that some may be for Pillow to decode.
    """

    def __init__(
        self, settings: Settings, size: tuple[int, ...] = (), of_pillow: bool = False
    ) -> None:
        self.of_pillow = of_pillow
        self.size = settings.image_size
        self.channels = settings.channels
        self.method = settings.interpolation
        self.crop = settings.crop_to_aspect_ratio
        self.downscale = settings.downscale_decode
        self.has_the_size = self.method == "nearest" and size == self.size
        self.delay = settings.read_delay_ms / 1000

    def read(self, path: Any) -> Any:
        """Return the contents of a file, after `read_delay_ms`, which simulates remote storage."""
        with tf.control_dependencies([self.wait()]):
            return tf.io.read_file(path)

    def wait(self) -> Any:
        """Wait for `read_delay_ms` without using a core."""
        if not self.delay:
            return tf.no_op()
        return tf.numpy_function(self._sleep, [], [], stateful=True)

    def _sleep(self) -> None:
        time.sleep(self.delay)

    def decode(self, contents: Any) -> Any:
        """Return the pixels [height, width, channels] as `image_dataset_from_directory` does.

        They are uint8 for `nearest`, else float32 in 0…255.
        """
        return self._resize(self.decode_original(contents))

    def decode_fast(self, contents: Any) -> Any:
        """Return the same pixels in less time.

        For `nearest`, two gathers take the pixels instead of TensorFlow's slow resize, or nothing
        is to do because the photos have the size already.
        """
        if self.has_the_size:
            photo = self.decode_original(contents)
        elif self.method == "nearest" and not self.crop:
            photo = self._resize_nearest(self._decode(contents))
        else:
            photo = self._resize(self._decode(contents))
        return tf.ensure_shape(photo, self.pixels.shape)

    def load_all(self, paths: Any) -> Any:
        """Return the pixels of a batch of files, by `decode_fast`."""
        return map_elements(lambda path: self.decode_fast(self.read(path)), paths, self.pixels)

    @property
    def pixels(self) -> tf.TensorSpec:
        """Shape and type of the pixels of a photo."""
        dtype = tf.uint8 if self.method == "nearest" else tf.float32
        return tf.TensorSpec((*self.size, self.channels), dtype)

    def _decode(self, contents: Any) -> Any:
        """Decode to the size in the file.

        With `downscale_decode`, decode a JPEG at the smallest scale that is not too small.
        """
        if not self.downscale:
            return self.decode_original(contents)
        return tf.cond(
            tf.io.is_jpeg(contents),
            lambda: self._decode_downscaled(contents),
            lambda: self.decode_original(contents),
        )

    def decode_original(self, contents: Any) -> Any:
        """Return the pixels in the size of the file, uint8 in 0…255."""
        if not self.of_pillow:
            return self._decode_by_tensorflow(contents)
        begins = [tf.strings.substr(contents, 0, len(start)) == start for start in pillow.STARTS]
        return tf.cond(
            tf.reduce_any(begins),
            lambda: self._decode_by_pillow(contents),
            lambda: self._decode_by_tensorflow(contents),
        )

    def _decode_by_tensorflow(self, contents: Any) -> Any:
        return tf.image.decode_image(contents, channels=self.channels, expand_animations=False)

    def _decode_by_pillow(self, contents: Any) -> Any:
        def decode(data: bytes) -> NDArray[np.uint8]:
            return pillow.decode(data, self.channels)

        pixels = tf.numpy_function(decode, [contents], tf.uint8, stateful=False)
        return tf.ensure_shape(pixels, (None, None, self.channels))

    def _decode_downscaled(self, contents: Any) -> Any:
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

    def _resize_nearest(self, photo: Any) -> Any:
        """Take the same pixels as TensorFlow's `nearest`."""
        shape = tf.shape(photo)
        for axis, length in enumerate(self.size):
            centres = np.arange(length, dtype=np.float32) + np.float32(0.5)
            scale = tf.cast(shape[axis], tf.float32) / length
            nearest = tf.minimum(tf.cast(centres * scale, tf.int32), shape[axis] - 1)
            photo = tf.gather(photo, nearest, axis=axis)
        return photo

    def _resize(self, photo: Any) -> Any:
        if self.crop:
            photo = keras.preprocessing.image.smart_resize(
                photo, self.size, interpolation=self.method, data_format="channels_last"
            )
        else:
            photo = tf.image.resize(photo, self.size, method=self.method)
        return tf.ensure_shape(photo, (*self.size, self.channels))


def to_unit(photo: Any) -> Any:
    """Convert pixels of any shape to float32 in 0…1, as in the course.

    Interpolated pixels are floats in 0…255, which `convert_image_dtype` would not change. They
    are scaled too, and clipped, because a cubic filter overshoots.
    """
    if photo.dtype == tf.uint8:
        return tf.image.convert_image_dtype(photo, tf.float32)
    return tf.clip_by_value(photo * (1 / 255), 0.0, 1.0)


def to_unit_fast(photo: Any) -> Any:
    """Return the same bits as `to_unit`; uint8 takes one pass over memory instead of two."""
    if photo.dtype != tf.uint8:
        return to_unit(photo)
    return tf.quantization.dequantize(tf.bitcast(photo, tf.quint8), 0.0, 1.0, mode="MIN_COMBINED")


def map_elements(function: Callable[[Any], Any], elements: Any, signature: Any) -> Any:
    """Apply a function to each element of a batch; `signature` describes its result.

    This loop runs inside one step of tf.data: a step of its own for each photo costs half as much
    as decoding it.
    """
    return tf.map_fn(function, elements, fn_output_signature=signature)
