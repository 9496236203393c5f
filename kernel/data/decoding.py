"""One photo: file → contents → pixels → values in 0…1, the plain way and the short one."""

import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kernel.settings.settings import Settings

SCALES = (8, 4, 2, 1)  # at which libjpeg can decode


class Decoder:
    """Reads and decodes photos; its steps are traced into a tf.data map.

    `size` is that of every photo, if they are known to have the same.
    """

    def __init__(self, settings: Settings, size: tuple[int, ...] = ()) -> None:
        self.size = settings.image_size
        self.channels = settings.channels
        self.method = settings.interpolation
        self.crop = settings.crop_to_aspect_ratio
        self.downscale = settings.downscale_decode
        self.nothing_to_resize = self.method == "nearest" and size == self.size
        self.delay = settings.read_delay_ms / 1000

    def read(self, path: Any) -> Any:
        """The file's contents, after the declared delay that stands for storage far away."""
        with tf.control_dependencies([self.wait()]):
            return tf.io.read_file(path)

    def wait(self) -> Any:
        """Wait for the declared delay without using a core."""
        if not self.delay:
            return tf.no_op()
        return tf.numpy_function(self._sleep, [], [], stateful=True)

    def _sleep(self) -> None:
        time.sleep(self.delay)

    def decode(self, contents: Any) -> Any:
        """Pixels [height, width, channels] as Keras' `image_dataset_from_directory` gives them.

        uint8 for `nearest`, else float32 in 0…255.
        """
        return self._resized(self._decoded_whole(contents))

    def decode_fast(self, contents: Any) -> Any:
        """The same pixels in less time.

        `nearest` picks its pixels by two gathers instead of TensorFlow's slow resize, or by
        nothing at all when the photos have the size already.
        """
        if self.nothing_to_resize:
            photo = self._decoded_whole(contents)
        elif self.method == "nearest" and not self.crop:
            photo = self._picked(self._decoded(contents))
        else:
            photo = self._resized(self._decoded(contents))
        return tf.ensure_shape(photo, self.pixels.shape)

    def load_all(self, paths: Any) -> Any:
        """The pixels of a batch of files, by `decode_fast`."""
        return each(lambda path: self.decode_fast(self.read(path)), paths, self.pixels)

    @property
    def pixels(self) -> tf.TensorSpec:
        """What decoding gives."""
        dtype = tf.uint8 if self.method == "nearest" else tf.float32
        return tf.TensorSpec((*self.size, self.channels), dtype)

    def _decoded(self, contents: Any) -> Any:
        """Pixels in the size of the file.

        With `downscale_decode`, JPEGs are decoded at the smallest scale that is not too small.
        """
        if not self.downscale:
            return self._decoded_whole(contents)
        return tf.cond(
            tf.io.is_jpeg(contents),
            lambda: self._decoded_small(contents),
            lambda: self._decoded_whole(contents),
        )

    def _decoded_whole(self, contents: Any) -> Any:
        return tf.image.decode_image(contents, channels=self.channels, expand_animations=False)

    def _decoded_small(self, contents: Any) -> Any:
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

    def _picked(self, photo: Any) -> Any:
        """The pixels that TensorFlow's `nearest` takes."""
        shape = tf.shape(photo)
        for axis, wanted in enumerate(self.size):
            middles = np.arange(wanted, dtype=np.float32) + np.float32(0.5)
            scale = tf.cast(shape[axis], tf.float32) / wanted
            taken = tf.minimum(tf.cast(middles * scale, tf.int32), shape[axis] - 1)
            photo = tf.gather(photo, taken, axis=axis)
        return photo

    def _resized(self, photo: Any) -> Any:
        if self.crop:
            photo = keras.preprocessing.image.smart_resize(
                photo, self.size, interpolation=self.method, data_format="channels_last"
            )
        else:
            photo = tf.image.resize(photo, self.size, method=self.method)
        return tf.ensure_shape(photo, (*self.size, self.channels))


def to_unit(photo: Any) -> Any:
    """Values in 0…1, float32, from pixels of any shape, as the course has it.

    Pixels that were interpolated are floats in 0…255, which `convert_image_dtype` would leave as
    they are: they are scaled as well, and what a cubic filter shot over the edge is cut off.
    """
    if photo.dtype == tf.uint8:
        return tf.image.convert_image_dtype(photo, tf.float32)
    return tf.clip_by_value(photo * (1 / 255), 0.0, 1.0)


def to_unit_fast(photo: Any) -> Any:
    """The same bits as `to_unit`; bytes are converted in one pass over memory instead of two."""
    if photo.dtype != tf.uint8:
        return to_unit(photo)
    return tf.quantization.dequantize(tf.bitcast(photo, tf.quint8), 0.0, 1.0, mode="MIN_COMBINED")


def each(work: Callable[[Any], Any], elements: Any, given: Any) -> Any:
    """`work` on one element of a batch after the other; `given` is the kind of its results.

    A loop within one step of tf.data: a step for every photo costs as much as decoding half of it.
    """
    return tf.map_fn(work, elements, fn_output_signature=given)
