"""What each address answers; knows nothing of sockets."""

import json
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mixtura import __version__
from mixtura.datasets import dataset_names, describe_dataset
from mixtura.io import json_checks as check
from mixtura.io.model_file import save_model
from mixtura.report.player import player_module
from mixtura.serve.em_run import EMRun, blank_recording
from mixtura.serve.held_table import (
    MAX_BYTES,
    MAX_CHOSEN,
    HeldTable,
    bundled,
    uploaded,
)
from mixtura.serve.refusal import Refused
from mixtura.serve.search_run import SearchRun
from mixtura.serve.settings import (
    MAX_COMPONENTS,
    RunSettings,
    SearchSettings,
    within,
)
from mixtura.serve.shelf import Shelf

FIRST = "old-faithful"

HELD_TABLES, HELD_RUNS, HELD_SEARCHES = 4, 6, 2
MAX_HALF_STEPS = 100
MAX_JSON_BYTES = 2**20

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

_RUN = (
    "data columns n_components covariance_type start means seed algorithm equal_weights"
).split()


@dataclass(frozen=True)
class Answer:
    """A successful answer.

    Parameters
    ----------
    content : bytes
    type : str
        MIME type.
    """

    content: bytes
    type: str = "application/json"


def page_files() -> dict[str, Answer]:
    """Read the page and what it loads; nothing else can be had by a name."""
    found = {
        entry.name: Answer(entry.read_bytes(), TYPES[Path(entry.name).suffix])
        for entry in (files("mixtura.serve") / "page").iterdir()
    }
    found["player.js"] = Answer(player_module().encode(), TYPES[".js"])
    found[""] = found.pop("page.html")
    return found


