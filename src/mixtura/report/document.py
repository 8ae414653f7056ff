"""`Report`: a fit as one HTML file that people can send to each other."""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

from mixtura import __version__
from mixtura.io.atomic import replacing
from mixtura.report.checks import findings
from mixtura.report.data_part import data_part
from mixtura.report.evidence import Evidence
from mixtura.report.finding import Finding
from mixtura.report.html import Element, Markup, tag
from mixtura.report.model_part import model_part
from mixtura.report.other_parts import checks_part, reproduction_part, watch_part
from mixtura.report.pictures import pictures_part
from mixtura.report.search_part import search_part
from mixtura.report.source import Source
from mixtura.report.subject import Subject
from mixtura.report.summary import summary_part

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data: blob:"
)
"""What a browser may load for the page: nothing from anywhere else."""


@dataclass(frozen=True)
class Report:
    """A fitted mixture as one self-contained HTML file.

    A summary of the data, the search, the parameters with standard errors, pictures,
    EM to watch, what to mind, and the calls and versions that bring it back. The page
    needs no network. Make it with :meth:`from_estimator`.

    Parameters
    ----------
    html : str
        The whole document.

    Examples
    --------
    >>> from mixtura import GaussianMixture, Report, load_dataset
    >>> waiting = load_dataset("old-faithful").values[:, 1:]
    >>> model = GaussianMixture(2, random_state=0).fit(waiting)
    >>> report = Report.from_estimator(model, waiting, feature_names=["waiting"])
    >>> report.html.startswith("<!DOCTYPE html>")
    True
    """

    html: str

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        sample_weight: Any = None,
        *,
        title: str | None = None,
        feature_names: Sequence[str] | None = None,
        source: Source | None = None,
        random_state: int | None = None,
    ) -> "Report":
        """Write the report of a fit.

        Parameters
        ----------
        estimator : GaussianMixtureSearch or GaussianMixture
            Fitted. A search brings its table and curves.
        X : array-like or data frame of shape (n_samples, n_features)
            The rows it was fitted to.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts, as in the fit.
        title : str, optional
            Default: says what the mixture is of.
        feature_names : sequence of str, optional
            Default: those of the fit, else of the data frame, else x0, x1, ...
        source : Source, optional
            Where the rows come from, for the part on how to reproduce the report.
        random_state : int, optional
            Seeds the new starts that the fit is compared with, and the run of EM to be
            watched. Default: that of the estimator, else from the system.

        Returns
        -------
        Report

        Raises
        ------
        TypeError
            If the estimator is no Gaussian mixture or search of this package.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        ValueError
            If rows, weights or names do not suit the fit.
        """
        subject = Subject.of(estimator, X, sample_weight, feature_names)
        seed = _seed(estimator.random_state if random_state is None else random_state)
        evidence = Evidence.of(subject, seed)
        given = source or Source()
        heading = title or ": ".join(filter(None, ["Mixture report", given.name]))
        return cls(_document(heading, subject, evidence, given))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file, whole or not at all.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        with replacing(path) as temporary:
            temporary.write_text(self.html, encoding="utf-8")

    def __repr__(self) -> str:
        return f"Report({len(self.html.encode()) / 1000:.0f} kB)"


def _seed(random_state: Any) -> int:
    return random_state if isinstance(random_state, int) else secrets.randbelow(2**32)


def _document(title: str, subject: Subject, evidence: Evidence, source: Source) -> str:
    found = findings(subject, evidence)
    parts = _parts(subject, evidence, found, source)
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        _policy(),
        tag("meta", name="generator", content=f"mixtura {__version__}"),
        tag("title", title),
        tag("style", Markup(_style())),
    )
    header = tag(
        "header",
        tag("h1", title),
        tag("p", f"mixtura {__version__} · {date.today():%-d %B %Y}", class_="byline"),
    )
    body = tag("body", header, _contents(parts), tag("main", parts))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _policy() -> Element:
    pairs = (("http-equiv", "Content-Security-Policy"), ("content", POLICY))
    return Element("meta", pairs, ())


def _parts(
    subject: Subject, evidence: Evidence, found: list[Finding], source: Source
) -> list[Element]:
    parts = [
        summary_part(subject, found),
        data_part(subject, source),
        None if subject.search is None else search_part(subject.search),
        model_part(subject, evidence),
        pictures_part(subject),
        watch_part(subject, evidence),
        checks_part(found),
        reproduction_part(subject, source),
    ]
    return [part for part in parts if part is not None]


def _contents(parts: Sequence[Element]) -> Element:
    """Links to the parts, named as their headings are."""
    items = []
    for part in parts:
        heading = part.children[0]
        assert isinstance(heading, Element)
        link = tag("a", heading.children, href=f"#{dict(part.attributes)['id']}")
        items.append(tag("li", link))
    return tag("nav", tag("ul", items), aria_label="Contents")


def _style() -> str:
    return files("mixtura.report").joinpath("report.css").read_text(encoding="utf-8")
