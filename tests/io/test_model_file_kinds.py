"""Every kind of model comes back from its file to the last bit, and nothing else."""

import json
from functools import cache
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from mixtura import (
    BayesianGaussianMixture,
    GaussianMixture,
    GaussianMixtureClassifier,
    GaussianMixtureDetector,
    load_model,
    save_model,
)
from mixtura.exceptions import ModelFileError
from mixtura.io import model_file
from mixtura.priors import ConjugatePrior

SCHEMA = Path(__file__).parents[2] / "docs" / "model-file.schema.json"

rng = np.random.default_rng(0)
LABELS = np.arange(160) % 2
X = rng.normal(size=(160, 3)) + 6 * LABELS[:, None]
X[:8] = rng.uniform(-20, 20, size=(8, 3))
X *= [1.0, 30.0, 0.01]
NAMES = np.array(["no", "yes"])[LABELS]

MIXTURES = {
    "hull noise": lambda: GaussianMixture(2, noise="hull"),
    "noise of a volume": lambda: GaussianMixture(2, noise=50.0, equal_weights=True),
    "trimming": lambda: GaussianMixture(2, trim=0.06, covariance_type="tied"),
    "prior": lambda: GaussianMixture(2, prior=ConjugatePrior(concentration=2.0)),
    "ratio": lambda: GaussianMixture(2, max_eigenvalue_ratio=50.0),
    "fixed": lambda: GaussianMixture(
        2,
        fixed={"means": [1], "weights": [0], "covariances": [0]},
        means_init=[[0.0, 0.0, 0.0], [6.0, 180.0, 0.06]],
        weights_init=[0.5, 0.5],
        precisions_init=np.array([np.diag([1.0, 1 / 900, 1e4])] * 2),
    ),
    "noise, prior": lambda: GaussianMixture(2, noise="hull", prior="default"),
    "factors": lambda: GaussianMixture(2, covariance_type="factors:1"),
}
BAYESIAN = {
    f"{kind}, {structure}": lambda kind=kind, structure=structure: (
        BayesianGaussianMixture(
            3, covariance_type=structure, weight_concentration_prior_type=kind
        )
    )
    for kind in ("dirichlet_process", "dirichlet_distribution")
    for structure in ("full", "tied", "diag", "spherical")
}
DETECTORS = {
    "contamination": lambda: GaussianMixtureDetector(2, contamination=0.05),
    "threshold": lambda: GaussianMixtureDetector(2, threshold=-7.0),
    "false alarms": lambda: GaussianMixtureDetector(
        false_alarm_rate=0.02, mixture=GaussianMixture(2, noise="hull")
    ),
    "trimmed": lambda: GaussianMixtureDetector(
        mixture=GaussianMixture(2, covariance_type="VEE", trim=0.05)
    ),
}
CLASSIFIERS = {
    "quadratic": lambda: GaussianMixtureClassifier(),
    "linear": lambda: GaussianMixtureClassifier(covariance_type="tied"),
    "two each, calibrated": lambda: GaussianMixtureClassifier(
        [1, 2], covariance_type="diag", temperature="auto"
    ),
    "pooled": lambda: GaussianMixtureClassifier(2, covariance_type="VEE", pooled=True),
    "a structure each": lambda: GaussianMixtureClassifier(
        [1, 2], covariance_type=["VVI", "VVV"]
    ),
    "one structure of several": lambda: GaussianMixtureClassifier(
        covariance_type="all"
    ),
}
MAKERS = MIXTURES | BAYESIAN | DETECTORS | CLASSIFIERS


@cache
def fitted(name):
    model = MAKERS[name]()
    if "random_state" in model.get_params():
        model.set_params(random_state=0)
    if name in CLASSIFIERS:
        return model.fit(X, NAMES)
    model.fit(X)
    # few steps are quicker to read again and again
    return model.calibrate(X[8:38]) if name == "contamination" else model


@cache
def text_of(name, folder):
    path = folder / "model.json"
    save_model(fitted(name), path)
    return path.read_text()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kinds")


def loaded(name, folder):
    text_of(name, folder)
    path = folder / "model.json"
    path.write_text(text_of(name, folder))
    return load_model(path)


def answers(name, model):
    """Everything that a model says of rows, as bytes."""
    calls = [model.predict, model.score_samples]
    calls += [getattr(model, "predict_proba", model.predict)]
    if name in DETECTORS:
        calls += [model.decision_function, model.tail_probability, model.contributions]
    if name in BAYESIAN:
        calls += [model.predictive_log_density]
    said = [np.asarray(call(X)) for call in calls]
    if hasattr(model, "sample") and name != "noise of a volume":
        said += model.sample(50, random_state=3)
    if name in MIXTURES:
        said += [np.array([model.bic(X), model.aic(X), model.icl(X)])]
    return [values.tobytes() for values in said]


