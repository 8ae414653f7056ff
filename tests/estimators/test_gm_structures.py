"""mclust's codes and equal weights, through the estimator, the file and the program."""

import json
import warnings

import numpy as np
import pytest
from click.testing import CliRunner

from checks import same
from mixtura import GaussianMixture, load_dataset, load_model, save_model
from mixtura.cli import main
from mixtura.cli.options import COVARIANCES
from mixtura.estimators.structures import STRUCTURES
from mixtura.exceptions import ModelFileError

CODES = tuple(
    "EII VII EEI VEI EVI VVI EEE VEE EVE VVE EEV VEV EVV VVV".split()  # mclust's order
)
CODE = pytest.mark.parametrize("code", CODES)
IRIS = load_dataset("iris").values
K, D = 3, 4
SHAPES = {"II": (K,), "I": (K, D), "EEE": (D, D)}


def shape_of(code):
    if code[1:] == "II":
        return SHAPES["II"]
    return SHAPES["I"] if code.endswith("I") else SHAPES.get(code, (K, D, D))


@CODE
def test_a_fit_has_the_structure_the_shape_and_the_count_of_its_code(code):
    model = GaussianMixture(K, covariance_type=code, random_state=0).fit(IRIS)
    assert model.converged_
    assert model.covariances_.shape == shape_of(code) == model.precisions_.shape
    structure = STRUCTURES[code]
    same(structure.projected(model.covariances_), model.covariances_, 1e-7)
    free = K - 1 + K * D + structure.n_free_parameters(K, D)
    expected = free * np.log(len(IRIS)) - 2 * model.log_likelihood_
    assert model.bic(IRIS) == pytest.approx(expected, rel=1e-12)
    bounds = np.array(model.lower_bounds_)
    assert (np.diff(bounds) >= -1e-12).all()
    drawn, labels = model.sample(50)
    assert drawn.shape == (50, D) and set(labels) <= set(range(K))


@pytest.mark.parametrize(
    "name, code",
    [("full", "VVV"), ("tied", "EEE"), ("diag", "VVI"), ("spherical", "VII")],
)
def test_scikit_learns_names_are_four_of_the_codes(name, code):
    named, coded = (
        GaussianMixture(K, covariance_type=kind, random_state=0).fit(IRIS)
        for kind in (name, code)
    )
    assert named.lower_bounds_ == coded.lower_bounds_
    np.testing.assert_array_equal(named.covariances_, coded.covariances_)


@pytest.mark.parametrize("kind, code", [("E", "EII"), ("V", "VII")])
def test_one_column_has_codes_of_one_letter(kind, code):
    single, plain = (
        GaussianMixture(2, covariance_type=name, random_state=0).fit(IRIS[:, 2:3])
        for name in (kind, code)
    )
    assert single.log_likelihood_ == plain.log_likelihood_
    with pytest.raises(ValueError, match=rf"'{kind}'.*n_features = 4.*'{code}'"):
        GaussianMixture(2, covariance_type=kind).fit(IRIS)
    with pytest.raises(ValueError, match="n_features = 2"):
        GaussianMixture.from_parameters([1.0], [[0.0, 0.0]], [1.0], kind)


def test_every_code_on_one_column_is_equal_or_variable():
    fits = {
        code: GaussianMixture(2, covariance_type=code, random_state=0)
        .fit(IRIS[:, 2:3])
        .log_likelihood_
        for code in CODES
    }
    for code, level in fits.items():
        assert level == pytest.approx(
            fits["EII" if code[0] == "E" else "VII"], abs=1e-5
        )


@pytest.mark.parametrize("code", ["vvv", "VVX", "EI", "e"])
def test_other_codes_are_refused(code):
    with pytest.raises(ValueError, match="'spherical', 'EII'"):
        GaussianMixture(2, covariance_type=code).fit(IRIS)


@pytest.mark.parametrize("code", ["EEV", "VVE", "VEI", "EII"])
def test_parameters_must_have_the_structure(code):
    rng = np.random.default_rng(0)
    roots = rng.standard_normal((2, 3, 3))
    full = roots @ np.swapaxes(roots, 1, 2) + np.eye(3)
    kinds = {"VEI": np.diagonal(full, axis1=1, axis2=2), "EII": full[:, 0, 0]}
    wrong = kinds.get(code, full)
    means = rng.standard_normal((2, 3))
    weights = [0.5, 0.5]
    with pytest.raises(ValueError, match=f"must have the structure {code}"):
        GaussianMixture.from_parameters(weights, means, wrong, code)
    right = STRUCTURES[code].projected(wrong)
    model = GaussianMixture.from_parameters(weights, means, right, code)
    np.testing.assert_array_equal(model.covariances_, right)


