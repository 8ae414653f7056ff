"""The part of a report about the parameters of the chosen mixture."""

import math
from collections.abc import Sequence

import numpy as np

from mixtura._types import Array
from mixtura.inference.standard_errors import StandardErrors
from mixtura.plot.drawing.colours import component_styles, percent
from mixtura.report.evidence import Evidence
from mixtura.report.html import Content, Element, tag
from mixtura.report.layout import details, dot, facts, section, table
from mixtura.report.numbers import aligned, alike, counted, near, rounded
from mixtura.report.subject import Subject
from mixtura.report.words import structure_in_words

LEVEL = 0.95
MOST_MATRICES = 12
"""Columns up to which correlations are written out."""


def model_part(subject: Subject, evidence: Evidence) -> Element:
    """Return the section."""
    model = subject.model
    words = structure_in_words(model.covariance_type)
    lead = tag(
        "p",
        f"A mixture of {counted(subject.n_components, 'Gaussian component')}; "
        f"structure {model.covariance_type}: {words}.",
    )
    return section(
        "model",
        "Model",
        lead,
        _fit(subject),
        _components(subject, evidence.errors),
        _spread(subject),
        _correlations(subject),
        _every_parameter(evidence.errors),
    )


def _fit(subject: Subject) -> Element:
    model, free = subject.model, subject.n_free_parameters
    level, count = model.log_likelihood_, model.n_samples_fit_
    pairs = {
        "log-likelihood": f"{rounded(level, 3)} nats",
        "per row": f"{rounded(level / count, 4)} nats",
        "BIC": rounded(free * math.log(count) - 2 * level, 3),
        "AIC": rounded(2 * free - 2 * level, 3),
        "free parameters": str(free),
        "iterations": str(model.n_iter_),
    }
    return facts(pairs)


def _components(subject: Subject, errors: StandardErrors | None) -> Element:
    model, styles = subject.model, component_styles(subject.model.weights_)
    weights, means = _estimates(subject, errors)
    counts = np.bincount(subject.labels, minlength=subject.n_components)
    rows: list[list[Content]] = [
        [
            [dot(style), f" {k}"],
            weights[k],
            f"{counts[k]:,}",
            *(column[k] for column in means),
        ]
        for k, style in enumerate(styles)
    ]
    head = ["component", "weight", "rows", *subject.names]
    caption = (
        "Weight and mean of each component"
        + (", ± standard error" if errors is not None else "")
        + ". Rows: those that most probably belong to it."
    )
    noise = getattr(model, "noise_weight_", None)
    if noise is not None:
        caption += f" Noise has {percent(noise)} of the weight."
    return table(caption, head, rows)


def _estimates(
    subject: Subject, errors: StandardErrors | None
) -> tuple[list[str], list[list[str]]]:
    """Weights, and the means of each column, with standard errors if there are any."""
    weights, means = subject.model.weights_.tolist(), subject.model.means_.T.tolist()
    if errors is None:
        spreads = subject.standard_deviations.T.tolist()
        texts = [f"{weight:.4f}" for weight in weights]
        return texts, list(map(alike, means, spreads))
    columns = map(aligned, means, errors.means.T.tolist())
    return aligned(weights, errors.weights.tolist()), list(columns)


def _spread(subject: Subject) -> Element:
    styles = component_styles(subject.model.weights_)
    spreads = subject.standard_deviations.T.tolist()
    columns = [alike(deviations, deviations) for deviations in spreads]
    rows: list[list[Content]] = [
        [[dot(style), f" {k}"], *(column[k] for column in columns)]
        for k, style in enumerate(styles)
    ]
    caption = "Standard deviation of each column within each component."
    return table(caption, ["component", *subject.names], rows)


def _correlations(subject: Subject) -> Element | None:
    if not 1 < subject.n_columns <= MOST_MATRICES:
        return None
    if not (subject.covariances * (1 - np.eye(subject.n_columns))).any():
        return None
    covariances = subject.covariances
    captions = [f"Component {k}." for k in range(len(covariances))]
    if len(covariances) > 1 and (covariances == covariances[0]).all():
        captions = ["The same in all components."]
    tables = [
        _matrix(caption, subject.names, covariance)
        for caption, covariance in zip(captions, covariances, strict=False)
    ]
    return details("Correlations within components", tables)


def _matrix(caption: str, names: Sequence[str], covariance: Array) -> Element:
    deviations = np.sqrt(np.diag(covariance))
    correlations = covariance / np.outer(deviations, deviations)
    rows: list[list[Content]] = [
        [name, *(rounded(r, 2) for r in row)]
        for name, row in zip(names, correlations.tolist(), strict=True)
    ]
    return table(caption, ["", *names], rows)


def _every_parameter(errors: StandardErrors | None) -> Element | None:
    if errors is None:
        return None
    rows: list[list[Content]] = [
        [
            row["parameter"],
            near(row["estimate"], row["standard_error"], 2),
            near(row["standard_error"], row["standard_error"], 2),
            near(row["lower"], row["standard_error"], 2),
            near(row["upper"], row["standard_error"], 2),
        ]
        for row in errors.table(LEVEL)
    ]
    head = ["parameter", "estimate", "standard error", "lower", "upper"]
    caption = (
        f"Every parameter, with its standard error ({errors.method}) and "
        f"{100 * LEVEL:g} % interval."
    )
    return details(
        f"All {len(rows)} parameters with intervals", table(caption, head, rows)
    )
