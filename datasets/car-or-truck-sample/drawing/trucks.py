"""Builders of trucks: pickups, panel vans, rigid trucks with many bodies, and semis."""

from __future__ import annotations

import itertools

import numpy as np

from drawing.cars import Builder, Shape, passenger_body, vary
from drawing.fittings import front_fittings, rear_doors, rear_fittings, shade, side_ribs
from drawing.solids import (
    GLASS,
    PLASTIC,
    STEEL,
    Colour,
    Part,
    Vehicle,
    Wheel,
    box,
    extrude,
    panel,
    tank,
    walls,
)


def _cab(
    front: float,
    floor: float,
    length: float,
    height: float,
    half: float,
    paint: Colour,
    bonnet: float,
) -> Part:
    """Return a truck's cab: upright over the engine, or behind a bonnet of the given length."""
    screen_low = floor + (height - floor) * 0.50
    rear = front - length - bonnet
    foot, brow = (front - bonnet - 0.04, screen_low), (front - bonnet - 0.22, height - 0.05)
    outline = [(front - 0.02, floor - 0.35), (front, floor + 0.1)]
    if bonnet:
        outline += [(front - 0.05, screen_low - 0.22), (foot[0] + 0.02, screen_low - 0.05)]
    outline += [foot, brow, (front - bonnet - 0.4, height), (rear, height), (rear, floor - 0.2)]
    colours = [PLASTIC, paint, GLASS, paint, paint, shade(paint, 0.8)]
    if bonnet:
        colours = [PLASTIC, paint, paint, paint, GLASS, paint, paint, shade(paint, 0.8)]
    window = [
        (foot[0] - 0.18, screen_low + 0.05),
        (brow[0] - 0.12, height - 0.25),
        (rear + length * 0.32, height - 0.25),
        (rear + length * 0.32, screen_low + 0.05),
    ]
    door = [
        (panel(x - 0.02, x + 0.02, floor - 0.1, screen_low), shade(paint, 0.5))
        for x in (foot[0] - 0.22, rear + length * 0.25)
    ]
    step = (panel(rear + 0.2, front - bonnet - 0.2, floor - 0.35, floor - 0.12), PLASTIC)
    grille = front_fittings(
        front + 0.004, half, floor - 0.2, screen_low - (0.15 if bonnet else 0.05)
    )
    return extrude(
        outline, walls(half), colours, paint, [step, *door, (window, GLASS)], {1: grille}
    )


def chassis(rear: float, front: float, floor: float) -> Part:
    return box(rear, front, floor - 0.35, floor, 0.45, PLASTIC)


def _pickup(paint: Colour, second: Colour, rng: np.random.Generator) -> Vehicle:
    crew = rng.random() < 0.5
    shape = vary(
        Shape(
            5.4,
            1.85,
            0.97,
            0.42,
            1.12,
            1.22,
            1.2,
            0.25,
            0.35,
            0.58 if crew else 0.46,
            0.61 if crew else 0.49,
            4 if crew else 2,
        ),
        rng,
    )
    half, rear = shape.half_width, -shape.length / 2
    bed_front = shape.length / 2 - (shape.tail + 0.02) * shape.length
    cab = passenger_body(shape, paint, half, bed_front)
    wall, floor = shape.deck - 0.06, shape.clearance + 0.08
    outline = [(bed_front, floor), (bed_front, wall), (rear, wall), (rear + 0.03, floor)]
    rails = [(panel(rear + 0.05, bed_front - 0.05, wall - 0.09, wall - 0.05), shade(paint, 0.6))]
    bed = extrude(
        outline,
        walls(half),
        [paint, PLASTIC, paint],
        paint,
        rails,
        {2: rear_fittings(rear - 0.004, half, floor, wall)},
    )
    parts = [cab, bed]
    if rng.random() < 0.4:
        load = rng.uniform(0.25, 0.55)
        parts.append(
            box(
                rear + 0.25,
                bed_front - rng.uniform(0.3, 0.8),
                wall,
                wall + load,
                half * 0.75,
                second,
            )
        )
    wheels = tuple(Wheel(x * shape.length, 0.41, half, 0.28) for x in (0.31, -0.29))
    return Vehicle("pickup", tuple(parts), wheels)


def _panel_van(paint: Colour, second: Colour, rng: np.random.Generator) -> Vehicle:
    length, height, half = rng.uniform(5.0, 6.2), rng.uniform(2.2, 2.7), rng.uniform(0.96, 1.03)
    front, rear = length / 2, -length / 2
    outline = [
        (front - 0.05, 0.28),
        (front, 0.62),
        (front - 0.12, 1.02),
        (front - 0.75, 1.25),
        (front - 1.45, height - 0.08),
        (front - 1.75, height),
        (rear + 0.1, height),
        (rear, 1.0),
        (rear + 0.05, 0.3),
    ]
    colours = [PLASTIC, paint, paint, GLASS, paint, paint, paint, shade(paint, 0.85)]
    window = [
        (front - 0.98, 1.3),
        (front - 1.52, height - 0.42),
        (front - 2.05, height - 0.42),
        (front - 2.05, 1.3),
    ]
    seams = [
        (panel(x - 0.02, x + 0.02, 0.45, height - 0.3), shade(paint, 0.6))
        for x in (front - 2.15, front - 2.2 - (length - 2.4) * 0.45, front - 1.02)
    ]
    band = [(panel(rear + 0.3, front - 2.4, 1.15, 1.15 + rng.uniform(0.2, 0.7)), second)]
    rail = [(panel(rear + 0.1, front - 0.3, 0.5, 0.62), PLASTIC)]
    body = extrude(
        outline,
        walls(half, 1.2, 0.06),
        colours,
        paint,
        [*rail, *(band if rng.random() < 0.5 else []), *seams, (window, GLASS)],
        {
            1: front_fittings(front + 0.004, half, 0.5, 1.04),
            6: rear_doors(rear, half, 1.0, height - 0.15, paint),
        },
    )
    wheels = (Wheel(front - 0.95, 0.36, half), Wheel(rear + 1.15, 0.36, half))
    return Vehicle("panel van", (body,), wheels)


