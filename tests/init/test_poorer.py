"""Where matrices cannot be told from the rows, variances say where the clusters are."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from mixtura import GaussianMixture
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.gaussian import Gaussian
from mixtura.init.poorer import poorer
from mixtura.models.mixture import Mixture


@pytest.mark.parametrize("covariance_type", ["full", "EVV"])
@pytest.mark.parametrize("seed", range(3))
def test_clusters_in_many_columns_are_found(covariance_type, seed):
    rng = np.random.default_rng(seed)
    labels = np.arange(1200) % 3
    turned = rng.standard_normal((3, 30, 30)) / np.sqrt(30) + np.eye(30)
    places = rng.standard_normal((3, 30)) * 1.5
    X = rng.standard_normal((1200, 30))
    X = places[labels] + np.einsum("ide,ie->id", turned[labels], X)
    model = GaussianMixture(3, covariance_type=covariance_type, random_state=seed)
    assert adjusted_rand_score(labels, model.fit_predict(X)) > 0.99


@pytest.mark.parametrize(
    ("structure", "n_rows", "n_features", "is_poorer"),
    [
        (Full(), 1200, 30, True),  # 400 rows for 496 parameters
        (Full(), 1600, 30, False),
        (Full(), 150, 4, False),
        (Full(), 100, 40, False),  # nor can variances be told
        (Tied(), 1200, 30, False),
        (Tied(), 500, 30, True),
        (Diagonal(), 100, 30, False),
        (Spherical(), 100, 30, False),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_where_rows_are_few(structure, n_rows, n_features, is_poorer):
    model = Mixture(Gaussian(structure))
    found = poorer(model, n_rows, n_features, 3)
    assert (found is not None) == is_poorer
    if found is not None:
        assert isinstance(found.family.structure, Diagonal)
        assert found.family.constraint == model.family.constraint
