"""A bound on how unequal the variances of a mixture's components may be."""

from dataclasses import dataclass, replace

import numpy as np

from mixtura._types import Array
from mixtura.families.constraints import Constraint
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.covariance_structure import Covariance
from mixtura.families.factorisation import degenerate, symmetrised
from mixtura.families.parsimonious import EEI, EEV, EII


@dataclass(frozen=True)
class EigenvalueRatio(Constraint):
    r"""Maximum likelihood among covariances whose eigenvalues are within a ratio.

    .. math:: \max_{k, j} \lambda_j(\Sigma_k) \le c \min_{k, j} \lambda_j(\Sigma_k)

    over all living components together. The likelihood is bounded on this set, and
    c sets what counts as a component: 1 gives equal spheres, a large c nearly free
    ellipsoids. The ratio compares columns with each other, so it depends on their
    units. The exact maximiser keeps the eigenvectors and truncates the eigenvalues to
    [m, c m], with the best m among 2 K D + 1 candidates. Of the structures that share
    something, only those of which all components have the same eigenvalues (tied,
    EII, EEI, EEV) keep what they share by that, and are allowed.

    Parameters
    ----------
    ratio : float
        c, at least 1.
    least : float
        No eigenvalue falls below this.
    counts : ndarray of shape (n_components,), optional
        Rows of each component, set by the M-step. Default: all equal.

    References
    ----------
    .. [Fritz2013] H. Fritz, L. A. García-Escudero, A. Mayo-Iscar. A fast algorithm for
       robust constrained clustering.

    Examples
    --------
    >>> import numpy as np
    >>> variances = np.array([[1.0, 100.0]])
    >>> bounded = EigenvalueRatio(4.0).project(Diagonal(), variances)
    >>> bounded
    array([[13., 52.]])
    """

    ratio: float
    least: float = 0.0
    counts: Array | None = None

    def __post_init__(self) -> None:
        if not self.ratio >= 1:
            raise ValueError(
                f"EigenvalueRatio: ratio must be at least 1; got {self.ratio!r}."
            )

    def given(self, counts: Array) -> "EigenvalueRatio":
        """Return the constraint for components of these counts."""
        return replace(self, counts=counts)

    def project(self, structure: Covariance, covariances: Array) -> Array:
        """Truncate the eigenvalues as for components of equal counts."""
        return self.apply(structure, covariances, covariances)

    def apply(self, structure: Covariance, estimate: Array, previous: Array) -> Array:
        """Truncate the eigenvalues at the likeliest m.

        Raises
        ------
        ValueError
            If the structure shares something that truncation would not keep.
        DegenerateComponentError
            If all eigenvalues are zero.
        """
        eigenvalues, vectors = _decomposed(structure, estimate)  # (K, d)
        counts = np.ones(len(eigenvalues))
        if self.counts is not None and structure.per_component:
            counts = self.counts
        truncated = self._truncated(eigenvalues, counts)
        if vectors is None:
            return truncated.reshape(estimate.shape)
        rebuilt = (vectors * truncated[:, None, :]) @ np.swapaxes(vectors, 1, 2)
        return np.asarray(symmetrised(rebuilt).reshape(estimate.shape))

    def _truncated(self, eigenvalues: Array, counts: Array) -> Array:
        """Return the eigenvalues within [m, ratio m], for the best m."""
        eigenvalues = np.maximum(eigenvalues, 0.0)  # what rounding made negative
        living = counts > 0
        low = best_truncation(eigenvalues[living], counts[living], self.ratio)
        low = max(low, self.least)
        if not (low > 0 and np.isfinite(low)):
            raise degenerate(0)
        return np.clip(eigenvalues, low, self.ratio * low)


def best_truncation(eigenvalues: Array, counts: Array, ratio: float) -> float:
    r"""Return the m that maximises the likelihood of eigenvalues within [m, c m].

    .. math:: \min_m \sum_k n_k \sum_j \left( \log \lambda_{kj}
        + \frac{s_{kj}}{\lambda_{kj}} \right), \qquad
        \lambda_{kj} = \min(\max(s_{kj}, m), c m)

    Between two neighbours among all :math:`s_{kj}` and :math:`s_{kj} / c` the same
    terms are truncated, and the sum has its minimum over m in closed form.

    Parameters
    ----------
    eigenvalues : ndarray of shape (n_components, d)
        s, at least 0.
    counts : ndarray of shape (n_components,)
        n, positive.
    ratio : float
        c.
    """
    if eigenvalues.max(initial=0.0) <= ratio * eigenvalues.min(initial=np.inf):
        return float(eigenvalues.min(initial=np.inf))  # nothing to truncate
    s = eigenvalues.ravel()
    n = np.repeat(counts, eigenvalues.shape[1])
    order = np.argsort(s)
    s, n = s[order], n[order]
    edges = np.unique(np.concatenate([s, s / ratio]))
    middles = np.concatenate([edges[:1] / 2, (edges[1:] + edges[:-1]) / 2])
    middles = np.append(middles, 2 * edges[-1])
    total, weighted = (np.concatenate([[0.0], np.cumsum(v)]) for v in (n, n * s))
    below = np.searchsorted(s, middles, side="left")
    upto = np.searchsorted(s, ratio * middles, side="right")
    divisor = total[below] + total[-1] - total[upto]
    amount = weighted[below] + (weighted[-1] - weighted[upto]) / ratio
    usable = (divisor > 0) & (amount > 0)
    candidates = amount[usable] / divisor[usable]
    within = np.clip(s, candidates[:, None], ratio * candidates[:, None])
    costs = (np.log(within) + s / within) @ n
    return float(candidates[costs.argmin()])


def _decomposed(
    structure: Covariance, covariances: Array
) -> tuple[Array, Array | None]:
    """Eigenvalues (n_components, d), and eigenvectors unless along the axes."""
    if isinstance(structure, Full | Tied | EEV):
        matrices = covariances if structure.per_component else covariances[None]
        values, vectors = np.linalg.eigh(matrices)
        return values, vectors
    if isinstance(structure, Diagonal | Spherical | EEI | EII):
        return covariances.reshape(len(covariances), -1), None
    raise ValueError(
        "A bound on the ratio of eigenvalues needs covariances that are full, tied, "
        "diagonal, spherical, EII, EEI or EEV, for which the maximum is known; got "
        f"{type(structure).__name__}."
    )
