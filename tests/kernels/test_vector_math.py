"""exp, log, cosine and sine of the kernels against extended precision."""

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from mixtura.kernels import vector_math  # noqa: E402
from mixtura.kernels.simd import numba_function  # noqa: E402


def elementwise(formula):
    def emit_all(emit, x, y, n):
        def some(i, _):
            emit.store(formula(emit.load(x, i)), y, i)
            return []

        emit.loop(0, n, emit.lanes, [], some)

    function = numba_function(emit_all)

    @numba.njit
    def run(x, y):
        function(x, y, x.size)

    def apply(x):
        y = np.empty_like(x)
        run(x, y)
        return y

    return apply


exp = elementwise(vector_math.exp_of_nonpositive)
log = elementwise(vector_math.log_of_normal)


cosine = elementwise(lambda t: vector_math.of_quarter_turn(t)[0])
sine = elementwise(lambda t: vector_math.of_quarter_turn(t)[1])


def units_in_the_last_place(actual, exact):
    spacing = np.spacing(np.abs(exact).astype(actual.dtype))
    return np.max(np.abs(actual - exact) / spacing)


@pytest.mark.parametrize(("dtype", "floor"), [(np.float64, -690), (np.float32, -80)])
def test_exp_is_accurate_to_about_one_unit(dtype, floor):
    x = np.linspace(floor + 1e-3, 0, 2**16).astype(dtype)
    x[:64] = -np.geomspace(1e-12, 1, 64)
    exact = np.exp(x.astype(np.longdouble))
    assert units_in_the_last_place(exp(x), exact) < 1.2


@pytest.mark.parametrize(("dtype", "floor"), [(np.float64, -690), (np.float32, -80)])
def test_exp_is_zero_from_the_floor_on(dtype, floor):
    x = np.full(64, floor, dtype=dtype)
    x[:4] = [-np.inf, -1e30, 2 * floor, floor]
    np.testing.assert_array_equal(exp(x), 0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_log_is_accurate_to_about_one_unit(dtype):
    x = np.exp(np.linspace(-30, 30, 2**16)).astype(dtype)
    x[:64] = 1 + np.geomspace(np.finfo(dtype).eps, 0.5, 64)
    x[64:128] = 1 - np.geomspace(np.finfo(dtype).eps, 0.5, 64)
    exact = np.log(x.astype(np.longdouble))
    assert units_in_the_last_place(log(x), exact) < 1.2
    assert log(np.ones(64, dtype)).max() == 0


def test_cosine_and_sine_are_accurate_to_about_one_unit():
    t = np.linspace(-0.5, 0.5, 2**16)
    t[:64] = np.geomspace(1e-300, 0.5, 64)
    exact = t.astype(np.longdouble) * np.longdouble("1.57079632679489661923132")
    assert units_in_the_last_place(cosine(t), np.cos(exact)) < 1.2
    assert units_in_the_last_place(sine(t), np.sin(exact)) < 1.6
    assert cosine(np.zeros(64)).min() == 1 and not sine(np.zeros(64)).any()
