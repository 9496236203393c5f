"""The cars and the trucks: proportions taken from common vehicles, each built a little differently.

A builder takes the paint (main and second colour) and a generator, and returns a vehicle
whose middle stands above the origin. The paint comes from outside, so that the colours of
cars and trucks are drawn alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from solids import (
    GLASS,
    LAMP,
    PLASTIC,
    RUBBER,
    STEEL,
    TAIL_LAMP,
    Colour,
    Decal,
    Outline,
    Part,
    Vehicle,
    Wheel,
    across,
    box,
    extrude,
    panel,
    tank,
    walls,
)

Builder = Callable[[Colour, Colour, np.random.Generator], Vehicle]


@dataclass(frozen=True)
class Shape:
    """A passenger body. Lengths in metres; the places along it as shares of the length from
    the front: foot of the windscreen, front and rear of the roof, foot of the rear window."""

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


def _shade(colour: Colour, factor: float) -> Colour:
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)


def _between(a: tuple[float, float], b: tuple[float, float], z: float) -> float:
    """The x at height ``z`` on the line from ``a`` to ``b``."""
    return a[0] + (b[0] - a[0]) * (z - a[1]) / (b[1] - a[1])


def _side_windows(
    front: tuple[tuple[float, float], tuple[float, float]],
    rear: tuple[tuple[float, float], tuple[float, float]],
    low: float,
    high: float,
    cuts: tuple[float, ...],
) -> list[Outline]:
    """The glass between the front and the rear pillar (each foot → top), cut by door posts."""
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


def _nose(x: float, half: float, low: float, high: float) -> tuple[Decal, ...]:
    """Grille, lamps and number plate on a face that looks forward."""
    span = high - low
    return (
        across(x, -half * 0.55, half * 0.55, low + span * 0.35, low + span * 0.75, PLASTIC),
        across(x, half * 0.6, half * 0.95, low + span * 0.55, low + span * 0.9, LAMP, glows=True),
        across(x, -half * 0.95, -half * 0.6, low + span * 0.55, low + span * 0.9, LAMP, glows=True),
        across(x, -0.26, 0.26, low + span * 0.12, low + span * 0.3, (225, 225, 218)),
    )


def _tail(x: float, half: float, low: float, high: float) -> tuple[Decal, ...]:
    """Lamps and number plate on a face that looks backward."""
    span = high - low
    return (
        across(x, half * 0.66, half * 0.97, low + span * 0.5, low + span * 0.85, TAIL_LAMP, True),
        across(x, -half * 0.97, -half * 0.66, low + span * 0.5, low + span * 0.85, TAIL_LAMP, True),
        across(x, -0.26, 0.26, low + span * 0.4, low + span * 0.65, (225, 225, 218)),
    )


def _passenger_body(
    shape: Shape, paint: Colour, half: float, bed_from: float | None = None
) -> Part:
    """The one-piece body of a car, or the front of a pickup (which ends at ``bed_from``)."""
    nose, length = shape.length / 2, shape.length

    def at(share: float) -> float:
        return nose - share * length

    clear, middle = shape.clearance, (shape.clearance + shape.bonnet) / 2
    screen, roof_front = (at(shape.screen), shape.belt), (at(shape.roof_front), shape.height)
    roof_rear, tail = (at(shape.roof_rear), shape.height - 0.03), (at(shape.tail), shape.deck)
    end = at(1.0) if bed_from is None else bed_from
    outline = [
        (nose - 0.06, clear), (nose, middle), (nose - 0.10, shape.bonnet), screen,
        roof_front, roof_rear, tail, (end + 0.04, shape.deck - 0.05), (end, middle),
        (end + 0.08, clear),
    ]
    colours = [PLASTIC, paint, paint, GLASS, paint, GLASS, paint, paint, _shade(paint, 0.8)]
    low, high = max(shape.belt, shape.deck) + 0.02, shape.height - 0.11
    cuts = (0.52,) if shape.doors == 4 and bed_from is None else (0.72,)
    if shape.doors == 4 and bed_from is None and shape.tail > 0.9:
        cuts = (0.38, 0.74)
    windows = _side_windows((screen, roof_front), (tail, roof_rear), low, high, cuts)
    sill = [(panel(end + 0.1, nose - 0.1, clear, clear + 0.12), _shade(paint, 0.45))]
    seam_places = [shape.screen + 0.06, (shape.screen + shape.tail) / 2 + 0.04]
    if shape.doors == 4:
        seam_places.append(min(shape.tail - 0.08, 0.8))
    seams = [
        (panel(at(s) - 0.015, at(s) + 0.015, clear + 0.14, low - 0.03), _shade(paint, 0.5))
        for s in seam_places
    ]
    handles = [
        (panel(at(s) + 0.10, at(s) + 0.28, low - 0.17, low - 0.12), _shade(paint, 0.55))
        for s in seam_places[1:]
    ]
    shine = [(panel(end + 0.12, nose - 0.14, middle + 0.16, middle + 0.22), _shade(paint, 1.18))]
    lamps = {
        1: _nose(nose + 0.004, half, middle - 0.12, shape.bonnet + 0.02),
        7: _tail(end - 0.004, half, middle - 0.1, shape.deck - 0.02),
    }
    return extrude(
        outline, walls(half, shape.belt, 0.28), colours, paint,
        [*sill, *shine, *seams, *handles, *((w, GLASS) for w in windows)], lamps,
    )


def _varied(shape: Shape, rng: np.random.Generator) -> Shape:
    """The same kind of vehicle from another maker."""
    size, tall, cabin = rng.uniform(0.94, 1.06), rng.uniform(0.96, 1.05), rng.uniform(-0.02, 0.02)
    return Shape(
        shape.length * size, shape.height * tall, shape.half_width * rng.uniform(0.97, 1.03),
        shape.clearance * tall, shape.bonnet * tall, shape.belt * tall, shape.deck * tall,
        shape.screen + cabin, shape.roof_front + cabin * 0.8, shape.roof_rear + cabin * 0.4,
        shape.tail, shape.doors,
    )


def _car(kind: str) -> Builder:
    def build(paint: Colour, second: Colour, rng: np.random.Generator) -> Vehicle:
        shape = _varied(CARS[kind], rng)
        half, radius = shape.half_width, rng.uniform(0.31, 0.35) + 0.3 * (shape.clearance - 0.18)
        parts = [_passenger_body(shape, paint, half)]
        if rng.random() < 0.18:
            rack = shape.length * -0.12
            parts.append(box(rack - 0.6, rack + 0.6, shape.height, shape.height + 0.22, half * 0.6,
                             second))
        front, rear = shape.length * (0.5 - 0.19), shape.length * (-0.5 + 0.20)
        wheels = tuple(Wheel(x, radius, half - 0.01, rim=0.66) for x in (front, rear))
        return Vehicle(kind, tuple(parts), wheels)

    return build


def _cab(front: float, floor: float, length: float, height: float, half: float, paint: Colour,
         bonnet: float) -> Part:
    """A truck's cab: upright over the engine, or behind a bonnet of the given length."""
    screen_low = floor + (height - floor) * 0.50
    rear = front - length - bonnet
    foot, brow = (front - bonnet - 0.04, screen_low), (front - bonnet - 0.22, height - 0.05)
    outline = [(front - 0.02, floor - 0.35), (front, floor + 0.1)]
    if bonnet:
        outline += [(front - 0.05, screen_low - 0.22), (foot[0] + 0.02, screen_low - 0.05)]
    outline += [foot, brow, (front - bonnet - 0.4, height), (rear, height), (rear, floor - 0.2)]
    colours = [PLASTIC, paint, GLASS, paint, paint, _shade(paint, 0.8)]
    if bonnet:
        colours = [PLASTIC, paint, paint, paint, GLASS, paint, paint, _shade(paint, 0.8)]
    window = [
        (foot[0] - 0.18, screen_low + 0.05), (brow[0] - 0.12, height - 0.25),
        (rear + length * 0.32, height - 0.25), (rear + length * 0.32, screen_low + 0.05),
    ]
    door = [
        (panel(x - 0.02, x + 0.02, floor - 0.1, screen_low), _shade(paint, 0.5))
        for x in (foot[0] - 0.22, rear + length * 0.25)
    ]
    step = (panel(rear + 0.2, front - bonnet - 0.2, floor - 0.35, floor - 0.12), PLASTIC)
    nose = _nose(front + 0.004, half, floor - 0.2, screen_low - (0.15 if bonnet else 0.05))
    return extrude(outline, walls(half), colours, paint, [step, *door, (window, GLASS)], {1: nose})


