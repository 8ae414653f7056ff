"""Names that are cut stay short, different, and what they were where they can."""

import numpy as np
import pytest

from mixtura.short_names import short_names

LONGEST = 12


def some_names(seed):
    """Up to a dozen names, many of which begin and end alike, some of them equal."""
    rng = np.random.default_rng(seed)
    letters = list("ab… (0)1\n")

    def word(longest):
        return "".join(rng.choice(letters, size=rng.integers(longest + 1)))

    begin, end = "a" * rng.integers(30), "b" * rng.integers(20)
    return [begin + word(6) + end + word(2) for _ in range(rng.integers(1, 13))]


@pytest.mark.parametrize("seed", range(200))
def test_no_two_are_alike_and_none_is_too_long(seed):
    names = some_names(seed)
    short = short_names(names, LONGEST)
    assert len(set(short)) == len(names) == len(short)
    assert all(len(name) <= LONGEST and name.isprintable() for name in short)


def test_short_names_stay_as_they_are():
    names = ["length", "x" * LONGEST, ""]
    assert short_names(names, LONGEST) == names
    assert short_names([], LONGEST) == []


@pytest.mark.parametrize("end", ["", " in mg", " in milligrammes per litre"])
def test_what_differs_is_kept(end):
    parts = ["one", "two", "ten", "six"]
    names = [f"concentration of compound {part}{end}" for part in parts]
    for part, short in zip(parts, short_names(names, 20), strict=True):
        assert part in short and short.startswith("concen…")


def test_other_names_do_not_change_how_one_is_cut():
    alone = short_names(["concentration of sulphates"], LONGEST)
    assert alone == ["concentrati…"]
    assert short_names(["length", "concentration of sulphates"], LONGEST)[1:] == alone
