"""Everything that is checked for a report."""

from collections.abc import Callable, Iterator

from mixtura.report import data_checks, fit_checks, search_checks
from mixtura.report.evidence import Evidence
from mixtura.report.finding import Finding, Level
from mixtura.report.subject import Subject

CHECKS: tuple[Callable[[Subject, Evidence], Iterator[Finding]], ...] = (
    fit_checks.convergence,
    fit_checks.restarts,
    search_checks.rivals,
    search_checks.edges,
    fit_checks.sizes,
    fit_checks.overlap,
    data_checks.columns,
    data_checks.rows,
    fit_checks.errors,
)
"""The checks, in the order in which their findings of one level are told."""


def findings(subject: Subject, evidence: Evidence) -> list[Finding]:
    """Check everything; the gravest come first.

    Parameters
    ----------
    subject : Subject
    evidence : Evidence

    Returns
    -------
    list of Finding
    """
    order = [Level.WARNING, Level.NOTE, Level.GOOD]
    found = [item for check in CHECKS for item in check(subject, evidence)]
    return sorted(found, key=lambda item: order.index(item.level))
