"""The EM player as HTML: a fragment, a page, a frame; none fetches anything."""

import json
import re
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

FORMAT, VERSION = "mixtura-recording", 1
EXPORTS = "export { createPlayer, mountAll };"
PARTS = (
    "numbers",
    "colours",
    "geometry",
    "scales",
    "recording",
    "words",
    "elements",
    "style",
    "axes",
    "picture",
    "curve",
    "view",
    "controls",
    "player",
)

# A line that imports from a part or exports to one; in one module there is no need.
JOINTS = re.compile(r"^import .*\n|^export (?=const |function |class )", re.MULTILINE)
FRAME_HEIGHT = 640
LONGEST_NAME = 20
"""Characters of the name of a column for which the lists of a player have room."""

# An end tag, a comment or an entity would end or change the script around the data.
UNSAFE = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0 auto; padding: {padding}; max-width: 1100px; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""

# A frame without a scroll bar: as tall as the player, whatever its width.
FIT = """<script>
if (window.frameElement) {
  new ResizeObserver(() => {
    window.frameElement.style.height = `${document.body.scrollHeight}px`;
  }).observe(document.body);
}
</script>"""


@cache
def player_module() -> str:
    """Return the EM player as the text of one ES module.

    Returns
    -------
    str
        It exports ``createPlayer(element, recording, options)``.

    Examples
    --------
    >>> "function createPlayer(" in player_module()
    True
    """
    folder = files("mixtura.report").joinpath("em_player")
    parts = (folder.joinpath(f"{part}.js").read_text("utf-8") for part in PARTS)
    return "\n".join(JOINTS.sub("", part) for part in parts)


@cache
def player_script() -> str:
    """Return the EM player as a classic script.

    Returns
    -------
    str
        It defines nothing but ``window.MixturaPlayer``, and that only once.

    Examples
    --------
    >>> player_script().startswith("window.MixturaPlayer ??= (() => {")
    True
    """
    body, exports, _ = player_module().rpartition(EXPORTS)
    assert exports
    returned = exports.replace("export", "return", 1)
    return f"window.MixturaPlayer ??= (() => {{\n{body}{returned}\n}})();\n"


def player_html(recording: Mapping[str, Any], *, title: str | None = None) -> str:
    """Write the EM player of one fit as a fragment of a page.

    The fragment brings its script and its data with it, and changes nothing else on
    the page; a page may have several.

    Parameters
    ----------
    recording : dict
        From ``trace.recording()``.
    title : str, optional
        Shown as text. Default: the recording's own.

    Returns
    -------
    str
        HTML for the inside of ``<body>``.

    Raises
    ------
    TypeError
        If `recording` is no recording, or holds what JSON cannot.
    ValueError
        If it has another version, or a number in it is not finite.
    """
    check_recording(recording)
    shown = dict(recording) if title is None else {**recording, "title": title}
    return (
        '<div data-mixtura-player><script type="application/json">'
        f"{_json(shown)}</script>\n"
        "<noscript>The EM player needs JavaScript.</noscript></div>\n"
        f"<script>\n{player_script()}MixturaPlayer.mountAll();\n</script>\n"
    )


def player_page(recording: Mapping[str, Any], *, title: str | None = None) -> str:
    """Write the EM player of one fit as a whole page, which works without a network.

    Parameters
    ----------
    recording : dict
        From ``trace.recording()``.
    title : str, optional
        Shown as text. Default: the recording's own.

    Returns
    -------
    str
        An HTML document.

    Raises
    ------
    TypeError, ValueError
        As `player_html` does.
    """
    body = player_html(recording, title=title)
    name = str(recording.get("title", "")) if title is None else title
    return PAGE.format(title=escape(name or "EM player"), padding="16px", body=body)


def player_frame(recording: Mapping[str, Any], *, title: str | None = None) -> str:
    """Write the EM player of one fit as a frame, for the output of a notebook.

    Jupyter and marimo treat scripts in an output in different ways. Both show a frame
    that holds its page.

    Parameters
    ----------
    recording : dict
        From ``trace.recording()``.
    title : str, optional
        Shown as text. Default: the recording's own.

    Returns
    -------
    str
        One ``<iframe>``.

    Raises
    ------
    TypeError, ValueError
        As `player_html` does.
    """
    body = player_html(recording, title=title)
    page = PAGE.format(title="EM player", padding="1px", body=body + FIT)
    return (
        f'<iframe title="EM player" srcdoc="{escape(page)}" '
        f'style="width: 100%; height: {FRAME_HEIGHT}px; border: 0"></iframe>'
    )


def check_recording(recording: Mapping[str, Any]) -> None:
    """Refuse what no player can read.

    Parameters
    ----------
    recording : dict

    Raises
    ------
    TypeError
        If it is no recording.
    ValueError
        If it has another version.
    """
    found = recording.get("format") if isinstance(recording, Mapping) else recording
    if found != FORMAT:
        kind = type(recording).__name__
        raise TypeError(
            f"recording must be a dict whose 'format' is {FORMAT!r}; got a {kind}"
            + (f" with {found!r}" if isinstance(recording, Mapping) else "")
            + ". Make one with trace.recording()."
        )
    if recording.get("version") != VERSION:
        raise ValueError(
            f"recording must have version {VERSION}; got "
            f"{recording.get('version')!r}. Make it anew with trace.recording()."
        )


def _json(recording: Mapping[str, Any]) -> str:
    """Write JSON that may stand in a script element."""
    try:
        text = json.dumps(recording, allow_nan=False, separators=(",", ":"))
    except ValueError as error:
        raise ValueError(
            "recording must hold finite numbers only; got NaN or an infinity. The fit "
            "has collapsed at some half-step: leave out the half-steps from there on."
        ) from error
    return text.translate(UNSAFE)
