"""What the estimators say, in the words of the command line."""

import re
from collections.abc import Sequence
from functools import partial

import click

_SHORTER = {
    "Best performing initialization did not converge. Try different init parameters, "
    "or increase max_iter, tol, or check for degenerate data. ": "",
    ", a simpler covariance_type, or a larger reg_covar": (
        " or a simpler covariance_type"
    ),
    ", fewer components, or a larger reg_covar": " or fewer components",
    ", increase reg_covar, or": " or",
}
"""Advice that nobody can follow here, as there is no such option."""

_OPTIONS = {
    "covariance_type": "--covariance",
    "max_iter": "--max-iter",
    "n_components": "--components",
    "tol": "--tol",
}


_NAMES = "mixtura.names"
"""Where the command keeps the names of the columns that it has read."""

_NUMBERS = re.compile(r"\b(Columns?) (\d+(?:, \d+)*) (is|are)\b")
"""Columns of an array, which has no names."""


def know_columns(names: Sequence[str]) -> None:
    """Call the columns of the table that was read by these names from now on."""
    ctx = click.get_current_context(silent=True)
    if ctx is not None:
        ctx.meta[_NAMES] = tuple(names)


def in_options(message: str) -> str:
    """Name the options of the command and the columns of its table.

    Estimators speak of arguments in Python, and of numbers of columns.

    Parameters
    ----------
    message : str
        One line. An option that the command lacks is said to be of ``mixtura fit``.

    Returns
    -------
    str
    """
    for said, shorter in _SHORTER.items():
        message = message.replace(said, shorter)
    message = re.sub(r"\b[A-Z]\w+\((\w+=[^()]*)\)", r"\1", message)
    ctx = click.get_current_context(silent=True)
    if ctx is not None and _NAMES in ctx.meta:
        message = _NUMBERS.sub(partial(_by_name, ctx.meta[_NAMES]), message)
    known = _options_of(ctx.command) if ctx is not None else set(_OPTIONS.values())
    for argument, option in _OPTIONS.items():
        shown = option if option in known else f"{option} of mixtura fit"
        message = re.sub(rf"\b{argument}\b", shown, message)
    return message


def _by_name(names: Sequence[str], found: re.Match[str]) -> str:
    """Return 'Column 'a' is' for 'Column 0 is'."""
    noun, numbers, verb = found.groups()
    called = ", ".join(repr(names[int(number)]) for number in numbers.split(", "))
    return f"{noun} {called} {verb}"


def _options_of(command: click.Command) -> set[str]:
    """Options of a command; all of them, where it is not known which one it was."""
    if isinstance(command, click.Group):
        return set(_OPTIONS.values())
    return {name for parameter in command.params for name in parameter.opts}