@dataclass
class App:
    """The state of one server: tables, runs and searches, each a bounded number.

    Parameters
    ----------
    given : HeldTable, optional
        The table that the page opens with; without it, Old Faithful.
    """

    given: HeldTable | None = None
    pages: Mapping[str, Answer] = field(default_factory=page_files)

    def __post_init__(self) -> None:
        self._tables = Shelf[HeldTable]("table", HELD_TABLES, "Choose it again.")
        self._runs = Shelf[EMRun]("run", HELD_RUNS, "Begin again with Reset.")
        self._searches = Shelf[SearchRun]("search", HELD_SEARCHES, "Compare again.")
        # One computation at a time: filters of warnings and BLAS threads belong to
        # the process, and two fits on one processor are no faster than one.
        self._computing = threading.Lock()
        self._reading = threading.Lock()
        self._endpoints: dict[str, Callable[[dict[str, Any]], Any]] = {
            "api/start": self._start,
            "api/bundled": self._bundled,
            "api/points": self._points,
            "api/run": self._run,
            "api/steps": self._steps,
            "api/model": self._model,
            "api/report": self._report,
            "api/search": self._search,
            "api/candidates": self._next_candidates,
            "api/search-report": self._search_report,
        }

    def largest_body(self, path: str) -> int:
        """Return how many bytes may be sent to a path."""
        return MAX_BYTES if urlsplit(path).path == "api/upload" else MAX_JSON_BYTES

    def get(self, path: str) -> Answer:
        """Answer a GET request for a part of the page.

        Raises
        ------
        Refused
            404 for every other path.
        """
        name = urlsplit(path).path
        if name not in self.pages:
            raise Refused(404, "There is nothing at this address.")
        return self.pages[name]

    def post(self, path: str, content: bytes) -> Answer:
        """Answer a POST request.

        Parameters
        ----------
        path : str
            Behind the token.
        content : bytes

        Raises
        ------
        Refused
            404 for an unknown path or a value that is no longer held, 400 for a
            request that cannot be carried out.
        """
        address = urlsplit(path)
        try:
            if address.path == "api/upload":
                name = dict(parse_qsl(address.query)).get("name", "")
                with self._reading:
                    answer = self._kept(uploaded(name, content))
            elif address.path in self._endpoints:
                answer = self._endpoints[address.path](_parsed(content))
            else:
                raise Refused(404, "There is nothing at this address.")
        except ValueError as error:
            raise Refused(400, str(error)) from error
        except MemoryError as error:
            reason = "There is not enough memory for this. Use fewer rows or columns."
            raise Refused(400, reason) from error
        return Answer(json.dumps(answer, allow_nan=False).encode())

    def _start(self, document: dict[str, Any]) -> dict[str, Any]:
        """What the page needs to know before anything else."""
        check.fields(document, "the request", ())
        return {
            "version": __version__,
            "first": self.given.name if self.given else FIRST,
            "given": self.given.name if self.given else None,
            "bundled": [
                {"name": name, "description": describe_dataset(name).description}
                for name in dataset_names()
            ],
            "limits": {
                "bytes": MAX_BYTES,
                "columns": MAX_CHOSEN,
                "components": MAX_COMPONENTS,
            },
        }

    def _bundled(self, document: dict[str, Any]) -> dict[str, Any]:
        check.fields(document, "the request", ("name",))
        name = check.text(document["name"], "name")
        if self.given is not None and name == self.given.name:
            return self._kept(self.given)
        return self._kept(bundled(name))

    def _kept(self, held: HeldTable) -> dict[str, Any]:
        return {"data": self._tables.add(held), **held.summary()}

    def _points(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return a recording without half-steps, to place means on."""
        check.fields(document, "the request", ("data", "columns", "n_components"))
        held, positions = self._chosen(document)
        n_components = within(document["n_components"], "K", 1, MAX_COMPONENTS)
        return {"recording": blank_recording(held, positions, n_components)}

    def _run(self, document: dict[str, Any]) -> dict[str, Any]:
        check.fields(document, "the request", tuple(_RUN))
        held, positions = self._chosen(document)
        settings = RunSettings.of(document, len(positions))
        with self._computing:
            run = EMRun(held, positions, settings)
            first = run.begin()
        return {"run": self._runs.add(run), **first}

    def _steps(self, document: dict[str, Any]) -> dict[str, Any]:
        check.fields(document, "the request", ("run", "count"))
        run = self._runs[check.text(document["run"], "run")]
        count = within(document["count"], "count", 1, MAX_HALF_STEPS)
        with self._computing:
            return run.advance(count)

    def _model(self, document: dict[str, Any]) -> dict[str, Any]:
        check.fields(document, "the request", ("run", "step"))
        run = self._runs[check.text(document["run"], "run")]
        number = check.integer(document["step"], "step", 0)
        with self._computing, tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.json"
            save_model(run.model(number), path)
            return {"content": path.read_text(encoding="utf-8")}

    def _report(self, document: dict[str, Any]) -> dict[str, Any]:
        check.fields(document, "the request", ("run", "step"))
        run = self._runs[check.text(document["run"], "run")]
        number = check.integer(document["step"], "step", 0)
        with self._computing:
            return {"content": run.report(number)}

    def _search(self, document: dict[str, Any]) -> dict[str, Any]:
        check.fields(
            document,
            "the request",
            ("data", "columns", "largest", "structures", "seed"),
        )
        held, positions = self._chosen(document)
        settings = SearchSettings.of(document, len(positions))
        search = SearchRun(held, positions, settings)
        return {"search": self._searches.add(search)}

    def _next_candidates(self, document: dict[str, Any]) -> dict[str, Any]:
        check.fields(document, "the request", ("search",))
        search = self._searches[check.text(document["search"], "search")]
        with self._computing:
            return search.advance()

    def _search_report(self, document: dict[str, Any]) -> dict[str, Any]:
        check.fields(document, "the request", ("search",))
        search = self._searches[check.text(document["search"], "search")]
        with self._computing:
            return {"content": search.report()}

    def _chosen(self, document: dict[str, Any]) -> tuple[HeldTable, Any]:
        held = self._tables[check.text(document["data"], "data")]
        columns = check.items(document["columns"], "columns")
        numbers = [check.integer(i, "a column", 0) for i in columns]
        return held, held.positions(numbers)


def _parsed(content: bytes) -> dict[str, Any]:
    """Parse the JSON of a request."""
    try:
        document = json.loads(content, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise ValueError("The request is not UTF-8.") from error
    except RecursionError as error:
        raise ValueError("The request is nested too deeply.") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"The request is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise ValueError("The request must be a JSON object.")
    return document


def _no_constant(name: str) -> float:
    raise ValueError(f"The request has {name}, which is no number of JSON.")
