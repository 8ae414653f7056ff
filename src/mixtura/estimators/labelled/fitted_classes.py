"""The mixtures of all classes: fitted class by class, or all together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp
from sklearn.exceptions import ConvergenceWarning

from mixtura._types import Array
from mixtura.data import UNKNOWN, Rows
from mixtura.estimators import checks
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.labelled.class_fits import ClassFit, class_fit
from mixtura.estimators.labelled.joint_fits import (
    SEPARABLE,
    JointFit,
    class_mixtures,
    joint_fit,
)
from mixtura.estimators.searching.fallen import flat_components
from mixtura.estimators.searching.warning_notes import Note
from mixtura.estimators.structures import STRUCTURES
from mixtura.exceptions import DegenerateDataWarning

TOLD = 5
"""Classes that a warning names."""


@dataclass(frozen=True)
class Task:
    """What is to be fitted to each class.

    Parameters
    ----------
    owner : str
        Name of the estimator, for messages.
    rows : Rows
        Of positive weight, labelled by the number of the class.
    classes : sequence
        Their names.
    sizes : sequence of sequence of int
        Numbers of components that each class may have.
    priors : ndarray of shape (n_classes,) or None
        Probabilities of the classes that are given.
    settings : mapping
        Arguments of `GaussianMixture` other than its size and structure.
    """

    owner: str
    rows: Rows
    classes: Sequence[Any]
    sizes: Sequence[Sequence[int]]
    priors: Array | None
    settings: Mapping[str, Any]

    @property
    def labels(self) -> Any:
        """The number of the class of each row, (n,)."""
        assert self.rows.labels is not None
        return self.rows.labels

    @property
    def weights(self) -> Array:
        """How often each row counts, (n,)."""
        given = self.rows.weights
        return np.ones(len(self.rows)) if given is None else given

    @property
    def is_simple(self) -> bool:
        """Whether each class is one component."""
        return all(list(sizes) == [1] for sizes in self.sizes)

    @property
    def is_partial(self) -> bool:
        """Whether there are rows without a class."""
        return bool((self.labels == UNKNOWN).any())

    def class_fits(self, structures: Sequence[str]) -> list[ClassFit]:
        """Fit each class to its own rows."""
        n_labelled = float(self.weights[self.labels != UNKNOWN].sum())
        return [
            class_fit(
                name,
                self.rows.take(np.flatnonzero(self.labels == c)),
                self.sizes[c],
                structures,
                self.settings,
                n_labelled,
            )
            for c, name in enumerate(self.classes)
        ]


@dataclass(frozen=True)
class FittedClasses:
    """What was fitted.

    Attributes
    ----------
    mixtures : list of GaussianMixture
        p(x | c), one for each class.
    covariance_types : list of str
        Structure of each class.
    priors : ndarray of shape (n_classes,)
    log_likelihood : float
        Of rows and their classes, in nats.
    bic : float
        Lower is better.
    lower_bounds : list of float
        In nats per observation; empty if classes were fitted by themselves.
    n_iter : int
    converged : bool
    is_sound : bool
        Whether the likelihood means what it says: no component has collapsed.
    notes : list of Note
        What is to be warned of.
    """

    mixtures: list[GaussianMixture]
    covariance_types: list[str]
    priors: Array
    log_likelihood: float
    bic: float
    lower_bounds: list[float]
    n_iter: int
    converged: bool
    is_sound: bool
    notes: list[Note]


def fit_classes(
    task: Task, structures: Sequence[str], pooled: bool | None
) -> FittedClasses:
    """Fit a mixture to each class, in the best of the structures.

    Parameters
    ----------
    task : Task
    structures : sequence of str
        If pooled the best one is chosen for all classes, else for each.
    pooled : bool or None
        None: if each class is one component.

    Raises
    ------
    ValueError
        If rows without a class meet structures that need them apart, or a class
        cannot be fitted.
    """
    if task.is_simple if pooled is None else pooled:
        return min(_each_together(task, structures), key=_rank)
    if not task.is_partial:
        return _apart(task, structures)
    if len(structures) > 1 or STRUCTURES[structures[0]].name not in SEPARABLE:
        raise ValueError(
            f"{task.owner}: rows without a class need pooled=True, or one "
            f"covariance_type of {', '.join(SEPARABLE)}; got "
            f"{', '.join(map(repr, structures))}, by which the components of a class "
            "have something in common, or classes differ."
        )
    return _together(task, structures[0], pooled=False)


def _rank(fit: FittedClasses) -> tuple[bool, float]:
    return not fit.is_sound, fit.bic


def _each_together(task: Task, structures: Sequence[str]) -> Iterator[FittedClasses]:
    """Yield the fits that succeed; there is one, or the last failure is raised."""
    n_fits, failure = 0, None
    for structure in structures:
        try:
            fit = _together(task, structure, pooled=True)
        except ValueError as error:
            failure = error
        else:
            n_fits += 1
            yield fit
    if failure is not None and not n_fits:
        raise failure


def _apart(task: Task, structures: Sequence[str]) -> FittedClasses:
    """Fit each class by itself, each in the structure that is best for it."""
    fits = task.class_fits(structures)
    models = [fit.model for fit in fits]
    counts = np.bincount(task.labels, task.weights, len(models))
    priors = counts / counts.sum() if task.priors is None else task.priors
    of_classes = sum(model.log_likelihood_ for model in models)
    return FittedClasses(
        models,
        [model.covariance_type for model in models],
        priors,
        float(of_classes + counts @ np.log(priors)),
        _criterion(task, models, priors, sum(m._n_parameters() for m in models)),
        [],
        max(model.n_iter_ for model in models),
        all(model.converged_ for model in models),
        True,
        [note for fit in fits for note in fit.notes],
    )


def _together(task: Task, name: str, *, pooled: bool) -> FittedClasses:
    """Fit the components of all classes by EM under one structure."""
    structure, n_classes = STRUCTURES[name], len(task.classes)
    fits = [] if task.is_simple else task.class_fits([name])
    models = [fit.model for fit in fits] or None
    sizes = [len(model.weights_) for model in models] if models else [1] * n_classes
    rng = checks.generator(task.settings["random_state"])
    joint = joint_fit(
        task.rows, structure, models, task.priors, n_classes, task.settings, rng
    )
    groups = np.repeat(np.arange(n_classes), sizes)
    mixtures = class_mixtures(joint.params, structure, groups)
    weights, n_features = joint.params.weights, task.rows.n_features
    priors = np.bincount(groups, weights, n_classes).astype(np.float64)
    sharing = [sum(sizes)] if pooled else sizes
    n_parameters = len(groups) * (n_features + 1) - n_classes
    n_parameters += sum(structure.n_free_parameters(k, n_features) for k in sharing)
    totals = np.array(joint.result.log_likelihoods) + joint.offset
    flat = flat_components(STRUCTURES[name], weights * len(task.rows), n_features)
    return FittedClasses(
        mixtures,
        [name] * n_classes,
        priors,
        float(totals[-1]),
        _criterion(task, mixtures, priors, n_parameters),
        (totals / task.rows.n_observations).tolist(),
        max(joint.result.n_iter, 1),
        joint.is_final,
        not (joint.collapsed or flat.any()),
        [note for fit in fits for note in fit.notes]
        + _notes(joint, [task.classes[c] for c in np.unique(groups[joint.collapsed])]),
    )


def _notes(joint: JointFit, collapsed: Sequence[Any]) -> list[Note]:
    """Say that a fit did not converge, and which classes have collapsed."""
    notes = []
    if not joint.is_final:
        text = f"The fit did not converge. {joint.result.message}"
        notes.append(Note(ConvergenceWarning, text))
    if collapsed:
        names = ", ".join(map(repr, collapsed[:TOLD]))
        more = f" and {len(collapsed) - TOLD} more" if len(collapsed) > TOLD else ""
        text = (
            f"{'Class' if len(collapsed) == 1 else 'Classes'} {names}{more}: a "
            "component collapsed onto (nearly) equal values in some direction, "
            "held only by the floor under the variances. Use a simpler "
            "covariance_type, fewer components, or a larger reg_covar."
        )
        notes.append(Note(DegenerateDataWarning, text))
    return notes


def _criterion(
    task: Task, mixtures: Sequence[GaussianMixture], priors: Array, n_parameters: int
) -> float:
    """BIC, lower is better; see `bic_`.

    With rows without a class it is that of what EM maximised, log p(x, c) where the
    class is known, and so counts the probabilities of the classes.
    """
    densities = np.column_stack([m.score_samples(task.rows.X) for m in mixtures])
    with np.errstate(divide="ignore"):  # a class that is never to be found
        log_joint = densities + np.log(priors)
    levels = logsumexp(log_joint, axis=1)
    if task.is_partial:
        known = np.flatnonzero(task.labels != UNKNOWN)
        levels[known] = log_joint[known, task.labels[known]]
        n_parameters += 0 if task.priors is not None else len(priors) - 1
    weights = task.weights
    return float(n_parameters * np.log(weights.sum()) - 2 * weights @ levels)
