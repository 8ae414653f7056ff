"""What the pictures of a trace have in common."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mixtura.plot.display import Display
from mixtura.plot.quantities.inputs import check_fitted
from mixtura.trace import EMTrace

LIKELIHOOD, BOUND = "#0072B2", "#D55E00"
"""Colours of the log-likelihood and of the bound under it."""


class RecordedDisplay(Display):
    """A picture of a trace."""

    @classmethod
    def from_estimator(cls, estimator: Any, *rows: Any, **options: Any) -> Self:
        """Draw the trace of an estimator that was fitted with ``record=True``.

        Parameters
        ----------
        estimator : GaussianMixture
        *rows, **options
            As in ``from_trace``, after the trace.

        Returns
        -------
        Display

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it was not recorded.
        """
        caller = f"{cls.__name__}.from_estimator"
        check_fitted(estimator, ("trace_",), caller, "Fit it with record=True.")
        return cls.from_trace(estimator.trace_, *rows, **options)

    @classmethod
    @abstractmethod
    def from_trace(cls, trace: EMTrace, *rows: Any, **options: Any) -> Self:
        """Draw a trace."""


def check_trace(trace: Any, caller: str) -> None:
    """Require a trace.

    Raises
    ------
    TypeError
        If it is something else.
    """
    if not isinstance(trace, EMTrace):
        raise TypeError(
            f"{caller}.from_trace: trace must be an EMTrace; got "
            f"{type(trace).__name__}. A model fitted with record=True has one as "
            "trace_, and EMTrace.from_steps makes one of half-steps."
        )


def name_columns(
    trace: EMTrace, feature_names: Sequence[str] | None, caller: str
) -> tuple[str, ...]:
    """Return names that are given, else those of the fit.

    Raises
    ------
    ValueError
        If there is not one name for each column.
    """
    names = trace.about.columns
    if feature_names is None:
        return names
    if isinstance(feature_names, str) or len(feature_names) != len(names):
        raise ValueError(
            f"{caller}.from_trace: feature_names must be a sequence of {len(names)} "
            f"names, one for each column of the data; got {feature_names!r}."
        )
    return tuple(map(str, feature_names))


def e_steps(trace: EMTrace) -> NDArray[np.intp]:
    """Return the positions of the E-steps in a trace."""
    return np.flatnonzero([record.phase == "E" for record in trace.records])


def count_iterations(ax: Axes, label: str = "iteration") -> None:
    """Give the x axis whole numbers."""
    ax.set_xlabel(label)
    locator = MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10])
    ax.xaxis.set_major_locator(locator)
