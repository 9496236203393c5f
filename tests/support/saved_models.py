"""SavedModels as others have saved them, for bases."""

from pathlib import Path

import numpy as np

COURSE_SIDE = 128


def write_course_inceptionv1(folder: Path) -> Path:
    """Write a SavedModel with the signature of the course's InceptionV1; return its folder.

    TensorFlow 2.15 and tensorflow_hub save `Sequential([hub.KerasLayer])` with the signature
    `keras_layer_input` [n, 128, 128, 3] → `keras_layer` [n, 1024] and no variables that a loaded
    object would show. Compared once with what they write (their signature_def is the same); the
    weights here are random and few.
    """
    import tensorflow as tf

    draw = np.random.RandomState(3)

    class HubLayer(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = tf.Variable(draw.normal(0, 0.2, (3, 3, 3, 32)).astype("float32"))
            self.second = tf.Variable(draw.normal(0, 0.05, (3, 3, 32, 1024)).astype("float32"))

        @tf.function(autograph=False)
        def serve(self, keras_layer_input: tf.Tensor) -> dict[str, tf.Tensor]:
            x = tf.nn.relu(tf.nn.conv2d(2 * keras_layer_input - 1, self.first, 4, "SAME"))
            x = tf.nn.relu(tf.nn.conv2d(x, self.second, 4, "SAME"))
            return {"keras_layer": tf.reduce_mean(x, [1, 2])}

    layer = HubLayer()
    photos = tf.TensorSpec((None, COURSE_SIDE, COURSE_SIDE, 3), tf.float32, "keras_layer_input")
    signature = layer.serve.get_concrete_function(photos)
    tf.saved_model.save(layer, str(folder), signatures=signature)
    return folder
