"""Names of structures and criteria, said in words."""

import re

_NAMED = {
    "full": "each component has a covariance matrix of its own",
    "tied": "all components share one covariance matrix",
    "diag": "each component has variances of its own, and columns are uncorrelated "
    "within components",
    "spherical": "each component has one variance, the same in all columns",
    "E": "all components share one variance",
    "V": "each component has a variance of its own",
}
_LETTERS = {"E": "equal in all components", "V": "of each component's own"}
_AXES = {**_LETTERS, "I": "along the columns"}
_FACTORS = re.compile(r"(factors|ppca):(\d+)")

CRITERIA = {
    "bic": "BIC, the Bayesian information criterion, weighs how well a mixture fits "
    "against its number of parameters; it asks which mixture is the most probable.",
    "aic": "AIC, Akaike's information criterion, estimates how well a mixture would "
    "predict new rows.",
    "aicc": "AICc is AIC with a correction for few rows; it estimates how well a "
    "mixture would predict new rows.",
    "icl": "ICL, the integrated completed likelihood, is BIC with a price on "
    "components that overlap.",
    "nec": "NEC, the normalised entropy criterion, is the doubt about the components "
    "for each nat of likelihood that they gain.",
    "cv": "Cross-validation fits each mixture to a part of the rows and judges it by "
    "the rows left out.",
}
"""What each criterion asks."""


def structure_in_words(name: str) -> str:
    """Say what the components have in common.

    Examples
    --------
    >>> structure_in_words("tied")
    'all components share one covariance matrix'
    >>> structure_in_words("VEI")
    "volume of each component's own, shape equal in all components, axes along the \
columns"
    >>> structure_in_words("VII"), structure_in_words("ppca:2")
    ("round, volume of each component's own", '2 factors in each component')
    """
    if name in _NAMED:
        return _NAMED[name]
    numbered = _FACTORS.fullmatch(name)
    if numbered:
        count = int(numbered[2])
        return f"{count} factor{'s' * (count != 1)} in each component"
    if len(name) != 3 or set(name) - set("EVI"):
        return ""
    volume, shape, axes = list(name)
    if shape == "I":
        return f"round, volume {_LETTERS[volume]}"
    return f"volume {_LETTERS[volume]}, shape {_LETTERS[shape]}, axes {_AXES[axes]}"