def _chassis(rear: float, front: float, floor: float) -> Part:
    return box(rear, front, floor - 0.35, floor, 0.45, PLASTIC)


def _ribs(rear: float, front: float, low: float, high: float, colour: Colour, count: int
          ) -> list[tuple[Outline, Colour]]:
    """Upright ribs and a lower rail on the side of a body."""
    places = np.linspace(rear + 0.1, front - 0.1, count)
    ribs = [(panel(x - 0.03, x + 0.03, low, high), _shade(colour, 0.72)) for x in places]
    return [*ribs, (panel(rear, front, low, low + 0.1), _shade(colour, 0.6))]


def _doors(rear: float, half: float, low: float, high: float, colour: Colour) -> tuple[Decal, ...]:
    """The two doors and the lamps at the back of a body."""
    x = rear - 0.004
    return (
        across(x, -0.02, 0.02, low, high, _shade(colour, 0.5)),
        across(x, half * 0.35, half * 0.4, low, high, STEEL),
        across(x, -half * 0.4, -half * 0.35, low, high, STEEL),
        across(x, half * 0.72, half * 0.95, low + 0.02, low + 0.2, TAIL_LAMP, True),
        across(x, -half * 0.95, -half * 0.72, low + 0.02, low + 0.2, TAIL_LAMP, True),
    )


