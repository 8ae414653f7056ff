"""Bayesian mixtures, data for them, and their bound by routes of its own."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import stats
from scipy.special import betaln, digamma, gammaln, multigammaln, xlogy

from mixtura.data import Rows
from mixtura.families.constraints import Floor, Unconstrained
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.gaussian import Gaussian
from mixtura.families.normal_wishart import NormalWishart
from mixtura.families.variational_gaussian import VariationalGaussian
from mixtura.models.variational_mixture import VariationalMixture
from mixtura.models.weight_priors import Dirichlet, DirichletProcess

K, D, N = 4, 3, 80
STRUCTURES = (Full(), Tied(), Diagonal(), Spherical())
WEIGHTS = (Dirichlet(0.4), DirichletProcess(0.7))
BLUR = np.array([0.3, 0.1, 0.5])
FLOOR = np.array([0.7, 0.9, 0.4])


@dataclass(frozen=True)
class Case:
    """A structure, a prior of the weights, and what is done against collapse."""

    structure: object
    weights: object
    blur: object = None
    constraint: object = Unconstrained()

    def __str__(self):
        kind = "blur" if self.blur is not None else type(self.constraint).__name__
        return f"{self.structure.name}-{type(self.weights).__name__}-{kind}"

    def model(self, rng, n_components=K, n_features=D):
        prior = prior_of(self.structure, rng, n_components, n_features)
        family = VariationalGaussian(self.structure, prior, self.blur, self.constraint)
        return VariationalMixture(family, self.weights)


PLAIN = tuple(Case(*pair) for pair in product(STRUCTURES, WEIGHTS))
CASES = (
    *PLAIN,
    *(Case(structure, WEIGHTS[0], blur=BLUR) for structure in STRUCTURES),
    *(Case(structure, WEIGHTS[1], constraint=Floor(FLOOR)) for structure in STRUCTURES),
)


def prior_of(structure, rng, n_components=K, n_features=D):
    """The same for all components, with a scale matrix that the structure allows."""
    root = rng.standard_normal((n_features, n_features))
    matrix = root @ root.T / n_features + 0.5 * np.eye(n_features)
    diagonal = np.diag(matrix)
    stored = {"diag": diagonal, "spherical": diagonal.mean()}.get(
        structure.name, matrix
    )
    shape = structure.shape(n_components, n_features)
    means = np.tile(rng.standard_normal(n_features), (n_components, 1))
    return NormalWishart(
        Gaussian(structure).params(means, np.broadcast_to(stored, shape).copy()),
        np.full(n_components, rng.uniform(0.2, 2)),
        np.full(n_components, n_features - 1 + rng.uniform(0.2, 3)),
    )


def clusters(rng, n_rows=N, n_features=D):
    """Weighted rows of three groups that touch."""
    centers = 2 * rng.standard_normal((3, n_features))
    labels = rng.integers(3, size=n_rows)
    X = centers[labels] + rng.standard_normal((n_rows, n_features))
    return Rows(X, weights=rng.choice([0.3, 1.0, 1.0, 2.0], size=n_rows))


def start(case, seed):
    """A model, data, and the posterior that random responsibilities give."""
    rng = np.random.default_rng(seed)
    model, data = case.model(rng), clusters(rng)
    responsibilities = rng.dirichlet(np.full(K, 0.5), size=len(data))
    return model, data, model.from_responsibilities(data, responsibilities)


def bound(model, params, data):
    """The lower bound, term by term ([Bishop2006] 10.70-10.77), full matrices only."""
    q, p = (
        _full(model.family.structure, x) for x in (params.components, _prior(model))
    )
    responsibilities = model.posterior(params, data).values * data.weights[:, None]
    log_weights, weights_term = _weights_terms(model.weights, params.concentrations)
    total = (responsibilities @ log_weights).sum() + weights_term
    free = model.posterior(params, data).values
    total -= (data.weights[:, None] * xlogy(free, free)).sum()
    for k in range(len(q)):
        W, log_det = q[k].scale, q[k].expected_log_determinant
        difference = data.X - q[k].mean
        squared = q[k].nu * np.einsum("nd,de,ne->n", difference, W, difference)
        expected = (log_det - D / q[k].beta - squared - D * np.log(2 * np.pi)) / 2
        if model.family.blur is not None:
            expected -= q[k].nu * np.diag(W) @ model.family.blur / 2
        total += responsibilities[:, k] @ expected
        total += _expected_log_prior(q[k], p[k]) + _entropy(q[k])
    return float(total)


@dataclass(frozen=True)
class _One:
    mean: np.ndarray
    beta: float
    nu: float
    scale: np.ndarray

    @property
    def expected_log_determinant(self):
        halves = (self.nu - np.arange(D)) / 2
        log_det = np.linalg.slogdet(self.scale)[1]
        return digamma(halves).sum() + D * np.log(2) + log_det


def _prior(model):
    return model.family.prior


def _full(structure, q):
    matrices = structure.to_full(q.gaussian.covariances, len(q), D)
    return [
        _One(q.gaussian.means[k], beta, nu, np.linalg.inv(nu * matrices[k]))
        for k, (beta, nu) in enumerate(
            zip(q.mean_precision, q.degrees_of_freedom, strict=True)
        )
    ]


def _expected_log_prior(q, p):
    """E_q[log p(mu, Lambda)]."""
    shift = q.mean - p.mean
    of_mean = D * np.log(p.beta / (2 * np.pi)) + q.expected_log_determinant
    of_mean -= D * p.beta / q.beta + p.beta * q.nu * shift @ q.scale @ shift
    log_norm = -p.nu / 2 * np.linalg.slogdet(p.scale)[1]
    log_norm -= p.nu * D / 2 * np.log(2) + multigammaln(p.nu / 2, D)
    of_precision = (p.nu - D - 1) / 2 * q.expected_log_determinant
    of_precision -= q.nu / 2 * np.trace(np.linalg.solve(p.scale, q.scale))
    return of_mean / 2 + log_norm + of_precision


def _entropy(q):
    """-E_q[log q(mu, Lambda)]."""
    of_mean = D * (1 + np.log(2 * np.pi / q.beta)) - q.expected_log_determinant
    return of_mean / 2 + stats.wishart(q.nu, q.scale).entropy()


def _weights_terms(prior, concentrations):
    """E[log pi], and E_q[log p(pi)] plus the entropy of q(pi)."""
    if isinstance(prior, Dirichlet):
        n, alpha = len(concentrations), prior.concentration
        log_weights = digamma(concentrations) - digamma(concentrations.sum())
        expected = gammaln(n * alpha) - n * gammaln(alpha)
        expected += (alpha - 1) * log_weights.sum()
        return log_weights, expected + stats.dirichlet(concentrations).entropy()
    a, b = concentrations
    log_fraction, log_rest = digamma([a, b]) - digamma(a + b)
    log_weights = log_fraction.copy()
    for k in range(1, len(a)):
        log_weights[k] += log_rest[:k].sum()
    expected = (prior.concentration - 1) * log_rest - betaln(1, prior.concentration)
    return log_weights, (expected + stats.beta(a, b).entropy()).sum()


def log_evidence(X, prior, k=0):
    """log p(X) of one component with full covariance, in closed form."""
    n, n_features = X.shape
    beta0, nu0 = prior.mean_precision[k], prior.degrees_of_freedom[k]
    scatter0 = nu0 * prior.gaussian.covariances[k]
    if n == 0:
        return 0.0
    mean, shift = X.mean(axis=0), X.mean(axis=0) - prior.gaussian.means[k]
    beta, nu = beta0 + n, nu0 + n
    scatter = scatter0 + (X - mean).T @ (X - mean)
    scatter = scatter + beta0 * n / beta * np.outer(shift, shift)
    return float(
        -n * n_features / 2 * np.log(np.pi)
        + multigammaln(nu / 2, n_features)
        - multigammaln(nu0 / 2, n_features)
        + nu0 / 2 * np.linalg.slogdet(scatter0)[1]
        - nu / 2 * np.linalg.slogdet(scatter)[1]
        + n_features / 2 * np.log(beta0 / beta)
    )
