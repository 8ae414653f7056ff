"""Names of columns cut to a length, none of which is like another."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import takewhile


def short_names(names: Sequence[str], longest: int) -> list[str]:
    r"""Cut long names so that they stay different.

    Names that begin alike keep their first third and the part from which they differ.
    Where that is not enough, or names are the same, they get numbers from 0. What has
    no shape is shown as a blank.

    Parameters
    ----------
    names : sequence of str
    longest : int
        Of the results, in characters; 8 or more.

    Returns
    -------
    list of str
        As many, and all different.

    Examples
    --------
    >>> short_names(["length", "width of the second petal"], 16)
    ['length', 'width of the se…']
    >>> short_names([f"concentration of compound {k}" for k in "ABC"], 16)
    ['conce…compound A', 'conce…compound B', 'conce…compound C']
    >>> short_names([f"a sensor in the {side} wing of a house" for side in "NS"], 16)
    ['a sen…he N wing…', 'a sen…he S wing…']
    >>> short_names(["x" * 40, "x" * 41, "a\nb"], 16)
    ['xxxxx…xxxxx… (0)', 'xxxxx…xxxxx… (1)', 'a b']
    """
    shown = ["".join(c if c.isprintable() else " " for c in name) for name in names]
    cut = _cut(list(dict.fromkeys(shown)), longest)
    labels = [cut[name] for name in shown]
    while any(count > 1 for count in Counter(labels).values()):
        labels = _numbered(labels, longest)
    return labels


def _cut(names: list[str], longest: int) -> dict[str, str]:
    """Cut names where they come to differ, those that are still alike further on."""
    differ = _in_common(names) if len(names) > 1 else 0
    groups = defaultdict(list)
    for name in names:
        groups[_window(name, differ, longest)].append(name)
    labels: dict[str, str] = {}
    for label, alike in groups.items():
        again = 1 < len(alike) < len(names)
        labels |= _cut(alike, longest) if again else dict.fromkeys(alike, label)
    return labels


def _in_common(names: list[str]) -> int:
    """Count the characters that all names begin with."""
    places = zip(*names, strict=False)
    return sum(1 for _ in takewhile(lambda found: len(set(found)) == 1, places))


def _window(name: str, at: int, longest: int) -> str:
    """Keep of a long name the beginning, and what surrounds one place."""
    if len(name) <= longest:
        return name
    if at < longest - 1:
        return f"{name[: longest - 1]}…"
    head = longest // 3
    room = longest - head - 1
    rest = name[min(at - room // 3, len(name) - room) :]
    return f"{name[:head]}…{rest if len(rest) == room else f'{rest[: room - 1]}…'}"


def _numbered(labels: list[str], longest: int) -> list[str]:
    """Add to labels that are alike their places."""
    counts = Counter(labels)
    return [
        label if counts[label] == 1 else _with_number(label, f" ({place})", longest)
        for place, label in enumerate(labels)
    ]


def _with_number(label: str, number: str, longest: int) -> str:
    room = longest - len(number)
    return (label if len(label) <= room else f"{label[: room - 1]}…") + number
