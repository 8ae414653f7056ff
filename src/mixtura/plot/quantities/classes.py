"""Known classes beside the components that were found."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from mixtura.inference.agreement import agreement
from mixtura.plot.drawing.colours import MARKERS, PALETTE, ComponentStyle
from mixtura.plot.quantities.inputs import check_classes


@dataclass(frozen=True)
class KnownClasses:
    """Classes of rows, and the components that suit them best.

    Attributes
    ----------
    names : tuple of str
        In sorted order, C of them.
    codes : ndarray of int of shape (n,)
        Position of each row's class among the names.
    matched : tuple of int
        The component of each class; -1 for none.
    adjusted_rand_index : float
        Of the components and the classes, over all rows.

    Examples
    --------
    >>> import numpy as np
    >>> known = KnownClasses.of(np.array([1, 1, 0]), ["a", "a", "b"], "plot")
    >>> known.names, known.matched, known.adjusted_rand_index
    (('a', 'b'), (1, 0), 1.0)
    """

    names: tuple[str, ...]
    codes: NDArray[np.intp]
    matched: tuple[int, ...]
    adjusted_rand_index: float

    @classmethod
    def of(cls, found: NDArray[np.intp], y: Any, caller: str) -> "KnownClasses":
        """Compare the components of rows with their classes.

        Raises
        ------
        ValueError
            If there are not as many classes as components.
        """
        check_classes(y, len(found), caller)
        values, codes = np.unique(np.asarray(y), return_inverse=True)
        judged = agreement(found, codes)
        component_of = {code: k for k, code in judged.matching.items()}
        return cls(
            names=tuple(str(value) for value in values),
            codes=codes,
            matched=tuple(component_of.get(code, -1) for code in range(len(values))),
            adjusted_rand_index=judged.adjusted_rand_index,
        )

    def take(self, rows: NDArray[np.intp]) -> "KnownClasses":
        """Return the classes of some of the rows; the index stays that of all."""
        return KnownClasses(
            self.names, self.codes[rows], self.matched, self.adjusted_rand_index
        )

    def styles(self, components: tuple[ComponentStyle, ...]) -> list[ComponentStyle]:
        """Colour and marker of each class: those of its component, else new ones."""
        count = len(components)
        free = iter(range(count, count + len(self.names)))
        return [
            ComponentStyle(
                *self._look(components, k if k >= 0 else next(free)), "-", name
            )
            for name, k in zip(self.names, self.matched, strict=True)
        ]

    @staticmethod
    def _look(
        components: tuple[ComponentStyle, ...], index: int
    ) -> tuple[tuple[float, float, float], str]:
        if index < len(components):
            return components[index].colour, components[index].marker
        colour = PALETTE[index] if index < len(PALETTE) else "0.5"
        return to_rgb(colour), MARKERS[index % len(MARKERS)]
