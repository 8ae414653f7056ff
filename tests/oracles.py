"""Slow answers, found without the code under test: enumeration, high precision."""

from collections.abc import Iterator
from decimal import Decimal, localcontext
from itertools import pairwise, product

import numpy as np
from scipy.special import logsumexp, xlogy

from units import weights_of

DIGITS = 60


def mixture_kl(model, q_params, p_params, data, completion) -> float:
    """KL(q || p) of a mixture, summed over rows: sum_k q_k (log q_k - log p_k)."""
    q = completion(model.posterior(q_params, data), data.start, len(data)).values
    log_joint = model.log_joint(p_params, data.X)
    log_p = log_joint - logsumexp(log_joint, axis=1, keepdims=True)
    kl = (xlogy(q, q) - _expected(q, log_p)).sum(axis=1)
    present = weights_of(data) > 0  # what is absent may have become impossible
    return float(weights_of(data)[present] @ kl[present])


def hidden_markov_kl(model, q_params, p_params, data, completion) -> float:
    """KL(q || p) of Markov chains, summed over sequences, state by state."""
    total = 0.0
    with np.errstate(divide="ignore"):
        log_start, log_transition = np.log(p_params.start), np.log(p_params.transition)
    for sequence, weight in data.each():
        if weight == 0:  # its path may have become impossible
            continue
        paths = model.posterior(q_params, sequence)
        q = completion(paths, sequence.start, len(sequence))
        emissions = model.family.log_density(p_params.components, sequence.X)
        log_p = _expected(q.values[0], log_start).sum()
        log_p += _expected(q.transitions, log_transition).sum()
        log_p += _expected(q.values, emissions).sum()
        # log q(path) is that of its pairs, less that of the states two pairs share.
        log_q = xlogy(q.transitions, q.transitions).sum()
        log_q -= xlogy(q.values, q.values)[1:-1].sum()
        if len(sequence) == 1:
            log_q = xlogy(q.values, q.values).sum()
        evidence = model.posterior(p_params, sequence).log_likelihood
        total += weight * (log_q - log_p + evidence)
    return float(total)


def _expected(q, log_p):
    """q log p, where an impossible value does not count if q is zero."""
    return np.where(q > 0, q * np.where(q > 0, log_p, 0.0), 0.0)


def factor_kl(model, q_params, p_params, data, completion) -> float:
    """KL of Gaussian posteriors of the factors, summed over rows."""
    q_means, q_covariance = factor_posterior(q_params, data.X)
    p_means, p_covariance = factor_posterior(p_params, data.X)
    ratio = np.linalg.solve(p_covariance, q_covariance)
    shift = p_means - q_means
    squared = (shift * np.linalg.solve(p_covariance, shift.T).T).sum(axis=1)
    constant = np.trace(ratio) - len(ratio) - np.linalg.slogdet(ratio)[1]
    return float(0.5 * weights_of(data) @ (squared + constant))


def factor_posterior(params, X):
    """Mean (n, r) and covariance (r, r) of z given x, by conditioning the joint."""
    loadings = params.loadings
    sigma = loadings @ loadings.T + np.diag(params.noise)
    gain = np.linalg.solve(sigma, loadings).T
    return (X - params.mean) @ gain.T, np.eye(loadings.shape[1]) - gain @ loadings


def paths(n_states: int, length: int) -> Iterator[tuple[int, ...]]:
    """Every path of the chain."""
    return product(range(n_states), repeat=length)


def path_log_joints(params, log_density) -> dict[tuple[int, ...], float]:
    """log p(x, path) for every path, term by term."""
    length, n_states = log_density.shape
    with np.errstate(divide="ignore"):
        log_start, log_transition = np.log(params.start), np.log(params.transition)
    joints = {}
    for path in paths(n_states, length):
        total = log_start[path[0]] + sum(log_density[t, z] for t, z in enumerate(path))
        total += sum(log_transition[j, k] for j, k in pairwise(path))
        joints[path] = float(total)
    return joints


def normal_log_density(x, mean, covariance) -> float:
    """log N(x | mean, covariance) of the very doubles given, in 60-digit arithmetic."""
    with localcontext() as context:
        context.prec = DIGITS
        factor = _cholesky(covariance)
        difference = [_exact(a) - _exact(b) for a, b in zip(x, mean, strict=True)]
        whitened = _forward_substitution(factor, difference)
        log_determinant = 2 * sum(factor[i][i].ln() for i in range(len(factor)))
        squared = sum(y * y for y in whitened)
        constant = len(factor) * (2 * _PI).ln()
        return float(-(constant + log_determinant + squared) / 2)


_PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459230")


def _exact(value) -> Decimal:
    return Decimal(float(value))


def _cholesky(matrix) -> list[list[Decimal]]:
    factor: list[list[Decimal]] = []
    for i, row in enumerate(matrix):
        factor.append([])
        for j in range(i + 1):
            rest = _exact(row[j]) - sum(
                (factor[i][m] * factor[j][m] for m in range(j)), Decimal(0)
            )
            factor[i].append(rest.sqrt() if i == j else rest / factor[j][j])
    return factor


def _forward_substitution(factor, right) -> list[Decimal]:
    solution: list[Decimal] = []
    for row, value in zip(factor, right, strict=True):
        done = sum((a * b for a, b in zip(row, solution, strict=False)), Decimal(0))
        solution.append((value - done) / row[-1])
    return solution
