"""The parts of a report to watch EM, to see what to mind, and to do it all again."""

from mixtura.report.evidence import Evidence
from mixtura.report.finding import Finding
from mixtura.report.html import Element, Markup, tag
from mixtura.report.layout import facts, section
from mixtura.report.numbers import counted, rounded
from mixtura.report.player import LONGEST_NAME, player_html
from mixtura.report.source import Source, fingerprint, python_call, versions
from mixtura.report.subject import Subject
from mixtura.short_names import short_names

MOST_BYTES = 190_000
"""Of a recording, about."""

MOST_POINTS, FEWEST_STEPS, MOST_STEPS = 400, 21, 81
PLAYER_COLUMNS = 4


def watch_part(subject: Subject, evidence: Evidence) -> Element | None:
    """Return the section with the EM player; None if there is no run to watch."""
    if evidence.run is None:
        return None
    run = evidence.run
    trace = run.trace_
    shown = subject.telling_columns(PLAYER_COLUMNS)
    steps = _half_steps(subject, len(shown))
    recording = trace.recording(columns=shown, max_points=MOST_POINTS, max_steps=steps)
    names = short_names(subject.names, LONGEST_NAME)
    recording["columns"] = [names[j] for j in shown]
    start = "rows drawn at random" if subject.n_components > 1 else "the whole data"
    text = (
        "EM repeats two steps. In the E-step each row is shared out among the "
        "components; in the M-step each component is fitted to its share. This run "
        f"starts from {start} and takes {counted(run.n_iter_, 'iteration')}. "
    )
    if evidence.run_is_same:
        text += "It ends in the mixture of this report."
    else:
        text += (
            f"It ends at a log-likelihood of {rounded(run.log_likelihood_, 2)} nats, "
            f"that of the report is {rounded(subject.model.log_likelihood_, 2)}: not "
            "every start gets there."
        )
    player = tag("div", Markup(player_html(recording)), class_="player")
    paper = tag("p", "To be watched on a screen.", class_="paper")
    return section("watch", "EM step by step", tag("p", text), player, paper)


def _half_steps(subject: Subject, n_columns: int) -> int:
    """Return how many half-steps a recording may have."""
    # 4 characters are 3 responsibilities; a number has about a dozen
    shares = min(subject.n_rows, MOST_POINTS) * 4 // 3
    per_step = subject.n_components * (shares + 12 * (n_columns + n_columns**2))
    return min(max(MOST_BYTES // per_step, FEWEST_STEPS), MOST_STEPS)


def checks_part(found: list[Finding]) -> Element:
    """Return the section that says what to mind."""
    items = [
        tag(
            "li",
            tag("span", item.level.value, class_="level"),
            tag("div", tag("strong", item.title), " ", tag("span", item.text)),
            class_=item.level.name.lower(),
        )
        for item in found
    ]
    return section("checks", "Checks", tag("ul", items, class_="findings"))


def reproduction_part(subject: Subject, source: Source) -> Element:
    """Return the section with calls and versions."""
    parts = []
    if source.command:
        parts.append(tag("p", "This report, from a shell:"))
        parts.append(_code(source.command))
    parts.append(tag("p", "The fit, in Python:"))
    parts.append(_code(python_call(subject, source)))
    fitted = subject.model if subject.search is None else subject.search
    if not isinstance(fitted.random_state, int):
        parts.append(
            tag("p", "No seed was set, so another run may start and end elsewhere.")
        )
    pairs = {
        **versions(),
        "SHA-256 of the rows as float64": fingerprint(subject.values),
    }
    parts.append(facts(pairs))
    return section("reproduce", "Reproduce", parts)


def _code(text: str) -> Element:
    return tag("pre", tag("code", text), class_="scroll", tabindex="0")