def _pickup(paint: Colour, second: Colour, rng: np.random.Generator) -> Vehicle:
    crew = rng.random() < 0.5
    shape = _varied(Shape(5.4, 1.85, 0.97, 0.42, 1.12, 1.22, 1.2, 0.25, 0.35,
                          0.58 if crew else 0.46, 0.61 if crew else 0.49, 4 if crew else 2), rng)
    half, rear = shape.half_width, -shape.length / 2
    bed_front = shape.length / 2 - (shape.tail + 0.02) * shape.length
    cab = _passenger_body(shape, paint, half, bed_front)
    wall, floor = shape.deck - 0.06, shape.clearance + 0.08
    outline = [(bed_front, floor), (bed_front, wall), (rear, wall), (rear + 0.03, floor)]
    rails = [(panel(rear + 0.05, bed_front - 0.05, wall - 0.09, wall - 0.05), _shade(paint, 0.6))]
    bed = extrude(outline, walls(half), [paint, PLASTIC, paint], paint, rails,
                  {2: _tail(rear - 0.004, half, floor, wall)})
    parts = [cab, bed]
    if rng.random() < 0.4:
        load = rng.uniform(0.25, 0.55)
        parts.append(box(rear + 0.25, bed_front - rng.uniform(0.3, 0.8), wall, wall + load,
                         half * 0.75, second))
    wheels = tuple(Wheel(x * shape.length, 0.41, half, 0.28) for x in (0.31, -0.29))
    return Vehicle("pickup", tuple(parts), wheels)


def _panel_van(paint: Colour, second: Colour, rng: np.random.Generator) -> Vehicle:
    length, height, half = rng.uniform(5.0, 6.2), rng.uniform(2.2, 2.7), rng.uniform(0.96, 1.03)
    front, rear = length / 2, -length / 2
    outline = [
        (front - 0.05, 0.28), (front, 0.62), (front - 0.12, 1.02), (front - 0.75, 1.25),
        (front - 1.45, height - 0.08), (front - 1.75, height), (rear + 0.1, height),
        (rear, 1.0), (rear + 0.05, 0.3),
    ]
    colours = [PLASTIC, paint, paint, GLASS, paint, paint, paint, _shade(paint, 0.85)]
    window = [(front - 0.98, 1.3), (front - 1.52, height - 0.42), (front - 2.05, height - 0.42),
              (front - 2.05, 1.3)]
    seams = [(panel(x - 0.02, x + 0.02, 0.45, height - 0.3), _shade(paint, 0.6))
             for x in (front - 2.15, front - 2.2 - (length - 2.4) * 0.45, front - 1.02)]
    band = [(panel(rear + 0.3, front - 2.4, 1.15, 1.15 + rng.uniform(0.2, 0.7)), second)]
    rail = [(panel(rear + 0.1, front - 0.3, 0.5, 0.62), PLASTIC)]
    body = extrude(
        outline, walls(half, 1.2, 0.06), colours, paint,
        [*rail, *(band if rng.random() < 0.5 else []), *seams, (window, GLASS)],
        {1: _nose(front + 0.004, half, 0.5, 1.04), 6: _doors(rear, half, 1.0, height - 0.15, paint)},
    )
    wheels = (Wheel(front - 0.95, 0.36, half), Wheel(rear + 1.15, 0.36, half))
    return Vehicle("panel van", (body,), wheels)


