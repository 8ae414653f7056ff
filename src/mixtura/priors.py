"""Conjugate priors: pseudo-statistics that the M-step adds, with their log-density."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import gammaln, multigammaln, xlogy

from mixtura._types import Array
from mixtura.data import Rows
from mixtura.families.covariance import Diagonals, Matrices, Multiples, Tied
from mixtura.families.covariance_structure import Covariance
from mixtura.families.factorisation import symmetrised
from mixtura.families.gaussian import Gaussian, GaussianParams, GaussianStatistics
from mixtura.families.low_rank import Factors
from mixtura.families.parsimonious import EEI, EII
from mixtura.families.with_noise import NoiseStatistics, WithNoise

SHRINKAGE = 0.01
"""Default: the prior mean counts as much as this share of one row."""


@dataclass(frozen=True)
class ConjugatePrior:
    r"""Conjugate prior on means, covariances and weights of Gaussian components.

    .. math:: \mu_k \mid \Sigma_k \sim \mathcal N(m, \Sigma_k / \kappa), \qquad
        \Sigma_k \sim \mathcal W^{-1}(\nu, \Lambda), \qquad
        \pi \sim \mathrm{Dirichlet}(a, \ldots, a)

    For diagonal covariances each variance, and for spherical ones their common
    variance, has the inverse-gamma density of shape :math:`\nu / 2` and scale
    :math:`\Lambda_{jj} / 2` (spherical: the mean of that over j). What is equal for
    all components (tied, EEI, EII) has one density, not K. Where components share
    only a volume, a shape or an orientation, each covariance has the density that it
    has where they share nothing, within the structure. Estimates are modes of the
    posterior; of full covariances

    .. math:: \mu_k = \frac{N_k \bar x_k + \kappa m}{N_k + \kappa}, \qquad
        \Sigma_k = \frac{\Lambda + S_k + \frac{\kappa N_k}{N_k + \kappa}
        (\bar x_k - m)(\bar x_k - m)^\top}{N_k + \nu + D + 2}

    with scatter S about the mean of the component. None stands for R mclust's
    default, taken from the data.

    Parameters
    ----------
    shrinkage : float, default=0.01
        :math:`\kappa`, how many rows the prior mean is worth. 0: no prior on means.
    mean : array-like of shape (n_features,), optional
        m. Default: the mean of the rows.
    dof : float, optional
        :math:`\nu`, how many rows the prior scale is worth. Default: D + 2.
    scale : array-like of shape (n_features, n_features) or float, optional
        :math:`\Lambda`, in squared units of the columns; a number is that multiple of
        the identity. Default: the covariance of the rows over
        :math:`K^{2/D}`; for diagonal and spherical covariances the mean of its
        diagonal instead.
    concentration : float, default=1.0
        a, at least 1. With 1 nothing is known of the weights, and the density of the
        weights is left out.

    References
    ----------
    .. [FraleyRaftery2007] C. Fraley, A. E. Raftery. Bayesian regularization for normal
       mixture estimation and model-based clustering.

    Examples
    --------
    One component on one row has no maximum of the likelihood, but one of the posterior:

    >>> import numpy as np
    >>> from mixtura.families.covariance import Full
    >>> prior = ConjugatePrior(mean=[0.0], dof=3.0, scale=[[4.0]])
    >>> family = Gaussian(Full())
    >>> params = family.params(np.array([[5.0]]), np.ones((1, 1, 1)))
    >>> row = family.statistics(params, np.array([[5.0]]), np.ones((1, 1)))
    >>> prior.maximize(family, params, row).covariances.ravel().round(3)
    array([0.607])
    """

    shrinkage: float = SHRINKAGE
    mean: Any = None
    dof: float | None = None
    scale: Any = None
    concentration: float = 1.0

    def __post_init__(self) -> None:
        for name, least in (("shrinkage", 0.0), ("concentration", 1.0)):
            value = getattr(self, name)
            if not value >= least:
                raise ValueError(
                    f"ConjugatePrior: {name} must be a number of at least {least:g}; "
                    f"got {value!r}."
                )

    def completed(
        self, rows: Rows, structure: Covariance, n_components: int
    ) -> "ConjugatePrior":
        """Replace what is None by R mclust's default for these rows.

        Raises
        ------
        ValueError
            If a given value has another shape than the rows ask for, or the scale is
            not positive definite, as when a column is constant.
        """
        n_features = rows.n_features
        mean, scale, dof = self.mean, self.scale, self.dof
        if mean is None:
            mean = np.average(rows.X, axis=0, weights=rows.weights)
        if dof is None:
            dof = n_features + 2.0
        if scale is None:
            scale = _covariance(rows) / n_components ** (2 / n_features)
            if not _has_matrices(structure):
                scale = np.trace(scale) / n_features
        scale = np.asarray(scale, dtype=np.float64)
        if scale.ndim == 0:
            scale = scale * np.eye(n_features)
        mean = np.asarray(mean, dtype=np.float64)
        done = replace(self, mean=mean, dof=float(dof), scale=scale)
        done._check(structure, n_features)
        return replace(done, scale=symmetrised(scale))

    def _check(self, structure: Covariance, n_features: int) -> None:
        """Require shapes and numbers that give a density."""
        shapes = {"mean": (n_features,), "scale": (n_features, n_features)}
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ValueError(
                    f"ConjugatePrior: {name} must have the shape {shape} for data of "
                    f"{n_features} columns; got {getattr(self, name).shape}."
                )
        least = n_features - 1 if _has_matrices(structure) else 0
        if self.dof is None or not self.dof > least:
            raise ValueError(
                f"ConjugatePrior: dof must be greater than {least}; got {self.dof!r}."
            )
        try:
            np.linalg.cholesky(self.scale)
        except np.linalg.LinAlgError:
            raise ValueError(
                "ConjugatePrior: scale must be positive definite; it is not. By "
                "default it is the covariance of the rows, which is singular where a "
                "column is constant or follows from others: leave that column out, or "
                "give scale."
            ) from None

    def in_units(self, center: Array, scale: Array) -> "ConjugatePrior":
        """Return the same prior for rows z = (x - center) / scale."""
        return replace(
            self,
            mean=(self.mean - center) / scale,
            scale=self.scale / np.outer(scale, scale),
        )

    def maximize(self, family: Any, params: Any, statistics: Any) -> GaussianParams:
        """Return the Gaussian components that maximise Q plus `log_density`."""
        if isinstance(family, WithNoise):
            assert isinstance(statistics, NoiseStatistics)
            family, statistics = family.family, statistics.components
        family = _gaussian(family)
        structure, kappa = family.structure, self.shrinkage
        n_components = len(params.means)
        offset = self.mean - statistics.pivot  # (K, D)
        together = GaussianStatistics(
            counts=statistics.counts + kappa,
            first=statistics.first + kappa * offset,
            second=statistics.second
            + kappa * structure.outer(offset, offset)
            + self._pseudo_scatter(structure, n_components),
            pivot=statistics.pivot,
        )
        extra = self._pseudo_counts_of_covariance(structure, n_components)
        return family.maximize(params, together, extra + float(kappa > 0) - kappa)

    def log_density(self, family: Any, params: GaussianParams) -> float:
        """Log prior density of means and covariances in nats, constants included.

        With respect to volume in the means and in the distinct entries of the
        covariances.
        """
        if isinstance(family, WithNoise):
            family = family.family
        structure = _gaussian(family).structure
        n_components, n_features = params.means.shape
        factors = params.precision_cholesky
        log_determinants = structure.log_determinants(factors, n_components, n_features)
        total = self._log_constant(structure, n_components)
        pseudo = self._pseudo_counts_of_covariance(structure, n_components)
        total += pseudo * log_determinants.sum()
        scatter = np.zeros(structure.shape(n_components, n_features))
        scatter = scatter + self._pseudo_scatter(structure, n_components)
        if self.shrinkage > 0:
            offset = params.means - self.mean
            scatter = scatter + self.shrinkage * structure.outer(offset, offset)
            log_shrinkage = n_features / 2 * np.log(self.shrinkage / (2 * np.pi))
            total += n_components * log_shrinkage + log_determinants.sum()
        return float(total - structure.trace(factors, scatter) / 2)

    def pseudo_counts(self, n_components: int) -> Array:
        """Return a - 1 for each component."""
        return np.full(n_components, self.concentration - 1.0)

    def log_weight_density(self, weights: Array) -> float:
        """Log Dirichlet density in nats; 0 where the concentration is 1."""
        a, n_components = self.concentration, len(weights)
        if a == 1.0:
            return 0.0
        constant = gammaln(n_components * a) - n_components * gammaln(a)
        return float(constant + xlogy(a - 1.0, weights).sum())

    def _scale(self, structure: Covariance) -> Array:
        """Lambda, in what broadcasts to the structure's shape."""
        if _has_matrices(structure):
            return np.asarray(self.scale)
        diagonal = np.diag(self.scale)
        is_one = isinstance(structure, Multiples)
        return np.asarray(diagonal.mean() if is_one else diagonal)

    def _pseudo_scatter(self, structure: Covariance, n_components: int) -> Array:
        """Lambda, or each component's part of it where all have one covariance."""
        scale = self._scale(structure)
        if not structure.per_component:
            return scale
        return scale * n_densities(structure, n_components) / n_components

    def _pseudo_counts_of_covariance(
        self, structure: Covariance, n_components: int
    ) -> float:
        """Rows that the prior of a covariance adds to each component's divisor."""
        assert self.dof is not None
        if _has_matrices(structure):
            rows = self.dof + len(self.mean) + 1
        elif isinstance(structure, Diagonals):
            rows = self.dof + 2
        else:
            rows = (self.dof + 2) / len(self.mean)
        return rows * n_densities(structure, n_components) / n_components

    def _log_constant(self, structure: Covariance, n_components: int) -> float:
        """Log of what makes the densities of the covariances integrate to one.

        Where components share a volume, a shape or an orientation it is that of
        covariances that share nothing.
        """
        assert self.dof is not None
        half, n_features = self.dof / 2, len(self.mean)
        if _has_matrices(structure):
            log_determinant = np.linalg.slogdet(self.scale / 2)[1]
            each = half * log_determinant - multigammaln(half, n_features)
        else:
            scales = np.atleast_1d(self._scale(structure)) / 2
            each = (half * np.log(scales) - gammaln(half)).sum()
        return float(n_densities(structure, n_components) * each)


