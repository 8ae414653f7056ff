"""HTML as a tree of values, in which text is escaped wherever it stands."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta"})
"""Elements that have no end tag."""


@dataclass(frozen=True)
class Markup:
    """Text that this package wrote as HTML; the only text that is not escaped.

    Parameters
    ----------
    text : str
        Never anything that comes from data.
    """

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Element:
    """An element of HTML or SVG.

    Parameters
    ----------
    name : str
    attributes : tuple of (str, str)
    children : tuple of Element, Markup or str
        Strings are text.

    Examples
    --------
    >>> str(tag("td", "<script>", title='"&'))
    '<td title="&quot;&amp;">&lt;script&gt;</td>'
    """

    name: str
    attributes: tuple[tuple[str, str], ...]
    children: tuple["Node", ...]

    def __str__(self) -> str:
        pairs = "".join(f' {key}="{escape(value)}"' for key, value in self.attributes)
        if self.name in VOID:
            return f"<{self.name}{pairs}>"
        inner = "".join(
            escape(child) if isinstance(child, str) else str(child)
            for child in self.children
        )
        return f"<{self.name}{pairs}>{inner}</{self.name}>"


Node: TypeAlias = Element | Markup | str
Content: TypeAlias = "Node | Iterable[Content] | None"


def tag(name: str, /, *content: Content, **attributes: str | None) -> Element:
    """Make an element.

    Parameters
    ----------
    name : str
    *content : str, Element, Markup, None, or iterables of these
        Nested iterables are flattened; None is nothing.
    **attributes : str or None
        ``class_`` is written class, and an underscore within a name as a hyphen; those
        that are None are left out.

    Returns
    -------
    Element

    Examples
    --------
    >>> str(tag("p", ["a < b", None, tag("br")], class_="note", aria_label="x"))
    '<p class="note" aria-label="x">a &lt; b<br></p>'
    """
    pairs = (
        (key.removesuffix("_").replace("_", "-"), value)
        for key, value in attributes.items()
        if value is not None
    )
    return Element(name, tuple(pairs), tuple(_flat(content)))


def _flat(content: Content) -> Iterator[Node]:
    if content is None:
        return
    if isinstance(content, str | Element | Markup):
        yield content
        return
    for item in content:
        yield from _flat(item)
