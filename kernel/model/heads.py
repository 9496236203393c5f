"""Features → class: the dense head, its compilation, and augmentation."""

from typing import Any

import keras
from keras import layers

from kernel.settings.settings import Settings

_POOLINGS = {
    "flatten": layers.Flatten,
    "average": layers.GlobalAveragePooling2D,
    "max": layers.GlobalMaxPooling2D,
}
_LOSSES = {
    "binary": "binary_crossentropy",
    "categorical": "categorical_crossentropy",
    "int": "sparse_categorical_crossentropy",
}
_METRICS = {
    "binary": "binary_accuracy",
    "categorical": "categorical_accuracy",
    "int": "sparse_categorical_accuracy",
}


def build(settings: Settings, classes: int, feature_rank: int) -> list[Any]:
    """Build the layers of the head, in the course's order.

    `feature_rank` is 3 for features [height, width, channels], or 1 if they are pooled already.
    """
    pooling = settings.head_pooling if feature_rank == 3 else "flatten"
    head = [_POOLINGS[pooling]()]
    for units in settings.units:
        head.append(layers.Dense(units, activation=settings.activation))
        if settings.dropout:
            head.append(layers.Dropout(settings.dropout))
    # Probabilities and losses need all bits, also where the rest computes in fewer.
    if settings.label_mode == "binary":
        return [*head, layers.Dense(1, activation="sigmoid", dtype="float32")]
    return [*head, layers.Dense(classes, activation="softmax", dtype="float32")]


def pooled(features: Any, pooling: str) -> Any:
    """Return features [n, height, width, channels] as [n, channels], as the head's layer does."""
    return _POOLINGS[pooling]()(features).numpy()


def model(head: list[Any], shape: tuple[int, ...]) -> Any:
    """Return the head's layers as a model on features of `shape`, without the batch dimension."""
    return keras.Sequential([keras.Input(shape), *head], name="head")


def compile_model(
    model: Any, settings: Settings, learning_rate: float, *, compiles: bool = False
) -> None:
    """Compile the model with the optimizer, loss and metrics of the settings.

    With `compiles` its steps are compiled with XLA.
    """
    model.compile(
        optimizer=optimizer(settings, learning_rate),
        loss=loss_name(settings),
        metrics=metric_names(settings),
        jit_compile=compiles,
    )
    # Built now, because a model may be saved without having been trained itself.
    model.optimizer.build(model.trainable_variables)


def loss_name(settings: Settings) -> str:
    """Return Keras' name of the loss; "auto" depends on the label_mode."""
    return _LOSSES[settings.label_mode] if settings.loss == "auto" else settings.loss


def metric_names(settings: Settings) -> list[str]:
    """Return Keras' names of the metrics; "auto" depends on the label_mode."""
    own = _METRICS[settings.label_mode]
    return list(dict.fromkeys(own if name == "auto" else name for name in settings.metrics))


def metric_functions(settings: Settings) -> dict[str, Any]:
    """Return Keras' function of each metric; "accuracy" is the one for the label_mode."""
    return {
        name: getattr(keras.metrics, _METRICS[settings.label_mode] if name == "accuracy" else name)
        for name in metric_names(settings)
    }


def optimizer(settings: Settings, learning_rate: float) -> Any:
    """Build the optimizer of the settings, with those of its options that it has."""
    optimizer_class = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "nadam": keras.optimizers.Nadam,
        "rmsprop": keras.optimizers.RMSprop,
        "sgd": keras.optimizers.SGD,
    }[settings.optimizer]
    options: dict[str, float] = {"learning_rate": learning_rate}
    if settings.optimizer != "sgd":
        options["epsilon"] = settings.epsilon
    if settings.optimizer in ("sgd", "rmsprop"):
        options["momentum"] = settings.momentum
    return optimizer_class(**options)


def augmentation(settings: Settings) -> list[Any]:
    """Build layers that vary photos at random during training, and do nothing otherwise."""
    augmenting: list[Any] = []
    if settings.augment_flip != "none":
        augmenting.append(layers.RandomFlip(settings.augment_flip))
    if settings.augment_rotation:
        augmenting.append(layers.RandomRotation(settings.augment_rotation))
    if settings.augment_zoom:
        augmenting.append(layers.RandomZoom(settings.augment_zoom))
    if settings.augment_translation:
        share = settings.augment_translation
        augmenting.append(layers.RandomTranslation(share, share))
    if settings.augment_contrast:
        augmenting.append(layers.RandomContrast(settings.augment_contrast, value_range=(0.0, 1.0)))
    return augmenting
