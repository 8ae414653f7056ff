"""Colour, marker and line style of each component."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.colors import to_rgb
from numpy.typing import ArrayLike, NDArray

PALETTE = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#000000",
    "#6B4C1E",
)
"""Okabe and Ito's colours, with brown for their yellow, too pale for lines."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
LINE_STYLES = (
    "-",
    "--",
    "-.",
    ":",
    (0, (7, 2)),
    (0, (5, 1, 1, 1, 1, 1)),
    (0, (3, 1, 1, 1)),
    (0, (2, 1)),
)


@dataclass(frozen=True)
class ComponentStyle:
    """How one component is drawn wherever it appears.

    Attributes
    ----------
    colour : tuple of float
        Red, green and blue in [0, 1].
    marker : str
        Matplotlib marker of the points that most probably belong to it.
    line_style : str or tuple
        Matplotlib line style of its curves and ellipses.
    label : str
        Legend text: number, counted from 1, and weight.
    """

    colour: tuple[float, float, float]
    marker: str
    line_style: Any
    label: str


def component_styles(weights: ArrayLike) -> tuple[ComponentStyle, ...]:
    """Return a style for each component.

    Up to eight components have colours after Okabe and Ito, which people with
    any common colour vision tell apart; more are spread over viridis.

    Parameters
    ----------
    weights : array-like of shape (K,)
        Mixture weights, written into the labels.

    Returns
    -------
    tuple of ComponentStyle

    Examples
    --------
    >>> [style.label for style in component_styles([0.36, 0.64])]
    ['component 0 · 36 %', 'component 1 · 64 %']
    """
    values = np.asarray(weights, dtype=np.float64)
    return tuple(
        ComponentStyle(
            colour=colour,
            marker=MARKERS[index % len(MARKERS)],
            line_style=LINE_STYLES[index % len(LINE_STYLES)],
            label=f"component {index} · {percent(weight)}",
        )
        for index, (colour, weight) in enumerate(
            zip(_colours(len(values)), values, strict=True)
        )
    )


def _colours(count: int) -> list[tuple[float, float, float]]:
    if count <= len(PALETTE):
        return [to_rgb(colour) for colour in PALETTE[:count]]
    # The last tenth of viridis is too pale on white.
    positions = np.linspace(0.0, 0.9, count)
    return [to_rgb(colour) for colour in matplotlib.colormaps["viridis"](positions)]


def percent(fraction: float) -> str:
    """Write a fraction as a percentage, with a decimal where it is small.

    Examples
    --------
    >>> percent(0.3558), percent(0.0042), percent(0.0), percent(1e-5)
    ('36 %', '0.4 %', '0 %', '< 0.1 %')
    """
    if 0 < fraction < 0.0005:
        return "< 0.1 %"
    decimals = 1 if 0 < fraction < 0.00995 else 0
    return f"{100 * fraction:.{decimals}f} %"


def blend(
    responsibilities: ArrayLike, styles: Sequence[ComponentStyle]
) -> NDArray[np.float64]:
    """Mix the component colours in proportion to the responsibilities.

    Parameters
    ----------
    responsibilities : array-like of shape (n, K)
        Rows sum to 1.
    styles : sequence of ComponentStyle, length K

    Returns
    -------
    ndarray of shape (n, 3)
        Red, green and blue in [0, 1].

    Examples
    --------
    >>> styles = component_styles([0.5, 0.5])
    >>> bool((blend([[0.0, 1.0]], styles)[0] == styles[1].colour).all())
    True
    """
    palette = np.array([style.colour for style in styles])  # (K, 3)
    shares = np.asarray(responsibilities, dtype=np.float64)
    mixed: NDArray[np.float64] = np.clip(shares @ palette, 0.0, 1.0)
    return mixed
