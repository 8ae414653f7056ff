"""Laws of the outlier detector."""

import numpy as np
import pandas as pd
import pytest
from mixtures import TYPES, clusters
from scipy.special import logsumexp
from scipy.stats import chi2, multivariate_normal, norm
from sklearn.frozen import FrozenEstimator
from sklearn.mixture import GaussianMixture as Theirs
from sklearn.utils.estimator_checks import parametrize_with_checks

from mixtura import GaussianMixture, GaussianMixtureDetector
from mixtura.anomalies import tail
from mixtura.anomalies.tail import TailCalibration, lowest_share


def known(weights, means, covariances, **arguments):
    """A detector over a mixture with these parameters."""
    model = GaussianMixture.from_parameters(weights, means, covariances)
    detector = GaussianMixtureDetector(mixture=FrozenEstimator(model), **arguments)
    return detector.fit(model.sample(200, random_state=0)[0])


@pytest.fixture(scope="module")
def detector():
    return GaussianMixtureDetector(3, random_state=0).fit(clusters(0))


@pytest.mark.filterwarnings("ignore::mixtura.exceptions.DegenerateDataWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    [
        GaussianMixtureDetector(1),
        GaussianMixtureDetector(
            mixture=GaussianMixture(
                2, covariance_type="tied", init_params="kmeans", random_state=0
            )
        ),
    ]
)
def test_scikit_learn_conventions(estimator, check, monkeypatch):
    monkeypatch.setattr(tail, "N_DRAWS", 5_000)  # a rough calibration will do
    check(estimator)


def test_score_is_the_log_density_and_decision_is_relative_to_the_offset(detector):
    X = clusters(1)
    np.testing.assert_array_equal(
        detector.score_samples(X), detector.mixture_.score_samples(X)
    )
    decision = detector.decision_function(X)
    np.testing.assert_allclose(decision, detector.score_samples(X) - detector.offset_)
    np.testing.assert_array_equal(detector.predict(X), np.where(decision < 0, -1, 1))


@pytest.mark.parametrize("contamination", [0.004, 0.05, 0.1, 0.31, 0.5])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_the_share_of_flagged_rows_is_the_contamination(contamination, covariance_type):
    X = clusters(2)
    model = GaussianMixtureDetector(
        3,
        covariance_type=covariance_type,
        contamination=contamination,
        random_state=0,
    )
    flagged = (model.fit_predict(X) == -1).sum()
    assert flagged == np.ceil(contamination * (len(X) - 1))
    scores = model.score_samples(X)
    assert scores[model.predict(X) == -1].max() < scores[model.predict(X) == 1].min()


def test_a_row_of_weight_two_counts_twice():
    X = clusters(3)
    weights = np.random.default_rng(0).integers(0, 4, size=len(X))
    weighted = GaussianMixtureDetector(2, random_state=0).fit(X, sample_weight=weights)
    repeated = GaussianMixtureDetector(2, random_state=0).fit(X.repeat(weights, axis=0))
    assert weighted.offset_ == pytest.approx(repeated.offset_, abs=1e-9)
    total = weights[weighted.predict(X) == -1].sum() / weights.sum()
    assert 0.1 <= total + 1 / weights.sum() < 0.1 + 5 / weights.sum()


@pytest.mark.parametrize("share", [0.05, 0.1, 1 / 3, np.float32(0.1)])
@pytest.mark.parametrize("n_rows", [1, 2, 11, 101, 200, 333])
def test_as_many_rows_are_below_as_below_the_percentile(n_rows, share):
    scores = np.random.default_rng(n_rows).standard_normal(n_rows)
    expected = (scores < np.percentile(scores, 100 * float(share))).sum()
    assert (scores < lowest_share(scores, np.ones(n_rows), share)).sum() == expected
    scaled = lowest_share(scores, np.full(n_rows, 1e-3), share)
    assert (scores < scaled).sum() == expected


def test_equal_scores_stay_together():
    scores = np.array([1.0, 1.0, 2.0, 3.0])
    assert lowest_share(scores, np.ones(4), 0.1) == 1.5
    assert lowest_share(np.full(5, 7.0), np.ones(5), 0.1) == 7.0


