"""Distinct rows, spaces to measure distances in, and the starts made from them."""

import numpy as np
import pytest

from mixtura.completion import SOFT
from mixtura.data import Rows
from mixtura.em import em
from mixtura.exceptions import DegenerateComponentError
from mixtura.families.constraints import Floor, Unconstrained
from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.gaussian import Gaussian
from mixtura.init import starts
from mixtura.init.automatic import best_start
from mixtura.init.distinct import distinct_rows, places_in, standardised, whitened
from mixtura.models.mixture import Mixture

SEEDS = range(3)
STRUCTURES = (Full(), Tied(), Diagonal(), Spherical())


def generator(seed=0):
    return np.random.default_rng(seed)


def repeated_rows(seed):
    """Twelve different rows, sixty in all, with weights."""
    rng = generator(seed)
    distinct = rng.standard_normal((12, 2))
    chosen = np.r_[np.arange(12), rng.integers(12, size=48)]
    return Rows(distinct[chosen], rng.uniform(0.5, 2, size=60)), distinct, chosen


@pytest.mark.parametrize("seed", SEEDS)
class TestDistinctRows:
    def test_each_row_once_with_its_total_weight(self, seed):
        data, distinct, chosen = repeated_rows(seed)
        found = distinct_rows(data, 1000, generator())
        assert sorted(map(tuple, found.X)) == sorted(map(tuple, distinct))
        totals = dict(zip(map(tuple, found.X), found.weights, strict=True))
        for k, row in enumerate(distinct):
            weight = data.weights[chosen == k].sum()
            np.testing.assert_allclose(totals[tuple(row)], weight, rtol=1e-14)

    def test_rows_without_weights_count_once(self, seed):
        data, _, chosen = repeated_rows(seed)
        found = distinct_rows(Rows(data.X), 1000, generator())
        assert sorted(found.weights) == sorted(np.bincount(chosen))

    def test_each_row_knows_its_place_among_them(self, seed):
        data, _, _ = repeated_rows(seed)
        zeros = np.where(data.X > 0, 0.0, -0.0)  # which are equal
        for X in (data.X, zeros):
            found = distinct_rows(Rows(X), 1000, generator())
            np.testing.assert_array_equal(found.X[places_in(found, Rows(X))], X)
        with pytest.raises(KeyError):
            places_in(found, data)

    def test_the_order_follows_from_the_values_alone(self, seed):
        data, _, _ = repeated_rows(seed)
        found = distinct_rows(data, 1000, generator())
        rows = generator(seed).permutation(len(data))
        columns = [1, 0]
        units = np.array([1e-3, 7.0])
        shuffled = Rows((data.X * units)[rows][:, columns], data.weights[rows])
        other = distinct_rows(shuffled, 1000, generator())
        np.testing.assert_array_equal(other.X[:, columns], found.X * units)
        np.testing.assert_allclose(other.weights, found.weights, rtol=1e-14)

    def test_a_subsample_is_of_the_size_asked_for(self, seed):
        X = generator(seed).standard_normal((500, 3))
        found = distinct_rows(Rows(X), 100, generator(seed))
        assert len(found) == 100
        assert set(map(tuple, found.X)) <= set(map(tuple, X))
        again = distinct_rows(Rows(X), 100, generator(seed))
        np.testing.assert_array_equal(found.X, again.X)


@pytest.mark.parametrize("seed", SEEDS)
class TestSpaces:
    def weighted(self, seed):
        rng = generator(seed)
        X = rng.standard_normal((80, 3)) @ rng.standard_normal((3, 3)) + 50
        return Rows(X, rng.uniform(0.5, 2, size=80))

    def test_standardised_columns_have_mean_zero_and_variance_one(self, seed):
        data = self.weighted(seed)
        X = standardised(data)
        mean = np.average(X, axis=0, weights=data.weights)
        variance = np.average(X**2, axis=0, weights=data.weights)
        np.testing.assert_allclose(mean, 0, atol=1e-13)
        np.testing.assert_allclose(variance, 1, rtol=1e-12)

    def test_whitened_directions_are_uncorrelated(self, seed):
        data = self.weighted(seed)
        X = whitened(data)
        covariance = np.cov(X.T, aweights=data.weights, ddof=0)
        np.testing.assert_allclose(covariance, np.eye(3), atol=1e-10)

    def test_constant_columns_are_zero_and_have_no_direction(self, seed):
        data = self.weighted(seed)
        data.X[:, 1] = 3.5
        assert not standardised(data)[:, 1].any()
        assert whitened(data).shape == (80, 2)

    def test_collinear_columns_share_their_directions(self, seed):
        data = self.weighted(seed)
        data.X[:, 2] = data.X[:, 0] - 2 * data.X[:, 1]
        assert whitened(data).shape == (80, 2)


