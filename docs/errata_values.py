"""The right values of the errata page, computed while the pages build.

`values` is what `docs/errata.md` names in double braces. The listings' numbers come
from the listings' own lines, the right ones from the package.
"""

import math
from itertools import islice

import numpy as np

from mixtura import GaussianMixture, em_steps, load_dataset
from mixtura.em import em
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Mixture, MixtureParams

FAMILY = Gaussian(Full())
MIXTURE = Mixture(FAMILY)
MINUS = "−"


def values():
    """All values by name, as text."""
    found = {}
    for source in (lesson_16, example_1d, example_2d, listing_2, iris, walk, slides):
        found |= source()
    return {name: text.replace("-", MINUS) for name, text in found.items()}


def start_at(means, covariances):
    """Equal weights, these means, these covariances."""
    inner = FAMILY.params(np.array(means), np.array(covariances))
    return MixtureParams(np.full(len(means), 1 / len(means)), inner)


def walked(X, start, n_iter):
    """The E-steps up to an iteration."""
    return list(islice(em_steps(MIXTURE, X, start), 2 * n_iter + 1))[::2]


def fitted(params):
    """Parameters as an estimator."""
    inner = params.components
    return GaussianMixture.from_parameters(
        params.weights, inner.means, inner.covariances
    )


def scientific(value):
    """Two digits and a power of ten."""
    exponent = math.floor(math.log10(abs(value)))
    digits = "⁰¹²³⁴⁵⁶⁷⁸⁹"
    power = "".join("⁻" if c == "-" else digits[int(c)] for c in str(exponent))
    return f"{value / 10**exponent:.1f} · 10{power}"


def lesson_16():
    X = load_dataset("lesson-16").values
    rng = np.random.RandomState(42)
    rng.multivariate_normal([0, 0], np.eye(2), 240)
    start = start_at(X[rng.choice(240, 2, replace=False)], [np.eye(2)] * 2)
    steps = walked(X, start, 20)
    printed = np.log(steps[19].responsibilities.sum(axis=1)).sum()
    stale = np.abs(steps[19].responsibilities - steps[20].responsibilities).max()
    far = np.vstack([X, [[1000.0, 1000.0]]])
    after = walked(far, start, 1)[1].params.components.means
    return {
        "lesson_printed": scientific(printed),
        "lesson_first": f"{steps[0].log_likelihood:.5f}",
        "lesson_last": f"{steps[20].log_likelihood:.5f}",
        "lesson_stale": scientific(stale),
        "lesson_far": ", ".join(f"({a:.2f}, {b:.2f})" for a, b in after),
        "lesson_singular": str(pinv_density()),
    }


def pinv_density():
    """The lesson's density at the mean, where the covariance is singular."""
    singular = np.ones((2, 2))
    inverse = np.linalg.pinv(singular)
    with np.errstate(divide="ignore"):
        scale = np.sqrt((2 * np.pi) ** 2 * np.linalg.det(singular))
        return np.exp(-0.5 * np.zeros(2) @ inverse @ np.zeros(2)) / scale


def example_1d():
    y = np.array([[-2.0], [-1.0], [-0.5], [1.0], [2.0], [3.0]])
    start = start_at([[-1.0], [2.0]], [[[1.0]], [[1.0]]])
    before, after = walked(y, start, 1)
    gamma, counts = before.responsibilities, before.statistics.counts
    inner = after.params.components
    lecture = GaussianMixture.from_parameters(
        [0.5231, 0.4769], [[-1.268], [2.439]], [[[0.547]], [[0.818]]]
    )
    found = {
        "one_start": f"{before.log_likelihood:.4f}",
        "one_after": f"{after.log_likelihood:.4f}",
        "one_lecture": f"{lecture.score(y) * 6:.4f}",
    }
    for k in (0, 1):
        found |= {
            f"one_gamma_{k + 1}": f"{gamma[2, k]:.4f}",
            f"one_count_{k + 1}": f"{counts[k]:.4f}",
            f"one_weight_{k + 1}": f"{after.params.weights[k]:.4f}",
            f"one_sum_{k + 1}": f"{gamma[:, k] @ y[:, 0]:.4f}",
            f"one_mean_{k + 1}": f"{inner.means[k, 0]:.3f}",
            f"one_variance_{k + 1}": f"{inner.covariances[k, 0, 0]:.3f}",
        }
    return found


def example_2d():
    Y = np.array([[0, 0], [1, 0], [0, 1], [4, 4], [5, 4], [4, 5]], float)
    before, after = walked(Y, start_at([[0, 0], [4.0, 4]], [np.eye(2)] * 2), 1)
    inner = after.params.components
    return {
        "two_gamma": scientific(before.responsibilities[1, 1]),
        "two_mean": f"{inner.means[0, 0]:.7f}",
        "two_variance": f"{inner.covariances[0, 0, 0]:.7f}",
        "two_covariance": f"{inner.covariances[0, 0, 1]:.7f}",
    }


TRUTH = (
    [0.4, 0.35, 0.25],
    [[-2.0, -1.0], [1.5, 0.7], [0.0, 2.5]],
    [
        [[0.6, 0.2], [0.2, 0.5]],
        [[0.5, -0.1], [-0.1, 0.4]],
        [[0.3, 0.0], [0.0, 0.8]],
    ],
)


def picked(seed):
    """The rows that listing 2 picks after it has drawn the data."""
    rng = np.random.RandomState(seed)
    weights, means, covariances = TRUTH
    z = rng.choice(3, size=800, p=weights)
    for k in range(3):
        rng.multivariate_normal(means[k], covariances[k], (z == k).sum())
    return rng.choice(800, 3, replace=False)


