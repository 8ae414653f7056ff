"""NIST StRD univariate summary statistics, NumAcc1 to NumAcc4, as mixtures of one.

Graded by stiffness: ever more leading digits that all values share. The mean and the
maximum-likelihood standard deviation (divisor n) are compared with exact rational
arithmetic on the doubles as they are stored. Against the decimal definition no method
could reach 13 digits on NumAcc4: 10000000.2 and 10000000.1 are not doubles, and the
rounding of the inputs, up to 9.3e-10, changes the true standard deviation of 0.1 in
the ninth digit.
"""

from fractions import Fraction
from math import isqrt

import numpy as np
import pytest

from checks import correct_digits
from mixtura.data import Rows
from mixtura.em import Outcome, em
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Mixture

DIGITS = 13


def alternating(first: float, low: float, high: float) -> np.ndarray:
    """One value, then a thousand that alternate."""
    return np.array([first, *[low, high] * 500])


DATA = {
    "NumAcc1": np.array([10000001.0, 10000003.0, 10000002.0]),
    "NumAcc2": alternating(1.2, 1.1, 1.3),
    "NumAcc3": alternating(1000000.2, 1000000.1, 1000000.3),
    "NumAcc4": alternating(10000000.2, 10000000.1, 10000000.3),
}
DECIMAL = {
    "NumAcc1": (Fraction(10000002), Fraction(2, 3)),
    "NumAcc2": (Fraction(12, 10), Fraction(10, 1001)),
    "NumAcc3": (Fraction(10000002, 10), Fraction(10, 1001)),
    "NumAcc4": (Fraction(100000002, 10), Fraction(10, 1001)),
}
NAMES = pytest.mark.parametrize("name", DATA)
STRUCTURES = pytest.mark.parametrize(
    "structure", [Full(), Tied(), Diagonal(), Spherical()], ids=lambda s: s.name
)


def exact(values) -> tuple[Fraction, Fraction]:
    """Mean and variance with divisor n of the doubles, without rounding."""
    fractions = [Fraction(float(value)) for value in values]
    mean = sum(fractions) / len(fractions)
    return mean, sum((x - mean) ** 2 for x in fractions) / len(fractions)


def root(value: Fraction, digits: int = 40) -> Fraction:
    """A square root to 40 digits."""
    scale = 10 ** (2 * digits)
    return Fraction(isqrt(int(value * scale)), 10**digits)


def fitted(values, structure) -> tuple[float, float]:
    """Mean and standard deviation of a mixture of one component."""
    model, data = Mixture(Gaussian(structure)), Rows(values[:, None])
    params = model.from_responsibilities(data, np.ones((len(data), 1)))
    result = em(model, data, params)
    assert result.outcome is Outcome.CONVERGED
    inner = result.params.components
    return float(inner.means[0, 0]), float(np.sqrt(inner.covariances.ravel()[0]))


@STRUCTURES
@NAMES
def test_mean_and_standard_deviation_have_thirteen_digits(name, structure):
    mean, deviation = fitted(DATA[name], structure)
    true_mean, true_variance = exact(DATA[name])
    assert correct_digits(mean, true_mean) >= DIGITS
    assert correct_digits(deviation, root(true_variance)) >= DIGITS


@NAMES
def test_the_definitions_are_entered_as_published(name):
    """The doubles have the published moments as far as rounding the inputs allows."""
    mean, variance = exact(DATA[name])
    published_mean, published_variance = DECIMAL[name]
    spacing = Fraction(float(np.spacing(DATA[name].max())))
    assert abs(mean - published_mean) <= spacing
    assert abs(root(variance) - root(published_variance)) <= 2 * spacing


def test_the_doubles_of_num_acc_4_do_not_have_thirteen_digits_of_the_decimals():
    _, variance = exact(DATA["NumAcc4"])
    digits = correct_digits(float(root(variance)), root(DECIMAL["NumAcc4"][1]))
    assert digits < 10
