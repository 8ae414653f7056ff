"""The part of a report for who reads no other."""

from mixtura.plot.drawing.colours import component_styles, percent
from mixtura.report.finding import Finding, Level
from mixtura.report.html import Content, Element, tag
from mixtura.report.layout import dot, section, table
from mixtura.report.numbers import aligned, counted
from mixtura.report.search_part import choice_in_words
from mixtura.report.subject import Subject
from mixtura.report.words import structure_in_words

MOST_COLUMNS = 4


def summary_part(subject: Subject, found: list[Finding]) -> Element:
    """Return the section."""
    words = structure_in_words(subject.model.covariance_type)
    count = counted(subject.n_components, "component")
    lead = (
        f"{counted(subject.n_rows, 'row')} of {counted(subject.n_columns, 'column')} "
        f"are {'best ' if subject.search is not None else ''}described by {count}."
    )
    if subject.n_components > 1:
        lead += f" {words.capitalize()}."
    if subject.n_components == 1 and subject.search is not None:
        lead += (
            " More than one component would not describe them better: the data show no "
            "groups that a mixture of Gaussians could tell apart."
        )
    compared = None
    if subject.search is not None:
        tried = counted(len(subject.search.results_["rank"]), "candidate")
        label = subject.search.criterion_.label
        compared = tag(
            "p", f"{tried} were compared by {label}. {choice_in_words(subject.search)}"
        )
    return section(
        "summary",
        "In short",
        tag("p", lead, class_="lead"),
        _components(subject),
        compared,
        _care(found),
    )


def _components(subject: Subject) -> Element:
    """The share of each component, and where it lies."""
    shown = subject.telling_columns(MOST_COLUMNS)
    styles = component_styles(subject.model.weights_)
    places = [
        aligned(
            subject.model.means_[:, j].tolist(),
            subject.standard_deviations[:, j].tolist(),
        )
        for j in shown
    ]
    rows: list[list[Content]] = [
        [
            [dot(style), f" {k}"],
            percent(subject.model.weights_[k]),
            *(column[k] for column in places),
        ]
        for k, style in enumerate(styles)
    ]
    caption = "Share of the rows, and mean ± standard deviation"
    if len(shown) < subject.n_columns:
        caption += " in the columns that tell the components apart best"
    head = ["component", "share", *(subject.names[j] for j in shown)]
    return table(f"{caption}.", head, rows)


def _care(found: list[Finding]) -> Element:
    """Name the warnings, and link to the checks."""
    grave = [item.title for item in found if item.level is Level.WARNING]
    notes = sum(item.level is Level.NOTE for item in found)
    link = tag("a", "checks", href="#checks")
    if not grave:
        more = f", and {counted(notes, 'thing')} to know" if notes else ""
        return tag("p", "The ", link, f" found nothing to worry about{more}.")
    return tag(
        "div",
        tag("p", tag("b", "Take care"), " (see the ", link, "):"),
        tag("ul", [tag("li", title) for title in grave]),
        class_="care",
    )
