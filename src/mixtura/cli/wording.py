"""What the estimators say, in the words of the command line."""

import re

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


def in_options(message: str) -> str:
    """Name the options of the command instead of arguments in Python.

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
    known = _options_of(ctx.command) if ctx is not None else set(_OPTIONS.values())
    for argument, option in _OPTIONS.items():
        shown = option if option in known else f"{option} of mixtura fit"
        message = re.sub(rf"\b{argument}\b", shown, message)
    return message


def _options_of(command: click.Command) -> set[str]:
    """Options of a command; all of them, where it is not known which one it was."""
    if isinstance(command, click.Group):
        return set(_OPTIONS.values())
    return {name for parameter in command.params for name in parameter.opts}
