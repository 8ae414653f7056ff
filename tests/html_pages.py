"""A page of HTML as the standard library's parser sees it."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"br", "col", "hr", "img", "input", "link", "meta"}
FAR = re.compile(r"""(?:https?:|ftp:|@import|url\(\s*['"]?(?!#|data:)|^//)""")
LINKS = ("href", "src", "action", "poster", "data", "xlink:href")


@dataclass
class Node:
    """An element: name, attributes, and in their order texts and elements."""

    name: str
    attributes: dict
    inside: list = field(default_factory=list)

    @property
    def text(self):
        """All text in it."""
        return "".join(i if isinstance(i, str) else i.text for i in self.inside)

    def all(self, name=None):
        """Elements in it, of a name, in the order of the page."""
        for item in self.inside:
            if isinstance(item, Node):
                if name in (None, item.name):
                    yield item
                yield from item.all(name)

    def by_id(self, name):
        """Return the one element of this id."""
        (found,) = [n for n in self.all() if n.attributes.get("id") == name]
        return found


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = Node("", {})
        self.open = [self.root]

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"<{tag}> repeats an attribute: {names}"
        node = Node(tag, dict(attrs))
        self.open[-1].inside.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag):
        assert self.open[-1].name == tag, f"</{tag}> closes <{self.open[-1].name}>"
        self.open.pop()

    def handle_data(self, data):
        self.open[-1].inside.append(data)


def parsed(html):
    """Parse a page; fail where elements are not nested well."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == [reader.root], f"<{reader.open[-1].name}> is not closed"
    return reader.root


def far_links(page):
    """What a browser could fetch from somewhere else, in attributes and styles."""
    found = []
    for node in page.all():
        for name, value in node.attributes.items():
            if name in LINKS and not re.match("#|data:", value or ""):
                found.append(f"{name}={value}")
            if FAR.search(value or ""):
                found.append(f"{name}={value}")
        if node.name == "style":
            found += FAR.findall(node.text)
    return found


def repeated_ids(page):
    """Ids that more than one element has."""
    ids = [node.attributes["id"] for node in page.all() if "id" in node.attributes]
    return sorted({name for name in ids if ids.count(name) > 1})


def dangling(page):
    """Ids that something refers to and no element has."""
    ids = {node.attributes.get("id") for node in page.all()}
    used = set()
    for node in page.all():
        for name, value in node.attributes.items():
            if name == "href" and (value or "").startswith("#"):
                used.add(value[1:])
            used.update(re.findall(r"url\(#([^)]*)\)", value or ""))
            if name in ("aria-labelledby", "for"):
                used.update(value.split())
    return used - ids


def rows_of(table):
    """Text of the cells of a table, row by row, headings included."""
    return [
        [cell.text.strip() for cell in row.inside if isinstance(cell, Node)]
        for row in table.all("tr")
    ]


def table_with(page, words):
    """Return the one table whose caption has these words."""
    (found,) = [t for t in page.all("table") if words in next(t.all("caption")).text]
    return rows_of(found)


def number(text):
    """Read a number as a report writes it."""
    return float(text.replace("\N{MINUS SIGN}", "-").replace(",", ""))
