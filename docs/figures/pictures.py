"""Draw one picture for each display, for the page on pictures.

python docs/figures/pictures.py [folder]
"""

import sys
from io import BytesIO
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import numpy as np
from make import three_cases
from PIL import Image
from sklearn.datasets import load_wine

from mixtura import (
    AnimationDisplay,
    AnomalyDisplay,
    ClassifierDisplay,
    GaussianMixture,
    GaussianMixtureClassifier,
    GaussianMixtureDetector,
    KMeansDisplay,
    LoadingsDisplay,
    MixtureDisplay,
    ProjectionDisplay,
    ResponsibilityDisplay,
    ResponsibilityHeatmapDisplay,
    StateSequenceDisplay,
    TraceDisplay,
    load_dataset,
)
from mixtura.families.covariance import Full
from mixtura.families.gaussian import Gaussian
from mixtura.models.hidden_markov import HiddenMarkov, HiddenMarkovParams

N_COLOURS = 128
IRIS = load_dataset("iris")
UNITS = [f"{name.replace('_', ' ')} (cm)" for name in IRIS.names]
FAITHFUL = ["eruption (minutes)", "waiting (minutes)"]
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


def k_means():
    """k-means cuts a large cluster in pieces, EM does not."""
    _, _, truth = three_cases().values()
    X, component = truth.sample(900, random_state=0)
    model = GaussianMixture(3, random_state=0).fit(X)
    return KMeansDisplay.from_estimator(
        model, X, y=component, feature_names=["length (cm)", "width (cm)"]
    )


def states():
    """The states of a simulated river, and how sure they are."""
    family = Gaussian(Full())
    model = HiddenMarkov(family)
    stay = np.array([[0.95, 0.04, 0.01], [0.03, 0.94, 0.03], [0.02, 0.08, 0.9]])
    means = np.array([[1.6, 1.5], [2.5, 2.1], [3.4, 1.7]])
    covariances = np.tile(np.diag([0.16, 0.09]), (3, 1, 1))
    components = family.params(means, covariances)
    params = HiddenMarkovParams(np.full(3, 1 / 3), stay, components)
    X, _ = model.sample(params, 200, np.random.default_rng(3))
    return StateSequenceDisplay.from_params(
        model,
        params,
        X,
        times=np.arange(200) / 4,
        time_name="time (hours)",
        feature_names=["flow (m³/s)", "level (m)"],
    )


def loadings():
    """Two factors of the wines of each component."""
    wine = load_wine()
    model = GaussianMixture(3, covariance_type="factors:2", random_state=0)
    names = [name.replace("_", " ") for name in wine.feature_names]
    names[11] = "absorbance ratio"
    return LoadingsDisplay.from_estimator(model.fit(wine.data), feature_names=names)


def pairs():
    """All pairs of the four columns of Iris."""
    model = GaussianMixture(3, random_state=0).fit(IRIS.values)
    return MixtureDisplay.from_estimator(model, IRIS.values, feature_names=UNITS)


def anomalies():
    """The two percent of Old Faithful's eruptions that are least like the others."""
    faithful = load_dataset("old-faithful").values
    detector = GaussianMixtureDetector(2, contamination=0.02, random_state=0)
    return AnomalyDisplay.from_estimator(
        detector.fit(faithful), faithful, feature_names=FAITHFUL
    )


def classifier():
    """The regions of the species of Iris over their petals."""
    X = IRIS.values[:, 2:]
    model = GaussianMixtureClassifier(random_state=0).fit(X, SPECIES)
    return ClassifierDisplay.from_estimator(model, X, SPECIES, feature_names=UNITS[2:])


def trace():
    """The log-likelihood of a fit of Old Faithful from a poor start."""
    model = GaussianMixture(
        2, init_params="random_from_data", acceleration=None, random_state=1
    )
    return TraceDisplay.from_estimator(model.fit(load_dataset("old-faithful").values))


PICTURES = {
    "pairs": pairs,
    "responsibilities": responsibilities,
    "heat-map": heat_map,
    "projection": projection,
    "kmeans-and-em": k_means,
    "states": states,
    "loadings": loadings,
    "anomalies": anomalies,
    "classifier": classifier,
    "trace": trace,
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
    recording["columns"] = FAITHFUL
    AnimationDisplay(recording, max_frames=30).save(path)


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name, draw in PICTURES.items():
        buffer = BytesIO()
        draw().figure_.savefig(buffer, dpi=110)
        few = Image.open(buffer).convert("RGB").quantize(N_COLOURS, dither=0)
        few.save(folder / f"{name}.png", optimize=True)
    film(folder / "faithful.gif")


if __name__ == "__main__":
    main()