def test_a_threshold_above_all_densities_is_warned_of():
    X = np.random.default_rng(0).standard_normal((100, 2))
    with pytest.warns(UserWarning, match=r"threshold=0\.5 flags every row.*logarithm"):
        model = GaussianMixtureDetector(threshold=0.5).fit(X)
    assert (model.predict(X) == -1).all()
    GaussianMixtureDetector(threshold=model.mixture_.score_samples(X).max()).fit(X)


def test_an_absolute_threshold_is_exact():
    threshold = np.log(0.05)
    model = known([1.0], [[0.0]], [[[1.0]]], threshold=threshold)
    assert model.offset_ == threshold
    edge = np.sqrt(-2 * np.log(0.05 * np.sqrt(2 * np.pi)))  # N(edge) = 0.05
    found = model.predict([[edge - 1e-9], [edge + 1e-9], [-edge + 1e-9]])
    assert found.tolist() == [1, -1, 1]


@pytest.mark.parametrize("n_features", [1, 2, 7, 40])
def test_tail_probabilities_of_one_gaussian_are_those_of_chi_squared(n_features):
    mean, variance = np.zeros((1, n_features)), np.eye(n_features)[None]
    model = known([1.0], mean, variance)
    probabilities = np.array([0.9, 0.5, 0.1, 1e-2, 1e-3, 1e-5, 1e-8])
    radius = np.sqrt(chi2.isf(probabilities, n_features))
    X = np.zeros((len(radius), n_features))
    X[:, 0] = radius
    # six standard errors at 0.01, measured over seeds
    np.testing.assert_allclose(model.tail_probability(X), probabilities, rtol=0.15)


def test_tail_probability_of_own_draws_is_uniform(detector):
    n = 100_000
    rows = detector.mixture_.sample(n, random_state=1)[0]
    p = np.sort(detector.tail_probability(rows))
    # the error of the 50,000 draws of the calibration, and of these rows
    assert np.abs(p - np.arange(1, n + 1) / n).max() < 0.02
    for level in (0.1, 0.01, 0.001):
        share = (p <= level).mean()
        error = np.sqrt(level / n) + 0.03 * level
        assert abs(share - level) < 4 * error


def test_tails_have_no_end_and_never_rise_with_distance(detector):
    X = np.array([[1.0, 0.0, 0.0]]) * np.geomspace(1, 1e6, 50)[:, None]
    p = detector.tail_probability(X)
    order = np.argsort(detector.score_samples(X))
    assert (np.diff(p[order]) >= 0).all()
    assert 0 < p.min() < 1e-10


@pytest.mark.parametrize("rate", [0.2, 0.01, 0.0001])
def test_false_alarms_have_the_rate_that_was_asked_for(rate):
    X = clusters(4, n_samples=2000)
    model = GaussianMixtureDetector(3, false_alarm_rate=rate, random_state=0).fit(X)
    rows = model.mixture_.sample(200_000, random_state=2)[0]
    flagged = model.predict(rows) == -1
    np.testing.assert_array_equal(flagged, model.tail_probability(rows) <= rate)
    error = np.sqrt(rate / len(rows)) + 0.03 * rate
    assert abs(flagged.mean() - rate) < 4 * error


def test_calibration_on_rows_holds_where_the_model_is_wrong():
    rows = np.random.default_rng(0).standard_t(2, size=(40_000, 1))
    model = GaussianMixtureDetector(false_alarm_rate=0.01).fit(rows[:2000])
    alarms = [(model.predict(rows[20_000:]) == -1).mean()]
    model.calibrate(rows[2000:20_000])
    alarms.append((model.predict(rows[20_000:]) == -1).mean())
    assert abs(alarms[1] - 0.01) < 0.004 < abs(alarms[0] - 0.01)
    p = model.tail_probability(rows[20_000:])
    assert np.abs((p <= 0.05).mean() - 0.05) < 0.008


def test_calibration_needs_rows_for_the_rate():
    X = clusters(0)
    model = GaussianMixtureDetector(3, false_alarm_rate=0.001, random_state=0).fit(X)
    before = model.offset_
    with pytest.raises(ValueError, match=r"resolves tail probabilities from 0\.0196"):
        model.calibrate(X[:50])
    assert model.offset_ == before


