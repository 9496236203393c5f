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
    place = _last_frozen(core.layers)
    if place is None:
        return None
    layer = core.layers[place]
    frozen = replace(
        base,
        layer=_up_to(place, base.layer, settings),
        digest=f"{base.digest}/{layer.name}",
        replica=lambda: _up_to(place, base.replica(), settings),
        part=layer.name,
    )
    return BaseParts(frozen, keras.Model(layer.output, core.output, name="trained_part"))


def _up_to(place: int, layer: Any, settings: Settings) -> Any:
    """Return a base up to the layer at this place of its core."""
    core = bases.core(layer)
    part = keras.Model(core.input, core.layers[place].output)
    if core is layer:
        return part
    return keras.Sequential([keras.Input(settings.input_shape), *layer.layers[:-1], part])


def _last_frozen(layers: list[Any]) -> int | None:
    """Return the place of the last layer before the first trainable one that passes all on.

    None where there is none with weights up to it, or where one of them is random in training.
    """
    inputs = [_places_of_inputs(layers, layer) for layer in layers]
    trainable = next((at for at, layer in enumerate(layers) if layer.trainable_weights), 0)
    for at in range(trainable - 1, 0, -1):
        needed = [place for above in inputs[at + 1 :] for place in above]
        if min(needed, default=-1) >= at:
            below = layers[: at + 1]
            has_weights = any(layer.weights for layer in below)
            return at if has_weights and not any(map(_is_random, below)) else None
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
