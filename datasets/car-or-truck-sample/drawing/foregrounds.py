"""The foreground of a photo: a pole, a bush or a fence; rain, snow and fog."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from drawing.scenes import Scene, illuminate, jitter


def paint_foreground(picture: Image.Image, scene: Scene) -> Image.Image:
    """Return the picture with an obstacle (pole, trunk, sign, bush, fence or none) and weather."""
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
        colour = illuminate((86, 66, 50) if kind == "trunk" else (110, 112, 114), scene)
        draw.rectangle(
            [x - thick, 0 if kind != "sign" else height * 0.4, x + thick, height], fill=colour
        )
        if kind == "sign":
            radius, y = 0.06 * width, height * 0.36
            draw.ellipse(
                [x - radius, y - radius, x + radius, y + radius],
                fill=illuminate((196, 40, 36), scene),
            )
            draw.rectangle(
                [x - radius * 0.6, y - radius * 0.2, x + radius * 0.6, y + radius * 0.2],
                fill=illuminate((236, 236, 236), scene),
            )
    elif kind == "bush":
        for _ in range(14):
            cx, cy = x + rng.normal(0, 0.08) * width, height - abs(rng.normal(0, 0.05)) * height
            radius = rng.uniform(0.03, 0.08) * width
            draw.ellipse(
                [cx - radius, cy - radius, cx + radius, cy + radius],
                fill=illuminate(jitter((66, 104, 50), rng, 20), scene),
            )
    elif kind == "fence":
        colour = illuminate(jitter((150, 140, 124), rng), scene)
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
