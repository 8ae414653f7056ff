r"""Entropy of Gaussian mixtures and divergences between them.

None has a closed form beyond one component. Each comes as a Monte Carlo estimate with
its standard error, between bounds that need no draws; an average that chance puts
beyond a bound is moved onto it. The draws are stratified: each component gets its
share, so that only the spread within components is left to chance.

References
----------
.. [Hershey2007] J. R. Hershey and P. A. Olsen. Approximating the Kullback Leibler
   divergence between Gaussian mixture models. ICASSP, 2007.
.. [Huber2008] M. F. Huber et al. On entropy approximation for Gaussian mixture random
   vectors. IEEE MFI, 2008.
.. [Durrieu2012] J.-L. Durrieu, J.-P. Thiran and F. Kelly. Lower and upper bounds for
   approximation of the Kullback-Leibler divergence between Gaussian mixture models.
   ICASSP, 2012.
.. [Kolchinsky2017] A. Kolchinsky and B. D. Tracey. Estimating mixture entropy with
   pairwise distances. Entropy 19(7), 2017.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import logsumexp

from mixtura._types import Array, Rng
from mixtura.distribution import density, pairwise
from mixtura.distribution.estimate import Estimate
from mixtura.distribution.moments import covariance
from mixtura.families.gaussian import GaussianParams
from mixtura.models.mixture import MixtureParams

VARIATIONAL_STEPS = 200
"""Largest number of coordinate steps; every one of them is a bound."""

FAR_APART = 0.5
"""Overlap of two mixtures below which draws from them seldom tell how large it is."""

LONGEST = 700.0
"""Difference of log-densities whose exponential can be represented."""

LEAST_PER_COMPONENT = 30
"""Draws of a light component, so that its own spread can be told."""


def entropy(params: MixtureParams, n_samples: int, rng: Rng) -> Estimate:
    r"""Differential entropy :math:`-\int p \log p` in nats.

    Parameters
    ----------
    params : MixtureParams
    n_samples : int
    rng : Generator

    Returns
    -------
    Estimate
        Exact for one component; else an average, moved into the bounds.
    """
    params = density.living(params)
    units = density.units_of(params)
    params = density.in_units(params, units)
    lower, upper = entropy_bounds(params)
    if len(params.weights) == 1:
        estimate = Estimate(lower, 0.0)
    else:
        estimate = _expectation(
            params, lambda X: -density.log_density(params, X), n_samples, rng
        ).within(lower, upper)
    return Estimate(
        estimate.value + units.log_volume,
        estimate.standard_error,
        lower + units.log_volume,
        upper + units.log_volume,
    )


def entropy_bounds(params: MixtureParams) -> tuple[float, float]:
    r"""Lower and upper bound of the entropy in nats, from pairs of components.

    With the distances :math:`D_{ab}` between components,

    .. math:: \sum_a \pi_a H_a - \sum_a \pi_a \log \sum_b \pi_b e^{-D_{ab}}

    is a lower bound for the Bhattacharyya distance and an upper one for the
    Kullback-Leibler divergence ([Kolchinsky2017]_). Jensen's inequality gives another
    lower bound ([Huber2008]_), the normal distribution of the same covariance another
    upper one.
    """
    components = params.components
    within = float(params.weights @ pairwise.entropies(components))
    if len(params.weights) == 1:
        return within, within
    distances = pairwise.bhattacharyya_distances(components, components)
    lower = max(
        within - _mean_log_sum(params, params, -distances),
        -_mean_log_sum(params, params, pairwise.log_overlaps(components, components)),
    )
    normal = covariance(params)
    log_determinant = np.linalg.slogdet(2 * np.pi * np.e * normal).logabsdet
    upper = min(-_least_log(params, params), float(log_determinant / 2))
    return lower, max(lower, upper)


def kl_divergence(
    f: MixtureParams, g: MixtureParams, n_samples: int, rng: Rng
) -> Estimate:
    r"""Kullback-Leibler divergence :math:`\int f \log (f / g)` in nats.

    Parameters
    ----------
    f, g : MixtureParams
        Over the same columns.
    n_samples : int
        Draws from f.
    rng : Generator

    Returns
    -------
    Estimate
        Exact for one component each; else an average, moved into the bounds.
    """
    f, g = _in_common_units(f, g)
    lower, upper = kl_bounds(f, g)
    if len(f.weights) == len(g.weights) == 1:
        return Estimate(upper, 0.0, lower, upper)
    estimate = _expectation(
        f,
        lambda X: density.log_density(f, X) - density.log_density(g, X),
        n_samples,
        rng,
    )
    return estimate.within(lower, upper)


def kl_bounds(f: MixtureParams, g: MixtureParams) -> tuple[float, float]:
    r"""Lower and upper bound of the Kullback-Leibler divergence in nats.

    :math:`E_f \log g` lies between Jensen's
    :math:`\sum_a \pi_a \log \sum_b \omega_b \int f_a g_b` above and
    :math:`\sum_a \pi_a (\log \sum_b \omega_b e^{-\mathrm{KL}(f_a \| g_b)} - H_a)`
    below, and so does :math:`E_f \log f`; the differences bound the divergence
    ([Durrieu2012]_). The variational upper bound of [Hershey2007]_ may be smaller; the
    lower bound :math:`-2 \log \int \sqrt{f g}`, with the integral bounded by that of
    pairs of components, may be larger.
    """
    distances = pairwise.kl_divergences(f.components, g.components)
    if distances.size == 1:
        return float(distances[0, 0]), float(distances[0, 0])
    above_g = _mean_log_sum(f, g, pairwise.log_overlaps(f.components, g.components))
    above_f = -entropy_bounds(f)[0]
    lower = max(-entropy_bounds(f)[1] - above_g, -2 * _log_affinity_bound(f, g))
    upper = min(above_f - _least_log(f, g), _variational_bound(f, g, distances))
    return lower, max(lower, upper)


def kl_variational_approximation(f: MixtureParams, g: MixtureParams) -> float:
    r"""Approximate the Kullback-Leibler divergence in nats, without draws.

    .. math:: \sum_a \pi_a \log \frac{\sum_{a'} \pi_{a'} e^{-\mathrm{KL}(f_a \|
        f_{a'})}}{\sum_b \omega_b e^{-\mathrm{KL}(f_a \| g_b)}}

    The difference of two lower bounds, and so itself **not** a bound; it may even be
    negative. Zero if f = g. Hershey and Olsen (2007) compare it with others.

    Parameters
    ----------
    f, g : MixtureParams
        Over the same columns.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.distribution.density import gaussian_mixture
    >>> f, g = (
    ...     gaussian_mixture(np.ones(1), np.array([[mean]]), np.ones((1, 1, 1)))
    ...     for mean in (0.0, 2.0)
    ... )
    >>> round(kl_variational_approximation(f, g), 12)
    2.0
    """
    f, g = density.living(f), density.living(g)
    return _least_log(f, f) - _least_log(f, g)


def jensen_shannon_divergence(
    f: MixtureParams, g: MixtureParams, n_samples: int, rng: Rng
) -> Estimate:
    r"""Jensen-Shannon divergence in nats, between 0 and log 2.

    .. math:: \tfrac12 \mathrm{KL}(f \| m) + \tfrac12 \mathrm{KL}(g \| m)
        = \log 2 - \int m \, h, \qquad m = (f + g) / 2

    with h(x) the entropy of the choice between f and g, given x.

    Parameters
    ----------
    f, g : MixtureParams
        Over the same columns.
    n_samples : int
        Draws, half of them from either, or of what both share.
    rng : Generator

    Returns
    -------
    Estimate
        An average, moved into the bounds.

    Notes
    -----
    The bounds are those of the two divergences, log 2, and from below also
    :math:`\log 2 \, (1 - \int \sqrt{f g})`, since the entropy of a choice with
    probability p is at most :math:`2 \sqrt{p (1 - p)} \log 2`. Where the mixtures lie
    apart, hardly any draw from m would tell how far. Draws there come from the mixture
    of all :math:`\sqrt{f_a g_b}`, for which the same inequality bounds the integrand.
    """
    f, g = _in_common_units(f, g)
    middle, log_affinity = _halves(f, g), _log_affinity_bound(f, g)
    lower, upper = np.mean([kl_bounds(f, middle), kl_bounds(g, middle)], axis=0)
    lower = min(max(lower, -np.expm1(log_affinity) * np.log(2)), np.log(2))
    upper = max(lower, min(upper, np.log(2)))
    if lower == upper:
        return Estimate(float(lower), 0.0, float(lower), float(upper))
    if log_affinity > np.log(FAR_APART):

        def gain(X: Array) -> Array:
            distance, factor = _choice(f, g, X)
            return np.log(2) - np.exp(-distance) * factor

        estimate = _expectation(middle, gain, n_samples, rng)
        return estimate.within(float(lower), float(upper))
    shared = _geometric_means(f, g)

    def ratio(X: Array) -> Array:
        distance, factor = _choice(f, g, X)
        logs = density.log_density(middle, X) - density.log_density(shared, X)
        return np.exp(logs - log_affinity - distance) * factor

    estimate = _expectation(shared, ratio, n_samples, rng)
    affinity = np.exp(log_affinity)
    return Estimate(
        float(np.log(2) - affinity * estimate.value),
        float(affinity * estimate.standard_error),
    ).within(float(lower), float(upper))


def _choice(f: MixtureParams, g: MixtureParams, X: Array) -> tuple[Array, Array]:
    """Entropy in nats of the choice between f and g, given x: e^-d times a factor.

    d is how far apart the log-densities are; the factor is at most 1 + d.
    """
    distance = np.abs(density.log_density(f, X) - density.log_density(g, X))
    distance = np.minimum(distance, pairwise.LARGEST)
    odds = np.exp(-np.minimum(distance, LONGEST))
    return distance, np.log1p(odds) / odds + distance / (1 + odds)


def _geometric_means(f: MixtureParams, g: MixtureParams) -> MixtureParams:
    r"""Mixture of all :math:`\sqrt{f_a g_b}`, each normalised and with its share.

    Half the sum of the two quadratic forms is a least-squares problem; its QR
    factorisation does not mind columns of unlike sizes.
    """
    first, second = f.components, g.components
    n_features = first.means.shape[1]
    own = np.swapaxes(first.precision_cholesky, 1, 2)[:, None]  # (K_f, 1, D, D)
    other = np.swapaxes(second.precision_cholesky, 1, 2)[None]
    apart = (second.means - first.means[:, None])[..., None]
    own, other = np.broadcast_arrays(own, other)
    q, r = np.linalg.qr(np.concatenate([own, other], axis=2) / np.sqrt(2))
    target = np.swapaxes(q[..., n_features:, :], 2, 3) @ (other @ apart) / np.sqrt(2)
    moved, roots = np.linalg.solve(r, target), np.linalg.inv(r)
    logs = _log_roots(f, g)
    result = density.gaussian_mixture(
        np.exp(logs - logsumexp(logs)).ravel(),
        (first.means[:, None] + moved[..., 0]).reshape(-1, n_features),
        (roots @ np.swapaxes(roots, 2, 3)).reshape(-1, n_features, n_features),
    )
    return density.living(result)


def _halves(f: MixtureParams, g: MixtureParams) -> MixtureParams:
    """Return the mixture (f + g) / 2."""
    pairs = zip(_arrays(f), _arrays(g), strict=True)
    weights, *components = (np.concatenate(pair) for pair in pairs)
    return MixtureParams(weights / 2, GaussianParams(*components))


def _arrays(f: MixtureParams) -> tuple[Array, ...]:
    components = f.components
    return (
        f.weights,
        components.means,
        components.covariances,
        components.precision_cholesky,
    )


def _in_common_units(
    f: MixtureParams, g: MixtureParams
) -> tuple[MixtureParams, MixtureParams]:
    """Return both in the units of f; divergences do not depend on them."""
    f, g = density.living(f), density.living(g)
    units = density.units_of(f)
    return density.in_units(f, units), density.in_units(g, units)


def _expectation(
    params: MixtureParams,
    function: Callable[[Array], Array],
    n_samples: int,
    rng: Rng,
) -> Estimate:
    """Average a function of rows over stratified draws from the mixture."""
    weights = params.weights
    share = np.ceil(n_samples * weights).astype(np.intp)
    counts = np.maximum(share, LEAST_PER_COMPONENT)
    values = function(density.draw(params, counts, rng))
    strata = np.split(values, np.cumsum(counts)[:-1])
    means = np.array([stratum.mean() for stratum in strata])
    deviations = np.array([_deviation(stratum) for stratum in strata])
    error = np.linalg.norm(weights * deviations / np.sqrt(counts))
    return Estimate(float(weights @ means), float(error))


def _deviation(values: Array) -> float:
    """Sample standard deviation, of values whose squares may overflow as well."""
    scale = np.abs(values).max()
    return 0.0 if scale == 0 else float((values / scale).std(ddof=1) * scale)


def _mean_log_sum(f: MixtureParams, g: MixtureParams, exponents: Array) -> float:
    """Sum over a of pi_a log sum over b of omega_b exp(exponent_ab)."""
    return float(f.weights @ logsumexp(exponents, axis=1, b=g.weights))


def _least_log(f: MixtureParams, g: MixtureParams) -> float:
    """Lower bound of E_f log g: in each component's share, the best of Jensen's."""
    distances = pairwise.kl_divergences(f.components, g.components)
    within = float(f.weights @ pairwise.entropies(f.components))
    return _mean_log_sum(f, g, -distances) - within


def _log_affinity_bound(f: MixtureParams, g: MixtureParams) -> float:
    """Upper bound of log integral sqrt(f g): the root of a sum is subadditive."""
    return min(0.0, float(logsumexp(_log_roots(f, g))))


def _log_roots(f: MixtureParams, g: MixtureParams) -> Array:
    """Log integrals of the roots of all products of weighted components, (K_f, K_g)."""
    distances = pairwise.bhattacharyya_distances(f.components, g.components)
    log_weights = (np.log(f.weights)[:, None] + np.log(g.weights)) / 2
    return np.asarray(log_weights - distances)


def _variational_bound(f: MixtureParams, g: MixtureParams, distances: Array) -> float:
    r"""Upper bound of KL(f || g) that pairs shares of the components.

    Split f into shares :math:`\phi_{ab}` of its components and g into
    :math:`\psi_{ab}`; then by convexity
    :math:`\mathrm{KL}(f \| g) \le \sum_{ab} \phi_{ab} (\log (\phi_{ab} / \psi_{ab}) +
    \mathrm{KL}(f_a \| g_b))`, which either split can lower in turn.
    """
    log_f, log_g = np.log(f.weights)[:, None], np.log(g.weights)
    log_psi, bound = log_f + log_g, np.inf
    for _ in range(VARIATIONAL_STEPS):
        log_phi = log_psi - distances
        log_phi = log_f + log_phi - logsumexp(log_phi, axis=1, keepdims=True)
        cost = np.exp(log_phi) * (log_phi - log_psi + distances)
        before, bound = bound, float(cost.sum())
        if before - bound <= 1e-9 * abs(bound):
            break
        log_psi = log_g + log_phi - logsumexp(log_phi, axis=0, keepdims=True)
    return bound
