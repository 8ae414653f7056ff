"""Figures of matplotlib as elements of a page."""

import re
import warnings
from base64 import b64decode, b64encode
from collections.abc import Iterator
from io import BytesIO, StringIO
from itertools import count
from typing import Any
from xml.etree import ElementTree

import matplotlib
from matplotlib.figure import Figure, SubFigure
from PIL import Image

from mixtura.report.html import Element, Node
from mixtura.report.svg_path import shorter_path

DOTS_PER_INCH = 130
"""Of what is rasterised."""

COLOURS = 160
"""Of a rasterised crowd of points; a quarter of the size of all colours."""

SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: it can be read, searched and copied
    "text.parse_math": False,  # a dollar in the name of a column is a dollar
}
"""Of matplotlib, also while a figure is made."""

PNG = "data:image/png;base64,"

_UNWANTED = {"metadata", "style"}
_TEXTS = {"text", "tspan"}
_ROUNDED = {"x", "y", "width", "height", "transform"}
_REFERENCE = re.compile(r"url\(#([^)]*)\)")
_DECIMALS = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")


def svg_element(figure: Figure | SubFigure, prefix: str, label: str) -> Element:
    """Draw a figure as inline SVG.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    prefix : str
        Begins every id in it; no other picture of the page has the same one.
    label : str
        What a screen reader says.

    Returns
    -------
    Element
        Without name spaces, style sheets, or an id that nothing refers to.
    """
    buffer = StringIO()
    salted = {**SETTINGS, "svg.hashsalt": prefix}
    with matplotlib.rc_context(salted), warnings.catch_warnings():
        # Browsers bring fonts of their own for what matplotlib's lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.figure.savefig(buffer, format="svg", transparent=True, dpi=DOTS_PER_INCH)
    root = ElementTree.fromstring(buffer.getvalue())
    names = _new_names(root, prefix)
    attributes = (
        ("viewBox", root.attrib["viewBox"]),
        ("role", "img"),
        ("aria-label", label),
    )
    children = [child for node in root for child in _converted(node, names)]
    return Element("svg", attributes, tuple(children))


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _new_names(root: ElementTree.Element, prefix: str) -> dict[str, str]:
    """Short names for the ids that something refers to."""
    used: dict[str, None] = {}
    for node in root.iter():
        for key, value in node.attrib.items():
            if _local(key) == "href" and value.startswith("#"):
                used[value[1:]] = None
            used.update(dict.fromkeys(_REFERENCE.findall(value)))
    numbers = count(1)
    return {name: f"{prefix}-{next(numbers)}" for name in used}


def _converted(node: ElementTree.Element, names: dict[str, str]) -> Iterator[Node]:
    """Return the element of a node, or nothing where it would draw nothing."""
    name = _local(node.tag)
    if name in _UNWANTED:
        return
    children = [child for part in node for child in _converted(part, names)]
    text = [node.text] if name in _TEXTS and node.text else []
    attributes = tuple(_attributes(node, names))
    if children or text or attributes:
        yield Element(name, attributes, (*text, *children))


def _attributes(
    node: ElementTree.Element, names: dict[str, str]
) -> Iterator[tuple[str, str]]:
    for key, value in node.attrib.items():
        local = _local(key)
        if local == "id":
            if value in names:
                yield "id", names[value]
            continue
        if local == "d":
            value = shorter_path(value)
        elif local == "href":
            value = _linked(value, names)
        elif local in _ROUNDED:
            value = _DECIMALS.sub(lambda found: f"{float(found[0]):.2f}", value)
        yield local, _REFERENCE.sub(lambda found: f"url(#{names[found[1]]})", value)


def _linked(target: str, names: dict[str, str]) -> str:
    """Rename what lies within the picture; store an image with fewer colours."""
    if target.startswith("#"):
        return f"#{names[target[1:]]}"
    assert target.startswith(PNG)
    image = Image.open(BytesIO(b64decode(target.removeprefix(PNG))))
    packed = BytesIO()
    image.quantize(COLOURS, method=Image.Quantize.FASTOCTREE).save(
        packed, "png", optimize=True
    )
    return PNG + b64encode(packed.getvalue()).decode()
