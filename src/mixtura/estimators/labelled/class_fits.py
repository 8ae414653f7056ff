"""The fit of one class: its size and its structure are those of least BIC."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mixtura.data import Rows
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.gaussian_mixture_search import GaussianMixtureSearch
from mixtura.estimators.searching.warning_notes import Note


class ClassFit(NamedTuple):
    """The mixture of a class, and what its fit warned of."""

    model: GaussianMixture
    notes: list[Note]


def class_fit(
    name: Any,
    rows: Rows,
    sizes: Sequence[int],
    structures: Sequence[str],
    settings: Mapping[str, Any],
) -> ClassFit:
    """Fit a mixture to the rows of one class; of several, that a search prefers.

    Raises
    ------
    ValueError
        If the class has fewer rows than components, or no fit succeeds.
    """
    usable = [size for size in sizes if size <= len(rows)]
    if not usable:
        raise ValueError(
            f"Class {name!r} has n_samples = {len(rows)} rows, fewer than its "
            f"n_components = {min(sizes)}. Choose fewer components for it."
        )
    fitted = _mixture(usable, structures, settings)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fitted.fit(rows.X, sample_weight=rows.weights)
        except ValueError as error:
            raise ValueError(f"Class {name!r}: {error}") from error
    notes = [Note(w.category, f"Class {name!r}: {w.message}") for w in caught]
    is_search = isinstance(fitted, GaussianMixtureSearch)
    return ClassFit(fitted.best_estimator_ if is_search else fitted, notes)


def _mixture(
    sizes: Sequence[int], structures: Sequence[str], settings: Mapping[str, Any]
) -> GaussianMixture | GaussianMixtureSearch:
    """Return the one mixture that is asked for, or a search."""
    if len(sizes) == len(structures) == 1:
        return GaussianMixture(sizes[0], covariance_type=structures[0], **settings)
    return GaussianMixtureSearch(
        sizes,
        covariance_type=structures,
        estimator=GaussianMixture(**settings),
        random_state=settings["random_state"],
        n_jobs=settings["n_jobs"],
    )
