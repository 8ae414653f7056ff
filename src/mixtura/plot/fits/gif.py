"""Pictures of one size as an animated GIF of few colours."""

from collections.abc import Iterable, Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]
"""Red, green and blue, (height, width, 3)."""

PAPER = 240
"""Colours as light as this, from 0 to 255, are made white."""

PALETTE_PICTURES = 8
"""Pictures from which the common colours are chosen."""


def gif(pictures: Iterable[Picture], seconds: Sequence[float], n_colours: int) -> bytes:
    """Encode pictures, all with the same palette, so that only changes take space.

    Parameters
    ----------
    pictures : iterable of Picture
    seconds : sequence of float
        How long each is shown.
    n_colours : int
        From 2 to 256.

    Returns
    -------
    bytes
        Of a GIF that repeats for ever.
    """
    images = [Image.fromarray(picture) for picture in pictures]
    palette = _common_palette(images, n_colours)
    first, *rest = (
        image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images
    )
    buffer = BytesIO()
    first.save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=rest,
        duration=[round(100 * time) * 10 for time in seconds],
        loop=0,
        optimize=True,
        disposal=1,
    )
    return buffer.getvalue()


def _common_palette(images: Sequence[Image.Image], n_colours: int) -> Image.Image:
    """Choose colours that suit pictures from the beginning to the end."""
    places = np.linspace(0, len(images) - 1, min(len(images), PALETTE_PICTURES))
    width, height = images[0].size
    montage = Image.new("RGB", (width, height * len(places)))
    for row, place in enumerate(places.round().astype(int)):
        montage.paste(images[place], (0, row * height))
    palette = montage.quantize(n_colours, method=Image.Quantize.MEDIANCUT)
    # Pillow takes a colour near the best, which would turn white paper grey.
    colours = np.array(palette.getpalette())
    colours[np.repeat((colours.reshape(-1, 3) >= PAPER).all(axis=1), 3)] = 255
    palette.putpalette(colours.tolist())
    return palette
