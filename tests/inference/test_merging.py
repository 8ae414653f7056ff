"""Components become clusters."""

from itertools import pairwise

import numpy as np
import pytest
from inference_problems import faithful, fitted
from scipy.cluster.hierarchy import fcluster, is_valid_linkage
from scipy.special import entr

from mixtura import GaussianMixture, agreement, merge_components
from mixtura.inference.merging import elbow, merge


def crosses(seed, n_samples=400):
    """Two clusters, each a cross of two bars."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=n_samples)
    bars = np.where(rng.random(n_samples)[:, None] < 0.5, [3.0, 0.2], [0.2, 3.0])
    return rng.standard_normal((n_samples, 2)) * bars + 25.0 * labels[:, None], labels


def entropy(responsibilities):
    return entr(responsibilities).sum()


@pytest.mark.parametrize("seed", range(3))
def test_each_step_is_the_best_pair_by_brute_force(seed):
    rng = np.random.default_rng(seed)
    responsibilities = rng.dirichlet(np.full(5, 0.3), size=80)
    weights = rng.uniform(0, 2, 80)
    tree = merge(None, responsibilities, weights)
    assert (np.diff(tree.entropies) >= -1e-9).all()
    for n_clusters in range(5, 0, -1):
        columns = [
            responsibilities[:, g].sum(axis=1)
            for g in map(list, tree.groups(n_clusters))
        ]
        values = np.column_stack(columns)
        own = float(weights @ entr(values).sum(axis=1))
        assert tree.entropies[n_clusters - 1] == pytest.approx(own, abs=1e-9)
        if n_clusters == 1:
            break
        unions = [
            weights
            @ (
                entr(values).sum(axis=1)
                - entr(values[:, i])
                - entr(values[:, j])
                + entr(values[:, i] + values[:, j])
            )
            for i in range(n_clusters)
            for j in range(i)
        ]
        assert tree.entropies[n_clusters - 2] == pytest.approx(min(unions), abs=1e-9)


def test_one_cluster_is_certain():
    tree = merge_components(fitted(4), faithful())
    assert tree.entropies[0] == 0
    assert str(tree).splitlines()[-1].split()[:2] == ["1", "0"]


def test_the_groups_of_a_level_are_unions_of_those_below():
    tree = merge_components(fitted(4), faithful())
    levels = [tree.groups(n) for n in range(1, 5)]
    assert levels[0] == [(0, 1, 2, 3)] and levels[3] == [(0,), (1,), (2,), (3,)]
    for coarse, fine in pairwise(levels):
        assert len(fine) == len(coarse) + 1
        for group in fine:
            assert any(set(group) <= set(larger) for larger in coarse)


def test_probabilities_add_up_and_labels_are_their_largest():
    tree, X = merge_components(fitted(3), faithful()), faithful()
    whole = fitted(3).predict_proba(X)
    np.testing.assert_array_equal(tree.predict_proba(X, 3), whole)
    merged = tree.predict_proba(X, 2)
    np.testing.assert_allclose(merged.sum(axis=1), 1)
    np.testing.assert_array_equal(tree.predict(X, 2), merged.argmax(axis=1))
    assert entropy(merged) == pytest.approx(tree.entropies[1])


def test_bars_of_a_cross_are_one_cluster():
    X, labels = crosses(0)
    model = GaussianMixture(4, random_state=0).fit(X)
    tree = merge_components(model, X)
    assert tree.n_clusters == 2
    assert agreement(tree.predict(X), labels).adjusted_rand_index == 1


def test_the_tree_is_one_that_scipy_draws():
    tree = merge_components(fitted(4), faithful())
    linkage = tree.linkage()
    assert is_valid_linkage(linkage, throw=True)
    assert linkage[-1, 3] == 4
    found = fcluster(linkage, 2, "maxclust")
    expected = np.empty(4, dtype=int)
    for number, group in enumerate(tree.groups(2)):
        expected[list(group)] = number
    assert agreement(found, expected).adjusted_rand_index == 1


def test_rows_count_by_their_weights():
    X = faithful()
    counts = np.random.default_rng(1).integers(0, 3, len(X))
    weighted = merge_components(fitted(3), X, counts)
    repeated = merge_components(fitted(3), np.repeat(X, counts, axis=0))
    np.testing.assert_allclose(weighted.entropies, repeated.entropies, atol=1e-9)
    np.testing.assert_array_equal(weighted.children, repeated.children)
    np.testing.assert_allclose(weighted.merged, repeated.merged)


def test_the_elbow_is_where_two_lines_meet():
    assert elbow(np.array([0, 1, 2, 10, 18, 26.0])) == 3
    assert elbow(np.array([0, 1, 2, 3, 4, 12.0])) == 5
    assert [elbow(np.arange(float(n))) for n in (1, 2, 3)] == [1, 2, 2]


def test_one_component_is_a_tree_of_one():
    tree = merge_components(GaussianMixture(1).fit(faithful()), faithful())
    assert tree.groups() == [(0,)] and tree.children.shape == (0, 2)
    assert len(str(tree).splitlines()) == 2
    assert (tree.predict(faithful()) == 0).all()


def test_impossible_numbers_of_clusters_are_refused():
    tree = merge_components(fitted(3), faithful())
    for wrong in (0, 4):
        with pytest.raises(ValueError, match=f"components, 3; got {wrong}"):
            tree.groups(wrong)
