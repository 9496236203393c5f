"""Random scenes: place, weather, light, paint and camera; everything but the vehicle."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from drawing.camera import Light, Shot
from drawing.solids import Colour

PAINTS: tuple[Colour, ...] = (
    (228, 230, 230),
    (206, 208, 210),
    (150, 154, 158),
    (92, 96, 102),
    (48, 50, 54),
    (176, 32, 34),
    (128, 20, 30),
    (34, 72, 148),
    (60, 128, 190),
    (32, 96, 66),
    (226, 180, 40),
    (214, 104, 34),
    (188, 168, 132),
    (104, 74, 54),
    (44, 132, 138),
)
# Top of the sky, sky at the horizon, sun, ambient, tint of the light
WEATHERS: dict[str, tuple[Colour, Colour, float, float, Colour]] = {
    "clear": ((84, 142, 214), (190, 216, 236), 0.55, 0.66, (1.0, 0.99, 0.95)),
    "cloudy": ((162, 174, 188), (206, 210, 214), 0.18, 0.82, (0.97, 0.99, 1.0)),
    "evening": ((84, 86, 140), (244, 172, 112), 0.5, 0.56, (1.0, 0.9, 0.78)),
    "fog": ((188, 192, 194), (204, 206, 206), 0.05, 0.80, (1.0, 1.0, 1.0)),
    "snow": ((178, 186, 198), (214, 218, 224), 0.12, 0.86, (0.96, 0.98, 1.0)),
    "night": ((20, 26, 52), (66, 66, 88), 0.25, 0.5, (0.86, 0.9, 1.05)),
}
CHANCES = (0.36, 0.24, 0.14, 0.06, 0.10, 0.10)
GROUNDS: dict[str, Colour] = {
    "grass": (98, 128, 66),
    "dry": (170, 152, 112),
    "paved": (148, 146, 142),
    "asphalt": (98, 98, 102),
}


@dataclass(frozen=True)
class Scene:
    """One place and moment; photographed once with a car and once with a truck."""

    shot: Shot
    weather: str
    light: Light
    paint: Colour
    second_paint: Colour
    ground: Colour
    backdrop: str
    paint_seed: int


def jitter(colour: Colour, rng: np.random.Generator, amount: float = 14) -> Colour:
    """Return a random colour within `amount` of this one in each channel."""
    red, green, blue = np.clip(np.array(colour) + rng.uniform(-amount, amount, 3), 6, 248).tolist()
    return red, green, blue


def illuminate(colour: Colour, scene: Scene, strength: float = 1.0) -> tuple[int, int, int]:
    """Return the colour of a horizontal surface in the scene's light."""
    up = np.array([0.0, 0.0, 1.0])
    red, green, blue = scene.light.on(
        (colour[0] * strength, colour[1] * strength, colour[2] * strength), up
    )
    return red, green, blue


def compose(rng: np.random.Generator) -> Scene:
    """Return a random scene."""
    shorter = int(rng.integers(120, 181))
    shape = (1.0, 4 / 3, 4 / 3, 3 / 2, 16 / 9, 3 / 4)[int(rng.integers(0, 6))]
    wide, high = (
        (round(shorter * shape), shorter) if shape >= 1 else (shorter, round(shorter / shape))
    )
    side = 1 if rng.random() < 0.5 else -1
    turn = float(np.clip(rng.normal(0, 0.5), -1.0, 1.0))
    shot = Shot(
        width=wide,
        height=high,
        azimuth=side * math.pi / 2 + turn,
        distance=rng.uniform(1.9, 4.5),
        elevation=rng.uniform(0.2, 0.7),
        roll=rng.normal(0, 0.02),
        share=rng.uniform(0.6, 0.88),
        offset=(rng.uniform(-0.45, 0.45), rng.uniform(-0.35, 0.45)),
    )
    weather = str(rng.choice(list(WEATHERS), p=CHANCES))
    _, _, sun, ambient, tint = WEATHERS[weather]
    around, up = rng.uniform(0, 2 * math.pi), rng.uniform(0.35, 1.1)
    direction = np.array(
        [math.cos(around) * math.cos(up), math.sin(around) * math.cos(up), math.sin(up)]
    )
    lamps = weather in ("night", "fog") or rng.random() < 0.15
    light = Light(direction, sun, ambient, tint, lamps)
    paint = jitter(PAINTS[int(rng.integers(len(PAINTS)))], rng)
    other = jitter(PAINTS[int(rng.integers(len(PAINTS)))], rng)
    second = other if rng.random() < 0.6 else paint
    ground = GROUNDS[str(rng.choice(list(GROUNDS)))]
    backdrop = str(rng.choice(["open", "trees", "buildings", "hills", "wall"]))
    return Scene(
        shot,
        weather,
        light,
        paint,
        second,
        jitter(ground, rng),
        backdrop,
        int(rng.integers(2**31)),
    )
