"""Standard errors of a fitted mixture: the public function."""

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from mixtura.estimators import checks
from mixtura.estimators.judging.fitted_problem import (
    FittedProblem,
    estimates,
    warn_inference,
)
from mixtura.inference.chart import chart
from mixtura.inference.information import RowScores, information
from mixtura.inference.standard_errors import (
    METHODS,
    StandardErrors,
    covariance_of_estimates,
    natural_slopes,
    remaining_gain,
)

FAR = 0.1
"""Nats that a Newton step gains from parameters too far from a maximum to judge."""


def standard_errors(
    model: Any,
    X: Any,
    sample_weight: Any = None,
    *,
    method: str = "sandwich",
    labels: Any = None,
) -> StandardErrors:
    r"""Standard errors of every parameter of a fitted Gaussian mixture.

    With scores :math:`s_i` of the rows, the outer products
    :math:`M = \sum_i w_i s_i s_i^\top` and the observed information
    :math:`I = -\nabla^2 \log L`, the covariance of the estimates is

    ============== ============================ ====================================
    "sandwich"     :math:`I^{-1} M I^{-1}`      right even where the model is not
    "information"  :math:`I^{-1}`               if the components are Gaussian
    "score"        :math:`M^{-1}`               the same, and positive by itself
    ============== ============================ ====================================

    in free coordinates, carried to weights, means and covariances in the units of the
    data. Both matrices are in closed form; where a covariance structure is curved, its
    derivatives are differences, exact to seven digits or more. With
    ``covariance_type="factors:q"``, noise that has vanished in a column is no free
    coordinate: it is held at zero.

    Parameters
    ----------
    model : GaussianMixture
        Fitted. With a numeric `reg_covar`, of its penalised likelihood.
    X : array-like of shape (n_samples, n_features)
        The rows it was fitted to.
    sample_weight : array-like of shape (n_samples,), optional
        How often each row counts: 2 is the row twice.
    method : {"sandwich", "information", "score"}, default="sandwich"
    labels : array-like of int of shape (n_samples,), optional
        Known components, as in the fit.

    Returns
    -------
    StandardErrors
        Prints as a table. `weights`, `means` and `covariances` have the shapes of the
        fitted attributes; `covariance` is the whole matrix; `intervals(level)`,
        `table(level)`.

    Raises
    ------
    TypeError
        If `model` is no mixture of this package, or was fitted with noise, a prior,
        trimming, a bound on eigenvalues or fixed parts: these have the bootstrap.
    ValueError
        For unusable rows or an unknown method.

    Warns
    -----
    DegenerateDataWarning
        If the data leave parameters open, which then have nan: components that
        coincide, that have no rows, or that rest on the floor under the variances; and
        by the sandwich those whose rows have no spread, such as one row alone.
    ConvergenceWarning
        If the parameters are no maximum of the likelihood of these rows.

    References
    ----------
    .. [Louis1982] T. A. Louis. Finding the observed information matrix when using the
       EM algorithm. J. R. Statist. Soc. B 44, 226-233.

    Examples
    --------
    >>> from mixtura import GaussianMixture, load_dataset, standard_errors
    >>> waiting = load_dataset("old-faithful").values[:, 1:]
    >>> model = GaussianMixture(2, tol=1e-9, means_init=[[50], [80]]).fit(waiting)
    >>> errors = standard_errors(model, waiting)
    >>> errors.means.round(2)
    array([[0.75],
           [0.51]])
    """
    checks.check_choice("standard_errors", "method", method, [*METHODS])
    problem = FittedProblem.of(model, X, sample_weight, labels, "standard_errors")
    living = problem.living()
    local = chart(living.model, living.params)
    sums = information(RowScores.of(living.model, living.params, local), living.data)
    slopes = natural_slopes(living.layout, living.params, local)
    inner = covariance_of_estimates(sums, slopes, living.layout, method)
    kept = np.flatnonzero(problem.layout.of_components(problem.params.weights > 0))
    size = len(problem.layout.parameters)
    covariance = np.full((size, size), np.nan)
    covariance[np.ix_(kept, kept)] = inner
    ill = np.logical_not(problem.layout.of_components(problem.regular))
    covariance[ill], covariance[:, ill] = np.nan, np.nan
    scales = problem.layout.scales(problem.units.scale)
    result = StandardErrors(
        problem.layout,
        estimates(model, problem.layout),
        covariance * np.outer(scales, scales),
        method,
        problem.data.n_observations,
        remaining_gain(sums),
    )
    _warn(result, problem.regular)
    return result


def _warn(result: StandardErrors, regular: Any) -> None:
    if not regular.all():
        numbers = ", ".join(map(str, np.flatnonzero(~regular)))
        warn_inference(
            f"standard_errors: components {numbers} have no rows, or collapsed onto "
            "the floor under the variances; their standard errors are nan. Fit fewer "
            "components."
        )
    elif np.isnan(result.covariance).any():
        open_ = np.isnan(result.standard_errors)
        names = [
            name for name, is_open in zip(result.names, open_, strict=True) if is_open
        ]
        shown = ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
        warn_inference(
            f"standard_errors: the data do not determine {shown}: the information is "
            "singular or has a negative direction there, or the rows behind them have "
            "no spread, and the standard errors are nan. Components may coincide, the "
            "fit may not be at a maximum, or there are too few rows. Fit fewer "
            "components, or with a smaller tol."
        )
    if result.remaining > FAR:
        warnings.warn(
            "standard_errors: the parameters are no maximum of the likelihood of these "
            f"rows, to which about {result.remaining:.2g} nats are missing. Pass the "
            "rows and weights of the fit, and fit with algorithm='em' and a smaller "
            "tol.",
            ConvergenceWarning,
            stacklevel=3,
        )
