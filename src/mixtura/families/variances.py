"""What K rows of D variances have in common: their volumes, their shapes, or neither.

Row k is a volume times a shape, its D variances divided by their geometric mean. Every
function here sees variances along known axes; which axes, is the business of others.
"""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from mixtura._types import Array
from mixtura.families.multiples import Rows
from mixtura.families.sets import for_all, mean_over_components

BoolArray = NDArray[np.bool_]

TINY = 1e-30
"""Shares of the floor below which a variance might as well be this."""

MOST = 100
"""Steps of Newton's method at most."""

ROUNDING = 1e-15
"""What rounding may leave of a log volume, per unit of it."""


class Variances(ABC):
    r"""A set of variances t of shape (n_components, n_features), or several such sets.

    Throughout, `own` are sample variances s, `counts` the observations N behind each
    row, and the best member of the set minimises the divergence

    .. math:: \sum_k N_k \sum_j \log t_{kj} + s_{kj} / t_{kj}.

    A row with a count of zero has no say in what is shared, and takes what is its own
    from its row of `own`.
    """

    @abstractmethod
    def closest(
        self,
        own: Array,
        counts: Array,
        floor: Array | None = None,
        previous: Array | None = None,
    ) -> Array:
        """Return the member of least divergence, above `floor` (n_features,) if given.

        Where none exists some variances are zero or nan. A search may begin at a
        `previous` row (..., n_features); the result depends on it by rounding only.
        """

    @abstractmethod
    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        """Count the free variances."""


class Equal(Variances):
    """The same row for all: equal volumes and shapes."""

    def closest(
        self,
        own: Array,
        counts: Array,
        floor: Array | None = None,
        previous: Array | None = None,
    ) -> Array:
        """Average the rows."""
        row = mean_over_components(own, counts)[..., None, :]
        row = row if floor is None else np.maximum(row, floor)
        return for_all(row, own)

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        """One row."""
        return n_features


class Proportional(Variances):
    """Multiples of one row: variable volumes, equal shapes."""

    def closest(
        self,
        own: Array,
        counts: Array,
        floor: Array | None = None,
        previous: Array | None = None,
    ) -> Array:
        """Find the best multiples, and the row that follows from them.

        A `previous` row (..., n_features) is where the search begins, if given.
        """
        if previous is None:
            previous = mean_over_components(own, counts) if floor is None else floor
        least, units = (0.0, 1.0) if floor is None else (1.0, floor)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            rows = Rows(own / units, counts, least)
            multiples = rows.best_multiples(previous / units)
            row = np.maximum(rows.pool(multiples), least) * units
            return np.asarray(multiples[..., None] * row[..., None, :])

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        """One row and its multiples."""
        return n_components + n_features - 1


class Profile(Variances):
    """Variances whose best member is a formula that can be differentiated."""

    @abstractmethod
    def tangent(self, changes: Array, free: BoolArray, shares: Array) -> Array:
        """Change of log t, given that of log s (..., n_components, n_features).

        `free` (..., n_components, n_features) tells which variances are above the
        floor; `shares` (..., n_components) are the counts times the largest s / t of
        each row.
        """


class EqualVolume(Profile):
    """Rows of equal product: equal volumes, variable shapes."""

    def closest(
        self,
        own: Array,
        counts: Array,
        floor: Array | None = None,
        previous: Array | None = None,
    ) -> Array:
        """Rescale the rows to the average of their geometric means."""
        if floor is not None:
            return _equal_volume_above(own, counts, floor)
        with np.errstate(divide="ignore", invalid="ignore"):
            volumes = np.exp(np.log(own).mean(axis=-1))
            volume = mean_over_components(volumes, counts)[..., None, None]
            return np.asarray(own / volumes[..., None] * volume)

    def tangent(self, changes: Array, free: BoolArray, shares: Array) -> Array:
        """Move the free variances of each row so that all volumes stay equal."""
        sizes = np.maximum(free.sum(axis=-1), 1)  # (..., K)
        means = (changes * free).sum(axis=-1) / sizes
        volume = (means * shares).sum(axis=-1) / (shares / sizes).sum(axis=-1)
        shift = volume[..., None] / sizes - means
        all_move = np.asarray(free.any(axis=-1).all(axis=-1))[..., None, None]
        return np.asarray((changes + shift[..., None]) * (free & all_move))

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        """One volume, and a shape each."""
        return 1 + n_components * (n_features - 1)


class Free(Profile):
    """Any variances: variable volumes and shapes."""

    def closest(
        self,
        own: Array,
        counts: Array,
        floor: Array | None = None,
        previous: Array | None = None,
    ) -> Array:
        """Return them as they are."""
        return own if floor is None else np.maximum(own, floor)

    def tangent(self, changes: Array, free: BoolArray, shares: Array) -> Array:
        """Change as they do, if free."""
        return changes * free

    def n_free_parameters(self, n_components: int, n_features: int) -> int:
        """All."""
        return n_components * n_features


def divergence(variances: Array, own: Array, counts: Array) -> Array:
    """Sum over k of N_k sum over j of log t_kj + s_kj / t_kj, for each set."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rows = (np.log(variances) + own / variances).sum(axis=-1)
    return np.asarray((counts * rows).sum(axis=-1))


def _equal_volume_above(own: Array, counts: Array, floor: Array) -> Array:
    r"""Rows of equal product above a floor.

    In logs above the floor, the best y >= 0 of a given sum :math:`\tau` is
    :math:`y_{kj} = \max(0, b_{kj} - m_k)`, with :math:`b_{kj} = \log(s_{kj} / f_j)`;
    the best sum is the one at which :math:`\sum_k N_k e^{m_k} = \sum_k N_k`, or zero.
    The log of that sum is convex in :math:`\tau` and falls, so Newton's method rises
    to the root from any sum below, such as the best without a floor.
    """
    heights = np.log(np.maximum(own / floor, TINY))  # (..., K, D)
    totals = np.cumsum(-np.sort(-heights, axis=-1), axis=-1)
    sizes = np.arange(1, own.shape[-1] + 1)
    with np.errstate(divide="ignore"):
        log_shares = np.log(counts / counts.sum(axis=-1, keepdims=True))
    excess, _ = _log_sum_exp(totals[..., -1] / sizes[-1] + log_shares)
    volume = np.maximum(sizes[-1] * excess, 0.0)
    for _ in range(MOST):
        each = (totals - volume[..., None, None]) / sizes
        levels = each.max(axis=-1)
        excess, weights = _log_sum_exp(levels + log_shares)
        if not (excess > ROUNDING * (1 + volume)).any():
            break
        slope = (weights / (each.argmax(axis=-1) + 1)).sum(axis=-1)
        volume = volume + np.maximum(excess, 0.0) / slope
    return np.asarray(floor * np.exp(np.maximum(heights - levels[..., None], 0.0)))


def _log_sum_exp(values: Array) -> tuple[Array, Array]:
    """Log of the sum of exp over the last axis, and the shares of that sum."""
    largest = values.max(axis=-1, keepdims=True)
    terms = np.exp(values - largest)
    total = terms.sum(axis=-1, keepdims=True)
    return (largest + np.log(total))[..., 0], terms / total
