"""Warnings about what in the data makes a fit degenerate."""

import warnings

from mixtura.estimators.fitting.gaussian_fit import Problem
from mixtura.exceptions import DegenerateDataWarning
from mixtura.models.mixture import MixtureParams

LEAST_ROWS = 0.5
"""A component on fewer is empty."""


def warn_of_data(problem: Problem, n_components: int, names: list[str]) -> None:
    """Say what in the data makes the fit degenerate."""
    constant = [names[j] for j in problem.units.constant]
    if constant:
        _warn(
            f"{_listed('column', constant)} the same in every row, which says nothing "
            f"about the components. Consider leaving {_pronoun(constant)} out."
        )
    beyond = [names[j] for j in problem.units.without_squares]
    if beyond:
        _warn(
            f"{_listed('column', beyond)} so small or large that "
            "variances, its squares, leave the range of floating-point numbers: "
            "covariances_ and precisions_ may be 0 or infinite, all else is right. "
            "Choose other units."
        )
    if len(problem.sample) < n_components:
        _warn(
            f"The data have {len(problem.sample)} distinct rows for {n_components} "
            "components; the components without a row of their own have weight 0. "
            "Choose a smaller n_components."
        )
    dependent = problem.dependent_columns
    if dependent:
        _warn(
            f"{_listed('column', [names[j] for j in dependent])} linearly dependent; "
            "the variance in that direction is kept from zero. Leave one out, or use "
            "a diagonal covariance."
        )


def warn_of_collapse(problem: Problem, params: MixtureParams) -> None:
    """Name the components that rest on (almost) no spread in some direction."""
    collapsed = problem.collapsed(params)
    if collapsed and not problem.dependent_columns:
        names = [f"{k} (weight {params.weights[k]:.3g})" for k in collapsed]
        _warn(
            f"{_listed('component', names)} collapsed onto (nearly) equal values in "
            "some direction, down to the floor under the variances; likelihoods "
            "and criteria of such a fit mean little. Use fewer components, a simpler "
            "covariance_type, or a larger reg_covar."
        )


def warn_of_noise(problem: Problem, params: MixtureParams) -> None:
    """Say where noise has swallowed the components."""
    n_components = len(params.components.means)
    n_rows = max(problem.data.n_observations, len(problem.data))
    if (params.weights[:n_components] * n_rows < LEAST_ROWS).all():
        _warn(
            f"All rows are noise: each component stands for less than {LEAST_ROWS} "
            "rows. Start elsewhere (init_params), or leave out noise or prior."
        )


def _listed(noun: str, names: list[str]) -> str:
    """Return 'Column a is' or 'Columns a, b are'."""
    is_single = len(names) == 1
    head = noun.capitalize() + ("" if is_single else "s")
    return f"{head} {', '.join(names)} {'is' if is_single else 'are'}"


def _pronoun(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"


def _warn(message: str) -> None:
    warnings.warn(message, DegenerateDataWarning, stacklevel=4)