def listing_2():
    first = load_dataset("lecture-15-2d").values
    other = load_dataset("lecture-15-2d-78").values

    def run(X, seed):
        start = start_at(X[picked(seed)], [np.cov(X.T)] * 3)
        return em(MIXTURE, X, start, tol=1e-12, max_iter=3000).log_likelihood

    inner = FAMILY.params(np.array(TRUTH[1]), np.array(TRUTH[2]))
    truth = MixtureParams(np.array(TRUTH[0]), inner)
    listed = start_at(other[picked(78)], [np.cov(other.T)] * 3)
    return {
        "seed_1_row": "({:.3f}, {:.3f})".format(*first[0]),
        "seed_78_row": "({:.3f}, {:.3f})".format(*other[0]),
        "seed_1_own": f"{run(first, 1):.2f}",
        "seed_1_other": f"{run(first, 78):.2f}",
        "seed_78_own": f"{run(other, 78):.2f}",
        "seed_78_121": f"{walked(other, listed, 121)[-1].log_likelihood:.3f}",
        "seed_78_best": f"{em(MIXTURE, other, truth, tol=1e-12).log_likelihood:.2f}",
        "bracket": type(bracket_error(other)).__name__,
        "divisor": f"{800 / 799:.5f}",
    }


def bracket_error(Y):
    """What the line of listing 2 raises as it is printed."""
    try:
        np.cov(Y.T for _ in range(3))
    except Exception as error:
        return error
    raise AssertionError("the line runs")


def iris():
    X = load_dataset("iris").values[:, :2]
    means = X[np.random.RandomState(1234).choice(150, 3)]
    start = start_at(means, [np.diag(X.var(axis=0))] * 3)
    params, before, factors = start, -np.inf, []
    while True:
        model = fitted(params)
        r, now = model.predict_proba(X), model.score(X)
        V1, V2 = r.sum(axis=0), (r**2).sum(axis=0)
        factors.append((V1 / (V1 - V2 / V1)).max())
        ridged = [
            np.cov(X, aweights=column, rowvar=False) + 1e-5 * np.eye(2)
            for column in r.T
        ]
        inner = FAMILY.params(r.T @ X / V1[:, None], np.array(ridged))
        params = MixtureParams(V1 / 150, inner)
        if abs(now - before) < 1e-5:
            break
        before = now
    steps = walked(X, start, len(factors))
    end = em(MIXTURE, X, start, tol=1e-12, max_iter=5000)
    starts = (np.random.RandomState(seed).choice(150, 3) for seed in range(1000))
    coincide = sum(len(np.unique(X[rows], axis=0)) < 3 for rows in starts)
    eight = np.cov(np.arange(8.0), aweights=np.ones(8)) / np.arange(8.0).var()
    return {
        "iris_printed": f"{now:.7f}",
        "iris_steps": str(len(factors)),
        "iris_reached": f"{fitted(params).score(X):.7f}",
        "iris_em": f"{steps[-1].log_likelihood / 150:.7f}",
        "iris_best": f"{end.log_likelihood / 150:.7f}",
        "iris_factor": f"{max(factors):.3f}",
        "iris_eight": f"{eight:.3f}",
        "iris_coincide": f"{coincide / 10:.1f} %",
        "iris_moved": f"{100 * moved_share(params):.0f} %",
    }


def moved_share(params):
    """Share of the figure's grid where leaving out pi changes the winner."""
    X = load_dataset("iris").values[:, :2]
    ends = zip(X.min(axis=0), X.max(axis=0), strict=True)
    grid = np.meshgrid(*(np.linspace(*pair, 200) for pair in ends))
    plane = np.column_stack([axis.ravel() for axis in grid])
    shares = fitted(params).predict_proba(plane)
    without = shares / params.weights
    return np.mean(shares.argmax(axis=1) != without.argmax(axis=1))


def walk():
    X = load_dataset("walk-through").values
    rng = np.random.RandomState(42)
    rng.multivariate_normal([0, 0], np.eye(2), 300)
    start = start_at(rng.rand(3, 2) * 10, [np.eye(2)] * 3)
    steps = walked(X, start, 18)
    trace = np.array([step.log_likelihood for step in steps])
    end = fitted(steps[-1].params)
    far = np.array([[1000.0, 1000.0]])
    joint = np.exp(end.score_samples(np.vstack([X, far])))
    guarded = joint / np.where(joint == 0, 1e-16, joint)
    return {
        "walk_end": f"{trace[-1]:.12f}",
        "walk_last_gain": scientific(trace[-1] - trace[-2]),
        "walk_sum": f"{guarded.mean():.4f}",
        "walk_floor": f"{np.log(1e-30):.2f}",
        "walk_far": f"{end.score_samples(far)[0]:,.0f}",
    }


def slides():
    waiting = load_dataset("old-faithful").values[:, 1]

    def log_likelihood(eta):
        variance = -1 / (2 * eta[1])
        squares = (waiting - eta[0] * variance) ** 2 / variance
        return -0.5 * (squares + np.log(2 * np.pi * variance)).sum()

    ends = [np.array([mu / v, -1 / (2 * v)]) for mu, v in ((55, 40.0), (85, 400.0))]
    middle = log_likelihood(sum(ends) / 2)
    average = sum(map(log_likelihood, ends)) / 2
    rows = load_dataset("walk-through").values[::5]

    def shrunk(sigma):
        variances = np.full(len(rows), sigma**2)
        return GaussianMixture.from_parameters(
            np.full(len(rows), 1 / len(rows)), rows, variances, "spherical"
        ).score(rows)

    return {
        "slides_concave": f"{middle - average:.1f}",
        "slides_gain": f"{shrunk(1e-4) - shrunk(2e-4):.4f}",
        "slides_two_log_two": f"{2 * np.log(2):.4f}",
    }
