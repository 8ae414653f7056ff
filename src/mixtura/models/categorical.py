"""The posterior of a categorical latent variable, one independent draw a row."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy.special import entr

from mixtura._types import Array


@dataclass(frozen=True)
class Responsibilities:
    """q(z = k) for each row.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_components)
        Rows sum to one.
    log_likelihood : ndarray of shape (n_samples,)
        log p(x) in nats, at the parameters the responsibilities come from.
    """

    values: Array
    log_likelihood: Array

    @classmethod
    def from_log_joint(cls, log_joint: Array) -> Self:
        r"""Apply Bayes' rule in the log domain.

        .. math:: \gamma_{ik} = \frac{e^{\ell_{ik} - m_i}}{\sum_j e^{\ell_{ij} - m_i}},
            \qquad m_i = \max_k \ell_{ik},

        divided by the sum of the very numbers that are divided, so that rows sum to
        one at any distance from the means ([Lecture15]_, section 3.3).
        """
        largest = log_joint.max(axis=1, keepdims=True)
        # A row that no component allows (all -inf) has a uniform posterior.
        largest = np.where(np.isneginf(largest), 0.0, largest)
        with np.errstate(under="ignore"):
            values = np.exp(log_joint - largest)
        total = values.sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore"):
            log_likelihood = (largest + np.log(total))[:, 0]
        impossible = total[:, 0] == 0
        values[impossible], total[impossible] = 1.0, log_joint.shape[1]
        values /= total
        return cls(values, log_likelihood)

    @property
    def entropy(self) -> Array:
        """-sum_k q_k log q_k of each row, in nats."""
        return np.asarray(entr(self.values).sum(axis=1))

    def mode(self) -> Self:
        """Give each row to its most probable component, the first among equals."""
        return self._given(self.values.argmax(axis=1))

    def draw(self, uniforms: Array) -> Self:
        """Give each row to a component drawn from its responsibilities."""
        cumulative = self.values.cumsum(axis=1)
        threshold = uniforms[:, None] * cumulative[:, -1:]
        return self._given((cumulative <= threshold).sum(axis=1))

    def _given(self, labels: np.ndarray) -> Self:
        return replace(self, values=one_hot(labels, self.values.shape[1]))


def one_hot(labels: np.ndarray, n_components: int) -> Array:
    """Responsibilities of 1 for the given components, (n_samples, n_components)."""
    return np.asarray(labels[:, None] == np.arange(n_components), dtype=np.float64)
