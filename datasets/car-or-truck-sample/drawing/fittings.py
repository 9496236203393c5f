"""Fittings on the faces of vehicles: grilles, lamps, number plates, doors, ribs."""

from __future__ import annotations

import numpy as np

from drawing.solids import LAMP, PLASTIC, STEEL, TAIL_LAMP, Colour, Decal, Outline, across, panel


def shade(colour: Colour, factor: float) -> Colour:
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)


def front_fittings(x: float, half: float, low: float, high: float) -> tuple[Decal, ...]:
    """Return grille, lamps and number plate of a face that looks forward."""
    span = high - low
    return (
        across(x, -half * 0.55, half * 0.55, low + span * 0.35, low + span * 0.75, PLASTIC),
        across(x, half * 0.6, half * 0.95, low + span * 0.55, low + span * 0.9, LAMP, glows=True),
        across(x, -half * 0.95, -half * 0.6, low + span * 0.55, low + span * 0.9, LAMP, glows=True),
        across(x, -0.26, 0.26, low + span * 0.12, low + span * 0.3, (225, 225, 218)),
    )


def rear_fittings(x: float, half: float, low: float, high: float) -> tuple[Decal, ...]:
    """Return lamps and number plate of a face that looks backward."""
    span = high - low
    return (
        across(x, half * 0.66, half * 0.97, low + span * 0.5, low + span * 0.85, TAIL_LAMP, True),
        across(x, -half * 0.97, -half * 0.66, low + span * 0.5, low + span * 0.85, TAIL_LAMP, True),
        across(x, -0.26, 0.26, low + span * 0.4, low + span * 0.65, (225, 225, 218)),
    )


def side_ribs(
    rear: float, front: float, low: float, high: float, colour: Colour, count: int
) -> list[tuple[Outline, Colour]]:
    """Return upright ribs and a lower rail for the side of a body."""
    places = np.linspace(rear + 0.1, front - 0.1, count)
    ribs = [(panel(x - 0.03, x + 0.03, low, high), shade(colour, 0.72)) for x in places]
    return [*ribs, (panel(rear, front, low, low + 0.1), shade(colour, 0.6))]


def rear_doors(
    rear: float, half: float, low: float, high: float, colour: Colour
) -> tuple[Decal, ...]:
    """Return the two doors and the lamps for the back of a body."""
    x = rear - 0.004
    return (
        across(x, -0.02, 0.02, low, high, shade(colour, 0.5)),
        across(x, half * 0.35, half * 0.4, low, high, STEEL),
        across(x, -half * 0.4, -half * 0.35, low, high, STEEL),
        across(x, half * 0.72, half * 0.95, low + 0.02, low + 0.2, TAIL_LAMP, True),
        across(x, -half * 0.95, -half * 0.72, low + 0.02, low + 0.2, TAIL_LAMP, True),
    )
