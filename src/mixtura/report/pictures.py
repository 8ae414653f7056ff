"""The part of a report that shows the mixture over its rows."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import matplotlib

from mixtura.plot.drawing.colours import component_styles
from mixtura.plot.mixtures.mixture import MixtureDisplay
from mixtura.plot.mixtures.uncertainty import UncertaintyDisplay
from mixtura.plot.models.selection import SelectionDisplay
from mixtura.report.html import Element, tag
from mixtura.report.layout import dot, figure, key, section
from mixtura.report.numbers import listed
from mixtura.report.subject import Subject
from mixtura.report.svg import SETTINGS, svg_element

MOST_COLUMNS = 4
"""Columns in a grid of pairs; more would be too small to read."""

WORTH_A_PICTURE = 0.01
"""Largest uncertainty of any row below which all points would look alike."""

MOST_MARKS = 1200
"""Points of all panels together that are drawn as vectors; more become an image."""


def pictures_part(subject: Subject) -> Element:
    """Return the section."""
    shown = subject.telling_columns(MOST_COLUMNS)
    drawn = [_classification(subject, shown)]
    if subject.n_columns > 1:
        drawn.append(_density(subject, shown))
    if subject.n_components > 1:
        drawn.append(_uncertainty(subject, shown))
    lead = None
    if len(shown) < subject.n_columns:
        names = listed([subject.names[j] for j in shown])
        lead = tag(
            "p",
            f"Of the {subject.n_columns} columns, the {len(shown)} are shown that tell "
            f"the components apart best: {names}.",
        )
    return section("pictures", "Pictures", lead, drawn)


def criterion_picture(search: Any) -> Element:
    """Draw the criterion of all candidates."""
    with matplotlib.rc_context(SETTINGS):
        display = SelectionDisplay.from_estimator(search)
        display.ax_.set_title("", loc="left")
        label = f"{search.criterion_.label} by number of components, a line a structure"
        return figure(
            svg_element(display.figure_, "criterion", label),
            f"{search.criterion_.label} of the candidates; lower is better. Rings mark "
            "the best and the runner-up. What lies far above is cut off.",
            grid=2,
        )


def component_key(subject: Subject) -> Element:
    """Return the key of the components: marker, colour, number and weight."""
    styles = component_styles(subject.model.weights_)
    return key([(dot(style), style.label) for style in styles])


def _classification(subject: Subject, shown: list[int]) -> Element:
    if len(shown) == 1:
        kind = "both"
        caption = (
            "Above: histogram of the rows, density of the mixture (thin) and of each "
            "component times its weight; crosses are the means. Below: how probable "
            "each component is at each value."
        )
    else:
        kind = "classification"
        caption = (
            "Rows, coloured by component; mixed colours mark rows between components. "
            "Crosses are the means, ellipses reach 1 and 2 standard deviations."
        )
    make = partial(
        MixtureDisplay.from_estimator, kind=kind, sample_weight=subject.weights
    )
    picture = _picture(subject, shown, "classification", make)
    return figure(picture, caption, component_key(subject), grid=_grid(shown))


def _density(subject: Subject, shown: list[int]) -> Element:
    make = partial(
        MixtureDisplay.from_estimator, kind="density", sample_weight=subject.weights
    )
    caption = (
        "Density of the mixture: the smallest regions that hold 50 %, 90 % and 99 % of "
        "the probability, the darkest the densest."
    )
    return figure(_picture(subject, shown, "density", make), caption, grid=_grid(shown))


def _uncertainty(subject: Subject, shown: list[int]) -> Element:
    largest = float(1 - subject.responsibilities.max(axis=1).min())
    if largest < WORTH_A_PICTURE:
        return tag(
            "p",
            "The component of no row is in doubt: every one has a probability of more "
            f"than {100 * (1 - WORTH_A_PICTURE):g} %.",
        )
    is_map = len(shown) <= 2
    make = partial(
        UncertaintyDisplay.from_estimator, kind="map" if is_map else "ranked"
    )
    caption = (
        "Uncertainty of the rows: 1 minus the probability of the most probable "
        f"component, at most {1 - 1 / subject.n_components:.2f}."
    )
    if is_map:
        caption += " The larger and darker a point, the less sure is its component."
    return figure(_picture(subject, shown, "uncertainty", make), caption)


def _picture(
    subject: Subject, shown: list[int], name: str, make: Callable[..., Any]
) -> Element:
    with matplotlib.rc_context(SETTINGS):
        display = make(
            subject.model,
            subject.values,
            columns=shown,
            feature_names=subject.names,
            legend=False,
        )
        display.ax_.set_title("", loc="right")  # the section says what is left out
        panels = max(len(display.scatters_), 1)
        is_crowd = subject.n_rows * panels > MOST_MARKS
        for scatter in display.scatters_:
            scatter.set_rasterized(is_crowd)
        return svg_element(display.figure_, name, _label(name, subject.names, shown))


def _grid(shown: list[int]) -> int:
    """Panels side by side."""
    return len(shown) if len(shown) > 2 else 1


def _label(name: str, names: Sequence[str], shown: list[int]) -> str:
    return f"{name} over {listed([names[j] for j in shown])}"
