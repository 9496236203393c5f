"""Features → class: the dense head, and how a model with it is compiled."""

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
    """The head's layers, in the course's order; `feature_rank` of 1 means pooled already."""
    pooling = settings.head_pooling if feature_rank == 3 else "flatten"
    head = [_POOLINGS[pooling]()]
    for units in settings.units:
        head.append(layers.Dense(units, activation=settings.activation))
        if settings.dropout:
            head.append(layers.Dropout(settings.dropout))
    if settings.label_mode == "binary":
        return [*head, layers.Dense(1, activation="sigmoid")]
    return [*head, layers.Dense(classes, activation="softmax")]


def model(head: list[Any], shape: tuple[int, ...]) -> Any:
    """The head's layers as a model of its own, on features of `shape` without the batch."""
    return keras.Sequential([keras.Input(shape), *head], name="head")


def compile_model(model: Any, settings: Settings, learning_rate: float) -> None:
    """Give `model` its optimizer, loss and metrics."""
    model.compile(
        optimizer=optimizer(settings, learning_rate),
        loss=loss_name(settings),
        metrics=metric_names(settings),
        jit_compile=False,
    )
    # Built now, so that a saved model's optimizer is whole also when another one was trained.
    model.optimizer.build(model.trainable_variables)


def loss_name(settings: Settings) -> str:
    """Keras' name of the loss; "auto" goes by the label_mode."""
    return _LOSSES[settings.label_mode] if settings.loss == "auto" else settings.loss


def metric_names(settings: Settings) -> list[str]:
    """Keras' names of the metrics; "auto" goes by the label_mode."""
    return [_METRICS[settings.label_mode] if name == "auto" else name for name in settings.metrics]


def optimizer(settings: Settings, learning_rate: float) -> Any:
    """The optimizer by its name; each takes those of the settings that it knows."""
    made = {
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
    return made(**options)


def augmentation(settings: Settings) -> list[Any]:
    """Layers that vary a photo while training and leave it alone otherwise."""
    found: list[Any] = []
    if settings.augment_flip != "none":
        found.append(layers.RandomFlip(settings.augment_flip))
    if settings.augment_rotation:
        found.append(layers.RandomRotation(settings.augment_rotation))
    if settings.augment_zoom:
        found.append(layers.RandomZoom(settings.augment_zoom))
    if settings.augment_translation:
        share = settings.augment_translation
        found.append(layers.RandomTranslation(share, share))
    if settings.augment_contrast:
        found.append(layers.RandomContrast(settings.augment_contrast, value_range=(0.0, 1.0)))
    return found
