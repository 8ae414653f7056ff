"""Recursions over a Markov chain of K states, as pure functions of arrays.

Everything is in the log domain; `log_emissions` has shape (length, n_states).
"""

import numpy as np
from scipy.special import logsumexp

from mixtura._types import Array, IntArray


def forward(log_start: Array, log_transition: Array, log_emissions: Array) -> Array:
    """log p(x_1..x_t, z_t), of shape (length, n_states)."""
    alpha = np.empty_like(log_emissions)
    alpha[0] = log_start + log_emissions[0]
    for t in range(1, len(alpha)):
        alpha[t] = log_emissions[t] + logsumexp(
            alpha[t - 1][:, None] + log_transition, axis=0
        )
    return alpha


def backward(log_transition: Array, log_emissions: Array) -> Array:
    """log p(x_{t+1}..x_T | z_t), of shape (length, n_states)."""
    beta = np.zeros_like(log_emissions)
    for t in range(len(beta) - 2, -1, -1):
        beta[t] = logsumexp(log_transition + log_emissions[t + 1] + beta[t + 1], axis=1)
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
        cumulative = np.exp(log_weights - log_weights.max()).cumsum()
        threshold = uniforms[t] * cumulative[-1]
        path[t] = np.searchsorted(cumulative, threshold, side="right")
        if t > 0:
            log_weights = alpha[t - 1] + log_transition[:, path[t]]
    return path
