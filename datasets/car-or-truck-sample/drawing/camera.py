"""The camera: its position, the projection of a vehicle, and the effects of lens and sensor."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from drawing.solids import RUBBER, Colour, Face, Part, Points, Vehicle, Wheel

_ANGLES = np.linspace(0, 2 * np.pi, 20, endpoint=False)
CIRCLE = np.stack([np.cos(_ANGLES), np.zeros(20), np.sin(_ANGLES)], axis=1)
OVERSAMPLING = 2  # Pictures are drawn this many times larger, then reduced: smooth edges.


@dataclass(frozen=True)
class Shot:
    """The camera's settings for one photo.

    Lengths are in units of the vehicle's own size, so that size and place in the picture do not
    depend on the class.
    """

    width: int
    height: int
    azimuth: float
    distance: float
    elevation: float
    roll: float
    share: float
    offset: tuple[float, float]


@dataclass(frozen=True)
class View:
    """A pinhole camera fitted to a frame: projects metres to pixels of the large picture."""

    eye: Points
    axes: Points
    scale: float
    shift: Points
    unit: float

    @classmethod
    def of(cls, shot: Shot, vehicle: Vehicle) -> View:
        """Return the camera that shows `vehicle` with the size and place of `shot`."""
        length, _, height = vehicle.extent()
        unit = math.sqrt(length * height)
        target = np.array([0.0, 0.0, height * 0.5])
        toward = np.array([math.cos(shot.azimuth), math.sin(shot.azimuth), 0.0])
        eye = toward * shot.distance * unit + np.array([0, 0, shot.elevation * unit])
        forward = (target - eye) / np.linalg.norm(target - eye)
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        up = np.cross(right, forward)
        cos, sin = math.cos(shot.roll), math.sin(shot.roll)
        axes = np.stack([cos * right + sin * up, sin * right - cos * up, forward])
        bare = cls(eye, axes, 1.0, np.zeros(2), unit)
        flat = bare.project(vehicle.corners)
        low, high = flat.min(axis=0), flat.max(axis=0)
        frame = np.array([shot.width, shot.height]) * OVERSAMPLING
        span = high - low
        preferred = shot.share * math.sqrt(frame[0] * frame[1]) / math.sqrt(span[0] * span[1])
        scale = float(min(preferred, *(0.97 * frame / span)))
        middle = frame * (0.5 + np.array(shot.offset) * np.maximum(0.0, 1 - span * scale / frame))
        return cls(eye, axes, scale, middle - scale * (low + high) / 2, unit)

    def project(self, points: Points) -> Points:
        """Project (n, 3) metres to (n, 2) pixels.

        They are rounded, so that the last bits of a sine do not change the picture.
        """
        relative = (points - self.eye) @ self.axes.T
        flat = relative[:, :2] / np.maximum(relative[:, 2:], 1e-3) * self.scale + self.shift
        return np.round(flat * 16) / 16

    def project_ground(self, points: Points) -> Points | None:
        """Project a polygon, without the part behind the camera; None where nothing is in front."""
        depth = (points - self.eye) @ self.axes[2] - 0.2 * self.unit
        visible = []
        for index in range(len(points)):
            after = (index + 1) % len(points)
            if depth[index] > 0:
                visible.append(points[index])
            if (depth[index] > 0) != (depth[after] > 0):
                along = depth[index] / (depth[index] - depth[after])
                visible.append(points[index] + along * (points[after] - points[index]))
        return self.project(np.array(visible)) if len(visible) > 2 else None

    def horizon(self) -> tuple[Points, Points]:
        """Return two points of the horizon, left and right of the frame."""
        level = self.axes[2] * np.array([1.0, 1.0, 0.0])
        aside = np.cross(level, [0.0, 0.0, 1.0])
        far = [self.eye + 1e5 * (level + side * aside) for side in (-1.0, 1.0)]
        left, right = self.project(np.array(far))
        return left, right


@dataclass(frozen=True)
class Light:
    """Direction, strength and tint of the light; `lamps`: whether the vehicle's own are on."""

    direction: Points
    sun: float
    ambient: float
    tint: Colour
    lamps: bool

    def on(self, colour: Colour, normal: Points) -> tuple[int, int, int]:
        """Return the colour of a face with this normal."""
        strength = self.ambient * (0.85 + 0.15 * normal[2])
        strength += self.sun * max(0.0, float(normal @ self.direction))
        red, green, blue = (
            min(255, round(c * strength * t)) for c, t in zip(colour, self.tint, strict=True)
        )
        return red, green, blue


def _fill(draw: ImageDraw.ImageDraw, points: Points, colour: tuple[int, int, int]) -> None:
    draw.polygon([tuple(p) for p in points.tolist()], fill=colour)


def _draw_face(draw: ImageDraw.ImageDraw, view: View, light: Light, face: Face) -> None:
    normal = face.normal()
    if normal @ (view.eye - face.points.mean(axis=0)) <= 0:
        return
    _fill(draw, view.project(face.points), light.on(face.colour, normal))
    for decal in face.decals:
        colour = light.on(decal.colour, normal)
        if decal.glows and light.lamps:
            red, green, blue = (round(c) for c in decal.colour)
            colour = red, green, blue
        _fill(draw, view.project(decal.points), colour)


