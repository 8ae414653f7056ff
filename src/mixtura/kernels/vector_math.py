"""exp, log, cosine and sine on SIMD vectors, without branches.

The coefficients interpolate at Chebyshev nodes, computed to 60 digits:
``(exp(x) - 1 - x) / x**2`` on [-log(2)/2, log(2)/2], where the relative error of exp
stays below 3e-17 (double) and 2e-8 (single), and ``2 (atanh(s) / s - 1) / s**2`` as a
polynomial in ``s**2``, below 1e-18 and 3e-9; those of sine and cosine below 5e-18.
"""

from collections.abc import Sequence

from mixtura.kernels.moments import EXPONENT_FLOOR
from mixtura.kernels.simd import Vector

EXP_DOUBLE = (
    0.5000000000000001,
    0.16666666666666669,
    0.041666666666624164,
    0.008333333333330065,
    0.0013888888917196719,
    0.00019841269863040545,
    2.4801521322368692e-05,
    2.7557268480310024e-06,
    2.7620075879983367e-07,
    2.5100375832561234e-08,
)
EXP_SINGLE = (
    0.5,
    0.1666657702559799,
    0.041666554662050534,
    0.008363173074513711,
    0.001392617611993558,
)
LOG_DOUBLE = (
    0.6666666666666666,
    0.4000000000000088,
    0.28571428570803614,
    0.22222222391713917,
    0.18181795640132906,
    0.15386239702814658,
    0.13268773138656886,
    0.13086626147840102,
)
LOG_SINGLE = (0.6666668503957586, 0.3998878056602198, 0.2957994939197279)

# log(2) in two parts; the first is so short that its product with any exponent
# is exact.
LOG2_DOUBLE = (0.6931471803691238, 1.9082149292705877e-10)
LOG2_SINGLE = (0.693145751953125, 1.428606765330187e-06)

# sin(pi t / 2) / t and (cos(pi t / 2) - 1) / t**2, as polynomials in t**2
SINE = (
    1.5707963267948966,
    -0.6459640975062443,
    0.07969262624604301,
    -0.004681754132340976,
    0.0001604411507421909,
    -3.59864335298231e-06,
    5.633933781537854e-08,
)
COSINE = (
    -1.2337005501361697,
    0.2536695079010478,
    -0.020863480763340773,
    0.0009192602745468447,
    -2.5202039028029178e-05,
    4.710678405505227e-07,
    -6.329396344967424e-09,
)

SINGLE_EXPONENT_FLOOR = -80.0


def polynomial(x: Vector, coefficients: Sequence[float]) -> Vector:
    """Horner's rule, constant term first."""
    total = x.emit.constant(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = x.emit.constant(coefficient).plus_product(total, x)
    return total


def exp_of_nonpositive(x: Vector) -> Vector:
    """``exp(x)`` for x <= 0 to about one ulp; exactly zero at and below the floor."""
    emit = x.emit
    floor = EXPONENT_FLOOR if emit.double else SINGLE_EXPONENT_FLOOR
    high, low = LOG2_DOUBLE if emit.double else LOG2_SINGLE
    mantissa = 52 if emit.double else 23
    # adding 1.5 * 2**mantissa rounds to an integer and leaves it in the low bits
    magic = emit.constant(1.5 * 2.0**mantissa)
    shifted = magic.plus_product(x, emit.constant(1.4426950408889634))
    halvings = shifted - magic
    rest = x.plus_product(halvings, emit.constant(-high))
    rest = rest.plus_product(halvings, emit.constant(-low))
    tail = polynomial(rest, EXP_DOUBLE if emit.double else EXP_SINGLE)
    one = emit.constant(1.0)
    value = one + rest.plus_product(rest * rest, tail)
    exponent = emit.builder.shl(emit.as_bits(shifted), emit.bit_constant(mantissa))
    scaled = emit.from_bits(emit.builder.add(emit.as_bits(value), exponent))
    return emit.where(x > emit.constant(floor), scaled, emit.constant(0.0))


def log_of_normal(x: Vector) -> Vector:
    """``log(x)`` for positive normal x to about one ulp."""
    emit, builder = x.emit, x.emit.builder
    mantissa = 52 if emit.double else 23
    bias = 1023 if emit.double else 127
    one = bias << mantissa
    root_half = 0x3FE6A09E667F3BCD if emit.double else 0x3F3504F3
    # shift the range so that the fraction ends in [sqrt(1/2), sqrt(2))
    offset = builder.add(emit.as_bits(x), emit.bit_constant(one - root_half))
    biased = builder.lshr(offset, emit.bit_constant(mantissa))
    fraction = builder.and_(offset, emit.bit_constant((1 << mantissa) - 1))
    m = emit.from_bits(builder.add(fraction, emit.bit_constant(root_half)))
    magic_bits = (bias + mantissa) << mantissa
    exponent = emit.from_bits(builder.or_(biased, emit.bit_constant(magic_bits)))
    exponent = exponent - emit.constant(2.0**mantissa + bias)
    high, low = LOG2_DOUBLE if emit.double else LOG2_SINGLE
    f = m - emit.constant(1.0)
    s = f / (f + emit.constant(2.0))
    z = s * s
    series = z * polynomial(z, LOG_DOUBLE if emit.double else LOG_SINGLE)
    correction = (exponent * emit.constant(low)) + s * (series - f)
    return exponent * emit.constant(high) + (f + correction)


def of_quarter_turn(t: Vector) -> tuple[Vector, Vector]:
    """Cosine and sine of ``pi t / 2`` for ``|t| <= 1/2``, in double precision."""
    square = t * t
    one = t.emit.constant(1.0)
    return one.plus_product(square, polynomial(square, COSINE)), t * polynomial(
        square, SINE
    )
