"""`GaussianMixtureDetector`: rows of low density, with reasons."""

import warnings
from numbers import Real
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.utils.validation import (
    check_is_fitted,
)

from mixtura._types import Array, IntArray
from mixtura.anomalies.surprise import (
    column_orders,
    conditional_surprise,
    shapley_surprise,
)
from mixtura.anomalies.tail import TailCalibration, log_density, lowest_share
from mixtura.estimators import checks
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.labelled.detector_mixture import (
    density_of,
    fitted_to_distinct_rows,
)
from mixtura.execution.blas import single_threaded_blas
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Mixture, MixtureParams, log_weights

SEED = 20
"""Of the draws behind `tail_probability` and `contributions`: always the same."""

REFERENCE_ROWS = 1024
"""Draws whose mean surprise the contributions are measured from."""

METHODS = ("conditional", "shapley")


class GaussianMixtureDetector(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    r"""Detect outliers as rows of low density under a Gaussian mixture.

    .. math:: x \text{ is an outlier} \Leftrightarrow \log p(x) < \text{offset}

    The offset follows from one of three rules: a share of the training rows
    (`contamination`), a log-density of your own (`threshold`), or the share of
    ordinary rows that may be flagged (`false_alarm_rate`).

    Parameters
    ----------
    n_components : int, default=1
        Number of components of the mixture.
    covariance_type : str, default="full"
        Structure of its covariances, as in :class:`GaussianMixture`.
    contamination : float in (0, 0.5], default=0.1
        Share of the training rows (by weight) to flag, unless another rule is given.
    threshold : float, optional
        Flag rows whose log-density, in nats, is below this: log τ for a threshold τ
        on the density.
    false_alarm_rate : float in (0, 1), optional
        Flag rows whose `tail_probability` is at most this.
    mixture : estimator, optional
        The :class:`GaussianMixture` to fit instead of
        ``GaussianMixture(n_components, covariance_type=covariance_type)``, with
        settings of its own; or a search whose ``best_estimator_`` is one. Inside
        :class:`sklearn.frozen.FrozenEstimator` it is used as it is fitted. Its noise
        component, if it has one, makes the fit robust and is left out of the density.
    random_state : int, RandomState or None, default=None
        Seeds the fit of the mixture, where `mixture` is not given.
    n_jobs : int, optional
        Threads, likewise.

    Attributes
    ----------
    mixture_ : GaussianMixture
        The fitted mixture.
    offset_ : float
        Log-density in nats below which a row is an outlier.
    calibration_ : TailCalibration
        What turns a log-density into a tail probability.
    expected_log_density_ : float
        Mean log-density in nats of 1,024 fixed draws from the mixture, an estimate of
        the expectation with a standard error of about sqrt(D / 2) / 32 in D columns.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of str
        Names of the columns, if `X` had them.

    See Also
    --------
    GaussianMixture : The density.

    Examples
    --------
    >>> from mixtura import GaussianMixtureDetector, load_dataset
    >>> faithful = load_dataset("old-faithful").values
    >>> detector = GaussianMixtureDetector(2, contamination=0.01, random_state=0)
    >>> detector.fit_predict(faithful).tolist().count(-1)
    3
    >>> detector.predict([[4.3, 80.0], [2.0, 80.0]])
    array([ 1, -1])
    """

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        contamination: float = 0.1,
        threshold: float | None = None,
        false_alarm_rate: float | None = None,
        mixture: Any = None,
        random_state: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.contamination = contamination
        self.threshold = threshold
        self.false_alarm_rate = false_alarm_rate
        self.mixture = mixture
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit the mixture and set the offset.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Real and finite; ordinary rows, or mostly.
        y : ignored
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For unusable arguments or data, and if two rules are given.
        """
        self._check_arguments()
        X = self._validated(X, reset=True)
        fitted = fitted_to_distinct_rows(self._mixture(), X, sample_weight)
        names = getattr(self, "feature_names_in_", None)
        self.mixture_ = density_of(fitted, names)
        self._calibrate_on_draws()
        if self._share is not None:
            weights = np.ones(len(X))
            if sample_weight is not None:
                weights = checks.check_sample_weight(sample_weight, X)
            scores = self.mixture_.score_samples(X)
            self.offset_ = lowest_share(scores, weights, self._share)
        elif self.threshold is not None:
            self._warn_if_all_are_flagged(self.mixture_.score_samples(X))
        return self

    def calibrate(self, X: Any) -> Self:
        """Calibrate tail probabilities on ordinary rows that were not fitted.

        Draws of the mixture tell how often *it* scores as low as a row; held-out
        rows tell how often the process does, also where the mixture is wrong. With
        `false_alarm_rate` the offset follows.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            At least 1 / false_alarm_rate rows, if that is the rule.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there are too few rows for `false_alarm_rate`.

        Examples
        --------
        >>> import numpy as np
        >>> from mixtura import GaussianMixtureDetector
        >>> rows = np.random.default_rng(0).standard_t(3, size=(4000, 1))
        >>> detector = GaussianMixtureDetector(false_alarm_rate=0.01).fit(rows[:1000])
        >>> alarms = (detector.predict(rows[3000:]) == -1).mean()
        >>> calibrated = detector.calibrate(rows[1000:3000])
        >>> alarms > 0.015 > (calibrated.predict(rows[3000:]) == -1).mean()
        np.True_
        """
        return self._calibrate(TailCalibration.from_rows(self.score_samples(X)))

    def score_samples(self, X: Any) -> Array:
        """Log-density log p(x) of each row in nats, shape (n_samples,)."""
        check_is_fitted(self)
        scores: Array = self.mixture_.score_samples(self._validated(X, reset=False))
        return scores

    def decision_function(self, X: Any) -> Array:
        """Log-density less the offset; negative for outliers, (n_samples,)."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> IntArray:
        """Return -1 for outliers and 1 for the other rows, shape (n_samples,)."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def tail_probability(self, X: Any) -> Array:
        r"""Probability that an ordinary row has at most this density.

        .. math:: \Pr_{X \sim p}[p(X) \le p(x)]

        The p-value of the hypothesis that the row comes from the mixture, by
        simulation with a fixed seed (an error of about 2 % of a value of 0.01), or
        after `calibrate` from held-out rows.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            In (0, 1].
        """
        return self.calibration_.probability(self.score_samples(X))

    def contributions(self, X: Any, method: str = "shapley") -> Array:
        r"""How much each column adds to the surprise of a row.

        "shapley": the surprise is divided by the chain rule, averaged over orders of
        the columns (all orders of up to four columns, 24 fixed ones of more), and
        measured from what rows of the mixture show on average,

        .. math:: c_j(x) = \phi_j(x) - E_p[\phi_j(X)], \qquad
            \phi_j(x) = -\overline{\log p(x_j \mid \text{columns before } j)}, \qquad
            \sum_j c_j(x) = E_p[\log p(X)] - \log p(x)

        "conditional": each column given all others,
        :math:`\phi_j(x) = -\log p(x_j \mid x_{-j})`, likewise measured from its mean:
        whether this one value is to blame. These do not add up. Expectations are means
        over the 1,024 draws of `expected_log_density_`.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
        method : {"shapley", "conditional"}, default="shapley"

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            In nats; independent of the units of the columns. Rows of "shapley" sum
            to ``expected_log_density_ - score_samples(X)``.

        Raises
        ------
        ValueError
            If there is no such method.

        Examples
        --------
        A geyser that erupts briefly after a wait that is usual for a long eruption:

        >>> from mixtura import GaussianMixtureDetector, load_dataset
        >>> faithful = load_dataset("old-faithful").values
        >>> detector = GaussianMixtureDetector(2, random_state=0).fit(faithful)
        >>> detector.contributions([[2.0, 80.0]]).round()
        array([[5., 5.]])
        """
        owner = type(self).__name__
        checks.check_choice(owner, "method", method, METHODS)
        check_is_fitted(self)
        X = np.asarray(self._validated(X, reset=False), dtype=np.float64)
        _, params = self._model()
        arguments = (
            log_weights(params),
            params.components.means,
            params.components.covariances,
        )
        with single_threaded_blas():
            if method == "conditional":
                parts = conditional_surprise(*arguments, X)
                usual = conditional_surprise(*arguments, self._reference())
            else:
                orders = column_orders(X.shape[1])
                parts = shapley_surprise(*arguments, X, orders)
                usual = shapley_surprise(*arguments, self._reference(), orders)
        return np.asarray(parts - usual.mean(axis=0))

    def _check_arguments(self) -> None:
        owner = type(self).__name__
        _check_share(owner, "contamination", self.contamination, 0.5, "]")
        if self.false_alarm_rate is not None:
            _check_share(owner, "false_alarm_rate", self.false_alarm_rate, 1.0, ")")
        if self.threshold is None:
            return
        words = "a finite log-density in nats"
        checks.check_interval(owner, "threshold", self.threshold, Real, -1e300, words)
        if self.false_alarm_rate is not None:
            raise ValueError(
                f"{owner} takes one rule: got threshold={self.threshold!r} and "
                f"false_alarm_rate={self.false_alarm_rate!r}. Leave one out."
            )

    @property
    def _share(self) -> float | None:
        """Share of the training rows to flag, if that is the rule."""
        has_other = self.threshold is not None or self.false_alarm_rate is not None
        return None if has_other else self.contamination

    def _mixture(self) -> Any:
        if self.mixture is not None:
            return clone(self.mixture)
        return GaussianMixture(
            self.n_components,
            covariance_type=self.covariance_type,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
        )

    def _validated(self, X: Any, *, reset: bool) -> Array:
        array: Array = checks.validated(self, X, reset=reset)
        return array

    def _model(self) -> tuple[Mixture, MixtureParams]:
        """The mixture with its covariances written out, whatever their structure."""
        mixture = self.mixture_
        family = Gaussian(Full())
        covariances = mixture._structure().to_full(
            mixture.covariances_, *mixture.means_.shape
        )
        components = family.params(mixture.means_, covariances)
        return Mixture(family), MixtureParams(mixture.weights_, components)

    def _reference(self) -> Array:
        model, params = self._model()
        rng = np.random.default_rng(SEED)
        return model.sample(params, REFERENCE_ROWS, rng)[0]

    def _calibrate_on_draws(self) -> None:
        model, params = self._model()
        with single_threaded_blas():
            levels = log_density(model, params, self._reference())
            self.expected_log_density_ = float(levels.mean())
            rng = np.random.default_rng(SEED)
            self._calibrate(TailCalibration.from_mixture(model, params, rng))

    def _warn_if_all_are_flagged(self, scores: Array) -> None:
        if scores.max() < self.offset_:
            warnings.warn(
                f"threshold={self.threshold!r} flags every row that was fitted: their "
                f"log-densities end at {scores.max():.4g} nats. For a threshold on the "
                "density itself, give its logarithm.",
                UserWarning,
                stacklevel=3,
            )

    def _calibrate(self, calibration: TailCalibration) -> Self:
        """Keep the calibration, and set the offset by the rules that need no rows."""
        if self.threshold is not None:
            self.offset_ = float(self.threshold)
        elif self.false_alarm_rate is not None:
            self.offset_ = calibration.threshold(self.false_alarm_rate)
        self.calibration_ = calibration
        return self


def _check_share(owner: str, name: str, value: Any, most: float, end: str) -> None:
    """Require a number above 0, and up to `most`, which ")" leaves out."""
    words = f"a float in the range (0.0, {most}{end}"
    checks.check_interval(owner, name, value, Real, 0.0, words)
    if value == 0 or value > most or (end == ")" and value == most):
        raise ValueError(
            f"The {name!r} parameter of {owner} must be {words}. Got {value!r} instead."
        )