def test_calibration_from_rows_counts_the_row_itself():
    calibration = TailCalibration.from_rows(np.array([2.0, 1.0, 3.0]))
    found = calibration.probability(np.array([0.5, 1.0, 2.5, 9.0]))
    np.testing.assert_array_equal(found, [0.25, 0.5, 0.75, 1.0])
    for p in (0.25, 0.5, 0.75):
        level = calibration.threshold(p)
        assert calibration.probability(np.array([level - 1e-9]))[0] <= p
        assert calibration.probability(np.array([level]))[0] > p


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("n_features", [1, 3, 7])
def test_contributions_sum_to_the_surprise(covariance_type, n_features):
    X = clusters(5, n_features=n_features)
    model = GaussianMixtureDetector(
        3, covariance_type=covariance_type, random_state=0
    ).fit(X)
    far = np.concatenate([X[:20], 30.0 + X[:5]])
    surprise = model.expected_log_density_ - model.score_samples(far)
    found = model.contributions(far)
    assert found.shape == far.shape
    np.testing.assert_allclose(found.sum(axis=1), surprise, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("method", ["shapley", "conditional"])
def test_contributions_are_zero_on_average(detector, method):
    rows = detector.mixture_.sample(20_000, random_state=3)[0]
    found = detector.contributions(rows, method=method)
    error = found.std(axis=0) / np.sqrt(1024)  # of the 1024 reference rows
    assert (np.abs(found.mean(axis=0)) < 4.5 * error).all()


def test_contributions_of_independent_columns_are_those_of_each_column():
    model = known([1.0], [[1.0, -2.0]], [np.diag([4.0, 0.25])])
    X = np.array([[1.0, -2.0], [5.0, -2.0], [1.0, 0.0], [9.0, -4.0]])
    for method in ("shapley", "conditional"):
        found = model.contributions(X, method=method)
        each = -np.c_[norm.logpdf(X[:, 0], 1, 2), norm.logpdf(X[:, 1], -2, 0.5)]
        np.testing.assert_allclose(found - found[0], each - each[0], atol=1e-9)


def test_shapley_values_are_symmetric_and_ignore_order_of_columns():
    covariance = np.array([[1.0, 0.6, 0.6], [0.6, 1.0, 0.6], [0.6, 0.6, 1.0]])
    model = known([1.0], np.zeros((1, 3)), covariance[None])
    a, b = model.contributions([[3.0, 0.5, -1.0], [0.5, -1.0, 3.0]])
    reference = model.contributions([[0.0, 0.0, 0.0]])[0]
    np.testing.assert_allclose((a - reference)[[1, 2, 0]], b - reference, atol=1e-9)


def test_conditional_surprise_is_minus_log_of_a_ratio_of_densities():
    rng = np.random.default_rng(6)
    weights, means = [0.3, 0.7], rng.normal(size=(2, 3))
    roots = rng.normal(size=(2, 3, 3))
    covariances = roots @ roots.swapaxes(1, 2) + 0.1 * np.eye(3)
    model = known(weights, means, covariances)
    X = rng.normal(size=(6, 3))

    def log_p(columns):
        parts = [
            np.log(w)
            + multivariate_normal.logpdf(
                X[:, columns], m[columns], c[np.ix_(columns, columns)]
            )
            for w, m, c in zip(weights, means, covariances, strict=True)
        ]
        return logsumexp(parts, axis=0)

    found = model.contributions(X, method="conditional")
    for j in range(3):
        others = [i for i in range(3) if i != j]
        expected = log_p(others) - log_p([0, 1, 2])
        np.testing.assert_allclose(
            found[:, j] - found[0, j], expected - expected[0], atol=1e-9
        )


def test_the_column_to_blame_stands_out():
    X = clusters(7, n_features=5, n_components=1)
    model = GaussianMixtureDetector().fit(X)
    for j in range(5):
        row = X.mean(axis=0)
        row[j] += 20 * X[:, j].std()
        for method in ("shapley", "conditional"):
            assert model.contributions(row[None], method=method)[0].argmax() == j


@pytest.mark.parametrize("shift, scale", [(0.0, 2.0**-9), (1e6, 1.0), (-3e4, 2.0**7)])
def test_nothing_depends_on_origin_and_units(shift, scale):
    X = np.round(clusters(8) * 2.0**20) / 2.0**20
    scales = np.array([scale, 1.0, scale**2])
    here = GaussianMixtureDetector(3, random_state=0).fit(X)
    there = GaussianMixtureDetector(3, random_state=0).fit(X * scales + shift)
    far = np.concatenate([X[:30], X[:5] + 8.0])
    moved = far * scales + shift
    np.testing.assert_array_equal(here.predict(far), there.predict(moved))
    np.testing.assert_allclose(
        here.decision_function(far), there.decision_function(moved), atol=1e-5
    )
    np.testing.assert_allclose(
        here.tail_probability(far), there.tail_probability(moved), rtol=1e-2
    )
    for method in ("shapley", "conditional"):
        np.testing.assert_allclose(
            here.contributions(far, method=method),
            there.contributions(moved, method=method),
            atol=1e-4,
        )


def test_results_repeat_bit_for_bit_and_leave_global_randomness_alone():
    X = clusters(9)
    np.random.seed(3)  # noqa: NPY002
    expected = np.random.RandomState(3).random()
    runs = [
        GaussianMixtureDetector(2, false_alarm_rate=0.05, random_state=1).fit(X)
        for _ in range(2)
    ]
    assert runs[0].offset_ == runs[1].offset_
    for method in ("tail_probability", "contributions"):
        a, b = (getattr(run, method)(X) for run in runs)
        assert a.tobytes() == b.tobytes()
    assert np.random.random() == expected  # noqa: NPY002


def test_a_frozen_mixture_is_used_as_it_is():
    X = clusters(0)
    mixture = GaussianMixture(3, random_state=5).fit(X)
    model = GaussianMixtureDetector(mixture=FrozenEstimator(mixture)).fit(X + 100.0)
    for name in ("weights_", "means_", "covariances_"):
        assert getattr(model.mixture_, name) is getattr(mixture, name)


def test_columns_keep_their_names():
    frame = pd.DataFrame(clusters(0), columns=["a", "b", "c"])
    mixture = GaussianMixture(3, random_state=0).fit(frame)
    model = GaussianMixtureDetector(mixture=FrozenEstimator(mixture)).fit(frame)
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(
        model.score_samples(frame), mixture.score_samples(frame)
    )
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[["b", "a", "c"]])
    with pytest.raises(ValueError, match=r"fitted to, \['a', 'b', 'c'\]; got \['c'"):
        model.fit(frame[["c", "b", "a"]])


