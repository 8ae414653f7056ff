"""Tables in, models in and out."""

from importlib import import_module
from typing import Any

_HOME = {
    "Table": "mixtura.datasets.table",
    "load_model": "mixtura.io.model_file",
    "read_table": "mixtura.io.tables",
    "save_model": "mixtura.io.model_file",
}

__all__ = ["Table", "load_model", "read_table", "save_model"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'mixtura.io' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
