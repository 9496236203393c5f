"""Photos for Pillow: WebP and TIFF, which TensorFlow cannot decode in every release, and BMP.

Of a BMP with a palette, TensorFlow takes the places in the palette for its colours.
"""

import io

import numpy as np
from numpy.typing import NDArray

EXTENSIONS = (".webp", ".tif", ".tiff")
STARTS = (b"RIFF", b"II*\0", b"MM\0*", b"BM")  # the first bytes
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def is_of_pillow(contents: bytes) -> bool:
    """Return whether the contents of a file begin as WebP, TIFF or BMP do."""
    return contents.startswith(STARTS)


def size(contents: bytes) -> tuple[int, int]:
    """Return width and height, without decoding the picture.

    Raises:
        ValueError: when it is no picture.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(contents)) as picture:
            return picture.size
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(str(error)) from None


def decode(contents: bytes, channels: int) -> NDArray[np.uint8]:
    """Return the first picture of the file as pixels [height, width, channels] in 0…255.

    Values of 16 bits are brought to eight.

    Raises:
        OSError: when it is damaged.
        ValueError: when its values have 32 bits, of which nobody knows the range.
    """
    from PIL import Image

    with Image.open(io.BytesIO(contents)) as picture:
        if picture.mode in ("I", "F"):
            raise ValueError("its values have 32 bits: save it with 8")
        if picture.mode.startswith("I;16"):
            eight_bits = (np.asarray(picture) >> 8).astype(np.uint8)
            converted = Image.fromarray(eight_bits).convert(_MODES[channels])
        else:
            converted = picture.convert(_MODES[channels])
        return np.asarray(converted, dtype=np.uint8).reshape(*converted.size[::-1], channels)
