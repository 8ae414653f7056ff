"""What data sets there are; importing this loads no data and no NumPy."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dataset:
    """An entry of the catalogue.

    Parameters
    ----------
    name : str
        The name :func:`~mixtura.datasets.load_dataset` takes.
    description : str
        One line.
    origin : str
        Where the numbers come from.
    n_rows : int
        Number of rows.
    columns : tuple of str
        Names of the columns.
    loader : str
        ``module:function`` inside this package; it returns the values.
    seed : int, optional
        Seed of a simulated set, passed to the loader.
    """

    name: str
    description: str
    origin: str
    n_rows: int
    columns: tuple[str, ...]
    loader: str
    seed: int | None = None


_IRIS_COLUMNS = ("sepal_length", "sepal_width", "petal_length", "petal_width")

_ENTRIES = (
    Dataset(
        "old-faithful",
        "Old Faithful: eruption and waiting time (minutes)",
        "R's data set faithful; Azzalini and Bowman (1990), Applied Statistics 39, "
        "357-365",
        272,
        ("eruptions", "waiting"),
        "bundled:old_faithful",
    ),
    Dataset(
        "iris",
        "Iris: sepals and petals of three species (cm)",
        "Anderson (1935), Fisher (1936); as shipped with scikit-learn, whose rows 35 "
        "and 38 follow Fisher's paper and so differ from the UCI file",
        150,
        _IRIS_COLUMNS,
        "bundled:iris",
    ),
    Dataset(
        "lesson-16",
        "Lesson 16: two round clusters in the plane",
        "simulated, numpy.random.RandomState(42)",
        240,
        ("x1", "x2"),
        "simulated:lesson_16",
        42,
    ),
    Dataset(
        "lecture-15-1d",
        "Lecture 15: two components on the line",
        "simulated, numpy.random.RandomState(0)",
        600,
        ("x1",),
        "simulated:lecture_15_1d",
        0,
    ),
    Dataset(
        "lecture-15-2d",
        "Lecture 15: three components in the plane",
        "simulated, numpy.random.RandomState(1)",
        800,
        ("x1", "x2"),
        "simulated:lecture_15_2d",
        1,
    ),
    Dataset(
        "lecture-15-2d-78",
        "Lecture 15, seed 78: has a poor local optimum",
        "simulated, numpy.random.RandomState(78)",
        800,
        ("x1", "x2"),
        "simulated:lecture_15_2d",
        78,
    ),
    Dataset(
        "walk-through",
        "Walk-through: three round clusters in the plane",
        "simulated, numpy.random.RandomState(42)",
        300,
        ("x1", "x2"),
        "simulated:walk_through",
        42,
    ),
)

CATALOG = {entry.name: entry for entry in _ENTRIES}