def _draw_part(draw: ImageDraw.ImageDraw, view: View, light: Light, part: Part) -> None:
    def distance(face: Face) -> float:
        return float(np.linalg.norm(face.points.mean(axis=0) - view.eye))

    for face in sorted(part.faces, key=distance, reverse=True):
        _draw_face(draw, view, light, face)


def _disc(x: float, y: float, z: float, radius: float) -> Points:
    return CIRCLE * radius + np.array([x, y, z])


def _draw_tyre(
    draw: ImageDraw.ImageDraw, view: View, light: Light, wheel: Wheel, side: int
) -> None:
    normal = np.array([0.0, float(side), 0.0])
    for depth in (wheel.width, wheel.width / 2, 0.0):
        rubber = light.on(RUBBER, normal)
        disc = _disc(wheel.x, side * (wheel.half_track - depth), wheel.radius, wheel.radius)
        _fill(draw, view.project(disc), rubber)


def _draw_wheel_face(
    draw: ImageDraw.ImageDraw, view: View, light: Light, wheel: Wheel, side: int
) -> None:
    normal = np.array([0.0, float(side), 0.0])
    y = side * (wheel.half_track + 0.01)
    rings: list[tuple[float, Colour]] = [
        (1.12, (14, 14, 15)),
        (1.0, RUBBER),
        (wheel.rim, (150, 152, 156)),
        (wheel.rim * 0.75, (92, 94, 98)),
        (wheel.rim * 0.3, (170, 172, 176)),
    ]
    for share, colour in rings:
        disc = _disc(wheel.x, y, wheel.radius, wheel.radius * share)
        disc[:, 2] = np.maximum(disc[:, 2], 0.0)
        _fill(draw, view.project(disc), light.on(colour, normal))


def draw_vehicle(picture: Image.Image, view: View, light: Light, vehicle: Vehicle) -> None:
    """Draw the shadow, then everything from far to near."""
    length, width, height = vehicle.extent()
    coarse = 4
    shadow = Image.new("L", (picture.width // coarse, picture.height // coarse), 0)
    lean = light.direction[:2] / max(light.direction[2], 0.35) * height * 0.25 * (light.sun > 0.2)
    foot = np.array([(x, y, 0.0) for x, y in ((1, 1), (-1, 1), (-1, -1), (1, -1))])
    foot *= [length * 0.5, width * 0.5, 1.0]
    pen = ImageDraw.Draw(shadow)
    for step in (0.0, 0.5, 1.0):
        moved = foot - step * np.array([lean[0], lean[1], 0.0])
        pen.polygon([tuple(p) for p in (view.project(moved) / coarse).tolist()], fill=170)
    shadow = shadow.filter(ImageFilter.BoxBlur(shadow.width * 0.012))
    picture.paste((12, 12, 16), (0, 0), shadow.resize(picture.size, Image.Resampling.BILINEAR))

    draw = ImageDraw.Draw(picture)
    near_side = 1 if view.eye[1] > 0 else -1
    for side in (-near_side, near_side):
        for wheel in vehicle.wheels:
            _draw_tyre(draw, view, light, wheel, side)
    centres = [float(np.linalg.norm((part.centre() - view.eye)[:2])) for part in vehicle.parts]
    for index in sorted(range(len(centres)), key=centres.__getitem__, reverse=True):
        _draw_part(draw, view, light, vehicle.parts[index])
    if abs(view.eye[1]) > vehicle.wheels[0].half_track:
        for wheel in vehicle.wheels:
            _draw_wheel_face(draw, view, light, wheel, near_side)


def develop(picture: Image.Image, rng: np.random.Generator) -> bytes:
    """Return the JPEG: reduce, blur, exposure, colour cast, vignette, noise, compression."""
    picture = picture.reduce(OVERSAMPLING)
    blur = rng.random()
    radius = rng.uniform(0.4, 1.0)
    if blur < 0.25:
        picture = picture.filter(ImageFilter.GaussianBlur(radius))
    pixels = np.asarray(picture, dtype=np.float32)
    exposure = rng.uniform(0.8, 1.2) * rng.uniform(0.93, 1.07, 3)
    height, width, _ = pixels.shape
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None, None]
    columns = np.linspace(-1, 1, width, dtype=np.float32)[None, :, None]
    vignette = 1 - np.float32(rng.uniform(0, 0.25)) * (rows**2 + columns**2) / 2
    noise = rng.standard_normal((height, width, 3), dtype=np.float32)
    amount = np.float32(rng.choice([1.5, 3.0, 5.0, 9.0], p=[0.4, 0.35, 0.18, 0.07]))
    pixels = pixels * exposure.astype(np.float32) * vignette + amount * noise
    if rng.random() < 0.04:
        pixels = np.repeat(pixels.mean(axis=2, keepdims=True), 3, axis=2)
    out = io.BytesIO()
    quality = int(rng.integers(50, 95))
    Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8)).save(
        out, "JPEG", quality=quality
    )
    return out.getvalue()
