"""The parts that every section of a report is made of."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import to_hex
from matplotlib.markers import MarkerStyle

from mixtura.plot.drawing.colours import ComponentStyle
from mixtura.report.html import Content, Element, tag


def section(name: str, title: str, *content: Content) -> Element:
    """Return a section with a heading, which the contents link to."""
    heading = tag("h2", title, id=f"{name}-title")
    return tag("section", heading, *content, id=name, aria_labelledby=f"{name}-title")


def table(
    caption: Content,
    head: Sequence[Content],
    rows: Sequence[Sequence[Content]],
    *,
    class_: str = "",
) -> Element:
    """Return a table in a box of its own, in which it scrolls where it is too wide.

    Parameters
    ----------
    caption : content
    head : sequence of content
        Headings of the columns.
    rows : sequence of sequences of content
        The first cell of each is its heading.
    class_ : str
    """
    body = [
        tag("tr", tag("th", row[0], scope="row"), [tag("td", cell) for cell in row[1:]])
        for row in rows
    ]
    headings = [tag("th", cell, scope="col") for cell in head]
    whole = tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", headings)),
        tag("tbody", body),
        class_=class_ or None,
    )
    return tag("div", whole, class_="scroll", tabindex="0")


def figure(
    picture: Element, caption: Content, *extra: Content, grid: int = 1
) -> Element:
    """Return a picture with its caption, and a key if there is one.

    Parameters
    ----------
    picture : Element
    caption : content
    *extra : content
        Between the two.
    grid : int
        Panels side by side; a picture of many keeps a width at which they can be read.
    """
    box = tag(
        "div", picture, class_="scroll picture", tabindex="0", data_grid=str(grid)
    )
    return tag("figure", box, *extra, tag("figcaption", caption))


def details(summary: Content, *content: Content) -> Element:
    """Return what is shown only when asked for."""
    return tag("details", tag("summary", summary), *content)


def facts(pairs: Mapping[str, str]) -> Element:
    """Return names and values, side by side."""
    items = [
        tag("div", tag("dt", name), tag("dd", text)) for name, text in pairs.items()
    ]
    return tag("dl", items, class_="facts")


def key(entries: Sequence[tuple[Element, Content]]) -> Element:
    """Return the key of a picture: signs and what they mean."""
    return tag(
        "ul", [tag("li", sign, " ", text) for sign, text in entries], class_="key"
    )


def dot(style: ComponentStyle) -> Element:
    """Draw the marker of a component in its colour."""
    marker = MarkerStyle(style.marker)
    path = marker.get_path().transformed(marker.get_transform())
    outline = [
        "L".join(f"{7 + 9 * x:.1f} {7 - 9 * y:.1f}" for x, y in polygon.tolist())
        for polygon in map(np.asarray, path.to_polygons())
    ]
    drawn = tag("path", d=f"M{'zM'.join(outline)}z", fill=to_hex(style.colour))
    return tag("svg", drawn, class_="glyph", viewBox="0 0 14 14", aria_hidden="true")
