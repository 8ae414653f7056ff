r"""Optima that need no second start: clusters apart, each as normal as can be told.

An optimum that is not the best has put two clusters in one component, whose rows are
then not normal, and cut another in two, whose halves overlap. Where neither is seen, no
other start leads anywhere better.
"""

import numpy as np

from mixtura._types import Array
from mixtura.data import Rows
from mixtura.families.covariance_structure import Covariance
from mixtura.init.runs import responsibilities
from mixtura.models.mixture import Mixture, MixtureParams

SHARED = 0.05
"""Share of a component's rows that may belong to others."""

ENOUGH = 100
"""Rows of a component from which two clusters in it would show."""

NEVER = 1e-6
"""Responsibility below which a row says nothing about a component."""

DEVIATIONS = 5.0
"""Standard errors that moments may be from those of a normal distribution …"""

FLATTER = 3.0
"""… and fourth moments below them, as those of several clusters are."""


def is_clear(
    model: Mixture, structure: Covariance, data: Rows, params: MixtureParams
) -> bool:
    """Whether no two components overlap, and the rows of each have normal moments.

    Parameters
    ----------
    model : Mixture
    structure : Covariance
        Of its components.
    data : Rows
        Distinct rows with weights.
    params : MixtureParams
    """
    values = responsibilities(model, data, params)
    shares = data.weighted(values)
    counts = shares.sum(axis=0)  # (K,)
    # what counts is the number of distinct rows: weights may have any unit
    n_rows = counts * len(data) / data.n_observations
    own = (shares * values).sum(axis=0)
    if (n_rows < ENOUGH).any() or (own < (1 - SHARED) * counts).any():
        return False
    means, covariances = params.components.means, params.components.covariances
    lengths, axes = np.linalg.eigh(structure.to_full(covariances, *means.shape))
    scaled = axes / np.sqrt(lengths)[:, None]
    for k, n in enumerate(n_rows):
        rows = values[:, k] > NEVER
        z = (data.X[rows] - means[k]) @ scaled[k]
        if not _are_normal(z, shares[rows, k] / counts[k], n):
            return False
    return True


def _are_normal(z: Array, shares: Array, n_rows: float) -> bool:
    r"""Whether standardised columns are uncorrelated and have normal moments.

    The second moments are those of the unit matrix, with variances :math:`2 / n` and
    :math:`1 / n`; skewness and kurtosis are 0 and 3, with variances :math:`6 / n` and
    :math:`24 / n`, and the mean of :math:`|z|^4` in D columns is :math:`D (D + 2)`,
    with variance :math:`8 D (D + 2) / n` [Mardia1970]_.

    References
    ----------
    .. [Mardia1970] K. V. Mardia. Measures of multivariate skewness and kurtosis with
       applications. Biometrika 57.
    """
    n_features = z.shape[1]
    identity = np.eye(n_features)
    second = (shares[:, None] * z).T @ z
    with np.errstate(all="ignore"):  # no number at all is not normal either
        z = z / np.sqrt(second.diagonal())
        square = z * z
        skewness = shares @ (square * z)
        kurtosis = shares @ (square * square)
        spread = shares @ square.sum(axis=1) ** 2
    usual = n_features * (n_features + 2)
    lower = np.concatenate(
        [
            ((second - identity) / np.sqrt((1 + identity) / n_rows)).ravel(),
            skewness / np.sqrt(6 / n_rows),
        ]
    )
    fourth = np.append(
        (kurtosis - 3) / np.sqrt(24 / n_rows),
        (spread - usual) / np.sqrt(8 * usual / n_rows),
    )
    largest = max(np.abs(lower).max(), fourth.max())
    return bool(largest < DEVIATIONS and fourth.min() > -FLATTER)
