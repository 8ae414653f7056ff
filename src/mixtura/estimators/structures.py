"""The names of covariance structures, mapped to objects once and here only."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from mixtura.families.covariance import Diagonal, Full, Spherical, Tied
from mixtura.families.covariance_structure import Covariance
from mixtura.families.low_rank import Factors
from mixtura.families.parsimonious import (
    EEI,
    EEV,
    EII,
    EVE,
    EVI,
    EVV,
    VEE,
    VEI,
    VEV,
    VVE,
)

NAMED: dict[str, Covariance] = {
    "full": Full(),
    "tied": Tied(),
    "diag": Diagonal(),
    "spherical": Spherical(),
    "EII": EII(),
    "VII": Spherical(),
    "EEI": EEI(),
    "VEI": VEI(),
    "EVI": EVI(),
    "VVI": Diagonal(),
    "EEE": Tied(),
    "VEE": VEE(),
    "EVE": EVE(),
    "VVE": VVE(),
    "EEV": EEV(),
    "VEV": VEV(),
    "EVV": EVV(),
    "VVV": Full(),
    "E": EII(),
    "V": Spherical(),
}
"""scikit-learn's names, mclust's codes, and its two codes for a single column."""

WITH_NUMBER = re.compile(r"(factors|ppca):([1-9][0-9]{0,3})")
"""Names that say how many factors there are: ``factors:2``, ``ppca:1``."""

OPEN_NAMES = "'factors:q', 'ppca:q' (q factors)"
"""What a message says of those."""


class Names(Mapping[str, Covariance]):
    """Structures by name; those that carry a number can be had, but not listed.

    Examples
    --------
    >>> len(STRUCTURES), "factors:2" in STRUCTURES, "factors:0" in STRUCTURES
    (20, True, False)
    >>> STRUCTURES["ppca:3"].n_factors
    3
    """

    def __getitem__(self, name: str) -> Covariance:
        return NAMED[name] if name in NAMED else _numbered(name)

    def __iter__(self) -> Iterator[str]:
        return iter(NAMED)

    def __len__(self) -> int:
        return len(NAMED)


@lru_cache(maxsize=256)
def _numbered(name: Any) -> Covariance:
    """Return the one object of a name with a number."""
    found = WITH_NUMBER.fullmatch(name) if isinstance(name, str) else None
    if found is None:
        raise KeyError(name)
    return Factors(int(found[2]), isotropic=found[1] == "ppca")


STRUCTURES = Names()

EVERY = "all"
"""What stands for every structure that differs."""

ONE_COLUMN = {"E": "EII", "V": "VII"}
"""Codes for one column, and what says the same of several."""


def check_name(owner: str, value: Any, more: Sequence[str] = ()) -> None:
    """Require the name of a structure, or one of the words in `more`.

    Raises
    ------
    ValueError
        Naming the estimator, the value and all names.
    """
    if isinstance(value, str) and (value in STRUCTURES or value in more):
        return
    words = ", ".join(repr(name) for name in (*STRUCTURES, *more))
    raise ValueError(
        f"The 'covariance_type' parameter of {owner} must be one of {words}, "
        f"{OPEN_NAMES}. Got {value!r} instead."
    )


def check_names(owner: str, value: Any) -> list[str]:
    """Require one name of a structure or several, or "all"; return them as a list.

    Raises
    ------
    ValueError
        Naming the estimator, the value and all names.
    """
    if isinstance(value, str) or not isinstance(value, Iterable):
        check_name(owner, value, [EVERY])
        return [value]
    names = list(dict.fromkeys(value))
    for name in names or [None]:
        check_name(owner, name)
    return names


def names_for(names: list[str], n_features: int) -> list[str]:
    """Return checked names, with "all" as the structures of so many columns."""
    return every_structure(n_features) if names == [EVERY] else names


def every_structure(n_features: int) -> list[str]:
    """Name each structure that differs on so many columns once, by its code.

    Examples
    --------
    >>> every_structure(1), len(every_structure(2))
    (['E', 'V'], 14)
    """
    width = 1 if n_features == 1 else 3
    return [name for name in STRUCTURES if len(name) == width and name.isupper()]


def check_columns(owner: str, covariance_type: str, n_features: int) -> None:
    """Require one column for a code for one only, and more columns than factors.

    Raises
    ------
    ValueError
        Naming the estimator, the code and the number of columns.
    """
    if covariance_type in ONE_COLUMN and n_features != 1:
        raise ValueError(
            f"{owner}(covariance_type={covariance_type!r}) is for data of one column; "
            f"got n_features = {n_features}. "
            f"Choose {ONE_COLUMN[covariance_type]!r} or another code of three letters."
        )
    structure = STRUCTURES[covariance_type]
    if isinstance(structure, Factors) and n_features <= structure.n_factors:
        raise ValueError(
            f"{owner}(covariance_type={covariance_type!r}) needs more columns than "
            f"factors; got n_features = {n_features}. Choose fewer factors, or 'full'."
        )


@lru_cache(maxsize=1024)
def is_special_case(one: str, other: str) -> bool:
    """Whether all covariances of one structure are covariances of another one too.

    Volume, shape and orientation may each be the identity (I), equal (E) or free (V),
    which go from special to general. No structure is a special case of itself.

    Examples
    --------
    >>> is_special_case("VEI", "VVE"), is_special_case("EVI", "EEE")
    (True, False)
    >>> is_special_case("diag", "factors:1"), is_special_case("diag", "ppca:1")
    (True, False)
    """
    inner, outer = STRUCTURES[one], STRUCTURES[other]
    if inner.name == outer.name:
        return False
    if isinstance(outer, Factors):
        if isinstance(inner, Factors):
            noise = inner.isotropic or not outer.isotropic
            return noise and inner.n_factors <= outer.n_factors
        return _is_within(_code(one), "VII" if outer.isotropic else "VVI")
    return _is_within("VVV" if isinstance(inner, Factors) else _code(one), _code(other))


def _code(name: str) -> str:
    """Return mclust's code of three letters for a structure that has one."""
    kind = type(STRUCTURES[name])
    return next(code for code in every_structure(2) if type(NAMED[code]) is kind)


def _is_within(inner: str, outer: str) -> bool:
    pairs = zip(inner, outer, strict=True)
    return all("IEV".index(one) <= "IEV".index(other) for one, other in pairs)
