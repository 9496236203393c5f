"""The background of a photo: sky, backdrop at the horizon, ground and road."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from drawing.camera import OVERSAMPLING, View
from drawing.scenes import PAINTS, WEATHERS, Scene, illuminate, jitter

Draw = ImageDraw.ImageDraw
Size = tuple[int, int]


def paint_background(scene: Scene, view: View) -> Image.Image:
    """Return the picture without its vehicle: sky, backdrop, ground and road."""
    rng = np.random.Generator(np.random.PCG64(scene.paint_seed))
    size = (scene.shot.width * OVERSAMPLING, scene.shot.height * OVERSAMPLING)
    left, right = view.horizon()
    slope = (right[1] - left[1]) / (right[0] - left[0])

    def horizon_at(x: float) -> float:
        return float(left[1] + slope * (x - left[0]))

    picture = _sky(scene, size, horizon_at(size[0] / 2), rng)
    draw = ImageDraw.Draw(picture)
    if scene.backdrop in BACKDROPS:
        base = horizon_at(size[0] / 2) + size[1] * 0.02
        BACKDROPS[scene.backdrop](draw, scene, size, base, rng)
    snow = scene.weather == "snow"
    ground = (226, 230, 236) if snow else scene.ground
    draw.polygon(
        [
            (0, horizon_at(0)),
            (size[0], horizon_at(size[0])),
            (size[0], size[1] * 3),
            (0, size[1] * 3),
        ],
        fill=illuminate(ground, scene, 0.92),
    )
    _road(draw, scene, view, rng)
    bumps = rng.normal(128, 5, (size[1] // 5, size[0] // 5))
    rough = Image.fromarray(np.clip(bumps, 0, 255).astype(np.uint8))
    rough = rough.resize(size, Image.Resampling.BILINEAR).convert("RGB")
    picture = ImageChops.add(picture, rough, offset=-128)
    if scene.weather == "fog" or rng.random() < 0.35:
        picture = picture.filter(ImageFilter.BoxBlur(rng.uniform(1, 4)))
    return picture


def _sky(scene: Scene, size: Size, horizon: float, rng: np.random.Generator) -> Image.Image:
    top, low, *_ = WEATHERS[scene.weather]
    share = np.clip(np.arange(size[1]) / max(horizon, 1.0), 0, 1)[:, None, None]
    column = np.array(jitter(top, rng)) * (1 - share) + np.array(jitter(low, rng)) * share
    rows = np.repeat(np.clip(column, 0, 255).astype(np.uint8), size[0], axis=1)
    picture = Image.fromarray(rows)
    if scene.weather in ("clear", "evening", "cloudy"):
        clouds = Image.fromarray(rng.integers(0, 256, (5, 8), dtype=np.uint8))
        mask = clouds.resize(size, Image.Resampling.BICUBIC).point(lambda v: max(0, v - 140))
        picture.paste(tuple(round(c) for c in jitter((236, 232, 230), rng)), (0, 0), mask)
    return picture


def _road(draw: Draw, scene: Scene, view: View, rng: np.random.Generator) -> None:
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
    strip(-40, 40, near, far, illuminate(asphalt, scene))
    if rng.random() < 0.7:
        mark = illuminate((222, 220, 206), scene, 0.95)
        line = near + 0.12 if rng.random() < 0.5 else far - 0.12
        for x in np.arange(-12, 12, 1.1):
            strip(x, x + 0.55, line - 0.02, line + 0.02, mark)
    if rng.random() < 0.5:
        kerb = illuminate((176, 174, 168), scene)
        strip(-40, 40, far, far + 0.06, kerb)
        strip(-40, 40, near - 0.06, near, kerb)


def _hills(draw: Draw, scene: Scene, size: Size, base: float, rng: np.random.Generator) -> None:
    width, height = size
    for tone in (0.8, 0.6):
        knots = np.linspace(-0.1, 1.1, 9)
        tops = base - rng.uniform(0.02, 0.22, 9) * height * tone
        line = [(k * width, t) for k, t in zip(knots, tops, strict=True)]
        draw.polygon(
            [*line, (width * 1.1, base), (-width * 0.1, base)],
            fill=illuminate(jitter((88, 112, 96), rng), scene, tone),
        )


def _trees(draw: Draw, scene: Scene, size: Size, base: float, rng: np.random.Generator) -> None:
    width, height = size
    for x in np.arange(-0.05, 1.1, 0.07):
        middle, radius = (
            (x + rng.uniform(-0.04, 0.04)) * width,
            rng.uniform(0.06, 0.16) * height,
        )
        trunk = base - radius * 0.5
        draw.rectangle([middle - 3, trunk, middle + 3, base], fill=illuminate((84, 62, 46), scene))
        for _ in range(4):
            cx, cy = (
                middle + rng.uniform(-0.5, 0.5) * radius,
                trunk - rng.uniform(0.2, 1.2) * radius,
            )
            green = illuminate(jitter((62, 96, 48), rng, 22), scene)
            draw.ellipse(
                [cx - radius * 0.7, cy - radius * 0.6, cx + radius * 0.7, cy + radius * 0.6],
                fill=green,
            )


def _buildings(draw: Draw, scene: Scene, size: Size, base: float, rng: np.random.Generator) -> None:
    width, height = size
    night = scene.weather == "night"
    x = -rng.uniform(0, 0.1) * width
    while x < width:
        across, top = rng.uniform(0.08, 0.3) * width, base - rng.uniform(0.12, 0.6) * height
        wall = jitter((164, 148, 134), rng, 45)
        draw.rectangle([x, top, x + across, base], fill=illuminate(wall, scene, 0.85))
        step = rng.uniform(10, 18)
        for wx in np.arange(x + step * 0.5, x + across - step * 0.6, step):
            for wy in np.arange(top + step * 0.5, base - step * 0.5, step * 1.2):
                is_lit = night and rng.random() < 0.4
                pane = (240, 208, 128) if is_lit else illuminate((70, 82, 96), scene)
                draw.rectangle([wx, wy, wx + step * 0.5, wy + step * 0.65], fill=pane)
        x += across + rng.uniform(-0.02, 0.06) * width


def _wall(draw: Draw, scene: Scene, size: Size, base: float, rng: np.random.Generator) -> None:
    width, height = size
    top = base - rng.uniform(0.12, 0.5) * height
    wall = jitter(PAINTS[int(rng.integers(len(PAINTS)))], rng, 30)
    draw.rectangle([0, top, width, base], fill=illuminate(wall, scene, 0.8))
    seam = illuminate(wall, scene, 0.66)
    for x in np.arange(rng.uniform(0, 0.1), 1, rng.uniform(0.05, 0.2)):
        draw.line([(x * width, top), (x * width, base)], fill=seam, width=2)
    draw.rectangle([0, top, width, top + 4], fill=illuminate(wall, scene, 0.6))


Backdrop = Callable[[Draw, Scene, Size, float, np.random.Generator], None]
BACKDROPS: dict[str, Backdrop] = {
    "hills": _hills,
    "trees": _trees,
    "buildings": _buildings,
    "wall": _wall,
}
