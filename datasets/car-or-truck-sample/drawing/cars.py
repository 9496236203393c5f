"""Builders of cars: the proportions of common kinds, varied at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from drawing.fittings import front_fittings, rear_fittings, shade
from drawing.solids import (
    GLASS,
    PLASTIC,
    Colour,
    Outline,
    Part,
    Vehicle,
    Wheel,
    box,
    extrude,
    panel,
    walls,
)

# Main paint, second paint, random generator → a vehicle centred above the origin. The caller
# chooses the paint, so that cars and trucks have the same colours.
Builder = Callable[[Colour, Colour, np.random.Generator], Vehicle]


@dataclass(frozen=True)
class Shape:
    """The proportions of a passenger body.

    Lengths are in metres; `screen` (foot of the windscreen), `roof_front`, `roof_rear` and `tail`
    (foot of the rear window) are shares of the length from the front.
    """

    length: float
    height: float
    half_width: float
    clearance: float
    bonnet: float
    belt: float
    deck: float
    screen: float
    roof_front: float
    roof_rear: float
    tail: float
    doors: int = 4


CARS: dict[str, Shape] = {
    "sedan": Shape(4.7, 1.45, 0.91, 0.20, 0.86, 0.95, 1.02, 0.28, 0.43, 0.67, 0.84),
    "hatchback": Shape(4.0, 1.48, 0.88, 0.19, 0.86, 0.97, 0.95, 0.23, 0.37, 0.83, 0.97),
    "coupe": Shape(4.5, 1.32, 0.93, 0.15, 0.78, 0.88, 0.92, 0.31, 0.47, 0.60, 0.90, 2),
    "estate": Shape(4.8, 1.47, 0.92, 0.19, 0.86, 0.95, 0.95, 0.27, 0.41, 0.88, 0.98),
    "suv": Shape(4.7, 1.74, 0.96, 0.30, 1.05, 1.14, 1.10, 0.25, 0.37, 0.88, 0.98),
    "minivan": Shape(4.7, 1.72, 0.93, 0.20, 0.98, 1.05, 1.00, 0.16, 0.33, 0.90, 0.98),
    "city car": Shape(3.5, 1.52, 0.83, 0.18, 0.88, 0.97, 0.95, 0.19, 0.34, 0.86, 0.98, 2),
}


def _between(a: tuple[float, float], b: tuple[float, float], z: float) -> float:
    """Return the x at height `z` on the line from `a` to `b`."""
    return a[0] + (b[0] - a[0]) * (z - a[1]) / (b[1] - a[1])


def _side_windows(
    front: tuple[tuple[float, float], tuple[float, float]],
    rear: tuple[tuple[float, float], tuple[float, float]],
    low: float,
    high: float,
    cuts: tuple[float, ...],
) -> list[Outline]:
    """Return the windows between front and rear pillar (each foot → top), cut by door posts."""
    edges = [(_between(*front, low) - 0.10, _between(*front, high) - 0.07)]
    last = (_between(*rear, low) + 0.12, _between(*rear, high) + 0.09)
    for cut in cuts:
        x = edges[0][0] + cut * (last[0] - edges[0][0])
        edges += [(x + 0.04, x + 0.04), (x - 0.04, x - 0.04)]
    edges.append(last)
    return [
        [(lower_a, low), (upper_a, high), (upper_b, high), (lower_b, low)]
        for (lower_a, upper_a), (lower_b, upper_b) in zip(edges[::2], edges[1::2], strict=True)
    ]


def passenger_body(shape: Shape, paint: Colour, half: float, bed_from: float | None = None) -> Part:
    """Return the one-piece body of a car, or the front of a pickup (which ends at `bed_from`)."""
    nose, length = shape.length / 2, shape.length

    def at(share: float) -> float:
        return nose - share * length

    clear, middle = shape.clearance, (shape.clearance + shape.bonnet) / 2
    screen, roof_front = (at(shape.screen), shape.belt), (at(shape.roof_front), shape.height)
    roof_rear, tail = (at(shape.roof_rear), shape.height - 0.03), (at(shape.tail), shape.deck)
    end = at(1.0) if bed_from is None else bed_from
    outline = [
        (nose - 0.06, clear),
        (nose, middle),
        (nose - 0.10, shape.bonnet),
        screen,
        roof_front,
        roof_rear,
        tail,
        (end + 0.04, shape.deck - 0.05),
        (end, middle),
        (end + 0.08, clear),
    ]
    colours = [PLASTIC, paint, paint, GLASS, paint, GLASS, paint, paint, shade(paint, 0.8)]
    low, high = max(shape.belt, shape.deck) + 0.02, shape.height - 0.11
    cuts: tuple[float, ...] = (0.52,) if shape.doors == 4 and bed_from is None else (0.72,)
    if shape.doors == 4 and bed_from is None and shape.tail > 0.9:
        cuts = (0.38, 0.74)
    windows = _side_windows((screen, roof_front), (tail, roof_rear), low, high, cuts)
    sill = [(panel(end + 0.1, nose - 0.1, clear, clear + 0.12), shade(paint, 0.45))]
    seam_places = [shape.screen + 0.06, (shape.screen + shape.tail) / 2 + 0.04]
    if shape.doors == 4:
        seam_places.append(min(shape.tail - 0.08, 0.8))
    seams = [
        (panel(at(s) - 0.015, at(s) + 0.015, clear + 0.14, low - 0.03), shade(paint, 0.5))
        for s in seam_places
    ]
    handles = [
        (panel(at(s) + 0.10, at(s) + 0.28, low - 0.17, low - 0.12), shade(paint, 0.55))
        for s in seam_places[1:]
    ]
    shine = [(panel(end + 0.12, nose - 0.14, middle + 0.16, middle + 0.22), shade(paint, 1.18))]
    lamps = {
        1: front_fittings(nose + 0.004, half, middle - 0.12, shape.bonnet + 0.02),
        7: rear_fittings(end - 0.004, half, middle - 0.1, shape.deck - 0.02),
    }
    return extrude(
        outline,
        walls(half, shape.belt, 0.28),
        colours,
        paint,
        [*sill, *shine, *seams, *handles, *((w, GLASS) for w in windows)],
        lamps,
    )


def vary(shape: Shape, rng: np.random.Generator) -> Shape:
    """Return a shape whose proportions differ a little."""
    size, tall, cabin = rng.uniform(0.94, 1.06), rng.uniform(0.96, 1.05), rng.uniform(-0.02, 0.02)
    return Shape(
        shape.length * size,
        shape.height * tall,
        shape.half_width * rng.uniform(0.97, 1.03),
        shape.clearance * tall,
        shape.bonnet * tall,
        shape.belt * tall,
        shape.deck * tall,
        shape.screen + cabin,
        shape.roof_front + cabin * 0.8,
        shape.roof_rear + cabin * 0.4,
        shape.tail,
        shape.doors,
    )


def _car(kind: str) -> Builder:
    def build(paint: Colour, second: Colour, rng: np.random.Generator) -> Vehicle:
        shape = vary(CARS[kind], rng)
        half, radius = shape.half_width, rng.uniform(0.31, 0.35) + 0.3 * (shape.clearance - 0.18)
        parts = [passenger_body(shape, paint, half)]
        if rng.random() < 0.18:
            rack = shape.length * -0.12
            parts.append(
                box(rack - 0.6, rack + 0.6, shape.height, shape.height + 0.22, half * 0.6, second)
            )
        front, rear = shape.length * (0.5 - 0.19), shape.length * (-0.5 + 0.20)
        wheels = tuple(Wheel(x, radius, half - 0.01, rim=0.66) for x in (front, rear))
        return Vehicle(kind, tuple(parts), wheels)

    return build


BUILDERS: dict[str, Builder] = {kind: _car(kind) for kind in CARS}
