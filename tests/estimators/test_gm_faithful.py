"""Old Faithful, against R's mclust at a tight tolerance."""

import pytest
from mixtures import TYPES

from mixtura import GaussianMixture, load_dataset

# mclust 6.0.0 on R 4.2.2, emControl(tol = 1e-14 or where it stalls), models VVV, EEE,
# VVI and VII: log-likelihood in nats for K = 1, 2, 3. mclust starts from one
# hierarchical clustering, so a larger value is no contradiction.
MCLUST = {
    "full": (-1289.7967450526141, -1130.263960184746, -1127.0716674033185),
    "tied": (-1289.7967450526141, -1140.1867594370824, -1126.3159278238422),
    "diag": (-1516.705826618304, -1147.8063525378109, -1131.8185348401585),
    "spherical": (-2003.9520365845365, -1709.5292821774328, -1637.4344179988975),
}


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("n_components", [1, 2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_reaches_the_likelihood_of_mclust(covariance_type, n_components, seed):
    X = load_dataset("old-faithful").values
    model = GaussianMixture(
        n_components, covariance_type=covariance_type, random_state=seed
    ).fit(X)
    known = MCLUST[covariance_type][n_components - 1]
    assert model.log_likelihood_ > known - 1e-3
    if n_components < 3:
        assert model.log_likelihood_ < known + 1e-3
