"""EM over the few components that a move changes, the others of the mixture held.

What the others contribute to each row is computed once; so a move is judged by the
likelihood that it leads to at a cost that does not grow with the number of components
([Ueda2000]_, partial EM).
"""

from collections.abc import Sequence

import numpy as np

from mixtura._types import Array, IntArray
from mixtura.data import Rows
from mixtura.families.gaussian import Gaussian, GaussianParams
from mixtura.init import stack
from mixtura.init.moves import Move
from mixtura.init.stack import Stack
from mixtura.kernels.quadratic import QuadraticRows
from mixtura.models.mixture import Mixture, MixtureParams


def is_possible(model: Mixture, data: Rows) -> bool:
    """Whether some components can move while the others are held."""
    family = model.family
    return (
        stack.is_possible(model, data)
        and isinstance(family, Gaussian)
        and family.structure.separate
    )


def after_moves(
    model: Mixture,
    data: Rows,
    here: MixtureParams,
    moves: Sequence[Move],
    n_steps: int,
) -> list[MixtureParams]:
    """Return where moves have got to after so many steps, the most likely first.

    Parameters
    ----------
    model : Mixture
        Whose components are estimated separately.
    data : Rows
    here : MixtureParams
        Where the moves begin.
    moves : sequence of Move
        That change equally many components.
    n_steps : int
        At least one.

    Raises
    ------
    DegenerateComponentError
        If a component is left without a covariance.
    """
    rows = stack.quadratic_rows(model, data)
    changed = np.array([move.components for move in moves])  # (R, c)
    rest = _log_density_of_others(model, rows, here, changed)
    mass = here.weights[changed].sum(axis=1)
    shares = [move.values[:, move.components] for move in moves]
    part = _within(stack.from_partitions(model, data, shares), mass)
    level = np.zeros(len(moves))
    for _ in range(n_steps):
        if part.needs_care(rows).any():
            break
        log_density, moments = part.e_step(model, rows, rest)
        level = log_density @ rows.weights
        part = _within(part.m_step(model, moments), mass)
    replaced = [
        _replaced(here, components, those)
        for components, those in zip(changed, part.unstacked(model), strict=True)
    ]
    return [replaced[i] for i in (-level).argsort(kind="stable")]


def _within(part: Stack, mass: Array) -> Stack:
    """Let the weights of each part sum to the mass that it has in its mixture."""
    return part._replace(weights=part.weights * mass[:, None])


def _log_density_of_others(
    model: Mixture, rows: QuadraticRows, here: MixtureParams, changed: IntArray
) -> Array:
    """Log weight plus log-density (R, n) of the components that each move leaves."""
    log_joint = Stack.of(model, [here]).log_joint(model, rows)  # (K, n)
    top = log_joint.max(axis=0)
    left = np.ones((len(changed), len(log_joint)))
    np.put_along_axis(left, changed, 0.0, axis=1)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(left @ np.exp(log_joint - top)) + top)


def _replaced(
    here: MixtureParams, components: IntArray, part: MixtureParams
) -> MixtureParams:
    """Put components in their places in a mixture."""

    def put(into: Array, values: Array) -> Array:
        return np.concatenate([values, np.delete(into, components, axis=0)])

    old, new = here.components, part.components
    return MixtureParams(
        put(here.weights, part.weights),
        GaussianParams(
            put(old.means, new.means),
            put(old.covariances, new.covariances),
            put(old.precision_cholesky, new.precision_cholesky),
        ),
    )