def n_densities(structure: Covariance, n_components: int) -> int:
    """Count the prior densities of covariances: 1 where there is one covariance."""
    return 1 if isinstance(structure, Tied | EEI | EII) else n_components


def _has_matrices(structure: Covariance) -> bool:
    return isinstance(structure, Matrices | Tied)


def _gaussian(family: Any) -> Gaussian:
    """Require Gaussian components of a structure that has a conjugate prior."""
    if isinstance(family, Gaussian):
        if not isinstance(family.structure, Factors):
            return family
        family = family.structure
    raise ValueError(
        "ConjugatePrior needs Gaussian components, of any covariance structure but "
        f"factors; got {type(family).__name__}."
    )


def _covariance(rows: Rows) -> Array:
    """Covariance of the rows over their number less one, as in R."""
    weights = np.ones(len(rows)) if rows.weights is None else rows.weights
    total = weights.sum()
    centered = rows.X - np.average(rows.X, axis=0, weights=weights)
    scatter = (centered * weights[:, None]).T @ centered
    return np.asarray(scatter / max(total - 1.0, 1e-9 * total))


def log_jacobian(
    structure: Covariance, n_components: int, scale: Array, has_means: bool
) -> float:
    """Log of how much volume in the parameters grows when columns do by `scale`.

    A prior density in the larger units is less by this.
    """
    log_scale = np.log(scale)
    total, n_features = float(log_scale.sum()), len(scale)
    means = n_components * total if has_means else 0.0
    if _has_matrices(structure):
        each = (n_features + 1) * total
    else:
        each = 2 * (total if isinstance(structure, Diagonals) else float(log_scale[0]))
    return means + n_densities(structure, n_components) * each
