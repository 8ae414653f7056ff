"""A number known up to a Monte Carlo error, with bounds that hold for certain."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Estimate:
    """A value, its Monte Carlo error, and proven bounds.

    Parameters
    ----------
    value : float
        The estimate, within the bounds; exact where `standard_error` is zero.
    standard_error : float
        Standard deviation, over repetitions of the draws, of the average that the
        estimate is before it is moved into the bounds.
    lower, upper : float
        Bounds of the exact value, up to rounding, that hold whatever was drawn;
        infinite where none is known.

    Examples
    --------
    >>> from mixtura.distribution.estimate import Estimate
    >>> print(Estimate(1.25, 0.003, lower=1.1, upper=1.4))
    1.2500 ± 0.0030, between 1.1000 and 1.4000
    """

    value: float
    standard_error: float
    lower: float = -np.inf
    upper: float = np.inf

    def within(self, lower: float, upper: float) -> "Estimate":
        """Return the nearest value within bounds, and these."""
        value = float(np.clip(self.value, lower, upper))
        return Estimate(value, self.standard_error, lower, upper)

    def __str__(self) -> str:
        text = f"{self.value:.4f} ± {self.standard_error:.4f}"
        if np.isinf([self.lower, self.upper]).all():
            return text
        return f"{text}, between {self.lower:.4f} and {self.upper:.4f}"
