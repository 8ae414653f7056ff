"""Numbers as people read them."""

import math

MINUS = "\N{MINUS SIGN}"
MISSING = "\N{EN DASH}"
_LARGE, _SMALL = 1e7, 1e-5
_ROUNDING = 1e-13


def rounded(value: float, decimals: int) -> str:
    """Write with so many decimals, thousands apart, and a minus sign.

    Examples
    --------
    >>> rounded(-1130.2637, 1), rounded(-0.0004, 2), rounded(float("nan"), 1)
    ('−1,130.3', '0.00', '–')
    """
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "infinite" if value > 0 else f"{MINUS}infinite"
    if abs(value) >= _LARGE:
        return f"{value:.3e}".replace("-", MINUS)
    text = f"{value:,.{decimals}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def decimals_for(spread: float, digits: int = 2) -> int:
    """Return the decimals that show so many significant digits of a spread.

    Examples
    --------
    >>> decimals_for(0.0318), decimals_for(13.6), decimals_for(0.0)
    (3, 0, 3)
    """
    if not math.isfinite(spread) or spread <= 0:
        return 3
    return max(0, digits - 1 - math.floor(math.log10(spread)))


def near(value: float, spread: float, digits: int = 3) -> str:
    """Write a value with the digits that matter beside a spread.

    Examples
    --------
    >>> near(70.897, 13.6), near(3.2e-7, 4e-8), near(5.0, 0.0)
    ('70.9', '3.200e−07', '5')
    >>> near(1000100000.0, 2e4), near(float("nan"), 1.0)
    ('1.0001000e+09', '–')
    """
    if math.isnan(value):
        return MISSING
    if spread <= 0 or not math.isfinite(spread):
        return f"{value:.6g}".replace("-", MINUS)
    largest = max(abs(value), spread)
    if _SMALL <= spread and largest < _LARGE:
        return rounded(value, decimals_for(spread, digits))
    apart = math.floor(math.log10(largest)) - math.floor(math.log10(spread))
    return f"{value:.{min(digits - 1 + apart, 15)}e}".replace("-", MINUS)


def with_error(estimate: float, error: float) -> str:
    """Write estimate ± standard error, with two digits of the error.

    Examples
    --------
    >>> with_error(4.2897, 0.03194), with_error(1.5, 0.0)
    ('4.290 ± 0.032', '1.5 (fixed)')
    >>> with_error(0.25, float("nan"))
    '0.25'
    """
    if math.isnan(error):
        return f"{estimate:.4g}".replace("-", MINUS)
    if error == 0:
        return f"{estimate:.4g} (fixed)".replace("-", MINUS)
    return f"{near(estimate, error, 2)} ± {near(error, error, 2)}"


def alike(values: list[float], spreads: list[float], digits: int = 3) -> list[str]:
    """Write a column of values, all with the same decimals.

    As many as show so many digits of the smallest spread, where that is not much
    smaller than the largest.

    Examples
    --------
    >>> alike([4.2897, 12.0], [0.319, 4.0]), alike([1.0, 2.0], [0.0, 1e-9])
    (['4.290', '12.000'], ['1', '2.00000000000e+00'])
    """
    known = [spread for spread in spreads if math.isfinite(spread) and spread > 0]
    largest = max(map(abs, [*values, *known]))
    if not known or min(known) < _SMALL or largest >= _LARGE:
        return [near(v, s, digits) for v, s in zip(values, spreads, strict=True)]
    least, most = (decimals_for(end(known), digits) for end in (max, min))
    return [rounded(value, min(most, least + 2)) for value in values]


def aligned(estimates: list[float], errors: list[float]) -> list[str]:
    """Write a column of estimates ± errors, all with the same decimals.

    Examples
    --------
    >>> aligned([4.2897, 12.0], [0.03194, 0.4]), aligned([1.0, 2.5], [0.0, 0.1])
    (['4.290 ± 0.032', '12.000 ± 0.400'], ['1 (fixed)', '2.50 ± 0.10'])
    """
    left, right = alike(estimates, errors, 2), alike(errors, errors, 2)
    return [
        f"{left[i]} ± {right[i]}"
        if error > _ROUNDING * abs(estimates[i])
        else with_error(estimates[i], 0.0 if error > 0 else error)
        for i, error in enumerate(errors)
    ]


def counted(number: float, noun: str) -> str:
    """Write a number of things.

    Examples
    --------
    >>> counted(1, "row"), counted(5000, "row"), counted(2.5, "observation")
    ('1 row', '5,000 rows', '2.5 observations')
    """
    text = f"{number:,.0f}" if float(number).is_integer() else f"{number:,.6g}"
    return f"{text} {noun}{'' if number == 1 else 's'}"


def listed(names: list[str], most: int = 6) -> str:
    """Join names as in a sentence.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b", "c"]), listed(list("abcde"), 2)
    ('a', 'a, b and c', 'a, b and 3 more')
    """
    shown = names[:most]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"
