"""Everything but the vehicle: place, weather, light, what stands behind and in front of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from drawing.camera import SHARPER, Light, Shot, View
from drawing.solids import Colour, Points

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
    """One place and moment. The same scene is photographed once with a car, once with a truck."""

    shot: Shot
    weather: str
    light: Light
    paint: Colour
    second_paint: Colour
    ground: Colour
    backdrop: str
    paint_seed: int


def _jitter(colour: Colour, rng: np.random.Generator, amount: float = 14) -> Colour:
    red, green, blue = np.clip(np.array(colour) + rng.uniform(-amount, amount, 3), 6, 248).tolist()
    return red, green, blue


def compose(rng: np.random.Generator) -> Scene:
    """Draw a scene by chance."""
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
    paint = _jitter(PAINTS[int(rng.integers(len(PAINTS)))], rng)
    other = _jitter(PAINTS[int(rng.integers(len(PAINTS)))], rng)
    second = other if rng.random() < 0.6 else paint
    ground = GROUNDS[str(rng.choice(list(GROUNDS)))]
    backdrop = str(rng.choice(["open", "trees", "buildings", "hills", "wall"]))
    return Scene(
        shot,
        weather,
        light,
        paint,
        second,
        _jitter(ground, rng),
        backdrop,
        int(rng.integers(2**31)),
    )


def _lit(colour: Colour, scene: Scene, strength: float = 1.0) -> tuple[int, int, int]:
    up = np.array([0.0, 0.0, 1.0])
    red, green, blue = scene.light.on(
        (colour[0] * strength, colour[1] * strength, colour[2] * strength), up
    )
    return red, green, blue


def paint_background(scene: Scene, view: View) -> Image.Image:
    """Sky, what stands at the horizon, the ground and the road."""
    rng = np.random.Generator(np.random.PCG64(scene.paint_seed))
    size = (scene.shot.width * SHARPER, scene.shot.height * SHARPER)
    left, right = view.horizon()
    slope = (right[1] - left[1]) / (right[0] - left[0])

    def horizon_at(x: float) -> float:
        return float(left[1] + slope * (x - left[0]))

    picture = _sky(scene, size, horizon_at(size[0] / 2), rng)
    draw = ImageDraw.Draw(picture)
    _backdrop(draw, scene, size, horizon_at, rng)
    snow = scene.weather == "snow"
    ground = (226, 230, 236) if snow else scene.ground
    draw.polygon(
        [
            (0, horizon_at(0)),
            (size[0], horizon_at(size[0])),
            (size[0], size[1] * 3),
            (0, size[1] * 3),
        ],
        fill=_lit(ground, scene, 0.92),
    )
    _road(draw, scene, view, rng)
    bumps = rng.normal(128, 5, (size[1] // 5, size[0] // 5))
    rough = Image.fromarray(np.clip(bumps, 0, 255).astype(np.uint8))
    rough = rough.resize(size, Image.Resampling.BILINEAR).convert("RGB")
    picture = ImageChops.add(picture, rough, offset=-128)
    if scene.weather == "fog" or rng.random() < 0.35:
        picture = picture.filter(ImageFilter.BoxBlur(rng.uniform(1, 4)))
    return picture


def _sky(
    scene: Scene, size: tuple[int, int], horizon: float, rng: np.random.Generator
) -> Image.Image:
    top, low, *_ = WEATHERS[scene.weather]
    share = np.clip(np.arange(size[1]) / max(horizon, 1.0), 0, 1)[:, None, None]
    column = np.array(_jitter(top, rng)) * (1 - share) + np.array(_jitter(low, rng)) * share
    rows = np.repeat(np.clip(column, 0, 255).astype(np.uint8), size[0], axis=1)
    picture = Image.fromarray(rows)
    if scene.weather in ("clear", "evening", "cloudy"):
        clouds = Image.fromarray(rng.integers(0, 256, (5, 8), dtype=np.uint8))
        mask = clouds.resize(size, Image.Resampling.BICUBIC).point(lambda v: max(0, v - 140))
        picture.paste(tuple(round(c) for c in _jitter((236, 232, 230), rng)), (0, 0), mask)
    return picture


def _backdrop(
    draw: ImageDraw.ImageDraw,
    scene: Scene,
    size: tuple[int, int],
    horizon_at,
    rng: np.random.Generator,
) -> None:
    width, height = size
    night = scene.weather == "night"
    base = horizon_at(width / 2) + height * 0.02
    if scene.backdrop == "hills":
        for tone in (0.8, 0.6):
            knots = np.linspace(-0.1, 1.1, 9)
            tops = base - rng.uniform(0.02, 0.22, 9) * height * tone
            line = [(k * width, t) for k, t in zip(knots, tops, strict=True)]
            draw.polygon(
                [*line, (width * 1.1, base), (-width * 0.1, base)],
                fill=_lit(_jitter((88, 112, 96), rng), scene, tone),
            )
    elif scene.backdrop == "trees":
        for x in np.arange(-0.05, 1.1, 0.07):
            middle, radius = (
                (x + rng.uniform(-0.04, 0.04)) * width,
                rng.uniform(0.06, 0.16) * height,
            )
            trunk = base - radius * 0.5
            draw.rectangle([middle - 3, trunk, middle + 3, base], fill=_lit((84, 62, 46), scene))
            for _ in range(4):
                cx, cy = (
                    middle + rng.uniform(-0.5, 0.5) * radius,
                    trunk - rng.uniform(0.2, 1.2) * radius,
                )
                green = _lit(_jitter((62, 96, 48), rng, 22), scene)
                draw.ellipse(
                    [cx - radius * 0.7, cy - radius * 0.6, cx + radius * 0.7, cy + radius * 0.6],
                    fill=green,
                )
    elif scene.backdrop == "buildings":
        x = -rng.uniform(0, 0.1) * width
        while x < width:
            across, top = rng.uniform(0.08, 0.3) * width, base - rng.uniform(0.12, 0.6) * height
            wall = _jitter((164, 148, 134), rng, 45)
            draw.rectangle([x, top, x + across, base], fill=_lit(wall, scene, 0.85))
            step = rng.uniform(10, 18)
            for wx in np.arange(x + step * 0.5, x + across - step * 0.6, step):
                for wy in np.arange(top + step * 0.5, base - step * 0.5, step * 1.2):
                    lit_window = night and rng.random() < 0.4
                    pane = (240, 208, 128) if lit_window else _lit((70, 82, 96), scene)
                    draw.rectangle([wx, wy, wx + step * 0.5, wy + step * 0.65], fill=pane)
            x += across + rng.uniform(-0.02, 0.06) * width
    elif scene.backdrop == "wall":
        top = base - rng.uniform(0.12, 0.5) * height
        wall = _jitter(PAINTS[int(rng.integers(len(PAINTS)))], rng, 30)
        draw.rectangle([0, top, width, base], fill=_lit(wall, scene, 0.8))
        for x in np.arange(rng.uniform(0, 0.1), 1, rng.uniform(0.05, 0.2)):
            draw.line([(x * width, top), (x * width, base)], fill=_lit(wall, scene, 0.66), width=2)
        draw.rectangle([0, top, width, top + 4], fill=_lit(wall, scene, 0.6))


def _road(draw: ImageDraw.ImageDraw, scene: Scene, view: View, rng: np.random.Generator) -> None:
    unit = view.unit
    near, far, turn = rng.uniform(-2.0, -0.6), rng.uniform(0.5, 1.6), rng.normal(0, 0.12)

    def strip(x0: float, x1: float, y0: float, y1: float, colour: tuple[int, int, int]) -> None:
        corners = np.array([(x0, y0, 0), (x1, y0, 0), (x1, y1, 0), (x0, y1, 0)], dtype=float)
        corners[:, 1] += corners[:, 0] * turn
        flat = view.project_ground(corners * unit)
        if flat is not None:
            draw.polygon([tuple(p) for p in np.clip(flat, -1e4, 1e4).tolist()], fill=colour)

    snow = scene.weather == "snow"
    grey = rng.uniform(172, 206) if snow else rng.uniform(74, 116)
    asphalt = (grey, grey, grey * 1.03)
    strip(-40, 40, near, far, _lit(asphalt, scene))
    if rng.random() < 0.7:
        mark = _lit((222, 220, 206), scene, 0.95)
        line = near + 0.12 if rng.random() < 0.5 else far - 0.12
        for x in np.arange(-12, 12, 1.1):
            strip(x, x + 0.55, line - 0.02, line + 0.02, mark)
    if rng.random() < 0.5:
        kerb = _lit((176, 174, 168), scene)
        strip(-40, 40, far, far + 0.06, kerb)
        strip(-40, 40, near - 0.06, near, kerb)


def paint_foreground(picture: Image.Image, scene: Scene) -> Image.Image:
    """What stands in the way (a pole, a trunk, a bush, a fence), rain or snow, and fog."""
    rng = np.random.Generator(np.random.PCG64(scene.paint_seed + 1))
    width, height = picture.size
    draw = ImageDraw.Draw(picture)
    kind = str(
        rng.choice(
            ["nothing", "pole", "trunk", "bush", "fence", "sign"],
            p=[0.6, 0.12, 0.05, 0.1, 0.07, 0.06],
        )
    )
    x = rng.uniform(0.08, 0.92) * width
    if kind in ("pole", "trunk", "sign"):
        thick = {"pole": 0.012, "trunk": 0.035, "sign": 0.01}[kind] * width
        colour = _lit((86, 66, 50) if kind == "trunk" else (110, 112, 114), scene)
        draw.rectangle(
            [x - thick, 0 if kind != "sign" else height * 0.4, x + thick, height], fill=colour
        )
        if kind == "sign":
            radius, y = 0.06 * width, height * 0.36
            draw.ellipse(
                [x - radius, y - radius, x + radius, y + radius], fill=_lit((196, 40, 36), scene)
            )
            draw.rectangle(
                [x - radius * 0.6, y - radius * 0.2, x + radius * 0.6, y + radius * 0.2],
                fill=_lit((236, 236, 236), scene),
            )
    elif kind == "bush":
        for _ in range(14):
            cx, cy = x + rng.normal(0, 0.08) * width, height - abs(rng.normal(0, 0.05)) * height
            radius = rng.uniform(0.03, 0.08) * width
            draw.ellipse(
                [cx - radius, cy - radius, cx + radius, cy + radius],
                fill=_lit(_jitter((66, 104, 50), rng, 20), scene),
            )
    elif kind == "fence":
        colour = _lit(_jitter((150, 140, 124), rng), scene)
        for y in (0.86, 0.93):
            draw.rectangle([0, y * height, width, (y + 0.018) * height], fill=colour)
        for post in np.arange(rng.uniform(0, 0.1), 1, 0.14):
            draw.rectangle(
                [post * width, 0.83 * height, (post + 0.014) * width, height], fill=colour
            )
    if scene.weather == "snow":
        for fx, fy, radius in rng.uniform((0, 0, 1), (width, height, 3.4), (70, 3)).tolist():
            draw.ellipse([fx - radius, fy - radius, fx + radius, fy + radius], fill=(240, 243, 248))
    elif scene.weather == "cloudy" and rng.random() < 0.4:
        for fx, fy in rng.uniform((0, 0), (width, height), (60, 2)).tolist():
            draw.line([(fx, fy), (fx - 3, fy + 16)], fill=(196, 202, 210), width=1)
    if scene.weather == "fog":
        mist = Image.new("RGB", picture.size, (204, 206, 206))
        picture = Image.blend(picture, mist, rng.uniform(0.15, 0.4))
    return picture


def glow(picture: Image.Image, places: Points, radius: float) -> Image.Image:
    """The shine around lamps that are on, at pixel ``places``."""
    halo = Image.new("L", picture.size, 0)
    draw = ImageDraw.Draw(halo)
    for x, y in places.tolist():
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=150)
    halo = halo.filter(ImageFilter.BoxBlur(radius * 0.7))
    picture.paste((255, 246, 214), (0, 0), halo)
    return picture
