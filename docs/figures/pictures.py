"""Draw one picture for each display, for the page on pictures.

python docs/figures/pictures.py [folder]
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import numpy as np

from mixtura import (
    AnimationDisplay,
    GaussianMixture,
    ProjectionDisplay,
    ResponsibilityDisplay,
    ResponsibilityHeatmapDisplay,
    load_dataset,
)

IRIS = load_dataset("iris")
UNITS = [f"{name.replace('_', ' ')} (cm)" for name in IRIS.names]
SPECIES = np.repeat(["setosa", "versicolor", "virginica"], 50)


def sepals():
    """The mixture of three of the sepals of Iris, and the sepals."""
    X = IRIS.values[:, :2]
    return GaussianMixture(3, random_state=0).fit(X), X


def responsibilities():
    """Iris in three panels: mixture, responsibilities over the plane, species."""
    model, X = sepals()
    return ResponsibilityDisplay.from_estimator(
        model, X, y=SPECIES, feature_names=UNITS[:2]
    )


def heat_map():
    """The responsibilities of the same flowers, row by row."""
    return ResponsibilityHeatmapDisplay.from_estimator(*sepals(), y=SPECIES)


def projection():
    """All four columns of Iris in the plane of the best separation."""
    model = GaussianMixture(3, random_state=0).fit(IRIS.values)
    return ProjectionDisplay.from_estimator(model, IRIS.values, feature_names=UNITS)


PICTURES = {
    "responsibilities": responsibilities,
    "heat-map": heat_map,
    "projection": projection,
}


def film(path):
    """EM on Old Faithful, half-step by half-step, from a poor start."""
    faithful = load_dataset("old-faithful")
    model = GaussianMixture(
        2,
        init_params="random_from_data",
        acceleration=None,
        record=True,
        random_state=1,
    ).fit(faithful.values)
    recording = model.trace_.recording(faithful.values)
    recording["columns"] = ["eruption (minutes)", "waiting (minutes)"]
    AnimationDisplay(recording, max_frames=30).save(path)


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name, draw in PICTURES.items():
        draw().figure_.savefig(folder / f"{name}.png", dpi=110)
    film(folder / "faithful.gif")


if __name__ == "__main__":
    main()
