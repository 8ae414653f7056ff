"""Marginals, conditionals and regression of a fitted Gaussian mixture."""

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from mixtura._types import Array, IntArray
from mixtura.distribution import conditioning
from mixtura.distribution.univariate import Univariate
from mixtura.estimators.fitted.columns import (
    check_disjoint,
    is_single,
    remaining,
    rows_of,
)
from mixtura.estimators.fitted.mixture_parameters import (
    MixtureParameters,
    as_probabilities,
)
from mixtura.models.mixture import MixtureParams

if TYPE_CHECKING:
    from mixtura.estimators.gaussian_mixture import GaussianMixture


class MixtureConditioning(MixtureParameters):
    """Methods that relate the columns of a fitted Gaussian mixture.

    Columns are meant by feature name, if the model has names, or by index.
    """

    def marginal(self, columns: Any) -> "GaussianMixture":
        """Return the distribution of some columns, a fitted mixture of its own.

        Parameters
        ----------
        columns : str, int, or sequence of them
            In the order they are to have.

        Returns
        -------
        GaussianMixture
            Of the same `covariance_type` if that is one of scikit-learn's four, else
            "full".

        Raises
        ------
        ValueError
            If a column is unknown or named twice, or there is none.

        Examples
        --------
        >>> from mixtura import GaussianMixture
        >>> model = GaussianMixture.from_parameters(
        ...     [1.0], [[0.0, 5.0]], [[[1.0, 0.5], [0.5, 4.0]]]
        ... )
        >>> model.marginal(1).covariances_
        array([[[4.]]])
        """
        chosen = self._columns(columns, "marginal: columns")
        return self._over(conditioning.marginal(self._density(), chosen), chosen)

    def conditional(self, given: Any) -> "GaussianMixture":
        """Return the distribution of the other columns, given values of some.

        Exact: component k gets the weight p(k | given), its conditional mean and the
        Schur complement of its covariance. Weights are found from log-densities, so
        values at any distance from the means are good.

        Parameters
        ----------
        given : mapping of column to value

        Returns
        -------
        GaussianMixture
            Over the remaining columns in their order, with as many components.

        Raises
        ------
        ValueError
            If a column is unknown, none is given or none remains, or a value is not
            finite.

        Examples
        --------
        >>> from mixtura import GaussianMixture
        >>> model = GaussianMixture.from_parameters(
        ...     [1.0], [[0.0, 5.0]], [[[1.0, 0.5], [0.5, 4.0]]]
        ... )
        >>> waiting = model.conditional({0: 2.0})
        >>> waiting.means_, waiting.covariances_
        (array([[6.]]), array([[[3.75]]]))
        """
        known, value = self._values(given, "conditional")
        n_features = self._n_columns
        others = remaining(known, n_features, "conditional: given")
        regression = conditioning.Regression.of(self._density(), known, others)
        return self._over(regression.at(value), others)

    def sample_conditional(
        self, given: Any, n_samples: int = 1, random_state: Any = None
    ) -> tuple[Array, IntArray]:
        """Draw rows in which some columns have given values.

        Parameters
        ----------
        given : mapping of column to value
        n_samples : int
        random_state : int, RandomState or None
            Seeds the draw. Default: the estimator's own `random_state`.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            All columns, those given included.
        labels : ndarray of shape (n_samples,)
            The component of each row.

        Raises
        ------
        ValueError
            As `conditional` and `sample`.
        """
        known, value = self._values(given, "sample_conditional")
        others = remaining(known, self._n_columns, "sample_conditional")
        drawn, labels = self.conditional(given).sample(n_samples, random_state)
        X = np.empty((len(drawn), self._n_columns))
        X[:, known], X[:, others] = value, drawn
        return X, labels

    def predict_columns(
        self,
        X: Any,
        columns: Any = None,
        given: Any = None,
        *,
        return_std: bool = False,
        return_cov: bool = False,
    ) -> Any:
        """Predict some columns from others, row by row: mixture regression.

        The prediction is the mean of the conditional distribution; columns that are
        neither given nor predicted are integrated out.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_given)
            Values of the given columns, in the order of `given`. From a data frame
            they are taken by name, and others are ignored.
        columns : str, int, or sequence of them, optional
            What to predict. Default: every column that is not given.
        given : str, int, or sequence of them, optional
            What X holds. Default: every column that is not predicted.
        return_std : bool, default=False
            Also return the conditional standard deviation of each column: the spread
            within components and between them.
        return_cov : bool, default=False
            Also return the conditional covariance.

        Returns
        -------
        mean : ndarray of shape (n_samples, n_columns) or (n_samples,)
            The latter if `columns` is a single name or index.
        std : ndarray of the shape of `mean`
            With `return_std`.
        cov : ndarray of shape (n_samples, n_columns, n_columns)
            With `return_cov`.

        Raises
        ------
        ValueError
            If columns are unknown or overlap, neither `columns` nor `given` is there,
            or X has another shape.

        Examples
        --------
        >>> from mixtura import GaussianMixture
        >>> model = GaussianMixture.from_parameters(
        ...     [1.0], [[0.0, 5.0]], [[[1.0, 0.5], [0.5, 4.0]]]
        ... )
        >>> mean, std = model.predict_columns([[0.0], [2.0]], 1, return_std=True)
        >>> mean, std.round(4)
        (array([5., 6.]), array([1.9365, 1.9365]))
        """
        if return_std and return_cov:
            raise ValueError(
                "predict_columns: at most one of return_std and return_cov may be "
                "true; the standard deviations are the roots of the covariances' "
                "diagonals."
            )
        regression, Y = self._regression(X, columns, given, "predict_columns")
        single = columns is not None and is_single(columns)
        shape = (len(Y),) if single else (len(Y), regression.means.shape[1])
        if return_cov:
            mean, covariance = regression.mean_and_covariance(Y)
            return mean.reshape(shape), covariance
        if return_std:
            mean, variance = regression.mean_and_variance(Y)
            return mean.reshape(shape), np.sqrt(variance).reshape(shape)
        return regression.mean(Y).reshape(shape)

    def predict_quantiles(
        self, X: Any, probabilities: Any, column: Any = None, given: Any = None
    ) -> Array:
        """Quantiles of one column given others, row by row.

        The conditional distribution may be skewed or have two modes, where mean and
        standard deviation say little.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_given)
            As for `predict_columns`.
        probabilities : array-like of shape (n_probabilities,)
            Between 0 and 1; the quantiles of these are infinite.
        column : str or int, optional
            What to predict. Default: the one column that is not given.
        given : str, int, or sequence of them, optional
            What X holds. Default: every other column.

        Returns
        -------
        ndarray of shape (n_samples, n_probabilities)

        Raises
        ------
        ValueError
            As `predict_columns`, or if more than one column is to be predicted.
        """
        p = as_probabilities(probabilities, "predict_quantiles: probabilities")
        regression, Y = self._regression(X, column, given, "predict_quantiles")
        if regression.means.shape[1] > 1:
            raise ValueError(
                "predict_quantiles must predict one column; got "
                f"{regression.means.shape[1]}. Name it in column."
            )
        deviations = np.sqrt(regression.covariances[:, 0, 0])
        result = np.empty((len(Y), p.size))
        for rows in regression.blocks(len(Y)):
            mixtures = Univariate(
                regression.component_weights(Y[rows])[:, None],
                regression.component_means(Y[rows])[:, None, :, 0],
                deviations,
            )
            shape = (rows.stop - rows.start, p.size)
            result[rows] = mixtures.quantile(np.broadcast_to(p.ravel(), shape))
        return result

    def _regression(
        self, X: Any, wanted: Any, given: Any, method: str
    ) -> tuple[conditioning.Regression, Array]:
        """Return the regression of the wanted columns, and the rows of those given."""
        check_is_fitted(self)
        if wanted is None and given is None:
            raise ValueError(f"{method} must be told what to predict, or what X holds.")
        n_features = self._n_columns
        if wanted is not None:
            targets = self._columns(wanted, f"{method}: columns to predict")
        if given is not None:
            known = self._columns(given, f"{method}: given")
        else:
            known = remaining(targets, n_features, f"{method}: columns")
        if wanted is None:
            targets = remaining(known, n_features, f"{method}: given")
        check_disjoint(known, targets, method)
        Y = rows_of(X, known, self._names(), method)
        return conditioning.Regression.of(self._density(), known, targets), Y

    def _values(self, given: Any, method: str) -> tuple[IntArray, Array]:
        """Return the given columns and their values."""
        try:
            pairs = dict(given)
        except (TypeError, ValueError):
            raise TypeError(
                f"{method}: given must be a mapping of columns to values, such as "
                f"{{0: 1.5}}; got {given!r}."
            ) from None
        known = self._columns(list(pairs), f"{method}: given")
        for column, value in pairs.items():
            if np.ndim(value) or not np.isfinite(np.float64(value)):
                raise ValueError(
                    f"{method}: given must hold one finite number a column; got "
                    f"{value!r} for column {column!r}."
                )
        return known, np.array([*pairs.values()], dtype=np.float64)

    def _over(self, params: MixtureParams, chosen: IntArray) -> "GaussianMixture":
        """Make a fitted mixture over some of the columns."""
        from mixtura.estimators.gaussian_mixture import GaussianMixture

        components, kind = params.components, self.covariance_type
        matrices = components.covariances
        stored = {
            "tied": matrices[0],
            "diag": np.diagonal(matrices, axis1=1, axis2=2),
            "spherical": matrices[:, 0, 0],
        }
        names = self._names()
        model = GaussianMixture.from_parameters(
            params.weights,
            components.means,
            stored.get(kind, matrices),
            kind if kind in stored else "full",
            None if names is None else [names[i] for i in chosen],
        )
        model.set_params(random_state=self.random_state)
        return model
