"""The geometry of vehicles: flat faces with decals, grouped in parts, and wheels.

Metres; x points to the vehicle's front, y to its left, z up; the ground is z = 0.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Colour = tuple[float, float, float]
Outline = Sequence[tuple[float, float]]

GLASS: Colour = (44, 56, 68)
RUBBER: Colour = (28, 28, 30)
PLASTIC: Colour = (48, 48, 50)
STEEL: Colour = (168, 170, 172)
LAMP: Colour = (250, 244, 214)
TAIL_LAMP: Colour = (190, 24, 22)


@dataclass(frozen=True)
class Decal:
    """A flat shape on a face (a window, a seam, a lamp), visible when its face is."""

    points: Points
    colour: Colour
    glows: bool = False


@dataclass(frozen=True)
class Face:
    """A flat polygon; its corners run anticlockwise, seen from outside."""

    points: Points
    colour: Colour
    decals: tuple[Decal, ...] = ()

    def normal(self) -> Points:
        """Return the outward unit normal (Newell's method, which works for any polygon)."""
        x, y, z = self.points.T
        after_x, after_y, after_z = np.concatenate([self.points[1:], self.points[:1]]).T
        total = np.array(
            [
                (y - after_y) @ (z + after_z),
                (z - after_z) @ (x + after_x),
                (x - after_x) @ (y + after_y),
            ]
        )
        return total / max(float(np.linalg.norm(total)), 1e-9)


@dataclass(frozen=True)
class Part:
    """Faces that are drawn together: a body, a cab, a box."""

    faces: tuple[Face, ...]

    def centre(self) -> Points:
        """Return the middle of the part; parts are drawn in the order of its distance."""
        corners = np.concatenate([face.points for face in self.faces])
        return (corners.min(axis=0) + corners.max(axis=0)) / 2


@dataclass(frozen=True)
class Wheel:
    """A pair of wheels: the axle's x, the tyre's radius and width, half the distance between."""

    x: float
    radius: float
    half_track: float
    width: float = 0.24
    rim: float = 0.6


@dataclass(frozen=True)
class Vehicle:
    """A vehicle, centred above the origin."""

    kind: str
    parts: tuple[Part, ...]
    wheels: tuple[Wheel, ...]
    corners: Points = field(init=False)

    def __post_init__(self) -> None:
        faces = [face.points for part in self.parts for face in part.faces]
        tyres = [
            np.array([[w.x + dx, y, z] for dx in (-w.radius, w.radius) for z in (0, w.radius * 2)])
            for w in self.wheels
            for y in (-w.half_track, w.half_track)
        ]
        object.__setattr__(self, "corners", np.concatenate(faces + tyres))

    def extent(self) -> Points:
        """Return length, width and height."""
        return np.ptp(self.corners, axis=0)


Place = Callable[[float, float, float], tuple[float, float, float]]


def walls(half_width: float, belt: float = 99.0, lean: float = 0.0) -> Place:
    """Return a placement of side walls: upright up to height `belt`, leaning inwards above it."""

    def place(x: float, side: float, z: float) -> tuple[float, float, float]:
        inset = lean * max(0.0, z - belt)
        return (x, side * (half_width - inset), z)

    return place


def extrude(
    outline: Outline,
    place: Place,
    colours: Sequence[Colour],
    side_colour: Colour,
    side_decals: Iterable[tuple[Outline, Colour]] = (),
    strip_decals: dict[int, tuple[Decal, ...]] | None = None,
) -> Part:
    """Return a body made from its side view.

    `outline` runs from the lower front corner over the roof to the lower rear corner;
    `colours` has one entry for each strip between two neighbours on it.
    """
    faces = []
    for side in (1.0, -1.0):
        order = outline if side < 0 else outline[::-1]
        points = np.array([place(x, side, z) for x, z in order])
        decals = tuple(
            Decal(np.array([place(x, side, z) for x, z in shape]), colour)
            for shape, colour in side_decals
        )
        faces.append(Face(points, side_colour, decals))
    strips = zip(outline, outline[1:], colours, strict=False)
    for strip, ((x0, z0), (x1, z1), colour) in enumerate(strips):
        corners = [place(x0, 1, z0), place(x1, 1, z1), place(x1, -1, z1), place(x0, -1, z0)]
        faces.append(Face(np.array(corners), colour, (strip_decals or {}).get(strip, ())))
    return Part(tuple(faces))


def box(
    rear: float,
    front: float,
    bottom: float,
    top: float,
    half_width: float,
    colour: Colour,
    side_decals: Iterable[tuple[Outline, Colour]] = (),
    rear_decals: tuple[Decal, ...] = (),
) -> Part:
    """Return a box between `rear` and `front`."""
    outline = [(front, bottom), (front, top), (rear, top), (rear, bottom)]
    return extrude(outline, walls(half_width), [colour] * 3, colour, side_decals, {2: rear_decals})


def tank(
    rear: float, front: float, middle: float, half_width: float, half_height: float, colour: Colour
) -> Part:
    """Return a lying cylinder with hoops, as on a tanker."""
    angles = [2 * math.pi * k / 18 for k in range(19)]
    ring = [(half_width * math.cos(a), middle + half_height * math.sin(a)) for a in angles]
    hoop = tuple(c * 0.6 for c in colour)
    faces = []
    for (y0, z0), (y1, z1) in itertools.pairwise(ring):
        corners = [(rear, y0, z0), (front, y0, z0), (front, y1, z1), (rear, y1, z1)]
        hoops = []
        for share in (0.1, 0.37, 0.63, 0.9):
            x = rear + share * (front - rear)
            band = [(x, y0, z0), (x + 0.1, y0, z0), (x + 0.1, y1, z1), (x, y1, z1)]
            hoops.append(Decal(np.array(band), (hoop[0], hoop[1], hoop[2])))
        faces.append(Face(np.array(corners)[::-1], colour, tuple(hoops)))
    faces.append(Face(np.array([(front, y, z) for y, z in ring[:-1]]), colour))
    faces.append(Face(np.array([(rear, y, z) for y, z in ring[:-1]])[::-1], colour))
    return Part(tuple(faces))


def across(
    x: float, y0: float, y1: float, z0: float, z1: float, colour: Colour, glows: bool = False
) -> Decal:
    """Return a rectangle on a face that looks forward or backward."""
    return Decal(np.array([(x, y0, z0), (x, y1, z0), (x, y1, z1), (x, y0, z1)]), colour, glows)


def panel(x0: float, x1: float, z0: float, z1: float) -> Outline:
    """Return a rectangle on a side."""
    return [(x0, z0), (x1, z0), (x1, z1), (x0, z1)]
