"""What a run or a search is asked for: parsed JSON, checked."""

from dataclasses import dataclass
from typing import Any

from mixtura.estimators.fitting.arguments import ALGORITHMS
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.structures import check_columns, check_name
from mixtura.io import json_checks as check

STARTS = {
    "auto": "auto",
    "k-means++": "k-means++",
    "random": "random_from_data",
    "click": "auto",
}
"""What the page calls them; with means given, "auto" spreads equal components there."""

MAX_COMPONENTS = 20
MAX_SEED = 2**32 - 1
MAX_ITERATIONS = 1000
MAX_DRAWS = 100
"""Iterations of stochastic EM, which does not converge."""


@dataclass(frozen=True)
class RunSettings:
    """One run of EM.

    Parameters
    ----------
    n_components : int
    covariance_type : str
    start : str
        One of `STARTS`.
    means : list of list of float, or None
        Initial means (K, D), which "click" needs.
    seed : int
    algorithm : {"em", "hard", "stochastic"}
    equal_weights : bool
    """

    n_components: int
    covariance_type: str
    start: str
    means: list[list[float]] | None
    seed: int
    algorithm: str
    equal_weights: bool

    @classmethod
    def of(cls, document: dict[str, Any], n_features: int) -> "RunSettings":
        """Check the members of a request.

        Raises
        ------
        ValueError
            Naming the member and its value.
        """
        n_components = within(document["n_components"], "K", 1, MAX_COMPONENTS)
        covariance_type = structure(document["covariance_type"], n_features)
        start = one_of(document["start"], "start", [*STARTS])
        means = document["means"]
        if means is not None:
            shape = n_components, n_features
            means = check.array(means, "means", shape).tolist()
        elif start == "click":
            raise ValueError(f"Place {n_components} means first.")
        return cls(
            n_components,
            covariance_type,
            start,
            means,
            within(document["seed"], "seed", 0, MAX_SEED),
            one_of(document["algorithm"], "algorithm", ALGORITHMS),
            check.boolean(document["equal_weights"], "equal_weights"),
        )

    def estimator(self) -> GaussianMixture:
        """Return the estimator that would run the same."""
        is_chain = self.algorithm == "stochastic"
        return GaussianMixture(
            self.n_components,
            covariance_type=self.covariance_type,
            init_params=STARTS[self.start] if self.means is None else "auto",
            means_init=self.means,
            max_iter=MAX_DRAWS if is_chain else MAX_ITERATIONS,
            random_state=self.seed,
            algorithm=self.algorithm,
            acceleration=None,
            equal_weights=self.equal_weights,
        )


@dataclass(frozen=True)
class SearchSettings:
    """One search over sizes and structures.

    Parameters
    ----------
    sizes : list of int
    structures : list of str
    seed : int
    """

    sizes: list[int]
    structures: list[str]
    seed: int

    @classmethod
    def of(cls, document: dict[str, Any], n_features: int) -> "SearchSettings":
        """Check the members of a request.

        Raises
        ------
        ValueError
            Naming the member and its value.
        """
        largest = within(document["largest"], "largest K", 1, MAX_COMPONENTS)
        names = check.items(document["structures"], "structures")
        if not names:
            raise ValueError("Choose one structure or more.")
        structures = [structure(name, n_features) for name in names]
        return cls(
            list(range(1, largest + 1)),
            list(dict.fromkeys(structures)),
            within(document["seed"], "seed", 0, MAX_SEED),
        )


def structure(value: Any, n_features: int) -> str:
    """Require the name of a covariance structure that suits so many columns."""
    name = check.text(value, "structure")
    check_name("mixtura serve", name)
    check_columns("mixtura serve", name, n_features)
    return name


def within(value: Any, place: str, least: int, most: int) -> int:
    """Require a whole number in a range."""
    number = check.integer(value, place, least)
    if number > most:
        raise ValueError(f"{place} must be at most {most}; got {number}.")
    return number


def one_of(value: Any, place: str, choices: Any) -> str:
    """Require one of some words."""
    word = check.text(value, place)
    if word not in choices:
        raise ValueError(
            f"{place} must be one of {', '.join(choices)}; got {word[:40]!r}."
        )
    return word
