"""The fit of one class: its size and its structure are those of least BIC."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mixtura.data import Rows
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.gaussian_mixture_search import GaussianMixtureSearch
from mixtura.estimators.searching.warning_notes import Note
from mixtura.selection.criteria import Criterion, FitSummary, bic


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
    n_labelled: float,
) -> ClassFit:
    """Fit a mixture to the rows of one class; of several, that of least BIC.

    Parameters
    ----------
    name : object
        Of the class.
    rows : Rows
    sizes : sequence of int
    structures : sequence of str
    settings : mapping
        Other arguments of `GaussianMixture`.
    n_labelled : float
        Observations of all classes, by which a parameter is counted: the BIC of the
        classifier is then a sum over the classes, of which each is least.

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
    fitted = _mixture(usable, structures, settings, n_labelled)
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
    sizes: Sequence[int],
    structures: Sequence[str],
    settings: Mapping[str, Any],
    n_labelled: float,
) -> GaussianMixture | GaussianMixtureSearch:
    """Return the one mixture that is asked for, or a search."""
    if len(sizes) == len(structures) == 1:
        return GaussianMixture(sizes[0], covariance_type=structures[0], **settings)

    def value(fit: FitSummary) -> float:
        return bic(fit.log_likelihood, fit.n_parameters, n_labelled)

    return GaussianMixtureSearch(
        sizes,
        covariance_type=structures,
        criterion=Criterion("bic", "BIC of all classes", value),
        estimator=GaussianMixture(**settings),
        random_state=settings["random_state"],
        n_jobs=settings["n_jobs"],
    )