def _lorry(kind: str) -> Builder:
    """A rigid truck: cab, chassis and what it carries."""

    def build(paint: Colour, second: Colour, rng: np.random.Generator) -> Vehicle:
        half, floor, radius = rng.uniform(1.05, 1.2), rng.uniform(0.85, 1.05), rng.uniform(0.42, 0.5)
        cab_height = floor + rng.uniform(1.4, 1.7)
        bonnet = rng.uniform(0.8, 1.1) if rng.random() < 0.35 else 0.0
        length = rng.uniform(6.2, 8.2) + bonnet
        front, rear = length / 2, -length / 2
        cab_length = rng.uniform(1.5, 1.9)
        body_front = front - cab_length - bonnet - rng.uniform(0.1, 0.3)
        parts = [_chassis(rear + 0.1, front - 0.3, floor),
                 _cab(front, floor, cab_length, cab_height, half, paint, bonnet)]
        parts += _load(kind, rear, body_front, floor, half, second, rng)
        wheels = [Wheel(front - 0.7 - bonnet * 0.5, radius, half, 0.3, 0.5),
                  Wheel(rear + 1.3, radius, half, 0.5, 0.5)]
        if rng.random() < 0.45:
            wheels.append(Wheel(rear + 1.3 + radius * 2.2, radius, half, 0.5, 0.5))
        return Vehicle(kind, tuple(parts), tuple(wheels))

    return build


def _load(kind: str, rear: float, front: float, floor: float, half: float, colour: Colour,
          rng: np.random.Generator) -> list[Part]:
    """What stands on a chassis."""
    if kind == "tanker":
        height = rng.uniform(0.7, 0.85)
        return [tank(rear, front, floor + height + 0.05, half * 0.95, height, colour)]
    if kind == "dump truck":
        top = floor + rng.uniform(1.0, 1.35)
        outline = [(front, floor), (front + 0.15, top + 0.15), (rear - 0.1, top), (rear + 0.3, floor)]
        ribs = _ribs(rear + 0.35, front - 0.05, floor, top - 0.02, colour, 6)
        return [extrude(outline, walls(half), [colour, (96, 82, 66), colour], colour, ribs)]
    if kind == "flatbed":
        parts = [box(rear, front, floor, floor + 0.15, half, PLASTIC),
                 box(front - 0.1, front, floor, floor + 1.2, half * 0.95, STEEL)]
        places = np.linspace(rear + 0.1, front - 0.2, int(rng.integers(2, 5)) + 1)
        for start, end in zip(places, places[1:], strict=False):
            crate = _shade(colour, float(rng.uniform(0.75, 1.15)))
            parts.append(box(start + 0.08, end - 0.08, floor + 0.15,
                             floor + rng.uniform(0.6, 1.6), half * 0.85, crate))
        return parts
    top = floor + rng.uniform(1.9, 2.6)
    ribs = _ribs(rear, front, floor, top, colour, int(rng.integers(3, 10)))
    if rng.random() < 0.4:
        x, z = rear + (front - rear) * 0.2, floor + (top - floor) * 0.4
        ribs.append((panel(x, front - (front - rear) * 0.2, z, z + 0.7), _shade(colour, 0.55)))
    return [box(rear, front, floor, top, half, colour, ribs,
                _doors(rear, half, floor, top - 0.05, colour))]


def _semi(paint: Colour, second: Colour, rng: np.random.Generator) -> Vehicle:
    half, floor, radius = 1.25, 1.1, 0.5
    bonnet = rng.uniform(0.9, 1.3) if rng.random() < 0.5 else 0.0
    length = rng.uniform(9.5, 12.0) + bonnet
    front, rear = length / 2, -length / 2
    trailer_front = front - bonnet - rng.uniform(2.2, 2.7)
    kind = ("box truck", "tanker", "flatbed")[int(rng.integers(0, 3))]
    parts = [
        _chassis(rear + 0.1, front - 0.3, floor),
        _cab(front, floor, 2.0, rng.uniform(3.0, 3.6), half * 0.97, paint, bonnet),
        *_load(kind, rear, trailer_front, floor + 0.15, half, second, rng),
    ]
    places = [front - 0.8 - bonnet * 0.4, trailer_front - 0.8, rear + 0.9, rear + 2.1]
    wheels = tuple(Wheel(x, radius, half, 0.5, 0.5) for x in places)
    return Vehicle("semi", tuple(parts), wheels)


BUILDERS: dict[str, dict[str, Builder]] = {
    "Car": {kind: _car(kind) for kind in CARS},
    "Truck": {
        "pickup": _pickup,
        "panel van": _panel_van,
        "box truck": _lorry("box truck"),
        "tanker": _lorry("tanker"),
        "dump truck": _lorry("dump truck"),
        "flatbed": _lorry("flatbed"),
        "semi": _semi,
    },
}
