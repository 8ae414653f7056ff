"""What ``mixtura info`` prints of each kind of model."""

from collections.abc import Callable
from copy import copy
from typing import TYPE_CHECKING, Any

from mixtura.cli.printing import plain_table, show_components, show_fit

if TYPE_CHECKING:
    from rich.console import Console

_RULES = {
    "contamination": "that of a share of {:g} of the rows fitted",
    "threshold": "given",
    "false_alarm_rate": "that of a false alarm rate of {:g}",
}


def show_model(console: "Console", name: str, model: Any) -> None:
    """Print a title, the parts of a model, and how it was fitted.

    Parameters
    ----------
    console : rich.console.Console
    name : str
        Of the file.
    model : fitted estimator
        Of any class that has a file format.
    """
    from rich.markup import escape

    kind = type(model).__name__
    inner = getattr(model, "mixture_", model)
    if hasattr(model, "classes_"):
        size = _counted(len(model.classes_), "class", "classes")
        structures = dict.fromkeys(model.covariance_types_)
    else:
        size = _counted(len(inner.weights_), "component")
        structures = dict.fromkeys([inner.covariance_type])
    console.print(
        f"[bold]{escape(name)}[/bold]: {kind}, {size}, "
        f"{_counted(model.n_features_in_, 'column')}, "
        f"{'/'.join(structures)} covariance"
    )
    console.print()
    _SHOWN[kind](console, model)


def show_robust(console: "Console", model: Any) -> None:
    """Print what a mixture has beside its components, if anything."""
    lines = []
    if hasattr(model, "noise_weight_"):
        lines.append(f"noise of weight {model.noise_weight_:.4g}")
    if hasattr(model, "trim_threshold_"):
        lines.append(
            f"{model.trim:.2%} of the rows left out, of a log density below "
            f"{model.trim_threshold_:.3f} nats"
        )
    if hasattr(model, "prior_"):
        lines.append(
            f"conjugate prior: shrinkage {model.prior_.shrinkage:g}, "
            f"{model.prior_.dof:g} degrees of freedom"
        )
    for line in lines:
        console.print(line)
    if lines:
        console.print()


def _show_mixture(console: "Console", model: Any) -> None:
    show_components(console, model)
    show_robust(console, model)
    show_fit(console, model)


def _show_bayesian(console: "Console", model: Any) -> None:
    show_components(console, model)
    prior = model.weight_concentration_prior_type.replace("_", " ")
    console.print(
        f"{prior} of concentration {model.weight_concentration_prior_:g}; "
        f"{(model.weights_ > 0.01).sum()} components have more than 1 % of the weight"
    )
    if hasattr(model, "n_iter_"):
        console.print(
            f"lower bound of the evidence {model.lower_bound_:.3f} nats after "
            f"{_counted(model.n_iter_, 'iteration')}. {model.outcome_}",
            soft_wrap=False,
        )
    console.print()


def _show_detector(console: "Console", model: Any) -> None:
    given = [name for name in _RULES if getattr(model, name) is not None][-1]
    words = _RULES[given].format(getattr(model, given))
    console.print(
        f"outliers: rows of a log density below {model.offset_:.3f} nats, {words}"
    )
    console.print(f"usual log density {model.expected_log_density_:.3f} nats")
    console.print()
    mixture = copy(model.mixture_)
    if hasattr(model, "feature_names_in_"):
        mixture.feature_names_in_ = model.feature_names_in_
    _show_mixture(console, mixture)


def _show_classifier(console: "Console", model: Any) -> None:
    from rich.markup import escape

    grid = plain_table()
    grid.add_column("class")
    grid.add_column("prior", justify="right", no_wrap=True)
    grid.add_column("components", justify="right", no_wrap=True)
    kinds = model.covariance_types_
    differ = len(set(kinds)) > 1
    if differ:
        grid.add_column("covariance", no_wrap=True)
    rows = zip(model.classes_, model.class_prior_, model.n_components_, strict=True)
    for (name, prior, size), kind in zip(rows, kinds, strict=True):
        cells = [escape(str(name)), f"{prior:.3f}", str(size)]
        grid.add_row(*cells, *([kind] if differ else []))
    console.print(grid)
    console.print()
    console.print(f"log-likelihood        {model.log_likelihood_:.3f} nats")
    if model.temperature_ != 1:
        console.print(f"temperature           {model.temperature_:.3g}")
    console.print()


def _counted(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


_SHOWN: dict[str, Callable[["Console", Any], None]] = {
    "GaussianMixture": _show_mixture,
    "BayesianGaussianMixture": _show_bayesian,
    "GaussianMixtureDetector": _show_detector,
    "GaussianMixtureClassifier": _show_classifier,
}
