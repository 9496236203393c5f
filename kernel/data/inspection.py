"""Find the photos that can be read.

The structure of every file is checked; only those that leave a doubt are decoded.
"""

import hashlib
import os
import struct
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from kernel.data import pillow

# What Keras indexes, and what Pillow decodes here.
EXTENSIONS = (".bmp", ".gif", ".jpeg", ".jpg", ".png", *pillow.EXTENSIONS)
_JPEG_FRAMES = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive
_JPEG_NO_FRAME = {0xC4, 0xC8, 0xCC}  # tables that share the frames' number range


@dataclass(frozen=True)
class SkippedPhoto:
    """A photo that is left out, and the reason."""

    path: str
    reason: str


@dataclass(frozen=True)
class FileInspection:
    """What the bytes of a file say about it.

    `reason` says why it cannot be a photo. `sure` means that it can be decoded for certain; then
    `size` is (height, width). `digest` identifies the contents; empty if the file cannot be read.
    `of_pillow`: it is WebP, TIFF or BMP, whatever its name.
    """

    digest: str
    reason: str = ""
    sure: bool = False
    size: tuple[int, ...] = ()
    of_pillow: bool = False


def inspect_files(
    paths: Sequence[str], *, channels: int, max_megapixels: float, decode_all: bool = False
) -> tuple[dict[str, FileInspection], list[SkippedPhoto]]:
    """Separate the photos that can be decoded to `channels` channels from the others.

    The structure proves it for complete JPEGs and PNGs of the usual kinds. All other files, or
    every file with `decode_all`, are decoded. Returns the inspections of the first
    by their paths, and the others in the order of `paths`.
    """
    with ThreadPoolExecutor(max_workers=4 * (os.cpu_count() or 1)) as pool:
        results = pool.map(lambda path: inspect_file(path, channels, max_megapixels), paths)
        inspections = dict(zip(paths, results, strict=True))
        doubtful = [
            path
            for path, inspection in inspections.items()
            if not inspection.reason and (decode_all or not inspection.sure)
        ]
        errors = pool.map(lambda path: _decoding_error(path, channels), doubtful)
        reasons = dict(zip(doubtful, errors, strict=True))
    reasons |= {path: each.reason for path, each in inspections.items() if each.reason}
    readable = {path: each for path, each in inspections.items() if not reasons.get(path)}
    return readable, [SkippedPhoto(path, reasons[path]) for path in paths if reasons.get(path)]


def inspect_file(path: str, channels: int, max_megapixels: float) -> FileInspection:
    """Read a file and check its structure, without decoding the picture."""
    try:
        path.encode("utf-8")
        data = Path(path).read_bytes()
    except UnicodeEncodeError:
        return FileInspection("", "its name is not valid UTF-8")
    except OSError as error:
        return FileInspection("", f"cannot be read: {error.strerror}")
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    if not path.lower().endswith(EXTENSIONS):
        return FileInspection(digest, f"not one of {', '.join(EXTENSIONS)}")
    if not data:
        return FileInspection(digest, "zero bytes")
    try:
        width, height, sure = _structure(data, channels)
    except (ValueError, IndexError, struct.error):
        return FileInspection(digest, "not a picture, or cut off in its header")
    if width * height > max_megapixels * 1e6:
        return FileInspection(
            digest, f"{width} x {height} is more than max_megapixels = {max_megapixels:g}"
        )
    size = (height, width) if sure else ()
    return FileInspection(digest, sure=sure, size=size, of_pillow=pillow.is_of_pillow(data))


def _structure(data: bytes, channels: int) -> tuple[int, int, bool]:
    """Return width, height, and whether the picture can be decoded for certain.

    Raises:
        ValueError, IndexError, struct.error: when it is no known picture, or cut off.
    """
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data, channels)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(data)
    if data[:6] in (b"GIF87a", b"GIF89a"):
        width, height = struct.unpack("<HH", data[6:10])
        return width, height, False
    if pillow.is_of_pillow(data):
        return *pillow.size(data), False
    raise ValueError("unknown signature")


def _jpeg(data: bytes, channels: int) -> tuple[int, int, bool]:
    at = 2
    while True:
        while data[at] == 0xFF and data[at + 1] == 0xFF:  # fill bytes
            at += 1
        if data[at] != 0xFF:
            raise ValueError("no marker")
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in _JPEG_NO_FRAME:
            bits, height, width, components = struct.unpack(">BHHB", data[at + 4 : at + 10])
            usual = marker in _JPEG_FRAMES and bits == 8 and components in (1, 3)
            complete = data.rstrip(b"\0").endswith(b"\xff\xd9")
            return width, height, usual and complete and channels in (1, 3)
        at += 2 + length


def _png(data: bytes) -> tuple[int, int, bool]:
    width, height, bits = struct.unpack(">IIB", data[16:25])
    at, complete = 8, False
    while at + 12 <= len(data) and not complete:
        length = int.from_bytes(data[at : at + 4], "big")
        body = data[at + 4 : at + 8 + length]
        checksum = data[at + 8 + length : at + 12 + length]
        if zlib.crc32(body) != int.from_bytes(checksum, "big"):
            break
        complete = body.startswith(b"IEND")
        at += 12 + length
    return width, height, complete and bits == 8


def _decoding_error(path: str, channels: int) -> str:
    """Return why the photo cannot be decoded in the way Keras does; empty when it can."""
    import tensorflow as tf

    if pillow.is_of_pillow(contents := Path(path).read_bytes()):
        try:
            pillow.decode(contents, channels)
        except (OSError, ValueError, SyntaxError, EOFError) as error:
            return f"cannot be decoded: {error}"
        return ""
    try:
        with tf.device("CPU"):
            picture = tf.io.decode_image(contents, channels=channels, expand_animations=False)
    except (tf.errors.OpError, MemoryError) as error:
        return _first_sentence(error)
    if len(picture.shape) != 3 or picture.shape[-1] != channels or 0 in picture.shape:
        return f"decodes to the shape {tuple(picture.shape)}"
    return ""


def _first_sentence(error: Exception) -> str:
    """Return the useful part of one of TensorFlow's long messages."""
    text = str(error).removeprefix("{{function_node __wrapped__DecodeImage_device_").strip()
    text = text.partition("}} ")[2] or text
    return "cannot be decoded: " + text.splitlines()[0].partition(" [Op:")[0].strip().rstrip(".")
