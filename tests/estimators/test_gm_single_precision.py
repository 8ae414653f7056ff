"""dtype="float32": climb in single precision, finish in double."""

import numpy as np
import pytest
from tests.checks import never_falls

from mixtura import GaussianMixture
from mixtura.data import Rows
from mixtura.em import Outcome, em
from mixtura.families.constraints import Floor
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Mixture

N = 6_000


def hard_rows(seed=0):
    """Three clusters at offset 1e4 whose covariances have a condition of 1e6."""
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    scales = np.array([1e3, 30.0, 1.0])
    rows = (rng.standard_normal((N, 3)) * scales) @ turn.T
    return rows + 1e4 + np.repeat([[0.0], [3e3], [9e3]], N // 3, axis=0)


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("given", [np.float64, np.float32])
def test_the_likelihood_is_that_of_double_precision(covariance_type, given):
    X = hard_rows().astype(given)
    fits = [
        GaussianMixture(
            3, covariance_type=covariance_type, random_state=0, dtype=dtype
        ).fit(X)
        for dtype in ("float64", "float32")
    ]
    double, single = (fit.log_likelihood_ for fit in fits)
    assert single == pytest.approx(double, rel=1e-6)
    never_falls(np.array(fits[1].lower_bounds_) * N, N)
    assert fits[1].converged_
    assert len(fits[1].lower_bounds_) == fits[1].n_iter_
    assert fits[1].score(X) * N == pytest.approx(single, rel=1e-9)


def test_rows_in_single_precision_converge_within_their_rounding():
    """They end neither in a fall that is rounding nor in a search for digits."""
    X = np.asarray(hard_rows() - 1e4, dtype=np.float32) / np.float32(1e3)
    model = Mixture(Gaussian(Full(), Floor(np.full(3, 1e-10))))
    rng = np.random.default_rng(0)
    start = model.from_responsibilities(Rows(X), rng.dirichlet(np.ones(3), size=N))
    result = em(model, Rows(X), start, tol=1e-12, max_iter=2_000)
    assert result.outcome is Outcome.CONVERGED


def test_it_is_refused_where_it_does_nothing():
    X = hard_rows()
    with pytest.raises(ValueError, match="dtype='float32' cannot be combined"):
        GaussianMixture(2, dtype="float32", trim=0.1).fit(X)
    with pytest.raises(ValueError, match="'dtype' parameter of GaussianMixture"):
        GaussianMixture(2, dtype="half").fit(X)
