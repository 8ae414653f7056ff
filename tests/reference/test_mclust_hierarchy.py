"""Agglomeration leaves the partitions from which R's mclust starts."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from stored import reference, rows_of

from mixtura.data import Rows
from mixtura.init.hierarchy import merges, space


@pytest.mark.parametrize("name", ["iris", "diabetes"])
def test_partitions_of_all_sizes_are_those_of_mclust(name):
    record = reference(f"mclust_bic_{name}")
    # equal rows are one to begin with, as in mclust
    distinct, place, counts = np.unique(
        rows_of(record), axis=0, return_inverse=True, return_counts=True
    )
    weights = counts.astype(float)
    tree = merges(space(Rows(distinct, weights)), weights)
    for size, expected in record["init_classification"].items():
        found = tree.labels(int(size))[place.ravel()]
        assert adjusted_rand_score(expected, found) == 1.0, size
