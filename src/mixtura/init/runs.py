"""Short EM runs from several starts, side by side where the data are small."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mixtura._types import Array
from mixtura.data import Rows
from mixtura.em import Outcome, em
from mixtura.exceptions import DegenerateComponentError
from mixtura.families.gaussian import Gaussian, GaussianParams, GaussianStatistics
from mixtura.kernels import is_fused
from mixtura.models.mixture import Mixture, MixtureParams, log_weights

SETTLED = 1e-9
"""Gains of less than this share of the log-likelihood end a run early."""


class Run(NamedTuple):
    """Where a short run began, where it has got to, and by what objectives."""

    start: MixtureParams
    params: MixtureParams
    objectives: tuple[float, ...] = ()

    @classmethod
    def at(cls, start: MixtureParams) -> "Run":
        """Return a run that has not moved yet."""
        return cls(start, start)

    @property
    def objective(self) -> float:
        """The last, in nats."""
        return self.objectives[-1] if self.objectives else -np.inf

    @property
    def n_steps(self) -> int:
        """EM steps from the start."""
        return max(len(self.objectives) - 1, 0)

    def to(self, params: MixtureParams, objectives: Sequence[float]) -> "Run":
        """Return the run after further steps, the first at the present parameters."""
        return Run(self.start, params, (*self.objectives[:-1], *objectives))


def from_partitions(
    model: Mixture, data: Rows, partitions: Sequence[Array]
) -> list[MixtureParams]:
    """Return the M-step's parameters for each of several responsibilities.

    Partitions that leave a component without a covariance are left out.

    Raises
    ------
    DegenerateComponentError
        If all of them do.
    """
    if len(partitions) > 1 and _may_be_stacked(model, data, partitions[0].shape[1]):
        try:
            return _stacked_starts(model, data, partitions)
        except DegenerateComponentError:
            pass  # one of them; the others are found one by one
    error = None
    starts = []
    for values in partitions:
        try:
            starts.append(model.from_responsibilities(data, values))
        except DegenerateComponentError as collapse:
            error = collapse
    if not starts and error is not None:
        raise error
    return starts


def _stacked_starts(
    model: Mixture, data: Rows, partitions: Sequence[Array]
) -> list[MixtureParams]:
    """Make them as if they were one mixture of all their components."""
    family = model.family
    assert isinstance(family, Gaussian)
    n_starts, n_components = len(partitions), partitions[0].shape[1]
    values = data.weighted(np.concatenate(partitions, axis=1))
    blank = family.blank(n_starts * n_components, data.n_features)
    placed = family.placed(blank, family.statistics(blank, data.X, values))
    moments = family.statistics(placed, data.X, values)
    components = _maximized(family, placed, moments, n_components)
    nothing = np.full(n_components, 1 / n_components)
    weights = np.array(
        [
            model.proportions.maximize(nothing, counts)
            for counts in moments.counts.reshape(n_starts, n_components)
        ]
    )
    return [_run(weights, components, i) for i in range(n_starts)]


def followed(
    model: Mixture, data: Rows, runs: Sequence[Run], n_steps: int
) -> list[Run]:
    """Take so many EM steps more in each run; those that collapse are left out.

    Parameters
    ----------
    model : Mixture
    data : Rows
    runs : sequence of Run
        Of equally many components.
    n_steps : int
    """
    if len(runs) > 1 and _may_be_stacked(model, data, len(runs[0].params.weights)):
        return _side_by_side(model, data, runs, n_steps)
    return [_alone(model, data, run, n_steps) for run in runs]


def _alone(model: Mixture, data: Rows, run: Run, n_steps: int) -> Run:
    result = em(model, data, run.params, tol=SETTLED, max_iter=n_steps)
    if result.outcome is Outcome.INTERRUPTED:
        raise KeyboardInterrupt
    return run.to(result.params, result.log_likelihoods)


def _may_be_stacked(model: Mixture, data: Rows, n_components: int) -> bool:
    """Whether stacking is possible, and NumPy's calls cost more than its loops."""
    family = model.family
    return (
        isinstance(family, Gaussian)
        and family.structure.per_component
        and family.constraint.separate
        and not is_fused(len(data), n_components, data.n_features)
    )


