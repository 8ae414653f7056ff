"""Equal bits for equal seeds; no state but the fitted parameters."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from mixtures import TYPES, bits, clusters, fitted
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from mixtura import GaussianMixture

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

STARTS = ("auto", "kmeans", "k-means++", "random", "random_from_data")


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize(
    ("algorithm", "start"),
    [
        ("hard", "random"),
        ("stochastic", "kmeans"),
        *(("em", start) for start in STARTS),
    ],
)
def test_same_seed_same_bits(covariance_type, algorithm, start):
    X = clusters(0, n_samples=100)
    models = [
        GaussianMixture(
            3,
            covariance_type=covariance_type,
            algorithm=algorithm,
            init_params=start,
            random_state=seed,
            max_iter=10,
        ).fit(X)
        for seed in (5, np.random.RandomState(5))
    ]
    assert bits(models[0]) == bits(models[1])
    assert models[0].lower_bounds_ == models[1].lower_bounds_
    drawn = [model.sample(20, random_state=1)[0] for model in models]
    np.testing.assert_array_equal(drawn[0], drawn[1])


def test_another_seed_is_another_start():
    found = {
        tuple(
            bits(
                GaussianMixture(
                    3, init_params=start, random_state=seed, max_iter=0
                ).fit(clusters(0, spread=1.0))
            )
        )
        for start in ("random", "random_from_data")
        for seed in range(5)
    }
    assert len(found) == 10


@pytest.mark.parametrize("covariance_type", TYPES)
def test_the_number_of_blas_threads_changes_no_bit(covariance_type):
    X = clusters(0, n_samples=3000, n_features=8)
    results = []
    for limit in (1, 2):
        with threadpool_limits(limit):
            model = GaussianMixture(
                3, covariance_type=covariance_type, random_state=0, max_iter=5
            ).fit(X)
            scores = model.score_samples(X), model.predict_proba(X), model.predict(X)
        results.append([*bits(model), *(score.tobytes() for score in scores)])
    assert results[0] == results[1]


@pytest.mark.parametrize("covariance_type", TYPES)
def test_the_number_of_jobs_changes_no_bit(covariance_type):
    X = clusters(0, n_samples=20_000, n_features=4)
    one, two = (
        GaussianMixture(
            3,
            covariance_type=covariance_type,
            init_params="kmeans",
            random_state=0,
            max_iter=4,
            n_jobs=n_jobs,
        ).fit(X)
        for n_jobs in (1, 2)
    )
    assert bits(one) == bits(two)
    assert one.lower_bounds_ == two.lower_bounds_


def pieces(n, sizes):
    """Slices of these sizes in turn, over n rows."""
    start, i = 0, 0
    while start < n:
        yield slice(start, min(start + sizes[i % len(sizes)], n))
        start, i = start + sizes[i % len(sizes)], i + 1


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("shape", [(400, 3), (300, 17), (20_000, 4)])
@pytest.mark.parametrize("sizes", [(1,), (2, 7, 31), (499, 1, 1000)])
def test_predictions_do_not_depend_on_the_rows_around(covariance_type, shape, sizes):
    """To the last bit, as long as all or none of the parts are large enough to fuse."""
    X = clusters(0, *shape, n_components=4)
    model = GaussianMixture(
        4,
        covariance_type=covariance_type,
        init_params="kmeans",
        random_state=0,
        max_iter=2,
    ).fit(X[:2000])
    used = X[: 400 * max(sizes)]
    chosen = list(pieces(len(used), sizes))[:30]
    last = chosen[-1].stop

    def split(method):
        return np.concatenate([method(X[rows]) for rows in chosen])

    np.testing.assert_array_equal(split(model.predict), model.predict(X)[:last])
    np.testing.assert_array_equal(
        split(model.score_samples), model.score_samples(X)[:last]
    )
    np.testing.assert_array_equal(
        split(model.predict_proba), model.predict_proba(X)[:last]
    )


@pytest.mark.parametrize("seed", [None, 0])
def test_the_global_random_state_is_untouched(seed):
    X = clusters(0)
    before = np.random.get_state()  # noqa: NPY002
    for start in STARTS:
        model = GaussianMixture(
            3, init_params=start, random_state=seed, algorithm="stochastic", max_iter=5
        )
        model.fit(X).sample(5)
    after = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(before[1], after[1])
    assert before[2:] == after[2:]


def test_without_a_seed_every_fit_is_a_fresh_draw():
    X = clusters(0)
    models = [
        GaussianMixture(3, init_params="random", max_iter=0).fit(X) for _ in range(2)
    ]
    assert bits(models[0]) != bits(models[1])


@pytest.mark.parametrize("covariance_type", TYPES)
def test_prediction_is_thread_safe(covariance_type):
    model = fitted(covariance_type)
    parts = [clusters(seed, n_samples=500) for seed in range(8)]
    alone = [(model.score_samples(X), model.predict_proba(X)) for X in parts]
    with ThreadPoolExecutor(8) as threads:
        together = threads.map(
            lambda X: (model.score_samples(X), model.predict_proba(X)), parts * 4
        )
    for (scores, probabilities), known in zip(together, alone * 4, strict=True):
        np.testing.assert_array_equal(scores, known[0])
        np.testing.assert_array_equal(probabilities, known[1])


@pytest.mark.parametrize("covariance_type", TYPES)
def test_fits_in_threads_are_the_fits_alone(covariance_type):
    seeds = (0, 1)
    alone = [bits(fitted(covariance_type, seed)) for seed in seeds]

    def fit(seed):
        model = GaussianMixture(3, covariance_type=covariance_type, random_state=seed)
        return bits(model.fit(clusters(seed)))

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(fit, seeds)) == alone


@pytest.mark.parametrize("covariance_type", TYPES)
def test_pickles_are_the_model_and_hold_no_rows(covariance_type):
    model = fitted(covariance_type)
    stored = pickle.dumps(model)
    copy = pickle.loads(stored)
    assert bits(copy) == bits(model)
    X = clusters(1)
    np.testing.assert_array_equal(copy.score_samples(X), model.score_samples(X))
    arrays = {n: v for n, v in vars(model).items() if isinstance(v, np.ndarray)}
    assert {n for n, v in arrays.items() if len(v) == 240} == {"labels_"}
    assert len(stored) < 8 * 240 + 8 * len(model.lower_bounds_) + 4000


def test_a_clone_has_the_arguments_and_nothing_else():
    model = fitted("diag", reg_covar=0.25)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "weights_")


def test_fitting_again_forgets_the_first_fit():
    model = GaussianMixture(3, random_state=0).fit(clusters(1))
    assert bits(model.fit(clusters(0))) == bits(fitted("full"))
