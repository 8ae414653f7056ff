"""One more component of constant density, for rows that belong to none."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp

from mixtura import kernels
from mixtura._types import Array, IntArray, Rng
from mixtura.families import Family
from mixtura.families.covariance_structure import Covariance
from mixtura.families.gaussian import Gaussian, GaussianParams, GaussianStatistics
from mixtura.kernels import Kernels
from mixtura.kernels.threads import active_threads
from mixtura.statistics import Statistics

# Whitening by this turns any row into zero, beside a constant; its inverse and the
# squares of both are still numbers.
FLAT = 1e-140


@dataclass(frozen=True)
class NoiseStatistics(Statistics):
    """The statistics of the other components, and the rows that are noise."""

    components: Any
    noise: float


@dataclass(frozen=True)
class WithNoise:
    r"""A family, and after its K components one more of constant density 1 / V.

    .. math:: p(x) = \sum_{k=1}^{K} \pi_k\, p(x \mid k) + \pi_0 / V

    Outliers then move no mean and swell no covariance. The noise has no parameters
    besides its weight, so the parameters are those of the family itself, and only
    weights and responsibilities have the K + 1 entries, noise last. The density is
    1 / V everywhere: a row outside the box that V measures is noise all the more.

    Parameters
    ----------
    family : Family
    log_volume : float
        log V, for rows in the units of the data.
    box : ndarray of shape (2, n_features), optional
        Least and largest corner of the box from which noise is drawn.

    References
    ----------
    .. [BanfieldRaftery1993] J. D. Banfield, A. E. Raftery. Model-based Gaussian and
       non-Gaussian clustering.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.families.covariance import Spherical
    >>> family = WithNoise(Gaussian(Spherical()), log_volume=np.log(20.0))
    >>> params = Gaussian(Spherical()).params(np.zeros((1, 1)), np.ones(1))
    >>> np.exp(family.log_density(params, np.array([[0.0], [9.0]]))).round(3)
    array([[0.399, 0.05 ],
           [0.   , 0.05 ]])
    """

    family: Family
    log_volume: float
    box: Array | None = None

    @classmethod
    def around(cls, family: Family, X: Array) -> "WithNoise":
        """Take the smallest box, its sides along the axes, that holds the rows of X.

        Raises
        ------
        ValueError
            If a column is constant, so that the box has no volume.
        """
        box = np.array([X.min(axis=0), X.max(axis=0)], dtype=np.float64)
        return cls(family, box_log_volume(box), box)

    def blank(self, n_components: int, n_features: int) -> Any:
        """Return parameters that know nothing; one of the components is the noise."""
        return self.family.blank(n_components - 1, n_features)

    def log_density(self, params: Any, X: Array) -> Array:
        """Log density in nats, (n_samples, n_components + 1)."""
        noise = np.full((len(X), 1), -self.log_volume)
        return np.hstack([self.family.log_density(params, X), noise])

    def log_mixture_density(self, params: Any, log_weights: Array, X: Array) -> Array:
        """Log density of the mixture in nats, (n_samples,)."""
        if not isinstance(self.family, Gaussian):
            return np.asarray(
                logsumexp(log_weights + self.log_density(params, X), axis=1)
            )
        return noisy_kernels(self.family.structure).log_density(
            X, *self._flat(params, log_weights), n_threads=active_threads()
        )

    def _flat(self, params: Any, log_weights: Array) -> tuple[Array, Array, Array]:
        """Arrays for the kernels."""
        assert isinstance(self.family, Gaussian)
        return with_flat(
            self.family.structure,
            log_weights[:-1] + self.family.log_normalizers(params),
            params,
            log_weights[-1] - self.log_volume,
        )

    def e_step(
        self, params: Any, log_weights: Array, X: Array, weights: Array | None
    ) -> tuple[float, float, Array, NoiseStatistics] | None:
        """Run the fused E-step with one more, flat, Gaussian; other families decline.

        Where no component lives beside the noise there is nothing to fuse.
        """
        if not isinstance(self.family, Gaussian) or np.isneginf(log_weights[:-1]).all():
            return None
        structure = self.family.structure
        moments = noisy_kernels(structure).e_step(
            X, weights, *self._flat(params, log_weights), n_threads=active_threads()
        )
        second = moments.second[:-1]
        if is_pooled(structure):
            second = second.sum(axis=0)
        inner = GaussianStatistics(
            moments.counts[:-1], moments.first[:-1], second, params.means
        )
        statistics = NoiseStatistics(inner, float(moments.counts[-1]))
        return moments.log_likelihood, moments.entropy, moments.counts, statistics

    def statistics(self, params: Any, X: Array, weights: Array) -> NoiseStatistics:
        """Sum the statistics of the family, and the weights of the noise."""
        inner = self.family.statistics(params, X, weights[:, :-1])
        return NoiseStatistics(inner, float(weights[:, -1].sum()))

    def placed(self, params: Any, statistics: NoiseStatistics) -> Any:
        """Place the family's pivots."""
        return self.family.placed(params, statistics.components)

    def maximize(self, params: Any, statistics: NoiseStatistics) -> Any:
        """Maximise over the family's parameters."""
        return self.family.maximize(params, statistics.components)

    def expected_log_density(self, params: Any, statistics: NoiseStatistics) -> float:
        """Sum of r log p(x | k) in nats, the noise included."""
        inner = self.family.expected_log_density(params, statistics.components)
        return inner - statistics.noise * self.log_volume

    def unconstrained(self, params: Any) -> Array:
        """Return the family's vector."""
        return self.family.unconstrained(params)

    def constrained(self, vector: Array, params: Any) -> Any:
        """Return the family's parameters of such a vector."""
        return self.family.constrained(vector, params)

    def n_free_parameters(self, params: Any) -> int:
        """Those of the family; the weight of the noise is a mixture weight."""
        return self.family.n_free_parameters(params)

    def sample(self, params: Any, components: IntArray, rng: Rng) -> Array:
        """Draw one row for each entry of `components`; K is the noise.

        Raises
        ------
        ValueError
            If noise is drawn and only its volume is known.
        """
        is_noise = components == _n_components(params)
        rows = self.family.sample(params, np.where(is_noise, 0, components), rng)
        if is_noise.any():
            rows[is_noise] = uniform_rows(self.box, int(is_noise.sum()), rng)
        return rows


