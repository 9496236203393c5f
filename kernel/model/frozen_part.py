"""The part of a base below its first trainable layer, which need run only once for each photo."""

from dataclasses import dataclass, replace
from typing import Any

import keras

from kernel.model import bases
from kernel.model.bases import Base
from kernel.settings.settings import Settings


@dataclass(frozen=True)
class BaseParts:
    """A base in two parts, which share its layers: photos → `frozen` → `trained` → features."""

    frozen: Base
    trained: Any


def split(base: Base, settings: Settings) -> BaseParts | None:
    """Split a base below its first trainable layer.

    Returns None where nothing is frozen below it, where more than one layer's outputs would have to
    be passed on, or where a frozen layer drops units at random in training.
    """
    core = bases.core(base.layer)
    layer = _last_frozen(core)
    if layer is None or any(map(_is_random, core.layers[: core.layers.index(layer) + 1])):
        return None
    frozen = keras.Model(core.input, layer.output)
    if core is not base.layer:
        before = base.layer.layers[:-1]
        frozen = keras.Sequential([keras.Input(settings.input_shape), *before, frozen])
    return BaseParts(
        replace(base, layer=frozen, digest=f"{base.digest}/{layer.name}", part=layer.name),
        keras.Model(layer.output, core.output, name="trained_part"),
    )


def _last_frozen(core: Any) -> Any:
    """Return the last layer before the first trainable one whose output is all that is passed on.

    None where there is none with weights up to it.
    """
    layers = core.layers
    inputs = [_places_of_inputs(layers, layer) for layer in layers]
    trainable = next((at for at, layer in enumerate(layers) if layer.trainable_weights), 0)
    for at in range(trainable - 1, 0, -1):
        needed = [place for above in inputs[at + 1 :] for place in above]
        has_weights = any(layer.weights for layer in layers[: at + 1])
        if has_weights and min(needed, default=-1) >= at:
            return layers[at]
    return None


def _is_random(layer: Any) -> bool:
    return isinstance(layer, keras.layers.Dropout) and layer.rate > 0


def _places_of_inputs(layers: list[Any], layer: Any) -> list[int]:
    """Return the places of the layers whose outputs a layer takes, -1 for one that is not known."""
    made = {id(output): at for at, each in enumerate(layers) for output in _tensors(each.output)}
    if isinstance(layer, keras.layers.InputLayer):
        return []
    return [made.get(id(tensor), -1) for tensor in _tensors(layer.input)]


def _tensors(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
