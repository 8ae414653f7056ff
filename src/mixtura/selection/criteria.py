r"""Criteria that compare fitted mixtures; of each, lower is better.

With :math:`L` the log-likelihood in nats, summed over observations, :math:`p` the
number of free parameters, :math:`n` the number of observations (the sum of their
weights) and :math:`\gamma_{ik}` the responsibilities. R's mclust reports minus the BIC
and ICL here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isnan, log, nan

import numpy as np
from scipy.special import entr

from mixtura._types import Array


def bic(log_likelihood: float, n_parameters: int, n_observations: float) -> float:
    r"""Bayesian information criterion, :math:`-2 L + p \log n`.

    Minus twice the log of the integrated likelihood, but for terms that stay bounded as
    n grows ([Schwarz1978]_).

    Parameters
    ----------
    log_likelihood : float
        In nats, summed.
    n_parameters : int
    n_observations : float

    Returns
    -------
    float

    Examples
    --------
    >>> round(bic(-1130.264, 11, 272), 2)
    2322.19
    """
    return n_parameters * log(n_observations) - 2 * log_likelihood


def aic(log_likelihood: float, n_parameters: int) -> float:
    r"""Akaike's information criterion, :math:`-2 L + 2 p` ([Akaike1974]_).

    It estimates minus twice the log-likelihood of as many new observations.

    Parameters
    ----------
    log_likelihood : float
        In nats, summed.
    n_parameters : int

    Returns
    -------
    float
    """
    return 2 * n_parameters - 2 * log_likelihood


def aicc(log_likelihood: float, n_parameters: int, n_observations: float) -> float:
    r"""AIC for few observations, :math:`-2 L + 2 p \, n / (n - p - 1)`.

    Infinite if :math:`n \le p + 1` ([HurvichTsai1989]_).

    Parameters
    ----------
    log_likelihood : float
        In nats, summed.
    n_parameters : int
    n_observations : float

    Returns
    -------
    float

    Examples
    --------
    >>> aicc(-100.0, 5, 12.0) - aic(-100.0, 5)
    10.0
    """
    left = n_observations - n_parameters - 1
    if left <= 0:
        return inf
    correction = 2 * n_parameters * (n_parameters + 1) / left
    return aic(log_likelihood, n_parameters) + correction


def icl(
    classification_log_likelihood: float, n_parameters: int, n_observations: float
) -> float:
    r"""Integrated completed likelihood, :math:`-2 L_C + p \log n`.

    The BIC of the data together with their most probable components, which also asks
    that the components be apart ([Biernacki2000]_).

    Parameters
    ----------
    classification_log_likelihood : float
        From `classification_log_likelihood`.
    n_parameters : int
    n_observations : float

    Returns
    -------
    float
    """
    return bic(classification_log_likelihood, n_parameters, n_observations)


def nec(
    entropy: float,
    log_likelihood: float,
    one_component_log_likelihood: float,
    n_components: int,
) -> float:
    r"""Normalized entropy criterion, :math:`E(K) / (L(K) - L(1))`.

    How much doubt about the components each nat of likelihood over a single component
    costs. 1 for one component; infinite where more components fit no better
    ([CeleuxSoromenho1996]_; that NEC(1) = 1: [BiernackiCeleuxGovaert1999]_).

    Parameters
    ----------
    entropy : float
        Of the responsibilities, in nats, summed.
    log_likelihood : float
    one_component_log_likelihood : float
        Of one component of the same structure.
    n_components : int

    Returns
    -------
    float
        nan where the likelihood of one component is.

    Examples
    --------
    >>> nec(3.0, -90.0, -120.0, 2), nec(0.0, -120.0, -120.0, 1)
    (0.1, 1.0)
    """
    if n_components == 1:
        return 1.0
    gain = log_likelihood - one_component_log_likelihood
    if isnan(gain):
        return nan
    return entropy / gain if gain > 0 else inf


def entropy(responsibilities: Array, weights: Array | None = None) -> float:
    r"""Entropy of the posterior, :math:`-\sum_{ik} w_i \gamma_{ik} \log \gamma_{ik}`.

    Parameters
    ----------
    responsibilities : ndarray of shape (n_samples, n_components)
    weights : ndarray of shape (n_samples,), optional

    Returns
    -------
    float
        In nats, summed: 0 where each row surely belongs to one component.

    Examples
    --------
    >>> import numpy as np
    >>> round(entropy(np.array([[0.5, 0.5], [1.0, 0.0]])), 4)
    0.6931
    """
    return _total(entr(responsibilities).sum(axis=1), weights)


def classification_log_likelihood(
    log_likelihood: float, responsibilities: Array, weights: Array | None = None
) -> float:
    r"""Log-likelihood of the data and their most probable components.

    .. math:: L_C = \sum_i w_i \log \pi_{z_i} p(x_i \mid z_i)
              = L + \sum_i w_i \log \gamma_{i z_i}, \qquad
              z_i = \arg\max_k \gamma_{ik}.

    Parameters
    ----------
    log_likelihood : float
        In nats, summed with the same weights.
    responsibilities : ndarray of shape (n_samples, n_components)
    weights : ndarray of shape (n_samples,), optional

    Returns
    -------
    float
        In nats; at most `log_likelihood`.
    """
    return log_likelihood + _total(np.log(responsibilities.max(axis=1)), weights)


def _total(values: Array, weights: Array | None) -> float:
    return float(values.sum() if weights is None else np.dot(weights, values))


@dataclass(frozen=True)
class FitSummary:
    """The numbers of a fit that criteria are made of, on the data that were fitted.

    Attributes
    ----------
    n_components : int
    n_parameters : int
        Free ones: weights, means and covariances.
    n_observations : float
        Sum of the weights.
    log_likelihood : float
        In nats, summed.
    entropy : float
        Of the responsibilities, in nats, summed.
    classification_log_likelihood : float
        In nats, summed.
    one_component_log_likelihood : float
        Of one component of the same structure; nan where it is not known.
    held_out : float
        Mean log-density of rows left out of the fit, in nats per observation; nan
        without cross-validation.
    """

    n_components: int
    n_parameters: int
    n_observations: float
    log_likelihood: float
    entropy: float
    classification_log_likelihood: float
    one_component_log_likelihood: float = nan
    held_out: float = nan


@dataclass(frozen=True)
class Criterion:
    """A number to minimise over models.

    Parameters
    ----------
    name : str
        Column of the table of results.
    label : str
        For people: axes and reports.
    value : callable
        FitSummary -> float.
    scale : tuple of (float, str)
        Largest margin and its name, ascending; empty where there is no usual scale.
    scale_source : str
        Whose scale it is: that of Kass and Raftery [KassRaftery1995]_ for BIC, after
        Burnham and Anderson [BurnhamAnderson2002]_ for AIC and AICc.

    Examples
    --------
    A penalty of one's own, for ``GaussianMixtureSearch(criterion=...)``:

    >>> from mixtura.selection.criteria import Criterion
    >>> strict = Criterion(
    ...     "strict", "3 p - 2 log L", lambda fit: 3 * fit.n_parameters
    ...     - 2 * fit.log_likelihood
    ... )
    >>> strict.verdict(4.0)
    ''
    """

    name: str
    label: str
    value: Callable[[FitSummary], float]
    scale: tuple[tuple[float, str], ...] = ()
    scale_source: str = ""

    def verdict(self, margin: float) -> str:
        """Name a margin between two models; empty without a scale or a margin.

        Examples
        --------
        >>> BIC.verdict(7.9)
        'strong evidence'
        """
        if isnan(margin):
            return ""
        return next((words for largest, words in self.scale if margin <= largest), "")


_TWICE_LOG_BAYES_FACTOR = (
    (2.0, "hardly worth mentioning"),
    (6.0, "positive evidence"),
    (10.0, "strong evidence"),
    (inf, "very strong evidence"),
)
_AKAIKE_DIFFERENCE = (
    (2.0, "the runner-up is supported about as well"),
    (7.0, "the runner-up has considerably less support"),
    (10.0, "the runner-up has little support"),
    (inf, "the runner-up has essentially no support"),
)
_KASS_RAFTERY = "Kass and Raftery 1995"
_BURNHAM_ANDERSON = "after Burnham and Anderson 2002"


def _bic(fit: FitSummary) -> float:
    return bic(fit.log_likelihood, fit.n_parameters, fit.n_observations)


def _aic(fit: FitSummary) -> float:
    return aic(fit.log_likelihood, fit.n_parameters)


def _aicc(fit: FitSummary) -> float:
    return aicc(fit.log_likelihood, fit.n_parameters, fit.n_observations)


def _icl(fit: FitSummary) -> float:
    return icl(fit.classification_log_likelihood, fit.n_parameters, fit.n_observations)


def _nec(fit: FitSummary) -> float:
    return nec(
        fit.entropy,
        fit.log_likelihood,
        fit.one_component_log_likelihood,
        fit.n_components,
    )


def _minus_held_out(fit: FitSummary) -> float:
    return -fit.held_out


# Functions with names, unlike lambdas, can be pickled with a fitted search.
BIC = Criterion("bic", "BIC", _bic, _TWICE_LOG_BAYES_FACTOR, _KASS_RAFTERY)
AIC = Criterion("aic", "AIC", _aic, _AKAIKE_DIFFERENCE, _BURNHAM_ANDERSON)
AICC = Criterion("aicc", "AICc", _aicc, _AKAIKE_DIFFERENCE, _BURNHAM_ANDERSON)
ICL = Criterion("icl", "ICL", _icl)
NEC = Criterion("nec", "NEC", _nec)
CROSS_VALIDATION = Criterion(
    "cv", "minus held-out log-likelihood (nats/row)", _minus_held_out
)

CRITERIA = {
    criterion.name: criterion
    for criterion in (BIC, AIC, AICC, ICL, NEC, CROSS_VALIDATION)
}
"""The criteria by name."""
