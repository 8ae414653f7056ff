"""Save and load fitted models as JSON that carries numbers and no code."""

import hashlib
import json
import os
import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from mixtura.exceptions import ModelFileError
from mixtura.io import (
    bayesian_mixture_file,
    classifier_file,
    detector_file,
    gaussian_mixture_file,
)
from mixtura.io import json_checks as check
from mixtura.io.atomic import replacing

FORMAT = "mixtura-model"
VERSION = 1
MAX_BYTES = 64 * 2**20

_ENVELOPE = ("format", "version", "model", "versions", "checksum")
_VERSIONS = ("mixtura", "numpy", "python")


@dataclass(frozen=True)
class _Codec:
    home: str
    members: tuple[str, ...]
    optional: tuple[str, ...]
    to_document: Callable[[Any], dict[str, Any]]
    from_document: Callable[[Mapping[str, Any]], Any]


def _codec(home: str, file: Any) -> _Codec:
    """Return what to do with a class, from the module that describes its document."""
    return _Codec(
        f"mixtura.estimators.{home}",
        file.MEMBERS,
        file.OPTIONAL,
        file.to_document,
        file.from_document,
    )


_CODECS = {
    "GaussianMixture": _codec("gaussian_mixture", gaussian_mixture_file),
    "BayesianGaussianMixture": _codec(
        "bayesian_gaussian_mixture", bayesian_mixture_file
    ),
    "GaussianMixtureDetector": _codec("gaussian_mixture_detector", detector_file),
    "GaussianMixtureClassifier": _codec("gaussian_mixture_classifier", classifier_file),
}


