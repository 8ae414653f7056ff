"""What a check found, and how much it matters."""

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How much a finding matters."""

    GOOD = "In order"
    NOTE = "To know"
    WARNING = "Take care"


@dataclass(frozen=True)
class Finding:
    """One thing that was checked.

    Parameters
    ----------
    level : Level
    title : str
    text : str
        What follows from it, and what can be done.
    """

    level: Level
    title: str
    text: str