def _side_by_side(
    model: Mixture, data: Rows, runs: Sequence[Run], n_steps: int
) -> list[Run]:
    """Follow Gaussian mixtures as one of all their components, kept apart."""
    family = model.family
    assert isinstance(family, Gaussian)
    weights = np.array([run.params.weights for run in runs])  # (R, K)
    components = _stacked([run.params.components for run in runs])
    trace: list[Array] = []
    for step in range(n_steps + 1):
        level, counts, moments = _e_step(family, data, weights, components)
        gains = level - trace[-1] if trace else np.full(len(runs), np.inf)
        trace.append(level)
        if step == n_steps or (gains < SETTLED * (1 + np.abs(level))).all():
            break
        try:
            components = _maximized(family, components, moments, weights.shape[1])
        except DegenerateComponentError as collapse:
            assert collapse.component is not None
            lost = collapse.component // weights.shape[1]
            here = [
                run.to(_run(weights, components, i), [at[i] for at in trace])
                for i, run in enumerate(runs)
                if i != lost
            ]
            return _side_by_side(model, data, here, n_steps - step) if here else []
        weights = np.array(
            [
                model.proportions.maximize(*both)
                for both in zip(weights, counts, strict=True)
            ]
        )
    return [
        run.to(_run(weights, components, i), [float(at[i]) for at in trace])
        for i, run in enumerate(runs)
        if np.isfinite(level[i])
    ]


def _e_step(
    family: Gaussian, data: Rows, weights: Array, components: GaussianParams
) -> tuple[Array, Array, GaussianStatistics]:
    """Log-likelihoods (R,), counts (R, K), and statistics of all components."""
    log_likelihoods, _, counts, first, second = family.structure.kernels.side_by_side(
        data.X,
        data.weights,
        log_weights(MixtureParams(weights.ravel(), components))
        + family.log_normalizers(components),
        components.means,
        components.precision_cholesky,
        len(weights),
    )
    moments = GaussianStatistics(counts, first, second, components.means)
    return log_likelihoods, counts.reshape(weights.shape), moments


def _maximized(
    family: Gaussian,
    components: GaussianParams,
    moments: GaussianStatistics,
    n_components: int,
) -> GaussianParams:
    """M-step of all mixtures; one by one where components have something in common."""
    if family.structure.separate:
        return family.maximize(components, moments)
    parts = []
    for first in range(0, len(components.means), n_components):
        own = slice(first, first + n_components)
        params = GaussianParams(
            components.means[own],
            components.covariances[own],
            components.precision_cholesky[own],
        )
        statistics = GaussianStatistics(
            moments.counts[own],
            moments.first[own],
            moments.second[own],
            moments.pivot[own],
        )
        try:
            parts.append(family.maximize(params, statistics))
        except DegenerateComponentError as collapse:
            raise DegenerateComponentError(str(collapse), first) from collapse
    return _stacked(parts)


def _stacked(components: Sequence[GaussianParams]) -> GaussianParams:
    return GaussianParams(
        np.concatenate([each.means for each in components]),
        np.concatenate([each.covariances for each in components]),
        np.concatenate([each.precision_cholesky for each in components]),
    )


def _run(weights: Array, stacked: GaussianParams, i: int) -> MixtureParams:
    """Return the i-th of the mixtures."""
    n_components = weights.shape[1]
    own = slice(i * n_components, (i + 1) * n_components)
    return MixtureParams(
        weights[i],
        GaussianParams(
            stacked.means[own],
            stacked.covariances[own],
            stacked.precision_cholesky[own],
        ),
    )
