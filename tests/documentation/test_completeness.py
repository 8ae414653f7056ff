"""Every public name, guide page and example is where readers look for it."""

import re
from pathlib import Path

import pytest

import mixtura

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def entries(page):
    """The lines of the tables of contents and summaries of a page."""
    return {line.strip() for line in page.read_text(encoding="utf-8").splitlines()}


@pytest.mark.parametrize("name", sorted({*mixtura.__all__} - {"__version__"}))
def test_a_public_name_is_in_the_reference(name):
    assert name in entries(DOCS / "api" / "index.md")


def test_a_guide_page_is_in_the_guide():
    pages = {page.stem for page in (DOCS / "guide").glob("*.md")} - {"index"}
    assert pages <= entries(DOCS / "guide" / "index.md")


def test_an_example_is_on_the_page_of_the_course():
    text = (DOCS / "course.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"gallery/(\w+/\w+)\.rst", text))
    scripts = (ROOT / "examples").glob("*/*.py")
    assert linked == {f"{script.parent.name}/{script.stem}" for script in scripts}