def test_a_given_mixture_is_cloned_and_fitted():
    X = clusters(0)
    mixture = GaussianMixture(3, covariance_type="diag", random_state=0)
    model = GaussianMixtureDetector(mixture=mixture).fit(X)
    assert not hasattr(mixture, "means_")
    assert model.mixture_.covariances_.shape == (3, 3)
    assert len(model.mixture_.labels_) == len(X)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"contamination": 0.0}, r"'contamination'.*\(0.0, 0.5\].*Got 0.0"),
        ({"contamination": 0.6}, r"\(0.0, 0.5\].*Got 0.6"),
        ({"contamination": "auto"}, "Got 'auto'"),
        ({"false_alarm_rate": 1.0}, r"'false_alarm_rate'.*\(0.0, 1.0\).*Got 1.0"),
        ({"threshold": np.nan}, "a finite log-density in nats. Got nan"),
        ({"threshold": -3.0, "false_alarm_rate": 0.1}, "one rule.*-3.0.*0.1"),
        ({"n_components": 0}, "n_components"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixtureDetector(**arguments).fit(clusters(0))


def test_other_bad_input_is_named(detector):
    with pytest.raises(ValueError, match=r"'method'.*'conditional', 'shapley'.*'shap'"):
        detector.contributions(clusters(0), method="shap")
    with pytest.raises(TypeError, match="must be a mixtura GaussianMixture"):
        GaussianMixtureDetector(mixture=Theirs()).fit(clusters(0))


def test_noise_makes_the_fit_robust_and_is_no_part_of_the_density():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(300, 2)), rng.uniform(-40, 40, (60, 2))])
    plain = GaussianMixtureDetector(false_alarm_rate=0.01).fit(X)
    noisy = GaussianMixture(noise="hull", random_state=0)
    robust = GaussianMixtureDetector(mixture=noisy, false_alarm_rate=0.01).fit(X)
    far = np.abs(X).max(axis=1) > 6
    assert (robust.predict(X[far]) == -1).all() > (plain.predict(X[far]) == -1).all()
    sums = robust.contributions(X).sum(axis=1) + robust.score_samples(X)
    np.testing.assert_allclose(sums, robust.expected_log_density_, rtol=1e-9)