@pytest.mark.parametrize("name", MAKERS)
def test_a_loaded_model_says_the_same_to_the_last_bit(name, folder):
    copy = loaded(name, folder)
    assert type(copy) is type(fitted(name))
    assert answers(name, copy) == answers(name, fitted(name))


@pytest.mark.parametrize("name", MAKERS)
def test_every_fitted_attribute_but_the_labels_comes_back(name, folder):
    copy, model = loaded(name, folder), fitted(name)
    missing = {n for n in vars(model) if n.endswith("_") and n not in vars(copy)}
    assert missing <= {"labels_"}
    for attribute in set(vars(copy)) & set(vars(model)):
        value = getattr(model, attribute)
        if attribute.endswith("_") and isinstance(value, np.ndarray | float | int):
            np.testing.assert_array_equal(getattr(copy, attribute), value, attribute)
            assert np.shape(getattr(copy, attribute)) == np.shape(value)


@pytest.mark.parametrize("name", MAKERS)
def test_saving_a_loaded_model_gives_the_same_file(name, folder):
    save_model(loaded(name, folder), folder / "again.json")
    assert (folder / "again.json").read_text() == text_of(name, folder)


@pytest.mark.parametrize("name", MAKERS)
def test_files_satisfy_the_published_schema(name, folder):
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    document = json.loads(text_of(name, folder))
    validator.validate(document)
    assert not validator.is_valid(document | {"code": "import os"})
    assert not validator.is_valid(document | {"model": "GaussianMixtureSearch"})


def test_a_loaded_mixture_is_fitted_again_with_what_it_was_asked(folder):
    for name in MIXTURES:
        copy = loaded(name, folder).set_params(random_state=0)
        assert copy.fit(X).log_likelihood_ == pytest.approx(
            fitted(name).log_likelihood_, abs=1e-2
        ), name


@pytest.mark.parametrize(
    "classes",
    [
        np.array([3, 7]),
        np.array([0, 1], dtype=np.uint8),
        np.array([False, True]),
        np.array([1.0, 2.0]),
        np.array(["größe", "z"], dtype=object),
    ],
)
def test_classes_keep_their_type(tmp_path, classes):
    model = GaussianMixtureClassifier().fit(X, classes[LABELS])
    save_model(model, tmp_path / "m.json")
    copy = load_model(tmp_path / "m.json")
    assert copy.classes_.dtype == model.classes_.dtype
    assert copy.predict(X).tolist() == model.predict(X).tolist()


def test_the_structures_of_the_classes_come_back(folder):
    differing, single = loaded("a structure each", folder), loaded("quadratic", folder)
    assert differing.covariance_types_ == ["VVV", "VVI"]
    assert differing.covariance_type == ["VVV", "VVI"]
    assert single.covariance_types_ == ["full", "full"]
    assert single.covariance_type == "full"


def test_classes_that_json_cannot_hold_are_refused(tmp_path):
    model = GaussianMixtureClassifier().fit(X, NAMES)
    model.classes_ = np.array([("a",), ("b",), None], dtype=object)[:2]
    with pytest.raises(ModelFileError, match="classes must be strings, numbers"):
        save_model(model, tmp_path / "m.json")
    assert list(tmp_path.iterdir()) == []


