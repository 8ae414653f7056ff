"""Covariances below a floor are raised to it; the others are left alone."""

import numpy as np

from mixtura.families.factorisation import clipped


def test_only_matrices_below_the_floor_change():
    rng = np.random.default_rng(0)
    roots = rng.standard_normal((5, 4, 6))
    matrices = roots @ roots.swapaxes(1, 2)
    floor = np.array([1e-3, 1e-2, 1e-4, 1e-3])
    for k in (1, 3):  # of rank two
        roots[k, :, 2:] = 0
        matrices[k] = roots[k] @ roots[k].T
    raised = clipped(matrices, floor)
    for k in (0, 2, 4):
        np.testing.assert_array_equal(raised[k], matrices[k])
    unit = np.sqrt(np.outer(floor, floor))
    for k in (1, 3):
        before, vectors = np.linalg.eigh(matrices[k] / unit)
        expected = vectors * np.maximum(before, 1) @ vectors.T
        np.testing.assert_allclose(raised[k] / unit, expected, rtol=1e-9, atol=1e-9)
        np.testing.assert_array_equal(raised[k], raised[k].T)
