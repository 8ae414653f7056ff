"""Recursions over a Markov chain of K states, as pure functions of arrays.

Everything is in the log domain; `log_emissions` has shape (length, n_states).
"""

import math

import numpy as np

from mixtura._types import Array, IntArray


def log_sum(log_values: Array, axis: int) -> Array:
    """log sum exp along an axis, -inf where nothing is possible."""
    # SciPy's logsumexp is ten times slower on arrays of this size.
    largest = _largest(log_values, (axis,))
    with np.errstate(divide="ignore"):
        total = np.log(np.exp(log_values - largest).sum(axis=axis))
    return np.asarray(total + largest.squeeze(axis))


def normalised(log_values: Array, axes: tuple[int, ...]) -> Array:
    """Exponentiate and divide by the sum over `axes`; uniform if that is zero."""
    if not len(log_values):
        return log_values
    values = np.exp(log_values - _largest(log_values, axes))
    total = values.sum(axis=axes, keepdims=True)
    uniform = 1 / math.prod(values.shape[axis] for axis in axes)
    return np.where(total > 0, values / np.where(total > 0, total, 1.0), uniform)


def _largest(log_values: Array, axes: tuple[int, ...]) -> Array:
    """Return the maximum over `axes`, kept as axes of length one; 0 for -inf."""
    largest = log_values.max(axis=axes, keepdims=True)
    return np.where(np.isneginf(largest), 0.0, largest)


def forward(log_start: Array, log_transition: Array, log_emissions: Array) -> Array:
    """Log p(x_1..x_t, z_t), of shape (length, n_states)."""
    alpha = np.empty_like(log_emissions)
    alpha[0] = log_start + log_emissions[0]
    for t in range(1, len(alpha)):
        alpha[t] = log_emissions[t] + log_sum(
            alpha[t - 1][:, None] + log_transition, axis=0
        )
    return alpha


def backward(log_transition: Array, log_emissions: Array) -> Array:
    """Log p(x_{t+1}..x_T | z_t), of shape (length, n_states)."""
    beta = np.zeros_like(log_emissions)
    for t in range(len(beta) - 2, -1, -1):
        beta[t] = log_sum(log_transition + log_emissions[t + 1] + beta[t + 1], axis=1)
    return beta


def viterbi(log_start: Array, log_transition: Array, log_emissions: Array) -> IntArray:
    """Return the most probable path, of shape (length,)."""
    length, n_states = log_emissions.shape
    best = np.zeros((length, n_states), dtype=np.intp)
    score = log_start + log_emissions[0]
    for t in range(1, length):
        candidates = score[:, None] + log_transition
        best[t] = candidates.argmax(axis=0)
        score = candidates.max(axis=0) + log_emissions[t]
    path = np.empty(length, dtype=np.intp)
    path[-1] = score.argmax()
    for t in range(length - 1, 0, -1):
        path[t - 1] = best[t, path[t]]
    return path


def draw_path(alpha: Array, log_transition: Array, uniforms: Array) -> IntArray:
    """Draw from p(path | x) by sampling backwards; one uniform a step."""
    length = len(alpha)
    path = np.empty(length, dtype=np.intp)
    log_weights = alpha[-1]
    for t in range(length - 1, -1, -1):
        cumulative = normalised(log_weights, (0,)).cumsum()
        threshold = uniforms[t] * cumulative[-1]
        path[t] = np.searchsorted(cumulative, threshold, side="right")
        if t > 0:
            log_weights = alpha[t - 1] + log_transition[:, path[t]]
    return path
