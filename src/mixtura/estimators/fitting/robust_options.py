"""What a user may ask for against outliers and collapse, checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

from mixtura.estimators import checks
from mixtura.priors import ConjugatePrior

HULL = "hull"
DEFAULT = "default"
PARTS = {
    "weights": "weights_init",
    "means": "means_init",
    "covariances": "precisions_init",
}
"""What can be fixed, and the argument that gives its value."""


@dataclass(frozen=True)
class RobustOptions:
    """Checked values of the arguments of the same names.

    Parameters
    ----------
    noise : float, "hull" or None
        Volume of the noise.
    prior : ConjugatePrior, optional
    trim : float
    ratio : float, optional
        Largest ratio of eigenvalues.
    fixed : mapping of str to tuple of int
        Components by name of the part that is fixed.
    """

    noise: float | str | None
    prior: ConjugatePrior | None
    trim: float
    ratio: float | None
    fixed: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, estimator: Any) -> "RobustOptions | None":
        """Read and check an estimator's arguments; None if nothing is asked for.

        Raises
        ------
        ValueError
            Naming the argument, for a value that cannot be used, or two that cannot
            be used together.
        """
        options = cls(
            _noise(estimator),
            _prior(estimator),
            _trim(estimator),
            _ratio(estimator),
            _fixed(estimator),
        )
        if not options.asked:
            return None
        options._check_together(estimator)
        return options

    @property
    def asked(self) -> bool:
        """Whether any of them differs from its default."""
        several = (self.noise, self.prior, self.ratio)
        return (
            any(value is not None for value in several)
            or self.trim > 0
            or bool(self.fixed)
        )

    @property
    def expects_outliers(self) -> bool:
        """Whether some rows may belong to no component."""
        return self.noise is not None or self.trim > 0

    @property
    def shares(self) -> tuple[float, ...]:
        """Shares of the rows that the drafts of a start leave out."""
        if self.noise is not None:
            return (0.0, 0.15, 0.3, 0.5)
        if self.trim > 0:
            return (self.trim, min(2 * self.trim, (1 + self.trim) / 2), self.trim / 2)
        return (0.0,)

    def _check_together(self, estimator: Any) -> None:
        """Refuse what has no common objective."""
        owner, ridge = type(estimator).__name__, estimator.reg_covar
        if getattr(estimator, "dtype", "float64") != "float64":
            raise ValueError(
                f"{owner}: dtype={estimator.dtype!r} cannot be combined with noise, "
                "prior, trim, max_eigenvalue_ratio or fixed. Leave dtype at 'float64'."
            )
        if not isinstance(ridge, str) and ridge > 0:
            for name in ("prior", "ratio"):
                if getattr(self, name) is not None:
                    argument = {"ratio": "max_eigenvalue_ratio"}.get(name, name)
                    raise ValueError(
                        f"{owner}: {argument} and a number for reg_covar are two ways "
                        f"to regularise, of which only one can be used; got reg_covar="
                        f"{ridge!r}. Leave reg_covar at 'auto'."
                    )
        if self.ratio is not None and self.fixed.get("covariances"):
            raise ValueError(
                f"{owner}: max_eigenvalue_ratio bounds all covariances together, so "
                "none of them can be fixed."
            )
        if self.noise is not None and self.fixed.get("weights"):
            raise ValueError(
                f"{owner}: weights can be fixed only without noise, whose weight is "
                "one more to estimate. Leave 'weights' out of fixed, or noise=None."
            )


def _noise(estimator: Any) -> float | str | None:
    value = estimator.noise
    if value is None or (isinstance(value, str) and value == HULL):
        return value
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not (is_number and 0 < value < np.inf):
        raise ValueError(
            f"The 'noise' parameter of {type(estimator).__name__} must be None, "
            f"'hull' or a volume, a positive float. Got {value!r} instead."
        )
    return float(value)


def _prior(estimator: Any) -> ConjugatePrior | None:
    value = estimator.prior
    if value is None or isinstance(value, ConjugatePrior):
        return value
    if isinstance(value, str) and value == DEFAULT:
        return ConjugatePrior()
    raise ValueError(
        f"The 'prior' parameter of {type(estimator).__name__} must be None, 'default' "
        f"or a mixtura.priors.ConjugatePrior. Got {value!r} instead."
    )


def _trim(estimator: Any) -> float:
    words = "a float in the range [0.0, 1.0)"
    owner = type(estimator).__name__
    checks.check_interval(owner, "trim", estimator.trim, Real, 0.0, words)
    if estimator.trim >= 1:
        raise ValueError(
            f"The 'trim' parameter of {owner} must be {words}. "
            f"Got {estimator.trim!r} instead."
        )
    return float(estimator.trim)


def _ratio(estimator: Any) -> float | None:
    value = estimator.max_eigenvalue_ratio
    if value is None:
        return None
    owner, words = type(estimator).__name__, "None or a float in the range [1.0, inf)"
    checks.check_interval(owner, "max_eigenvalue_ratio", value, Real, 1.0, words)
    return float(value)


def _fixed(estimator: Any) -> dict[str, tuple[int, ...]]:
    """Components whose weights, means or covariances keep their initial values."""
    value, owner = estimator.fixed, type(estimator).__name__
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not set(value) <= set(PARTS):
        raise ValueError(
            f"The 'fixed' parameter of {owner} must be None or a dict whose keys are "
            f"among {', '.join(map(repr, PARTS))}, and whose values are lists of "
            f"components. Got {value!r} instead."
        )
    return {
        part: _components(estimator, part, chosen)
        for part, chosen in value.items()
        if np.size(chosen)
    }


def _components(estimator: Any, part: str, chosen: Any) -> tuple[int, ...]:
    """Check the components of which one part is fixed."""
    owner, n_components = type(estimator).__name__, estimator.n_components
    numbers = list(np.atleast_1d(np.asarray(chosen, dtype=object)))
    usable = all(
        isinstance(k, Integral) and 0 <= int(k) < n_components for k in numbers
    )
    if not usable or len(set(numbers)) < len(numbers):
        raise ValueError(
            f"The 'fixed' parameter of {owner} must name different components, 0 to "
            f"{n_components - 1}, in {part!r}. Got {chosen!r} instead."
        )
    if getattr(estimator, PARTS[part]) is None:
        raise ValueError(
            f"{owner}: fixed names {part!r}, whose values are to be given by "
            f"{PARTS[part]}; that is None."
        )
    return tuple(sorted(int(k) for k in numbers))