def test_names_of_columns_come_back(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    for model in (
        BayesianGaussianMixture(2, random_state=0).fit(frame),
        GaussianMixtureDetector(2, random_state=0).fit(frame),
        GaussianMixtureClassifier().fit(frame, NAMES),
    ):
        save_model(model, tmp_path / "m.json")
        copy = load_model(tmp_path / "m.json")
        assert list(copy.feature_names_in_) == ["a", "b", "c"]
        assert (copy.score_samples(frame) == model.score_samples(frame)).all()


def paths(value, at=()):
    """Places of all members and of the first two entries of every array."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield (*at, key)
            yield from paths(part, (*at, key))
    elif isinstance(value, list):
        for i, part in enumerate(value[:2]):
            yield (*at, i)
            yield from paths(part, (*at, i))


HOSTILE = (
    None, True, -1, 0, 1e300, -1e300, 10**30, "x", "__import__('os')", [], {}, [[]], [1]
)  # fmt: skip
KINDS = (
    "hull noise",
    "trimming",
    "prior",
    "fixed",
    "dirichlet_process, full",
    "dirichlet_distribution, tied",
    "contamination",
    "two each, calibrated",
    "a structure each",
)


@pytest.mark.parametrize("name", KINDS)
def test_hostile_values_are_refused_or_load_a_model_that_answers(name, folder):
    document = json.loads(text_of(name, folder))
    model, n_refused = fitted(name), 0
    places = [at for at in paths(document) if at[0] not in ("checksum", "versions")]
    for number, at in enumerate(places):
        # a different third of the values at each place
        for value in HOSTILE[number % 3 :: 3]:
            changed = json.loads(text_of(name, folder))
            inside = changed
            for key in at[:-1]:
                inside = inside[key]
            inside[at[-1]] = value
            try:
                # what the file says, without the writing and the reading
                changed["checksum"] = model_file._checksum(changed)
                parsed = model_file._parse(json.dumps(changed).encode())
                copy = model_file._checked_codec(parsed).from_document(parsed)
            except ModelFileError:
                n_refused += 1
            else:
                assert type(copy) is type(model)
                with np.errstate(all="ignore"):
                    assert copy.score_samples(X[:3]).shape == (3,)
    assert n_refused > 2 * len(places)


@pytest.mark.parametrize(
    ("name", "at", "value", "message"),
    [
        ("hull noise", ("noise", "weight"), -0.1, "noise.weight must be at least 0"),
        ("hull noise", ("noise", "weight"), 0.9, "with the noise's .* sum to 1"),
        ("hull noise", ("noise", "log_density"), 5.0, "does not belong to noise.box"),
        ("hull noise", ("noise", "box"), [[0] * 3, [0] * 3], "low corner below"),
        ("hull noise", ("noise", "box"), [[0], [1]], r"box\[0\] must have 3 entries"),
        ("trimming", ("trimming", "share"), 1.0, "share must be below 1"),
        ("prior", ("prior", "concentration"), 0.5, "prior is none: .*concentration"),
        ("prior", ("prior", "scale"), [[0] * 3] * 3, "prior is none"),
        ("ratio", ("max_eigenvalue_ratio",), 0.5, "max_eigenvalue_ratio must be at"),
        ("fixed", ("fixed", "means"), [7], "different components, 0 to 1"),
        ("fixed", ("fixed", "fit"), [0], "unknown field 'fit'"),
        (
            "dirichlet_process, full",
            ("posterior", "degrees_of_freedom"),
            [1.0] * 3,
            "greater than 2",
        ),
        (
            "dirichlet_process, full",
            ("prior", "precision_cholesky", 0, 0),
            9.0,
            "prior: precisions_cholesky does not belong",
        ),
        (
            "dirichlet_process, full",
            ("weight_concentration_prior_type",),
            "dirichlet_distribution",
            "weight_concentration must have 3 entries; got 2",
        ),
        ("contamination", ("calibration", "log_densities", 0), 1e9, "must ascend"),
        ("contamination", ("calibration", "probabilities", 0), 0.0, "within"),
        ("contamination", ("n_features",), 2, "mixture has n_features = 3"),
        ("contamination", ("mixture", "parameters", "weights"), [1], "^mixture: param"),
        ("contamination", ("mixture", "model"), "Other", "model must be one of"),
        ("contamination", ("rule", "name"), "none", "rule.name must be one of"),
        ("quadratic", ("priors",), [0.5, 0.6], "sum to 1; their sum is 1.1"),
        ("quadratic", ("covariance_type",), "round", "structure; got 'round'"),
        ("quadratic", ("covariance_type",), ["full"], "one structure, or 2, one a"),
        ("quadratic", ("covariance_type",), ["full", 1], "must be a string"),
        ("quadratic", ("temperature",), 0, "temperature must be positive"),
        ("quadratic", ("classes", "values"), ["yes", "no"], "must ascend"),
        ("quadratic", ("classes", "values"), [1, 2], "must be of the type str"),
        ("quadratic", ("classes", "dtype"), "complex128", "dtype must be one of"),
        ("quadratic", ("mixtures",), [], "must have 2 entries"),
        ("quadratic", ("mixtures", 1), {}, r"^mixtures\[1\]: it lacks model"),
    ],
)
def test_a_contradiction_is_named(name, at, value, message, folder):
    document = json.loads(text_of(name, folder))
    inside = document
    for key in at[:-1]:
        inside = inside[key]
    inside[at[-1]] = value
    document["checksum"] = model_file._checksum(document)
    with pytest.raises(ModelFileError, match=message):
        model_file._checked_codec(document).from_document(document)
