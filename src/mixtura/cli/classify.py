"""``mixtura classify``: learn the classes of a table, and tell those of others."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from mixtura.cli import options
from mixtura.cli.failures import finish, interrupts_obeyed, warnings_shown
from mixtura.cli.files import check_files, check_table
from mixtura.cli.presenting import (
    check_picture,
    progress,
    read,
    save_picture,
    save_with_names,
    table_summary,
)
from mixtura.cli.searching import sizes, structures

if TYPE_CHECKING:
    from mixtura.datasets.table import Table

UNLABELLED = ""


class _Validation(NamedTuple):
    """Errors on held-out rows."""

    n_folds: int
    error: float
    standard_error: float
    log_loss: float
    confusion: Any  # (n_classes, n_classes): true by predicted
    converged: bool


def _sizes(
    ctx: click.Context, parameter: click.Parameter, value: str
) -> int | list[int]:
    """Read ``3`` as three components and ``1..3`` as one to three, by BIC."""
    found = sizes(ctx, parameter, value)
    return found if len(found) > 1 else found[0]


@click.command("classify", short_help="Learn classes, and classify rows.")
@click.argument("data")
@click.option(
    "--target", required=True, metavar="NAME", help="Column that holds the classes."
)
@click.option(
    "-k",
    "--components",
    default="1",
    show_default=True,
    metavar="K",
    callback=_sizes,
    help="Components of each class; 1..3: as many as BIC says.",
)
@options.structure_names(
    "covariance",
    "full",
    "Structure of the covariances; of several, or all, the best by BIC.",
)
@options.reading
@click.option(
    "--folds",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    metavar="N",
    help="Folds of the cross-validation; 0 for none.",
)
@click.option(
    "--temperature",
    is_flag=True,
    help="Soften the probabilities so that held-out log loss is least.",
)
@click.option("--new", metavar="FILE", help="Rows to classify.  [default: DATA]")
@options.seed
@options.writing("Write the classes to .csv or .parquet.")
@options.plot("Draw the regions of the classes, and what is misclassified")
@options.saving("classifier", "predict")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    /,
    data: str,
    target: str,
    components: int | list[int],
    covariance: list[str],
    columns: list[str] | None,
    header: bool | None,
    folds: int,
    temperature: bool,
    new: str | None,
    seed: int | None,
    output: Path | None,
    plot: Path | None,
    save: Path | None,
    as_json: bool,
) -> None:
    """Learn the classes in a column of DATA by a Gaussian mixture for each.

    Rows whose class is empty take part in the fit. With one component a class, full
    covariance is quadratic discriminant analysis and tied is linear. Of several
    structures one is chosen then for all classes, else one for each. --output has
    one line for each row of DATA, or of --new: the class, the probabilities, and
    the log density in nats. --save keeps the classifier for mixtura predict.
    """
    import numpy as np

    check_files(ctx)
    check_table(ctx, output)
    check_picture(ctx, plot)
    _check_usage(ctx, folds, new, output)
    kinds = structures(ctx, covariance)
    table = read(data, columns=columns, id_column=target, header=header)
    y = np.array([label.strip() for label in table.ids or ()], dtype=object)
    _check_classes(target, y)
    classifier = _classifier(y, components, kinds, temperature, seed)
    with warnings_shown() as messages, interrupts_obeyed():
        checked = _fitted(classifier, table, y, folds, seed)
    if output is not None:
        rows = table
        if new is not None:
            rows = read(new, columns=table.names, header=header)
        _write(output, classifier, rows)
    if save is not None:
        save_with_names(classifier, table.names, save)
    if plot is not None:
        with warnings_shown():
            _draw(classifier, table, y, plot)
    if as_json:
        document = _document(data, table, target, classifier, checked, y)
        document["warnings"] = messages
        click.echo(json.dumps(document, indent=2, allow_nan=False))
    else:
        _print_report(data, table, classifier, checked, y)
    converged = classifier.converged_ and (checked is None or checked.converged)
    finish(ctx, [], messages, converged=converged)


def _check_classes(target: str, y: Any) -> None:
    """Refuse a column of which hardly a value comes twice."""
    known = [label for label in y if label != UNLABELLED]
    n_classes = len(set(known))
    if n_classes > max(len(known) / 2, 2):
        raise ValueError(
            f"--target {target} must be a column of classes, with several rows of "
            f"each; got {n_classes} different values in {len(known)} rows. Is it a "
            "measurement, or an identifier?"
        )


def _classifier(
    y: Any,
    components: int | list[int],
    kinds: str | list[str],
    temperature: bool,
    seed: int | None,
) -> Any:
    from mixtura.estimators.gaussian_mixture_classifier import (
        GaussianMixtureClassifier,
    )

    return GaussianMixtureClassifier(
        components,
        covariance_type=kinds[0] if len(kinds) == 1 else kinds,
        unlabelled=UNLABELLED if (y == UNLABELLED).any() else None,
        temperature="auto" if temperature else 1.0,
        random_state=seed,
    )


def _check_usage(
    ctx: click.Context, folds: int, new: str | None, output: Path | None
) -> None:
    """Refuse options that do not go together, before any work is done."""
    if folds == 1:
        raise click.UsageError("--folds must be 0, or 2 or more.", ctx)
    if output is not None and output.suffix.lower() == ".npy":
        raise click.UsageError("--output: a NumPy array has no place for words.", ctx)
    if new is not None and output is None:
        raise click.UsageError("--new needs --output.", ctx)


def _fitted(
    classifier: Any, table: "Table", y: Any, folds: int, seed: int | None
) -> _Validation | None:
    with progress(f"fitting {table.n_rows} rows"):
        classifier.fit(table.values, y)
        return _validated(classifier, table.values, y, folds, seed)


def _validated(
    classifier: Any, X: Any, y: Any, folds: int, seed: int | None
) -> _Validation | None:
    """Cross-validate on the rows with a class; the others always take part."""
    import numpy as np
    from sklearn.base import clone
    from sklearn.metrics import confusion_matrix
    from sklearn.model_selection import StratifiedKFold

    known = np.flatnonzero(y != UNLABELLED)
    others = np.flatnonzero(y == UNLABELLED)
    classes, counts = np.unique(y[known].astype(str), return_counts=True)
    folds = min(folds, int(counts.min()))
    if folds < 2 or len(classes) < 2:
        return None
    labels = y[known].astype(str)
    predicted, losses = labels.copy(), np.empty(len(known))
    converged = True
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed or 0)
    for kept, held_out in splitter.split(known, labels):
        part = np.concatenate([known[kept], others])
        model = clone(classifier).fit(X[part], y[part])
        converged &= model.converged_
        log_p = model.predict_log_proba(X[known[held_out]])
        chosen = np.searchsorted(classes, labels[held_out])
        losses[held_out] = -log_p[np.arange(len(chosen)), chosen]
        predicted[held_out] = classes[log_p.argmax(axis=1)]
    wrong = predicted != labels
    error = float(wrong.mean())
    return _Validation(
        folds,
        error,
        float(np.sqrt(error * (1 - error) / len(known))),
        float(losses.mean()),
        confusion_matrix(labels, predicted, labels=classes),
        converged,
    )


def _write(path: Path, classifier: Any, rows: "Table") -> None:
    from mixtura.cli.model_rows import judged
    from mixtura.cli.output import write_blocks

    said = judged(classifier, rows.values)
    write_blocks(path, list(said), [list(said.values())], rows.n_rows)


def _draw(classifier: Any, table: "Table", y: Any, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from mixtura.plot.models.classifier import ClassifierDisplay

    names = list(table.names)
    display = ClassifierDisplay.from_estimator(
        classifier, table.values, y, feature_names=names
    )
    save_picture(display, path)


def _document(
    data: str,
    table: "Table",
    target: str,
    classifier: Any,
    checked: _Validation | None,
    y: Any,
) -> dict[str, Any]:
    validation = None
    if checked is not None:
        validation = {**checked._asdict(), "confusion": checked.confusion.tolist()}
    return {
        "data": {**table_summary(data, table), "target": target},
        "classes": [
            {
                "name": str(name),
                "n_rows": int((y == name).sum()),
                "prior": float(prior),
                "n_components": int(size),
                "covariance_type": kind,
            }
            for name, prior, size, kind in zip(
                classifier.classes_,
                classifier.class_prior_,
                classifier.n_components_,
                classifier.covariance_types_,
                strict=True,
            )
        ],
        "n_unlabelled": int((y == UNLABELLED).sum()),
        "covariance_type": classifier.covariance_type,
        "temperature": classifier.temperature_,
        "log_likelihood": classifier.log_likelihood_,
        "training_error": _training_error(classifier, table, y),
        "cross_validation": validation,
    }


def _training_error(classifier: Any, table: "Table", y: Any) -> float:
    known = y != UNLABELLED
    return float((classifier.predict(table.values[known]) != y[known]).mean())


def _print_report(
    data: str, table: "Table", classifier: Any, checked: _Validation | None, y: Any
) -> None:
    from rich.console import Console

    from mixtura.cli.presenting import show_table

    console = Console(highlight=False)
    show_table(console, data, table)
    console.print(_class_grid(classifier, checked, y))
    console.print()
    n_unlabelled = int((y == UNLABELLED).sum())
    if n_unlabelled:
        console.print(f"rows without a class  {n_unlabelled}")
    if len(set(classifier.covariance_types_)) == 1:
        console.print(f"covariance            {classifier.covariance_types_[0]}")
    console.print(f"log-likelihood        {classifier.log_likelihood_:.3f} nats")
    if classifier.temperature_ != 1:
        console.print(f"temperature           {classifier.temperature_:.3g}")
    error = _training_error(classifier, table, y)
    console.print(f"training error        {error:.2%}")
    if checked is not None:
        console.print(
            f"{checked.n_folds}-fold error".ljust(22)
            + f"{checked.error:.2%} ± {checked.standard_error:.2%}, "
            f"log loss {checked.log_loss:.3f} nats"
        )


def _class_grid(classifier: Any, checked: _Validation | None, y: Any) -> Any:
    """Return the table of the classes; their structures are in it if they differ."""
    from rich.markup import escape

    from mixtura.cli.printing import plain_table

    grid = plain_table()
    grid.add_column("class")
    for head in ("rows", "prior", "components"):
        grid.add_column(head, justify="right", no_wrap=True)
    kinds = classifier.covariance_types_
    differ = len(set(kinds)) > 1
    if differ:
        grid.add_column("covariance", no_wrap=True)
    if checked is not None:
        grid.add_column(f"{checked.n_folds}-fold error", justify="right", no_wrap=True)
        grid.add_column("taken for")
    for c, name in enumerate(classifier.classes_):
        cells = [
            escape(str(name)),
            str(int((y == name).sum())),
            f"{classifier.class_prior_[c]:.3f}",
            str(classifier.n_components_[c]),
            *([kinds[c]] if differ else []),
        ]
        if checked is not None:
            cells += _mistakes(checked.confusion[c], c, classifier.classes_)
        grid.add_row(*cells)
    return grid


def _mistakes(row: Any, c: int, classes: Any) -> list[str]:
    """Return the error of a class, and what its rows are taken for."""
    from rich.markup import escape

    wrong = int(row.sum() - row[c])
    others = [
        f"{escape(str(classes[other]))} {int(row[other])}"
        for other in (-row).argsort(kind="stable")
        if other != c and row[other]
    ]
    return [f"{wrong / row.sum():.1%}", ", ".join(others[:3])]
