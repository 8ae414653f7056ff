"""What the commands that search for a mixture have in common."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mixtura.cli import options
from mixtura.cli.presenting import progress

if TYPE_CHECKING:
    from mixtura.datasets.table import Table

CRITERIA = ("bic", "aic", "aicc", "icl", "nec", "cv")

Command = TypeVar("Command", bound=Callable[..., Any])


def sizes(ctx: click.Context, parameter: click.Parameter, value: str) -> list[int]:
    """Read ``1..9`` or ``1-9``, ``2,3,5`` or ``4``."""
    try:
        found = [size for part in value.split(",") for size in _range(part)]
    except ValueError:
        found = []
    if not found or min(found) < 1:
        raise click.BadParameter(
            f"{value!r} is neither a range such as 1..9 nor a list such as 2,3,5",
            ctx,
            parameter,
        )
    return list(dict.fromkeys(found))


def _range(part: str) -> range:
    first, _, last = part.replace("-", "..").partition("..")
    return range(int(first), int(last or first) + 1)


def search_options(command: Command) -> Command:
    """Add the options that say what is searched, and how a table is read."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "-k",
        "--components",
        default="1..9",
        show_default=True,
        metavar="RANGE",
        callback=sizes,
        help="Numbers of components: 1..9 or 2,3,5.",
    ),
    options.structure_names(
        "covariance_type",
        "full,tied,diag,spherical",
        "Structures of the covariances, or all.",
    ),
    click.option(
        "--criterion",
        type=click.Choice(CRITERIA),
        default="bic",
        show_default=True,
        help="What to minimise.",
    ),
    click.option(
        "--folds",
        type=click.IntRange(2),
        metavar="N",
        help="Cross-validate with so many folds.  [default: 5 for cv]",
    ),
    options.equal_weights,
    options.reading,
    options.weight_column,
    options.seed,
    options.n_init("Number of starts of each candidate."),
)


def structures(ctx: click.Context, names: list[str]) -> str | list[str]:
    """Require names of covariance structures, or "all" alone."""
    from mixtura.estimators.structures import STRUCTURES

    if names == ["all"]:
        return "all"
    for name in names:
        if name not in STRUCTURES:
            known = ", ".join([*STRUCTURES, "factors:q", "ppca:q", "all"])
            raise click.UsageError(
                f"--covariance-type: {name!r} is not one of {known}.", ctx
            )
    return names


def searched(
    table: "Table",
    structures: str | list[str],
    components: list[int],
    criterion: str,
    folds: int | None,
    equal_weights: bool,
    seed: int | None,
    n_init: int,
) -> Any:
    """Search as the options say; show progress."""
    import numpy as np

    from mixtura.estimators.gaussian_mixture import GaussianMixture
    from mixtura.estimators.gaussian_mixture_search import GaussianMixtureSearch

    search = GaussianMixtureSearch(
        components,
        covariance_type=structures,
        criterion=criterion,
        cv=folds,
        estimator=GaussianMixture(n_init=n_init, equal_weights=equal_weights),
        random_state=seed,
    )
    with progress(f"comparing mixtures of {table.n_rows} rows"):
        search.fit(table.values, sample_weight=table.weights)
    names = np.asarray(table.names, dtype=object)
    search.best_estimator_.feature_names_in_ = names
    return search
