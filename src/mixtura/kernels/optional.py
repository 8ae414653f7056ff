"""Compiled code, where Numba is there and works."""

from functools import cache
from importlib import import_module
from typing import Any


@cache
def compiled_code(name: str) -> Any:
    """Import a module of this package that needs Numba; None where that fails."""
    try:
        return import_module(f"mixtura.kernels.{name}")
    except (ImportError, OSError):
        return None
