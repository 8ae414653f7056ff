"""What a search is asked for: its arguments, checked."""

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import KFold, check_cv

from mixtura._types import Array, IntArray
from mixtura.estimators import checks
from mixtura.estimators.fitting.arguments import check_arguments
from mixtura.estimators.fitting.robust_options import RobustOptions
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.searching.candidates import Split
from mixtura.estimators.structures import check_names, names_for
from mixtura.selection.criteria import CRITERIA, CROSS_VALIDATION, Criterion

FOLDS = 5


@dataclass(frozen=True)
class Plan:
    """The arguments of a search that do not depend on the data.

    Attributes
    ----------
    owner : str
        Name of the estimator, for messages.
    sizes : list of int
    structure_names : list of str
        Or ["all"].
    template : GaussianMixture
    criterion : Criterion
    cv : object
        As given; None without cross-validation.
    """

    owner: str
    sizes: list[int]
    structure_names: list[str]
    template: GaussianMixture
    criterion: Criterion
    cv: Any

    @classmethod
    def of(cls, search: Any) -> "Plan":
        """Check the arguments of a search.

        Raises
        ------
        ValueError, TypeError
            Naming the argument and its value.
        """
        owner = type(search).__name__
        template = GaussianMixture() if search.estimator is None else search.estimator
        if not isinstance(template, GaussianMixture):
            raise TypeError(
                f"The 'estimator' parameter of {owner} must be a GaussianMixture or "
                f"None. Got {template!r} instead."
            )
        _check_template(template)
        criterion = search.criterion
        if not isinstance(criterion, Criterion):
            checks.check_choice(owner, "criterion", criterion, [*CRITERIA])
            criterion = CRITERIA[criterion]
        if search.n_jobs is not None:
            checks.check_jobs(owner, search.n_jobs)
        checks.check_count(owner, "verbose", int(search.verbose), 0)
        cv = search.cv
        if cv is None and criterion is CROSS_VALIDATION:
            cv = FOLDS
        if isinstance(cv, Integral):
            checks.check_count(owner, "cv", cv, 2)
            cv = int(cv)
        return cls(
            owner,
            _sizes(owner, search.n_components),
            check_names(owner, search.covariance_type),
            template,
            criterion,
            cv,
        )

    def structures(self, n_features: int) -> list[str]:
        """Names of the structures to try on so many columns."""
        return names_for(self.structure_names, n_features)

    def splits(self, X: Array, y: Any, weights: Array | None, seed: int) -> list[Split]:
        """Rows to fit and rows to hold out; rows of weight zero are in neither.

        What `y` is, is for a splitter that asks for it, such as a stratified one.

        Raises
        ------
        ValueError
            If a split leaves no row to fit or to hold out.
        """
        cv = self.cv
        if cv is None:
            return []
        counts = np.ones(len(X), dtype=bool) if weights is None else weights > 0
        if isinstance(cv, int):
            counted = np.flatnonzero(counts)
            if len(counted) < cv:
                raise ValueError(
                    f"{self.owner}(cv={cv}) must have a row for each fold; got "
                    f"n_samples = {len(counted)}. Choose a smaller cv."
                )
            folds = KFold(cv, shuffle=True, random_state=seed).split(counted)
            return [(counted[kept], counted[left_out]) for kept, left_out in folds]
        splits = []
        for number, parts in enumerate(check_cv(cv).split(X, y)):
            kept, left_out = (_counted(part, counts) for part in parts)
            if not (len(kept) and len(left_out)):
                raise ValueError(
                    f"{self.owner}: split {number} of cv must have rows of positive "
                    f"weight in both parts; got {len(kept)} to fit and "
                    f"{len(left_out)} to hold out."
                )
            splits.append((kept, left_out))
        return splits


def _check_template(template: GaussianMixture) -> None:
    """Refuse once what every fit would refuse, or not be asked if it is kept."""
    check_arguments(clone(template).set_params(n_components=1))
    RobustOptions.of(template)


def _counted(part: Any, counts: NDArray[np.bool_]) -> IntArray:
    """Row numbers, of a mask or of numbers, without those that do not count."""
    rows = np.arange(len(counts))[part]
    return rows[counts[rows]]


def _sizes(owner: str, n_components: Any) -> list[int]:
    sizes = list(n_components) if isinstance(n_components, Iterable) else [n_components]
    if not sizes or isinstance(n_components, str):
        raise ValueError(
            f"The 'n_components' parameter of {owner} must be an int or a sequence of "
            f"them. Got {n_components!r} instead."
        )
    for size in sizes:
        checks.check_count(owner, "n_components", size, 1)
    return [int(size) for size in dict.fromkeys(sizes)]
