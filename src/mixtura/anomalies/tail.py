"""Tail probabilities: how often a model, or ordinary rows, score as low as a row."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import chdtri, logsumexp

from mixtura._types import Array, Rng
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Mixture, MixtureParams

N_DRAWS = 50_000
"""Draws behind a calibration: 2 % of error at a tail probability of 0.01."""

N_STEPS = 4_000
"""Steps that are kept of them: every twelfth."""

N_SCALES = 6
"""Spreads from which they come; neighbours overlap in any number of dimensions."""

FARTHEST = 1e-12
"""Tail probability, of one component, up to which they reach."""

BLOCK_ROWS = 1024
"""Rows scored at a time: few enough to be done before a compiler would be loaded."""


@dataclass(frozen=True, eq=False)
class TailCalibration:
    """The distribution function of the log-density of ordinary rows, as steps.

    Parameters
    ----------
    log_densities : ndarray of shape (m,)
        Ascending, in nats.
    probabilities : ndarray of shape (m + 1,)
        Entry j is the tail probability of a row at or above exactly j of them; it
        never falls, and the first is positive.

    Examples
    --------
    >>> import numpy as np
    >>> calibration = TailCalibration.from_rows(np.array([-3.0, -1.0, -2.0]))
    >>> calibration.probability(np.array([-9.0, -2.5, 0.0])).tolist()
    [0.25, 0.5, 1.0]
    >>> calibration.threshold(0.5)
    -2.0
    """

    log_densities: Array
    probabilities: Array

    @classmethod
    def from_rows(cls, log_densities: Array) -> Self:
        r"""Calibrate on the scores of ordinary rows that the model has not seen.

        .. math:: p(s) = \frac{1 + \#\{i : s_i \le s\}}{n + 1}

        If such a row is exchangeable with them, its p is at most :math:`\alpha` with
        probability at most :math:`\alpha`, whether the model is right or wrong.
        """
        ordered = np.sort(log_densities)
        n = len(ordered)
        return cls(ordered, np.arange(1, n + 2) / (n + 1))

    @classmethod
    def from_mixture(cls, model: Mixture, params: MixtureParams, rng: Rng) -> Self:
        r"""Calibrate on the model itself, by importance sampling.

        .. math:: p(s) = \Pr_{X \sim p}[\log p(X) \le s] \approx \frac 1n
            \sum_{i : \log p(x_i) \le s} \frac{p(x_i)}{q(x_i)}

        Half of the draws come from p, the others from p with its covariances
        inflated in steps, so that tails far beyond 1 / n are resolved; q is the
        mixture of all of these, and no weight exceeds 2.
        """
        scales = _scales(params.components.means.shape[1])
        shares = np.full(N_SCALES, 0.5 / (N_SCALES - 1))
        shares[0] = 0.5
        X, centres = _draws(model, params, N_DRAWS, rng)
        sizes = np.repeat(scales, np.round(shares * N_DRAWS).astype(int))
        each = _inflated(
            model, params, centres + sizes[:, None] * (X - centres), scales
        )
        log_p, log_q = each[0], logsumexp(each, axis=0, b=shares[:, None])
        order = np.argsort(log_p)
        cumulative = np.exp(log_p - log_q)[order].cumsum() / len(X)
        cumulative = np.minimum(cumulative, 1.0)
        cumulative[-1] = 1.0
        kept = np.linspace(0, len(X) - 1, N_STEPS).astype(int)
        steps = cumulative[kept]
        return cls(log_p[order][kept], np.concatenate([steps[:1], steps]))

    def probability(self, log_density: Array) -> Array:
        """Return the tail probability of each log-density, in (0, 1]."""
        reached = np.searchsorted(self.log_densities, log_density, side="right")
        return np.asarray(self.probabilities[reached])

    def threshold(self, probability: float) -> float:
        """Return the log-density below which tails are at most this probability.

        Raises
        ------
        ValueError
            If the calibration cannot tell so small a probability from zero.
        """
        reached = int(np.searchsorted(self.probabilities, probability, side="right"))
        if reached == 0:
            raise ValueError(
                f"The calibration resolves tail probabilities from "
                f"{self.probabilities[0]:.3g}; got {probability:.3g}. Ask for more, "
                "or calibrate with more rows."
            )
        return float(self.log_densities[min(reached, len(self.log_densities)) - 1])


def lowest_share(scores: Array, weights: Array, share: float) -> float:
    """Return a level below which this share of the weight scores.

    As many rows are below it as below scikit-learn's percentile, which counts from the
    first of n to the last: share (n - 1), rounded up. It is half-way between two
    scores, so that rounding of a score cannot move a row across. Equal scores stay
    together; if all are equal, none is below.
    """
    order = np.argsort(scores)
    ordered, cumulative = scores[order], weights[order].cumsum()
    one = min(1.0, weights[weights > 0].min())
    enough = share * (cumulative[-1] - one) * (1 - 1e-12)
    last = ordered[np.searchsorted(cumulative, enough)]
    above = ordered[ordered > last]
    return float((last + above[0]) / 2 if len(above) else last)


def log_density(model: Mixture, params: MixtureParams, X: Array) -> Array:
    """Log p(x) of each row in nats, (n_samples,)."""
    parts = [
        logsumexp(model.log_joint(params, X[first : first + BLOCK_ROWS]), axis=1)
        for first in range(0, len(X), BLOCK_ROWS)
    ]
    return np.concatenate(parts)


def _scales(n_features: int) -> Array:
    """Factors on the standard deviations: 1, and up to the farthest radius."""
    reach = float(chdtri(n_features, FARTHEST)) / n_features
    return np.sqrt(np.geomspace(1.0, reach, N_SCALES))


def _draws(
    model: Mixture, params: MixtureParams, n_samples: int, rng: Rng
) -> tuple[Array, Array]:
    """Rows in random order, and the mean of the component of each."""
    X, labels = model.sample(params, n_samples, rng)
    return X, params.components.means[labels]


def _inflated(model: Mixture, params: MixtureParams, X: Array, scales: Array) -> Array:
    r"""Log-density with covariances :math:`s^2 \Sigma_k`, (n_scales, n_samples).

    The squared distances :math:`q_k` are those of the model, and
    :math:`\log \mathcal N_s = c_k - D \log s - q_k / 2 s^2`.
    """
    family, n_features = model.family, X.shape[1]
    assert isinstance(family, Gaussian)
    living = params.weights > 0
    constants = np.log(params.weights[living])
    constants = constants + family.log_normalizers(params.components)[living]
    result = np.empty((len(scales), len(X)))
    for first in range(0, len(X), BLOCK_ROWS):
        rows = slice(first, first + BLOCK_ROWS)
        half = constants - model.log_joint(params, X[rows])[:, living]
        for j, scale in enumerate(scales):
            log_joint = constants - n_features * np.log(scale) - half / scale**2
            result[j, rows] = logsumexp(log_joint, axis=1)
    return result