def blobs(seed, n=90):
    """Three far-apart groups of thirty rows."""
    rng = generator(seed)
    labels = np.repeat(np.arange(3), n // 3)
    centers = np.array([[0, 0], [20, 0], [0, 20]])
    return centers[labels] + rng.standard_normal((n, 2)), labels


@pytest.mark.parametrize("seed", SEEDS)
class TestStarts:
    def test_each_is_a_function_of_its_seed(self, seed):
        X, _ = blobs(seed)
        weights = np.ones(90)
        for make in (
            starts.plus_plus,
            starts.random_rows,
            starts.kmeans,
            starts.hierarchical,
            starts.random,
        ):
            first = make(X, weights, 3, generator(seed))
            np.testing.assert_array_equal(first, make(X, weights, 3, generator(seed)))

    def test_centres_are_different_rows(self, seed):
        X, _ = blobs(seed)
        for make in (starts.plus_plus, starts.random_rows):
            chosen = make(X, np.ones(90), 5, generator(seed))
            assert len(set(chosen)) == 5
            assert all(0 <= index < 90 for index in chosen)

    def test_plus_plus_spreads_over_far_groups(self, seed):
        X, labels = blobs(seed)
        chosen = starts.plus_plus(X, np.ones(90), 3, generator(seed))
        assert set(labels[chosen]) == {0, 1, 2}

    def test_rows_of_almost_no_weight_are_not_drawn(self, seed):
        X, labels = blobs(seed)
        weights = np.where(labels == 2, 1e-12, 1.0)
        for make in (starts.random_rows, starts.plus_plus):
            chosen = make(X, weights, 2, generator(seed))
            assert set(labels[chosen]) <= {0, 1}

    def test_kmeans_finds_far_groups(self, seed):
        X, labels = blobs(seed)
        partition = starts.kmeans(X, np.ones(90), 3, generator(seed))
        assert set(np.unique(partition)) == {0.0, 1.0}
        found = partition.argmax(axis=1)
        assert len(set(zip(found, labels, strict=True))) == 3

    def test_random_responsibilities_are_distributions(self, seed):
        X, _ = blobs(seed)
        values = starts.random(X, np.ones(90), 4, generator(seed))
        assert values.shape == (90, 4)
        np.testing.assert_allclose(values.sum(axis=1), 1, rtol=1e-14)
        assert (values > 0).all()
        assert np.abs(values.mean(axis=0) - 0.25).max() < 0.1

    @pytest.mark.parametrize("n_steps", [0, 1, 5])
    def test_nearest_is_lloyds_algorithm(self, seed, n_steps):
        X, _ = blobs(seed)
        weights = generator(seed).uniform(0.5, 2, size=90)
        chosen = np.array([0, 1, 40])
        centres = X[chosen]
        for step in range(n_steps + 1):
            distances = ((X[:, None] - centres) ** 2).sum(axis=2)
            labels = distances.argmin(axis=1)
            if step < n_steps:
                centres = np.array(
                    [
                        np.average(X[labels == k], axis=0, weights=weights[labels == k])
                        for k in range(3)
                    ]
                )
        partition = starts.nearest(X, weights, chosen, n_steps)
        np.testing.assert_array_equal(partition.argmax(axis=1), labels)
        np.testing.assert_array_equal(partition.sum(axis=1), 1)


def sound(params):
    return True


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: s.name)
@pytest.mark.parametrize("seed", SEEDS)
class TestSearch:
    def data(self, seed):
        """Two thin parallel cigars: k-means in raw space cuts them across."""
        rng = generator(seed)
        X = rng.standard_normal((160, 2)) * [30.0, 1.0]
        X[80:, 1] += 9.0
        return distinct_rows(Rows(X), 1000, generator())

    def test_finds_parallel_cigars(self, structure, seed):
        if structure.name == "spherical":
            pytest.skip("two cigars are not two balls")
        data = self.data(seed)
        model = Mixture(Gaussian(structure, Floor(np.full(2, 1e-8))))
        params = best_start(model, data, 2, generator(seed), sound, 1000).params
        params = em(model, data, params).params
        labels = model.posterior(params, data).mode().values.argmax(axis=1)
        upper = data.X[:, 1] > 4.5
        agreement = np.mean(labels == upper)
        assert max(agreement, 1 - agreement) > 0.98

    def test_is_a_start_and_a_function_of_its_seed(self, structure, seed):
        data = self.data(seed)
        model = Mixture(Gaussian(structure, Floor(np.full(2, 1e-8))))
        one = best_start(model, data, 3, generator(seed), sound, 1000).params
        other = best_start(model, data, 3, generator(seed), sound, 1000).params
        np.testing.assert_array_equal(one.components.means, other.components.means)
        assert one.components.means.shape == (3, 2)

    def test_unsound_starts_come_last(self, structure, seed):
        """Whatever is called unsound is left, if there is anything else."""
        data = self.data(seed)
        model = Mixture(Gaussian(structure, Floor(np.full(2, 1e-8))))
        usual = best_start(model, data, 2, generator(seed), sound, 1000).params
        reached = em(model, data, usual, max_iter=52, tol=0.0).log_likelihood

        def is_another(params):
            value = model.e_step(params, data, SOFT).log_likelihood
            return abs(value - reached) > 1e-3 * abs(reached)

        other = best_start(model, data, 2, generator(seed), is_another, 1000).params
        assert other.components.means.shape == (2, 2)


def test_a_search_that_only_collapses_raises():
    data = distinct_rows(
        Rows(np.repeat([[0.0], [1.0], [5.0]], 9, axis=0)), 99, generator()
    )
    model = Mixture(Gaussian(Full(), Unconstrained(np.array([1e-12]))))
    with pytest.raises(DegenerateComponentError):
        best_start(model, data, 3, generator(), sound, 1000)
