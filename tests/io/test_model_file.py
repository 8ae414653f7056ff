import json
import os
import pickle
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from mixtura import GaussianMixture, GaussianMixtureSearch, load_model, save_model
from mixtura.exceptions import ModelFileError
from mixtura.io import model_file

TYPES = ["full", "tied", "diag", "spherical"]
SCHEMA = Path(__file__).parents[2] / "docs" / "model-file.schema.json"


def fitted(covariance_type="full", seed=0, n_features=3):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(3, n_features)) * 8
    X = rng.normal(size=(150, n_features)) + centres[np.arange(150) % 3]
    X *= 10.0 ** np.arange(n_features)
    model = GaussianMixture(3, covariance_type=covariance_type, random_state=seed)
    return model.fit(X), X


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    """A saved model, parsed."""
    path = tmp_path_factory.mktemp("model") / "m.json"
    save_model(fitted()[0], path)
    return json.loads(path.read_text())


@pytest.fixture
def write(tmp_path):
    def _write(document, sign=True):
        document = {k: v for k, v in document.items() if k != "checksum" or not sign}
        if sign:
            document["checksum"] = model_file._checksum(document)
        path = tmp_path / "m.json"
        path.write_text(json.dumps(document))
        return path

    return _write


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_loaded_model_scores_bit_for_bit_the_same(tmp_path, covariance_type, seed):
    model, X = fitted(covariance_type, seed)
    save_model(model, tmp_path / "m.json")
    copy = load_model(tmp_path / "m.json")
    assert type(copy) is type(model)
    assert copy.score_samples(X).tobytes() == model.score_samples(X).tobytes()
    assert copy.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))
    assert copy.bic(X) == model.bic(X)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_every_fitted_attribute_comes_back(tmp_path, covariance_type):
    model, _ = fitted(covariance_type)
    save_model(model, tmp_path / "m.json")
    copy = load_model(tmp_path / "m.json")
    for name in ("weights", "means", "covariances", "precisions_cholesky"):
        ours, theirs = getattr(copy, f"{name}_"), getattr(model, f"{name}_")
        assert ours.tobytes() == np.asarray(theirs).tobytes(), name
    for name in ("converged_", "n_iter_", "outcome_", "lower_bound_", "n_samples_fit_"):
        assert getattr(copy, name) == getattr(model, name), name
    assert list(copy.lower_bounds_) == list(model.lower_bounds_)
    assert copy.log_likelihood_ == model.log_likelihood_


