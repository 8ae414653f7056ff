"""Random parameters and rows for every covariance structure, and their oracle."""

import numpy as np

from mixtura.kernels import plain
from mixtura.kernels.plain import Parameters

STRUCTURES = {
    s.name: s for s in (plain.FULL, plain.TIED, plain.DIAGONAL, plain.SPHERICAL)
}


def problem(name, seed, n, K, D, condition=10.0, offset=0.0, spread=3.0):
    """Rows drawn around K components; covariances of the given condition."""
    rng = np.random.default_rng(seed)
    means = offset + spread * rng.standard_normal((K, D))
    if name in ("full", "tied"):
        n_matrices = K if name == "full" else 1
        factors = np.empty((n_matrices, D, D))
        for factor in factors:
            q, _ = np.linalg.qr(rng.standard_normal((D, D)))
            values = np.geomspace(1.0, condition, D) / np.sqrt(condition)
            factor[:] = np.linalg.cholesky((q * values) @ q.T)
        precision = np.ascontiguousarray(np.swapaxes(np.linalg.inv(factors), 1, 2))
        log_det = np.log(np.diagonal(precision, axis1=1, axis2=2)).sum(axis=1)
        factors = np.broadcast_to(factors, (K, D, D))
        if name == "tied":
            precision = precision[0]
    else:
        shape = (K, D) if name == "diagonal" else (K,)
        precision = np.sqrt(condition) ** rng.uniform(-0.5, 0.5, shape)
        each = np.broadcast_to(precision.reshape(K, -1), (K, D))
        log_det = np.log(each).sum(axis=1)
        factors = np.eye(D) / each[:, :, None]
    weights = rng.dirichlet(np.full(K, 5.0))
    constants = np.log(weights) + log_det - 0.5 * D * np.log(2 * np.pi)
    labels = rng.integers(K, size=n)
    noise = rng.standard_normal((n, D))
    X = means[labels] + np.einsum("nij,nj->ni", factors[labels], noise)
    return X, Parameters(constants, means, precision)


def exact_log_joint(name, X, parameters):
    """Extended-precision log joint, (n, K)."""
    constants, means, precision = (p.astype(np.longdouble) for p in parameters)
    K, D = means.shape
    values = np.empty((len(X), K), dtype=np.longdouble)
    for k in range(K):
        difference = X.astype(np.longdouble) - means[k]
        if name in ("full", "tied"):
            P = precision[k] if name == "full" else precision
            whitened = np.zeros_like(difference)
            for d in range(D):
                whitened += difference[:, d, None] * P[d]
        else:
            whitened = difference * precision[k]
        values[:, k] = constants[k] - 0.5 * (whitened**2).sum(axis=1)
    return values


def exact_log_density(name, X, parameters):
    """Extended-precision log density, (n,)."""
    values = exact_log_joint(name, X, parameters)
    top = values.max(axis=1)
    return top + np.log(np.exp(values - top[:, None]).sum(axis=1))


def natural_errors(name, actual, expected, n_rows):
    """Errors of moments, relative to the size that rounding errors have.

    First and second moments are compared on the scale of root sums of squares, so that
    the small directions of a covariance count as much as the large ones.
    """
    n = max(n_rows, 1)
    tiny = 1e-290
    counts = expected.counts
    if name == "full":
        squares = np.diagonal(expected.second, axis1=1, axis2=2)
        scale = np.sqrt(squares[:, :, None] * squares[:, None, :])
    elif name == "tied":
        squares = np.diagonal(expected.second)[None, :]
        scale = np.sqrt(squares[0, :, None] * squares[0])
        counts = counts.sum(keepdims=True)
    else:
        squares = scale = expected.second
        squares = squares.reshape(len(counts), -1)
    difference = {
        field: np.abs(np.subtract(getattr(actual, field), getattr(expected, field)))
        for field in expected._fields
    }
    return {
        "log_likelihood": difference["log_likelihood"]
        / max(abs(expected.log_likelihood), n),
        "entropy": difference["entropy"] / n,
        "counts": difference["counts"].max() / n,
        "first": np.max(
            difference["first"] / (np.sqrt(counts[:, None] * squares) + tiny)
        ),
        "second": np.max(difference["second"] / (scale + tiny)),
    }
