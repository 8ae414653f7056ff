"""What every judgement of a mixture's parameters has: errors, intervals, a table."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from mixtura._types import Array
from mixtura.inference.parameters import Layout
from mixtura.inference.tables import render


class ParameterErrors(ABC):
    """Estimates with their uncertainty; printed, a table."""

    layout: Layout
    estimates: Array
    covariance: Array

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, such as ``mean[0, waiting]``."""
        return tuple(parameter.name for parameter in self.layout.parameters)

    @property
    def standard_errors(self) -> Array:
        """Square roots of the diagonal of `covariance`, (n_parameters,)."""
        return np.sqrt(np.diagonal(self.covariance))

    @property
    def weights(self) -> Array:
        """Standard errors in the shape of ``weights_``."""
        return self.layout.shaped(self.standard_errors)[0]

    @property
    def means(self) -> Array:
        """Standard errors in the shape of ``means_``."""
        return self.layout.shaped(self.standard_errors)[1]

    @property
    def covariances(self) -> Array:
        """Standard errors in the shape of ``covariances_``."""
        return self.layout.shaped(self.standard_errors)[2]

    @abstractmethod
    def intervals(self, level: float = 0.95) -> Array:
        """Confidence intervals, (n_parameters, 2)."""

    def table(
        self, level: float = 0.95, *options: Any, **named: Any
    ) -> list[dict[str, Any]]:
        """One row a parameter, for any data frame; takes what `intervals` does."""
        columns = zip(
            self.names,
            self.estimates.tolist(),
            self.standard_errors.tolist(),
            self.intervals(level, *options, **named).tolist(),
            strict=True,
        )
        return [
            {
                "parameter": name,
                "estimate": estimate,
                "standard_error": error,
                "lower": lower,
                "upper": upper,
            }
            for name, estimate, error, (lower, upper) in columns
        ]

    def __repr__(self) -> str:
        return render(self.table())


def check_level(level: float) -> None:
    """Require a confidence level."""
    if not 0 < level < 1:
        raise ValueError(
            f"level must be a probability between 0 and 1, such as 0.95; got {level!r}."
        )
