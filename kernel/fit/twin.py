"""A copy of the whole model that is trained in its place: on many devices, or in fewer bits."""

from contextlib import ExitStack
from typing import Any

import keras
import tensorflow as tf

from kernel.model import heads
from kernel.model.bases import Base
from kernel.model.precision import computing_in
from kernel.settings.settings import Settings


def build(
    original: Any, base: Base, settings: Settings, classes: int, devices: Any
) -> tuple[Any, Any]:
    """Return a copy of the whole model `original`, with its weights, and the base in it.

    It computes in the `compute_dtype`, with weights in float32, on all `devices` (a strategy, or
    None for the usual device).
    """
    with ExitStack() as scopes:
        if devices is not None:
            scopes.enter_context(devices.scope())
            scopes.enter_context(tf.variable_creator_scope(_with_aggregation))
        augmentation = heads.augmentation(settings)
        with computing_in(settings.compute_dtype):
            layer = base.replica()
            shape = layer.compute_output_shape((None, *settings.input_shape))
            head = heads.build(settings, classes, feature_rank=len(shape) - 1)
            photos = keras.Input(settings.input_shape)
            # Built here too: by the model's own type Keras decides whether it scales the loss.
            model = keras.Sequential([photos, *augmentation, layer, *head], name="classifier")
        layer.trainable = not settings.base_is_frozen
        model.set_weights(original.get_weights())
    if devices is not None:
        _synchronize_batch_statistics(model)
    return model, layer


def _with_aggregation(create: Any, **options: Any) -> Any:
    """Create a variable that every device may assign the same value, as layers do in training."""
    if options.get("aggregation") in (None, tf.VariableAggregation.NONE):
        options["aggregation"] = tf.VariableAggregation.ONLY_FIRST_REPLICA
    return create(**options)


def _synchronize_batch_statistics(model: Any) -> None:
    """Let BatchNormalization use the statistics of the whole batch, not of a device's part."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True
        elif hasattr(layer, "layers"):
            _synchronize_batch_statistics(layer)
