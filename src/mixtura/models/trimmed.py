"""Trimming: the rows that fit least count for nothing."""

import math
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from mixtura._types import Array
from mixtura.completion import HARD, SOFT, Completion

BLOCK_BYTES = 1 << 23
"""Size of a block of rows, as in `mixtura.execution.in_memory`."""


@dataclass(frozen=True)
class Trimmed:
    r"""A model of the rows that it describes best; a share of them is left out.

    .. math:: \max_u \sum_i u_i\, w_i \log p(x_i \mid \theta), \qquad
        0 \le u_i \le 1, \quad \sum_i u_i w_i = (1 - \alpha) \sum_i w_i

    never falls: the E-step takes the best u (the concentration step), and the M-step
    sees the rows with weights :math:`u_i w_i`. Outliers, however far, have u = 0. For
    hard EM, which is TCLUST, rows are ranked by the density of their best component.

    To rank rows the E-step must see all of them at once: run it with the executor
    `mixtura.execution.whole.WHOLE`.

    Parameters
    ----------
    model : LatentModel
        Of rows: a `Mixture`, or a `WithPrior`.
    share : float
        :math:`\alpha`, at least 0 and less than 1, by weight.

    References
    ----------
    .. [Neykov2007] N. Neykov, P. Filzmoser, R. Dimova, P. Neytchev. Robust fitting of
       mixtures using the trimmed likelihood estimator.
    .. [GarciaEscudero2008] L. A. García-Escudero, A. Gordaliza, C. Matrán,
       A. Mayo-Iscar. A general trimming approach to robust cluster analysis.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.data import Rows
    >>> from mixtura.em import em
    >>> from mixtura.execution.whole import WHOLE
    >>> from mixtura.families.covariance import Full
    >>> from mixtura.families.gaussian import Gaussian
    >>> from mixtura.models.mixture import Mixture
    >>> rows = Rows(np.array([[1.0], [2.0], [3.0], [4.0], [1e6]]))
    >>> plain = Mixture(Gaussian(Full()))
    >>> start = plain.from_responsibilities(rows, np.ones((5, 1)))
    >>> em(Trimmed(plain, 0.2), rows, start, executor=WHOLE).params.components.means
    array([[2.5]])
    """

    model: Any
    share: float

    def __post_init__(self) -> None:
        if not 0 <= self.share < 1:
            raise ValueError(
                f"Trimmed: share must be at least 0 and less than 1; got {self.share}."
            )

    def posterior(self, params: Any, block: Any) -> Any:
        """Return p(z | x), whether the row is kept or not."""
        return self.model.posterior(params, block)

    def kept(self, params: Any, data: Any, completion: Completion = SOFT) -> Array:
        """Return u for each row, (n_samples,): 1 kept, 0 trimmed.

        Rows of equal rank on the border share what is left between them.
        """
        ranks = [
            self._ranks(params, block, completion)
            for block in data.blocks(_block_rows(data))
        ]
        weights = np.ones(len(data)) if data.weights is None else data.weights
        return kept_shares(np.concatenate(ranks), weights, self.share)

    def _ranks(self, params: Any, block: Any, completion: Completion) -> Array:
        """Log-likelihood of each row, and for hard EM that with its best component."""
        if completion != HARD:
            return np.asarray(self.model.log_density(params, block))
        posterior = self.model.posterior(params, block)
        certainty = np.log(posterior.values.max(axis=1))
        return np.asarray(posterior.log_likelihood + certainty)

    def e_step(self, params: Any, data: Any, completion: Completion = SOFT) -> Any:
        """Choose the rows to keep and sum their statistics.

        Raises
        ------
        ValueError
            If `data` begin later than with the first row.
        """
        if getattr(data, "start", 0) != 0:
            raise ValueError(
                "The E-step of a trimmed model must see all rows at once; got a block "
                f"that starts at row {data.start}. Pass executor=WHOLE to em()."
            )
        if self.share == 0:
            kept = np.ones(len(data))
        else:
            kept = self.kept(params, data, completion)

        def part(block: Any) -> Any:
            mine = kept[block.start : block.start + len(block)]
            rows = replace(block, weights=block.weighted(mine))
            return self.model.e_step(params, rows, completion)

        return reduce(add, map(part, data.blocks(_block_rows(data))))

    def m_step(self, params: Any, statistics: Any) -> Any:
        """Return the model's M-step for the rows that are kept."""
        return self.model.m_step(params, statistics)

    def expected_log_joint(self, params: Any, statistics: Any) -> float:
        """Q of the rows that are kept, in nats."""
        return float(self.model.expected_log_joint(params, statistics))

    def unconstrained(self, params: Any) -> Array:
        """Return the vector of the model."""
        return np.asarray(self.model.unconstrained(params))

    def constrained(self, vector: Array, params: Any) -> Any:
        """Return the parameters of such a vector."""
        return self.model.constrained(vector, params)


def kept_shares(ranks: Array, weights: Array, share: float) -> Array:
    """Keep the rows of highest rank, (1 - share) of all weight.

    Parameters
    ----------
    ranks : ndarray of shape (n_samples,)
    weights : ndarray of shape (n_samples,)
    share : float

    Returns
    -------
    ndarray of shape (n_samples,)
        1 above the border and 0 below; rows on it have what is left in common.

    Examples
    --------
    >>> import numpy as np
    >>> kept_shares(np.array([3.0, 1.0, 2.0, 1.0]), np.ones(4), 0.25)
    array([1. , 0.5, 1. , 0.5])
    """
    border, fraction = border_of(ranks, weights, share)
    return np.where(ranks > border, 1.0, np.where(ranks == border, fraction, 0.0))


def border_of(ranks: Array, weights: Array, share: float) -> tuple[float, float]:
    """Return the lowest rank that is kept, and the share kept of its rows."""
    target = (1 - share) * weights.sum()
    if weights.min() == weights.max():
        place = math.ceil(target / weights[0] * (1 - 1e-12)) - 1
        at = len(ranks) - 1 - max(place, 0)
        border = float(np.partition(ranks, at)[at])
    else:
        order = np.argsort(-ranks)
        reached = np.searchsorted(np.cumsum(weights[order]), target * (1 - 1e-12))
        border = float(ranks[order[min(int(reached), len(order) - 1)]])
    above = float(weights[ranks > border].sum())
    on_it = float(weights[ranks == border].sum())
    fraction = min(max((target - above) / on_it, 0.0), 1.0) if on_it > 0 else 1.0
    return border, fraction


def _block_rows(data: Any) -> int:
    return max(1, BLOCK_BYTES // (8 * data.n_features))