@CODE
def test_fits_continue_from_their_own_parameters(code):
    first = GaussianMixture(K, covariance_type=code, random_state=0).fit(IRIS)
    again = GaussianMixture(
        K,
        covariance_type=code,
        weights_init=first.weights_,
        means_init=first.means_,
        precisions_init=first.precisions_,
        random_state=0,
    ).fit(IRIS)
    assert again.log_likelihood_ >= first.log_likelihood_ - 1e-9
    assert again.log_likelihood_ == pytest.approx(first.log_likelihood_, abs=1e-3)


@pytest.mark.parametrize("reg_covar", ["auto", 0, 0.1])
@CODE
def test_every_way_to_regularise_climbs(code, reg_covar):
    model = GaussianMixture(
        K, covariance_type=code, reg_covar=reg_covar, init_params="kmeans"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.set_params(random_state=1, max_iter=30, acceleration=None).fit(IRIS)
    assert (np.diff(model.lower_bounds_) >= -1e-12).all()


@CODE
def test_a_collapsing_fit_is_finite_and_reported(code):
    X = np.repeat(IRIS[[0, 60, 120]], 4, axis=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = GaussianMixture(3, covariance_type=code, random_state=0).fit(X)
    assert caught
    assert np.isfinite(model.covariances_).all()
    assert np.isfinite(model.score_samples(X)).all()


@pytest.mark.parametrize("code", ["full", "VEE", "EII"])
def test_equal_weights_stay_and_are_not_counted(code):
    free, equal = (
        GaussianMixture(
            K, covariance_type=code, equal_weights=flag, random_state=0
        ).fit(IRIS)
        for flag in (False, True)
    )
    np.testing.assert_array_equal(equal.weights_, np.full(K, 1 / K))
    assert equal.log_likelihood_ <= free.log_likelihood_
    gap = free.bic(IRIS) - equal.bic(IRIS)
    gain = 2 * (free.log_likelihood_ - equal.log_likelihood_)
    assert gap == pytest.approx((K - 1) * np.log(len(IRIS)) - gain, abs=1e-9)


def test_equal_weights_refuse_weights_that_are_not():
    model = GaussianMixture(2, equal_weights=True, weights_init=[0.3, 0.7])
    with pytest.raises(ValueError, match=r"must be equal.*0\.3 to 0\.7"):
        model.fit(IRIS)
    model.set_params(weights_init=[0.5, 0.5]).fit(IRIS)
    with pytest.raises(ValueError, match="'equal_weights'"):
        GaussianMixture(2, equal_weights="yes").fit(IRIS)


@pytest.mark.parametrize("equal_weights", [False, True])
@CODE
def test_the_model_file_keeps_structure_and_weights(tmp_path, code, equal_weights):
    model = GaussianMixture(
        K, covariance_type=code, equal_weights=equal_weights, random_state=0
    ).fit(IRIS)
    save_model(model, tmp_path / "m.json")
    copy = load_model(tmp_path / "m.json")
    assert copy.covariance_type == code
    assert copy.equal_weights is equal_weights
    assert copy.score_samples(IRIS).tobytes() == model.score_samples(IRIS).tobytes()
    assert copy.bic(IRIS) == model.bic(IRIS)


def test_the_model_file_refuses_equal_weights_that_are_not(tmp_path):
    model = GaussianMixture(2, random_state=0).fit(IRIS)
    save_model(model.set_params(equal_weights=True), tmp_path / "m.json")
    with pytest.raises(ModelFileError, match="equal_weights is true"):
        load_model(tmp_path / "m.json")


def test_the_program_knows_every_structure():
    assert [*COVARIANCES] == [*STRUCTURES]


@pytest.mark.parametrize("code", ["EEV", "VII", "EEE", "VEI"])
def test_the_program_fits_codes(tmp_path, code):
    data = tmp_path / "iris.csv"
    np.savetxt(data, IRIS, delimiter=",", header="a,b,c,d", comments="")
    arguments = ["fit", str(data), "-k", "3", "--covariance-type", code, "--seed", "0"]
    saved = tmp_path / "m.json"
    done = CliRunner().invoke(main, [*arguments, "--json", "-o", str(saved)])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    structure = STRUCTURES[code]
    free = K - 1 + K * D + structure.n_free_parameters(K, D)
    assert document["fit"]["n_free_parameters"] == free
    assert load_model(saved).covariance_type == code
    assert CliRunner().invoke(main, arguments).exit_code == 0