def test_saving_a_loaded_model_gives_the_same_file(tmp_path):
    model, _ = fitted()
    save_model(model, tmp_path / "a.json")
    save_model(load_model(tmp_path / "a.json"), tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_a_model_from_parameters_keeps_its_names_and_has_no_fit(tmp_path):
    model = GaussianMixture.from_parameters(
        [0.5, 0.5], [[0.0], [3.0]], [[[1.0]], [[4.0]]], feature_names=["größe"]
    )
    save_model(model, tmp_path / "m.json")
    document = json.loads((tmp_path / "m.json").read_text())
    assert document["fit"] is None and document["feature_names"] == ["größe"]
    copy = load_model(tmp_path / "m.json")
    assert list(copy.feature_names_in_) == ["größe"]
    assert not hasattr(copy, "n_iter_")


@pytest.mark.parametrize("covariance_type", TYPES)
def test_files_satisfy_the_published_schema(tmp_path, covariance_type):
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    save_model(fitted(covariance_type)[0], tmp_path / "m.json")
    document = json.loads((tmp_path / "m.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(document)
    for name in document:
        broken = {k: v for k, v in document.items() if k != name}
        assert not validator.is_valid(broken), name
    wrong = {"full": "diag", "tied": "full", "diag": "full", "spherical": "tied"}
    assert not validator.is_valid(
        document | {"covariance_type": wrong[covariance_type]}
    )


def test_reformatting_keeps_a_file_valid(tmp_path, document):
    shuffled = dict(sorted(document.items(), reverse=True))
    (tmp_path / "m.json").write_text(json.dumps(shuffled, indent=3))
    load_model(tmp_path / "m.json")


def test_documentation_states_the_checksum_that_is_used(document):
    import hashlib

    content = {name: value for name, value in document.items() if name != "checksum"}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(canonical.encode("ascii")).hexdigest() == document["checksum"]


def test_an_edited_number_is_noticed(write, document):
    document = json.loads(json.dumps(document))
    document["parameters"]["means"][0][0] += 1e-9
    with pytest.raises(
        ModelFileError, match=r"m\.json: the file was altered.*checksum"
    ):
        load_model(write(document, sign=False))


def test_a_newer_version_asks_for_an_upgrade(write, document):
    future = {"format": "mixtura-model", "version": 2, "new": 1}
    with pytest.raises(ModelFileError, match=r"version 2.*reads up to 1.*upgrade"):
        load_model(write(future, sign=False))


@pytest.mark.parametrize("version", [0, -1, "1", True, 1.0, None])
def test_a_version_that_is_none_is_refused(write, document, version):
    with pytest.raises(ModelFileError, match="version must be a whole number"):
        load_model(write(document | {"version": version}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (pickle.dumps({"a": 1}), "a pickle, which mixtura never loads"),
        (b"a,b\n1,2\n", "not a mixtura model file; it is not JSON"),
        (b'{"weights": [1]}', 'lacks "format"'),
        (b'{"format": "other"}', 'lacks "format"'),
        (b'{"format": "mixtura-model", "format": "mixtura-model"}', "occurs twice"),
        (b'{"format": NaN}', "NaN is not a number"),
        (b'{"format": -Infinity}', "-Infinity is not a number"),
        (b'{"format": "mixtura-model", "version": 1, "x": 1e999}', "altered"),
        (b'{"format": "mixtura-model", "version": ' + b"9" * 5000 + b"}", "altered"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"a": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"format": "mixt', "is truncated"),
        (b'{"format": oops}', "line 1, column 12 is not JSON"),
        (b'{"format": "\xff"}', "byte 12 is not UTF-8"),
    ],
)
def test_files_of_other_kinds_are_told_apart(tmp_path, content, message):
    (tmp_path / "m.json").write_bytes(content)
    with pytest.raises(ModelFileError, match=message):
        load_model(tmp_path / "m.json")


def _with(document, path, value):
    changed = json.loads(json.dumps(document))
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


SIGNED_NONSENSE = [
    (("extra",), 1, "unknown field 'extra'"),
    (("parameters", "extra"), 1, "parameters has the unknown field 'extra'"),
    (("fit", "extra"), 1, "fit has the unknown field"),
    (("versions", "extra"), "1", "versions has the unknown field"),
    (("model",), "HiddenMarkov", "model must be one of GaussianMixture"),
    (("model",), ["x"], "model must be a string"),
    (("covariance_type",), "round", "covariance_type must be one of full, tied"),
    (("covariance_type",), "diag", r"covariances\[0\]\[0\] must be a finite number"),
    (("n_components",), 10**30, "weights must have 1000000000000000000000000000000"),
    (("n_components",), 0, "n_components must be a whole number of at least 1"),
    (("n_components",), 3.0, "n_components must be a whole number"),
    (("n_features",), True, "n_features must be a whole number"),
    (("n_features",), 10**9, r"means\[0\] must have 1000000000 entries; got 3"),
    (("parameters",), [], "parameters must be an object"),
    (("parameters", "weights"), [0.5, 0.5], "weights must have 3 entries; got 2"),
    (("parameters", "weights"), [0.5, 0.5, 0.5], r"sum to 1; .* their sum 1.5"),
    (("parameters", "weights"), [1.5, -0.5, 0], "at least 0"),
    (("parameters", "weights"), [1, "0", 0], r"weights\[1\] must be a finite number"),
    (("parameters", "weights"), [1, None, 0], r"weights\[1\] .* got None"),
    (("parameters", "weights"), [True, 0, 0], r"weights\[0\] .* got True"),
    (("parameters", "weights"), [[1], [0], [0]], r"weights\[0\] .* got an array"),
    (("parameters", "means", 1), 4, r"means\[1\] must be an array of length 3"),
    (("parameters", "means", 1, 2), 10**400, r"means\[1\]\[2\] must be a finite"),
    (("parameters", "covariances", 2, 0, 0), -1.0, r"covariances\[2\] is not positive"),
    (("parameters", "covariances", 2, 0, 1), 1e9, r"covariances\[2\] is not symmetric"),
    (("parameters", "precisions_cholesky", 0, 0, 0), 99.0, "does not belong to"),
    (("parameters", "precisions_cholesky", 0, 1, 0), 1e-9, "does not belong to"),
    (("feature_names",), ["a", "b"], "feature_names must be 3 different"),
    (("feature_names",), ["a", "b", "b"], "feature_names must be 3 different"),
    (("feature_names",), ["a", "b", 3], r"feature_names\[2\] must be a string"),
    (("feature_names",), ["a", "b", "\ud800"], r"feature_names\[2\] is not valid"),
    (("feature_names",), "abc", "feature_names must be an array"),
    (("fit", "converged"), 1, "fit.converged must be true or false"),
    (("fit", "n_iter"), -1, "fit.n_iter must be a whole number"),
    (("fit", "lower_bounds"), {"a": 1}, "fit.lower_bounds must be an array"),
    (("fit", "lower_bounds"), ["x"], r"fit.lower_bounds\[0\] must be a finite number"),
    (("fit", "outcome"), 3, "fit.outcome must be a string"),
    (("fit",), 3, "fit must be an object"),
    (("versions", "numpy"), 3, "versions.numpy must be a string"),
]


@pytest.mark.parametrize(("path", "value", "message"), SIGNED_NONSENSE)
def test_nonsense_with_a_right_checksum_is_refused(
    write, document, path, value, message
):
    with pytest.raises(ModelFileError, match=message):
        load_model(write(_with(document, path, value)))


@pytest.mark.parametrize("name", ["fit", "parameters", "versions", "feature_names"])
def test_a_missing_member_is_named(write, document, name):
    rest = {k: v for k, v in document.items() if k != name}
    with pytest.raises(ModelFileError, match=f"lacks {name}"):
        load_model(write(rest))


@pytest.mark.parametrize("seed", range(60))
def test_truncated_files_never_load(tmp_path, document, seed):
    content = model_file._pretty(document).encode()
    keep = int(np.random.default_rng(seed).integers(0, len(content) - 2))
    (tmp_path / "m.json").write_bytes(content[:keep])
    with pytest.raises(ModelFileError, match=r"truncated|empty"):
        load_model(tmp_path / "m.json")


@pytest.mark.parametrize("seed", range(200))
def test_flipped_bytes_are_refused_or_change_nothing(tmp_path, document, seed):
    rng = np.random.default_rng(seed)
    content = bytearray(model_file._pretty(document).encode())
    for position in rng.integers(0, len(content), size=rng.integers(1, 4)):
        content[position] ^= 1 << rng.integers(0, 8)
    path = tmp_path / "m.json"
    path.write_bytes(content)
    try:
        model = load_model(path)
    except ModelFileError:
        return
    assert json.loads(content) == document
    assert model.means_.tolist() == document["parameters"]["means"]


def test_a_large_file_is_refused_before_it_is_parsed(tmp_path):
    path = tmp_path / "m.json"
    with path.open("wb") as handle:
        handle.truncate(10**12)
    with pytest.raises(ModelFileError, match="larger than 67108864 bytes"):
        load_model(path)
    with pytest.raises(ModelFileError, match=r"larger than 10 bytes.*max_bytes"):
        load_model(path, max_bytes=10)


def test_a_failed_save_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "m.json"
    model, _ = fitted()
    save_model(model, path)
    old = path.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        save_model(model, path)
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == ["m.json"]


def test_a_file_replaced_keeps_its_permissions_and_links(tmp_path):
    model, _ = fitted()
    path, link = tmp_path / "m.json", tmp_path / "link.json"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    save_model(model, link)
    assert link.is_symlink() and path.stat().st_mode & 0o777 == 0o640
    load_model(path)


def test_only_fitted_mixtura_models_are_saved(tmp_path):
    from sklearn.exceptions import NotFittedError
    from sklearn.mixture import GaussianMixture as Other

    with pytest.raises(TypeError, match=r"mixtura GaussianMixture or .*; got sklearn"):
        save_model(Other(), tmp_path / "m.json")
    with pytest.raises(TypeError, match=r"got builtins\.dict"):
        save_model({}, tmp_path / "m.json")
    with pytest.raises(NotFittedError):
        save_model(GaussianMixture(2), tmp_path / "m.json")
    search = GaussianMixtureSearch((1, 2), covariance_type="full").fit(fitted()[1])
    with pytest.raises(TypeError, match=r"Save its best_estimator_"):
        save_model(search, tmp_path / "m.json")
    assert os.listdir(tmp_path) == []


def test_a_model_with_nan_is_not_saved(tmp_path):
    model, _ = fitted()
    model.means_ = model.means_.copy()
    model.means_[0, 0] = np.nan
    with pytest.raises(ModelFileError, match="means_ must be finite"):
        save_model(model, tmp_path / "m.json")
    assert os.listdir(tmp_path) == []
