"""Alignment of two fits and merging of components: the public functions."""

import copy
from typing import Any

import numpy as np

from mixtura._types import Array
from mixtura.data import UNKNOWN
from mixtura.estimators import checks
from mixtura.estimators.judging.bootstrap import components_of
from mixtura.estimators.judging.fitted_problem import check_fitted
from mixtura.inference.alignment import (
    Alignment,
    match_components,
    match_responsibilities,
)
from mixtura.inference.merging import MergeTree, merge


def align(
    model: Any, reference: Any, X: Any = None, sample_weight: Any = None
) -> Alignment:
    """Number the components of a fit as those of another.

    Of all one-to-one assignments the one is chosen that makes the sum of the products
    of responsibilities for the rows of X largest or, without rows, that of the overlaps
    of the weighted component densities.

    Parameters
    ----------
    model : GaussianMixture
        Fitted; it is not changed.
    reference : GaussianMixture
        Fitted, with as many components and columns; of any covariance type.
    X : array-like of shape (n_samples, n_features), optional
    sample_weight : array-like of shape (n_samples,), optional
        How often each row counts.

    Returns
    -------
    Alignment
        `order`, the relabelled copy `model`, and the `agreement` of each component.

    Raises
    ------
    TypeError
        If either is no mixture of this package.
    ValueError
        If they differ in components or columns.

    Examples
    --------
    >>> from mixtura import GaussianMixture, align
    >>> eye = [[1.0]]
    >>> first = GaussianMixture.from_parameters([0.5, 0.5], [[0], [9]], [eye, eye])
    >>> second = GaussianMixture.from_parameters([0.6, 0.4], [[8], [1]], [eye, eye])
    >>> result = align(second, first)
    >>> result.order
    array([1, 0])
    >>> result.model.weights_
    array([0.4, 0.6])
    """
    for each in (model, reference):
        check_fitted(each, "align")
    if model.means_.shape != reference.means_.shape:
        raise ValueError(
            "align: model and reference must have the same numbers of components and "
            f"columns; got {model.means_.shape} and {reference.means_.shape}."
        )
    if X is None:
        order, agreement = match_components(
            components_of(reference), components_of(model)
        )
    else:
        weights = _weights(sample_weight, X)
        order, agreement = match_responsibilities(
            _of_components(reference, X), _of_components(model, X), weights
        )
    return Alignment(order, _relabelled(model, order), agreement)


def merge_components(model: Any, X: Any, sample_weight: Any = None) -> MergeTree:
    """Merge components into clusters by entropy, from all to one [Baudry2010]_.

    A cluster that is not Gaussian takes several components of a mixture. Those that
    share rows are merged first; the entropy against the number of clusters bends where
    the rows begin to be divided without doubt.

    Parameters
    ----------
    model : GaussianMixture
        Fitted, for instance the one that BIC prefers.
    X : array-like of shape (n_samples, n_features)
    sample_weight : array-like of shape (n_samples,), optional
        How often each row counts.

    Returns
    -------
    MergeTree
        Prints as a table. `n_clusters` is the number where the entropy bends,
        `groups(n)` the components of each of n clusters, `predict(X, n)` the labels,
        `linkage()` the tree as SciPy draws it.

    Raises
    ------
    TypeError
        If `model` is no mixture of this package.

    References
    ----------
    .. [Baudry2010] J.-P. Baudry, A. E. Raftery, G. Celeux, K. Lo, R. Gottardo.
       Combining mixture components for clustering. J. Comput. Graph. Statist. 19,
       332-353.

    Examples
    --------
    >>> from mixtura import GaussianMixture, load_dataset, merge_components
    >>> faithful = load_dataset("old-faithful").values
    >>> model = GaussianMixture(3, random_state=0).fit(faithful)
    >>> tree = merge_components(model, faithful)
    >>> tree.n_clusters
    2
    >>> sorted(len(group) for group in tree.groups(2))
    [1, 2]
    """
    check_fitted(model, "merge_components")
    weights = _weights(sample_weight, X)
    return merge(model, _of_components(model, X), weights)


def _weights(sample_weight: Any, X: Any) -> Array | None:
    if sample_weight is None:
        return None
    return checks.check_sample_weight(sample_weight, np.empty((len(X), 1)))


def _of_components(model: Any, X: Any) -> Array:
    """Responsibilities of the components, without those of noise."""
    responsibilities: Array = model.predict_proba(X)
    return responsibilities[:, : len(model.weights_)]


def _relabelled(model: Any, order: Any) -> Any:
    """Copy a model with its components in another order."""
    result = copy.copy(model)
    names = ["weights_", "means_"]
    if model._structure().per_component:
        names += ["covariances_", "precisions_", "precisions_cholesky_"]
    for name in names:
        setattr(result, name, getattr(model, name)[order])
    if hasattr(model, "labels_"):
        numbers = np.append(
            np.argsort(order), UNKNOWN
        )  # of no component is -1, the last
        result.labels_ = numbers.astype(model.labels_.dtype)[model.labels_]
    return result