def _n_components(params: Any) -> int:
    """Rows of the first array of a family's parameters."""
    return len(next(iter(vars(params).values())))


def box_log_volume(box: Array) -> float:
    """Log of the volume of a box, (2, n_features): least and largest corner.

    Raises
    ------
    ValueError
        If a side has no length.
    """
    sides = box[1] - box[0]
    if not (sides > 0).all():
        raise ValueError(
            "The box of the noise must have a volume; it has none along column "
            f"{int(np.argmin(sides))}, which is constant. Leave that column out, or "
            "give the volume."
        )
    return float(np.log(sides).sum())


def uniform_rows(box: Array | None, n_rows: int, rng: Rng) -> Array:
    """Draw rows from a box.

    Raises
    ------
    ValueError
        If there is none.
    """
    if box is None:
        raise ValueError(
            "Noise of which only the volume is known cannot be drawn: where it lies "
            "is not known. Fit with the hull of the data as its box."
        )
    low, high = box
    return np.asarray(low + (high - low) * rng.random((n_rows, len(low))))


def is_pooled(structure: Covariance) -> bool:
    """Whether the kernels of a structure take one factor for all components."""
    return structure.kernels is kernels.tied


def noisy_kernels(structure: Covariance) -> Kernels:
    """Return the kernels that take the arrays of `with_flat`."""
    return kernels.full if is_pooled(structure) else structure.kernels


def with_flat(
    structure: Covariance, constants: Array, params: GaussianParams, flat: float
) -> tuple[Array, Array, Array]:
    """Append a component of constant log joint to the arrays that the kernels take.

    Parameters
    ----------
    structure : Covariance
    constants : ndarray of shape (n_components,)
        Log weights plus log normalizers.
    params : GaussianParams
    flat : float
        Log weight of the noise minus log volume.

    Returns
    -------
    constants, means, precision_cholesky : ndarray
        For the kernels of `noisy_kernels`.
    """
    factors, means = params.precision_cholesky, params.means
    if is_pooled(structure):
        factors = np.repeat(factors[None], len(means), axis=0)
    last = np.full(factors.shape[1:], FLAT)
    if last.ndim == 2:
        last = np.diag(np.diag(last))
    return (
        np.append(constants, flat),
        np.vstack([means, means[:1]]),
        np.concatenate([factors, last[None]]),
    )
