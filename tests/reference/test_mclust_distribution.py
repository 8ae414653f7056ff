"""A fitted mixture as a distribution, and its resampling errors, against R's mclust."""

import numpy as np
import pytest

from mixtura import GaussianMixture, bootstrap, load_dataset

# densityMclust(acidity, G = 2, modelNames = "V"): its parameters, and what
# predict, cdfMclust and quantileMclust of mclust 6.0.0 say of them.
WEIGHTS = [0.4830205593659065, 0.5169794406340934]
MEANS = [4.2529101660606017, 5.9013050522329173]
VARIANCES = [0.0689775705957999, 0.7090585769414869]
AT = [3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0, 7.5]
DENSITY = [
    *(0.000655806258839, 0.016248051756911, 0.480627807881502, 0.532655746156406),
    *(0.150958043815444, 0.218645720184258, 0.243253568879039, 0.190227084037402),
    *(0.104559104455952, 0.040395011196994),
]
CDF = [
    *(0.000147783579512, 0.002125595915631, 0.087232736815417, 0.424100481288142),
    *(0.555475614419362, 0.646815430826731, 0.765628416749399, 0.876677301131121),
    *(0.950377981519982, 0.985105246869987),
]
QUANTILES = {
    **{0.01: 3.69021647762, 0.1: 4.02539781206, 0.5: 4.69496402824},
    **{0.9: 6.62995400478, 0.99: 7.64226337583},
}

# MclustBootstrap(Mclust(faithful, G = 2, modelNames = "VVV"), nboot = 500), larger
# component first.
ERRORS = {
    "nonparametric": [
        *(0.02978, 0.02978, 0.03041, 0.47376, 0.02829, 0.59626),
        *(0.02004, 0.27106, 4.30481, 0.01400, 0.16437, 4.27627),
    ],
    "weighted": [
        *(0.02919, 0.02919, 0.03240, 0.46894, 0.02991, 0.58332),
        *(0.01931, 0.26535, 4.26372, 0.01350, 0.16624, 4.15205),
    ],
}


def test_density_cumulative_probability_and_quantiles():
    model = GaussianMixture(
        2,
        weights_init=WEIGHTS,
        means_init=np.array(MEANS)[:, None],
        precisions_init=1 / np.array(VARIANCES)[:, None, None],
        max_iter=0,
    ).fit(np.linspace(3, 8, 50)[:, None])
    density = np.exp(model.score_samples(np.array(AT)[:, None]))
    np.testing.assert_allclose(density, DENSITY, rtol=0, atol=1e-14)
    np.testing.assert_allclose(model.cdf(AT), CDF, rtol=0, atol=1e-14)
    found = model.quantile([*QUANTILES])
    np.testing.assert_allclose(found, [*QUANTILES.values()], rtol=1e-10)


@pytest.mark.parametrize("method", ERRORS)
def test_resampling_errors(method):
    """To within the error of 500 replicates there and 300 here."""
    X = load_dataset("old-faithful").values
    model = GaussianMixture(2, random_state=0).fit(X)
    assert model.weights_[0] > model.weights_[1]
    found = bootstrap(model, X, method=method, n_bootstrap=300, random_state=0)
    np.testing.assert_allclose(found.standard_errors, ERRORS[method], rtol=0.2)