def _lorry(kind: str) -> Builder:
    """Return the builder of a rigid truck: cab, chassis and load."""

    def build(paint: Colour, second: Colour, rng: np.random.Generator) -> Vehicle:
        half, floor, radius = (
            rng.uniform(1.05, 1.2),
            rng.uniform(0.85, 1.05),
            rng.uniform(0.42, 0.5),
        )
        cab_height = floor + rng.uniform(1.4, 1.7)
        bonnet = rng.uniform(0.8, 1.1) if rng.random() < 0.35 else 0.0
        length = rng.uniform(6.2, 8.2) + bonnet
        front, rear = length / 2, -length / 2
        cab_length = rng.uniform(1.5, 1.9)
        body_front = front - cab_length - bonnet - rng.uniform(0.1, 0.3)
        parts = [
            chassis(rear + 0.1, front - 0.3, floor),
            _cab(front, floor, cab_length, cab_height, half, paint, bonnet),
        ]
        parts += _load(kind, rear, body_front, floor, half, second, rng)
        wheels = [
            Wheel(front - 0.7 - bonnet * 0.5, radius, half, 0.3, 0.5),
            Wheel(rear + 1.3, radius, half, 0.5, 0.5),
        ]
        if rng.random() < 0.45:
            wheels.append(Wheel(rear + 1.3 + radius * 2.2, radius, half, 0.5, 0.5))
        return Vehicle(kind, tuple(parts), tuple(wheels))

    return build


def _load(
    kind: str,
    rear: float,
    front: float,
    floor: float,
    half: float,
    colour: Colour,
    rng: np.random.Generator,
) -> list[Part]:
    """Return the body or load on a chassis."""
    if kind == "tanker":
        height = rng.uniform(0.7, 0.85)
        return [tank(rear, front, floor + height + 0.05, half * 0.95, height, colour)]
    if kind == "dump truck":
        top = floor + rng.uniform(1.0, 1.35)
        outline = [
            (front, floor),
            (front + 0.15, top + 0.15),
            (rear - 0.1, top),
            (rear + 0.3, floor),
        ]
        ribs = side_ribs(rear + 0.35, front - 0.05, floor, top - 0.02, colour, 6)
        return [extrude(outline, walls(half), [colour, (96, 82, 66), colour], colour, ribs)]
    if kind == "flatbed":
        parts = [
            box(rear, front, floor, floor + 0.15, half, PLASTIC),
            box(front - 0.1, front, floor, floor + 1.2, half * 0.95, STEEL),
        ]
        places = np.linspace(rear + 0.1, front - 0.2, int(rng.integers(2, 5)) + 1)
        for start, end in itertools.pairwise(places):
            crate = shade(colour, float(rng.uniform(0.75, 1.15)))
            parts.append(
                box(
                    start + 0.08,
                    end - 0.08,
                    floor + 0.15,
                    floor + rng.uniform(0.6, 1.6),
                    half * 0.85,
                    crate,
                )
            )
        return parts
    top = floor + rng.uniform(1.9, 2.6)
    ribs = side_ribs(rear, front, floor, top, colour, int(rng.integers(3, 10)))
    if rng.random() < 0.4:
        x, z = rear + (front - rear) * 0.2, floor + (top - floor) * 0.4
        ribs.append((panel(x, front - (front - rear) * 0.2, z, z + 0.7), shade(colour, 0.55)))
    return [
        box(
            rear,
            front,
            floor,
            top,
            half,
            colour,
            ribs,
            rear_doors(rear, half, floor, top - 0.05, colour),
        )
    ]


def _semi(paint: Colour, second: Colour, rng: np.random.Generator) -> Vehicle:
    half, floor, radius = 1.25, 1.1, 0.5
    bonnet = rng.uniform(0.9, 1.3) if rng.random() < 0.5 else 0.0
    length = rng.uniform(9.5, 12.0) + bonnet
    front, rear = length / 2, -length / 2
    trailer_front = front - bonnet - rng.uniform(2.2, 2.7)
    kind = ("box truck", "tanker", "flatbed")[int(rng.integers(0, 3))]
    parts = [
        chassis(rear + 0.1, front - 0.3, floor),
        _cab(front, floor, 2.0, rng.uniform(3.0, 3.6), half * 0.97, paint, bonnet),
        *_load(kind, rear, trailer_front, floor + 0.15, half, second, rng),
    ]
    places = [front - 0.8 - bonnet * 0.4, trailer_front - 0.8, rear + 0.9, rear + 2.1]
    wheels = tuple(Wheel(x, radius, half, 0.5, 0.5) for x in places)
    return Vehicle("semi", tuple(parts), wheels)


BUILDERS: dict[str, Builder] = {
    "pickup": _pickup,
    "panel van": _panel_van,
    "box truck": _lorry("box truck"),
    "tanker": _lorry("tanker"),
    "dump truck": _lorry("dump truck"),
    "flatbed": _lorry("flatbed"),
    "semi": _semi,
}
