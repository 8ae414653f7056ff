"""The E-step of all rows at once, for models that walk them by themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Whole:
    """Hand the data to the E-step in one piece.

    Memory stays bounded only if the model walks them block by block itself, as mixtures
    do. Their threads then never wait for the end of a block, and
    `mixtura.models.trimmed.Trimmed` can compare all rows.
    """

    def __call__(self, e_step: Callable[[Any], Any], data: Any) -> Any:
        """Return the statistics of `data`."""
        return e_step(data)


WHOLE = Whole()
