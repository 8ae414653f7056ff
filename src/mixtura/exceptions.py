"""The exception and warning classes of the package."""


class DegenerateComponentError(ValueError):
    """A component has no well-defined maximum-likelihood estimate.

    Parameters
    ----------
    message : str
        What happened, to which component, and the remedy.
    component : int, optional
        Zero-based index of the component, where it is known.
    """

    def __init__(self, message: str, component: int | None = None) -> None:
        super().__init__(message)
        self.component = component


class DegenerateDataWarning(UserWarning):
    """The data carry less information than the model asks for.

    Constant or collinear columns, fewer distinct rows than components, a
    component that collapsed onto a single value.
    """


class TableError(ValueError):
    """A table cannot be read; the message names file, row and column."""


class ModelFileError(ValueError):
    """A model file is truncated, altered, foreign or from a newer version."""
