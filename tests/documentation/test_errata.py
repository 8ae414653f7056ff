"""The errata page names every value that is computed for it, and no other."""

import re
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "errata.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def values():
    sys.path.insert(0, str(DOCS))
    try:
        from errata_values import values
    finally:
        sys.path.remove(str(DOCS))
    return values()


def test_page_and_values_have_the_same_names(values):
    assert set(re.findall(r"{{ (\w+) }}", PAGE)) == set(values)


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("one_mean_1", "−1.039"),
        ("one_variance_2", "0.775"),
        ("two_gamma", "6.1 · 10⁻⁶"),
        ("seed_78_own", "−2543.44"),
        ("seed_78_best", "−2464.22"),
        ("iris_best", "−1.4891181"),
        ("walk_end", "−1157.418492095"),
    ],
)
def test_the_values_are_those_of_the_reference(values, name, right):
    assert values[name].startswith(right)