def save_model(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a fitted model to a JSON file.

    The file is written under a temporary name, flushed to the disk and renamed:
    afterwards it is whole, or what was there before is untouched.

    Parameters
    ----------
    model : GaussianMixture, BayesianGaussianMixture, GaussianMixtureDetector or \
            GaussianMixtureClassifier
        A fitted model.
    path : str or path
        File to write; an old one is replaced.

    Raises
    ------
    TypeError
        If there is no file format for this class.
    sklearn.exceptions.NotFittedError
        If the model is not fitted.
    ModelFileError
        If a parameter is not finite, or a class is no string, number or truth value.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from mixtura import GaussianMixture, load_model, save_model
    >>> model = GaussianMixture.from_parameters([1.0], [[0.0]], [[[4.0]]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(model, Path(folder) / "model.json")
    ...     copy = load_model(Path(folder) / "model.json")
    >>> bool((copy.score_samples([[1.0]]) == model.score_samples([[1.0]])).all())
    True
    """
    from sklearn.utils.validation import check_is_fitted

    name = type(model).__name__
    codec = _CODECS.get(name)
    if codec is None or not isinstance(model, getattr(import_module(codec.home), name)):
        raise TypeError(
            f"save_model: model must be a mixtura {' or '.join(_CODECS)}; "
            f"got {type(model).__module__}.{name}."
            + (
                " Save its best_estimator_."
                if hasattr(model, "best_estimator_")
                else ""
            )
        )
    check_is_fitted(model)
    document = {
        "format": FORMAT,
        "version": VERSION,
        "model": name,
        **codec.to_document(model),
        "versions": _versions(),
    }
    document["checksum"] = _checksum(document)
    with replacing(path) as temporary:
        temporary.write_text(_pretty(document), encoding="utf-8")


def load_model(path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> Any:
    """Read a model file; it can hold numbers and names, never code.

    Parameters
    ----------
    path : str or path
        File written by :func:`save_model`.
    max_bytes : int, default=67108864
        A larger file is refused before it is read.

    Returns
    -------
    GaussianMixture, BayesianGaussianMixture, GaussianMixtureDetector or \
            GaussianMixtureClassifier
        The class that was saved. Its ``score_samples`` equals the saved model's bit for
        bit.

    Raises
    ------
    ModelFileError
        If the file is truncated, altered, of another kind, or from a newer
        version; the message says which.
    OSError
        If the file cannot be read.
    """
    with _naming(path):
        document = _parse(_read(Path(path), max_bytes))
        return _checked_codec(document).from_document(document)


def model_file_versions(path: str | os.PathLike[str]) -> dict[str, str]:
    """Versions of the software that wrote a model file.

    Parameters
    ----------
    path : str or path
        File written by :func:`save_model`.

    Returns
    -------
    dict
        Version strings of ``mixtura``, ``numpy`` and ``python``.

    Raises
    ------
    ModelFileError
        As :func:`load_model`.
    """
    with _naming(path):
        document = _parse(_read(Path(path), MAX_BYTES))
        _checked_codec(document)
        return dict(document["versions"])


@contextmanager
def _naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Put the file's name before every message."""
    try:
        yield
    except ModelFileError as error:
        raise ModelFileError(f"{os.fspath(path)}: {error}") from error


def _read(path: Path, max_bytes: int) -> bytes:
    with path.open("rb") as handle:
        content = handle.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ModelFileError(
            f"the file is larger than {max_bytes} bytes and was not read. If you trust "
            f"it, raise the limit: load_model(path, max_bytes=...)."
        )
    return content


def _parse(content: bytes) -> dict[str, Any]:
    if not content.strip():
        raise ModelFileError("the file is empty.")
    if not content.lstrip().startswith(b"{"):
        what = (
            "a pickle, which mixtura never loads" if content[0] == 0x80 else "not JSON"
        )
        raise ModelFileError(f"this is not a mixtura model file; it is {what}.")
    try:
        text = content.decode("utf-8")
        document = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except ModelFileError:
        raise
    except UnicodeDecodeError as error:
        raise ModelFileError(
            f"the file was altered: byte {error.start} is not UTF-8."
        ) from error
    except json.JSONDecodeError as error:
        raise _syntax_error(error, text) from error
    except RecursionError as error:
        raise ModelFileError(
            "this is not a mixtura model file; its arrays are nested too deeply."
        ) from error
    except ValueError as error:
        raise ModelFileError(f"the file was altered: {error}.") from error
    if not isinstance(document, dict):
        raise ModelFileError("this is not a mixtura model file; it is other JSON.")
    return document


def _syntax_error(error: json.JSONDecodeError, text: str) -> ModelFileError:
    ends_early = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
    if ends_early:
        return ModelFileError(
            f"the file is truncated: it ends after {len(text)} characters in the "
            f"middle of the model. Copy or save it again."
        )
    return ModelFileError(
        f"the file was altered or is of another kind: line {error.lineno}, column "
        f"{error.colno} is not JSON ({error.msg})."
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ModelFileError("the file was altered: a field occurs twice.")
    return result


def _no_constant(name: str) -> float:
    raise ModelFileError(f"the file was altered: {name} is not a number of JSON.")


def _checked_codec(document: Mapping[str, Any]) -> _Codec:
    """Check everything around the model, in the order that names the cause best."""
    if document.get("format") != FORMAT:
        raise ModelFileError(
            f'this is not a mixtura model file; it lacks "format": "{FORMAT}".'
        )
    version = check.integer(document.get("version"), "version", 1)
    if version > VERSION:
        raise ModelFileError(
            f"the file has format version {version}, this mixtura reads up to "
            f"{VERSION}. Upgrade: pip install --upgrade mixtura"
        )
    if document.get("checksum") != _checksum(document):
        raise ModelFileError(
            "the file was altered since it was saved: its checksum does not match."
        )
    model = check.text(document.get("model"), "model")
    if model not in _CODECS:
        raise ModelFileError(
            f"model must be one of {', '.join(_CODECS)}; got {model[:40]!r}."
        )
    codec = _CODECS[model]
    check.fields(document, "the file", (*_ENVELOPE, *codec.members), codec.optional)
    versions = check.fields(document["versions"], "versions", _VERSIONS)
    for name, value in versions.items():
        check.text(value, f"versions.{name}")
    return codec


def _checksum(document: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of all members but the checksum."""
    content = {name: value for name, value in document.items() if name != "checksum"}
    try:
        canonical = json.dumps(
            content, sort_keys=True, separators=(",", ":"), allow_nan=False
        )
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"the file was altered: {error}.") from error
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _versions() -> dict[str, str]:
    import numpy as np

    from mixtura import __version__

    return {
        "mixtura": __version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def _pretty(document: Mapping[str, Any]) -> str:
    """One member a line, and one line for each array of parameters."""
    return _written(document, "") + "\n"


def _written(value: Any, indent: str) -> str:
    """Write what holds objects or members of several parts over several lines."""
    inner = indent + "  "
    is_long = isinstance(value, dict) and any(
        isinstance(part, dict | list) for part in value.values()
    )
    if is_long:
        lines = [f"{json.dumps(k)}: {_written(v, inner)}" for k, v in value.items()]
    elif isinstance(value, list) and any(isinstance(part, dict) for part in value):
        lines = [_written(part, inner) for part in value]
    else:
        return json.dumps(value)
    first, last = "{}" if is_long else "[]"
    body = ",\n".join(inner + line for line in lines)
    return f"{first}\n{body}\n{indent}{last}"
