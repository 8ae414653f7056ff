"""R's discriminant analysis by one component a class."""

import numpy as np
import pytest
from stored import rows, table

from mixtura import GaussianMixtureClassifier

MEASURES = ["Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width"]

EDDA = {
    "EII": (-414.697951273, 13, 11),
    "VII": (-392.498414498, 15, 12),
    "EEI": (-364.517364338, 16, 6),
    "VEI": (-340.836052476, 18, 5),
    "EVI": (-342.973698473, 22, 6),
    "VVI": (-309.362757894, 24, 6),
    "EEE": (-256.646184255, 22, 3),
    "VEE": (-238.394699059, 24, 3),
    "EVE": (-235.55048426, 28, 4),
    "EEV": (-215.143263127, 34, 2),
    "VEV": (-187.709744405, 36, 3),
    "EVV": (-209.454797699, 40, 3),
    "VVV": (-182.920848605, 42, 3),
}
"""R 4.2.2, mclust 6.0.0: ``MclustDA(iris[, 1:4], iris$Species, modelType = "EDDA",
modelNames = code)``: log-likelihood, parameters, errors on the training rows. Its VVE
is no maximum."""

INEXACT = {"VEE": 1e-3, "EVE": 1e-2}
"""Where mclust iterates within its M-step it stops before it is exact."""


@pytest.mark.parametrize("code", EDDA)
def test_edda_has_the_likelihood_parameters_and_errors_of_mclust(code):
    X, y = rows("iris.csv", MEASURES), np.array(table("iris.csv")["Species"])
    model = GaussianMixtureClassifier(covariance_type=code).fit(X, y)
    level, n_parameters, n_errors = EDDA[code]
    error = INEXACT.get(code, 1e-6)
    assert model.score_samples(X).sum() == pytest.approx(level, abs=error)
    bic = n_parameters * np.log(len(X)) - 2 * level
    assert model.bic_ == pytest.approx(bic, abs=2 * error)
    assert (model.predict(X) != y).sum() == n_errors


def test_the_least_criterion_has_the_structure_that_mclust_chooses():
    X, y = rows("iris.csv", MEASURES), np.array(table("iris.csv")["Species"])
    fits = {
        code: GaussianMixtureClassifier(covariance_type=code).fit(X, y) for code in EDDA
    }
    assert min(fits, key=lambda code: fits[code].bic_) == "VEV"


def test_classes_with_mixtures_of_their_own_count_their_parameters_apart():
    X, y = rows("iris.csv", MEASURES), np.array(table("iris.csv")["Species"])
    model = GaussianMixtureClassifier(2, covariance_type="VVI", random_state=0)
    model.fit(X, y)
    level = model.score_samples(X).sum()
    # for each of three classes two times four means and variances, and one weight
    assert model.bic_ == pytest.approx(51 * np.log(150) - 2 * level, abs=1e-8)
