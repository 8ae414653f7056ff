"""Draw the pictures of the page on watching EM.

python docs/figures/watching.py [folder]
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from mixtura import GaussianMixture, load_dataset

UNITS = ["eruption (minutes)", "waiting (minutes)"]
PICTURES = {
    "watching-log-likelihood": ("log-likelihood", {}),
    "watching-bound": ("bound", {}),
    "watching-means": ("means", {"feature_names": UNITS}),
    "watching-responsibilities": ("responsibilities", {}),
}


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    model = GaussianMixture(
        2,
        init_params="random_from_data",
        acceleration=None,
        record=True,
        random_state=0,
    ).fit(load_dataset("old-faithful").values)
    for name, (kind, options) in PICTURES.items():
        display = model.trace_.plot(kind, **options)
        display.figure_.savefig(folder / f"{name}.png", dpi=130)


if __name__ == "__main__":
    main()
