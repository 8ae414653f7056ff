"""The part of a report about the search over sizes and structures."""

import math
from typing import Any

import numpy as np

from mixtura.report.html import Content, Element, tag
from mixtura.report.layout import section, table
from mixtura.report.numbers import MISSING, counted, decimals_for, rounded
from mixtura.report.pictures import criterion_picture
from mixtura.report.search_checks import candidate_name, criterion_values
from mixtura.report.words import CRITERIA, structure_in_words

MOST_RANKED = 8


def search_part(search: Any) -> Element:
    """Return the section."""
    criterion = search.criterion_
    asks = CRITERIA.get(criterion.name, "")
    tried = counted(len(search.results_["rank"]), "candidate")
    lead = tag("p", f"{tried} were fitted and compared by {criterion.label}. {asks}")
    verdict = tag("p", choice_in_words(search))
    return section(
        "search",
        "Search",
        lead,
        verdict,
        criterion_picture(search),
        _grid(search),
        _structures(search),
        _ranking(search),
    )


def choice_in_words(search: Any) -> str:
    """Say which candidate is best, which is next, and how far behind."""
    name = candidate_name(search, search.best_index_)
    score = rounded(search.best_score_, _decimals(search))
    text = f"The best ({name}) has {search.criterion_.label} {score}."
    if search.runner_up_index_ is None:
        return text
    criterion, margin = search.criterion_, search.margin_
    text += (
        f" The runner-up ({candidate_name(search, search.runner_up_index_)}) is worse "
        f"by {rounded(margin, decimals_for(margin))}"
    )
    error = search.margin_standard_error_
    if math.isfinite(error):
        text += f" (standard error {rounded(error, decimals_for(error))})"
    verdict = criterion.verdict(margin)
    return f"{text}: {verdict} ({criterion.scale_source})." if verdict else f"{text}."


def _decimals(search: Any) -> int:
    """A decimal, and enough of them to tell the runner-up from the best."""
    margin = search.margin_
    return max(1, min(decimals_for(margin, 1), 5)) if margin > 0 else 1


def _grid(search: Any) -> Element:
    """The criterion of all candidates, sizes down and structures across."""
    results, values = search.results_, criterion_values(search)
    structures = list(dict.fromkeys(results["covariance_type"].tolist()))
    sizes = list(dict.fromkeys(results["n_components"].tolist()))
    cells: dict[tuple[int, str], Content] = {}
    for i, value in enumerate(values.tolist()):
        place = int(results["n_components"][i]), str(results["covariance_type"][i])
        cells[place] = _cell(search, i, value)
    rows = [[str(k), *(cells.get((k, s), MISSING) for s in structures)] for k in sizes]
    caption: list[Content] = [
        f"{search.criterion_.label} by number of components and structure. ",
        tag("strong", "Bold"),
        ": the best",
    ]
    if search.runner_up_index_ is not None:
        caption += ["; ", tag("span", "underlined", class_="second"), ": the runner-up"]
    if (results["status"] == "collapsed").any():
        caption.append("; in parentheses: a component collapsed")
    if np.isin(results["status"], ("failed", "not run")).any():
        caption.append(f"; {MISSING}: no fit")
    return table([*caption, "."], ["components", *structures], rows)


def _cell(search: Any, index: int, value: float) -> Content:
    text = rounded(value, _decimals(search))
    if search.results_["status"][index] == "collapsed":
        return f"({text})"
    if index == search.best_index_:
        return tag("strong", text)
    if index == search.runner_up_index_:
        return tag("span", text, class_="second")
    return text


def _structures(search: Any) -> Element:
    names = dict.fromkeys(search.results_["covariance_type"].tolist())
    items = [
        [tag("dt", name), tag("dd", f"{structure_in_words(name)}.")] for name in names
    ]
    return tag("dl", items, class_="words")


def _ranking(search: Any) -> Element:
    results, values = search.results_, criterion_values(search)
    decimals = _decimals(search)
    ranked = [i for i in search.ranking_.tolist() if math.isfinite(values[i])]
    rows: list[list[Content]] = [
        [
            str(results["rank"][i]),
            candidate_name(search, i) + _unsound(results["status"][i]),
            rounded(values[i], decimals),
            rounded(values[i] - search.best_score_, decimals),
            rounded(results["log_likelihood"][i], 2),
            str(results["n_parameters"][i]),
            rounded(results["smallest"][i], 0),
        ]
        for i in ranked[:MOST_RANKED]
    ]
    head = [
        "rank",
        "candidate",
        search.criterion_.label,
        "behind the best",
        "log-likelihood (nats)",
        "free parameters",
        "rows of the smallest component",
    ]
    return table(f"The best {len(rows)} candidates.", head, rows, class_="ranking")


def _unsound(status: str) -> str:
    return "" if status == "converged" else f" ({status})"
