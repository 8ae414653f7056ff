"""Operations on data of any kind by its independent units: rows, or sequences."""

from collections.abc import Iterable
from dataclasses import replace
from functools import singledispatch

import numpy as np

from mixtura.data import Rows, Sequences


def weights_of(data):
    """One weight a unit, also where none were given."""
    return np.ones(len(data)) if data.weights is None else data.weights


def unlabelled(data):
    """Forget what is known about the latent variables."""
    return replace(data, labels=None)


def taken(data, indices: Iterable[int]):
    """The units with these indices, in this order, as data of their own."""
    return joined([data.part(i, i + 1) for i in indices])


def joined(parts):
    """Data of which `parts` are the parts."""
    return _joined(parts[0], parts)


@singledispatch
def _joined(first, parts):
    raise TypeError(f"no way to join {type(first).__name__}")


@_joined.register
def _(first: Rows, parts):
    return Rows(**_common(first, parts))


@_joined.register
def _(first: Sequences, parts):
    lengths = np.concatenate([part.lengths for part in parts])
    return Sequences(lengths=lengths, **_common(first, parts))


def _common(first, parts) -> dict:
    present = {"X": [part.X for part in parts]}
    for name in ("weights", "labels"):
        if getattr(first, name) is not None:
            present[name] = [getattr(part, name) for part in parts]
    return {name: np.concatenate(arrays) for name, arrays in present.items()}
