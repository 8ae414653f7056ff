"""Picture of factor loadings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.image import AxesImage
from matplotlib.text import Text

from mixtura.models.factor_analysis import FactorParams
from mixtura.plot.display import Display
from mixtura.plot.drawing.colours import PALETTE, percent
from mixtura.plot.drawing.figures import split_grid
from mixtura.plot.models.factors import ReadFactors, factors_of
from mixtura.plot.quantities.gaussians import full_covariances
from mixtura.plot.quantities.inputs import check_fitted, checked_names
from mixtura.short_names import short_names

CALLER = "LoadingsDisplay.from_estimator"
PARAMETERS = ("weights_", "means_", "covariances_")
SIGNED = LinearSegmentedColormap.from_list("signed", [PALETTE[1], "white", PALETTE[0]])
WRITTEN_CELLS = 240
MOST_NAMES, LONGEST_NAME = 60, 28


@dataclass(kw_only=True, repr=False, eq=False)
class LoadingsDisplay(Display):
    """The loadings of factors as a signed heat map, columns by factors.

    A loading is the correlation of a column with a factor: blue is positive, orange
    negative. The last column of a map, in grey, is the share of a column's variance
    that the factors leave to noise. Make it with :meth:`from_estimator` for a mixture
    of factor analysers, with a map for each component, or with :meth:`from_params`.

    Parameters
    ----------
    factors : sequence of ReadFactors
        One for each component.
    titles : sequence of str
    feature_names : sequence of str, length D

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The first map.
    axes_ : ndarray of Axes, shape (K,)
    figure_ : matplotlib.figure.Figure
    images_ : list of AxesImage
        Loadings of each component.
    noise_images_ : list of AxesImage
    texts_ : list of Text
        The numbers, if they are few enough to be read.
    colorbar_ : matplotlib.colorbar.Colorbar

    Examples
    --------
    >>> from mixtura import GaussianMixture, LoadingsDisplay, load_dataset
    >>> iris = load_dataset("iris").values
    >>> model = GaussianMixture(2, covariance_type="factors:1", random_state=0)
    >>> LoadingsDisplay.from_estimator(model.fit(iris))
    LoadingsDisplay(2 components, 4 columns, 1 factor)
    """

    factors: Sequence[ReadFactors]
    titles: Sequence[str]
    feature_names: Sequence[str]

    def __repr__(self) -> str:
        count = self.factors[0].loadings.shape[1]
        parts = f"{len(self.factors)} components, " if len(self.factors) > 1 else ""
        columns = f"{len(self.feature_names)} columns"
        return f"LoadingsDisplay({parts}{columns}, {count} factor{'s' * (count > 1)})"

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        rotation: str | None = "varimax",
        feature_names: Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the loadings of a mixture of factor analysers.

        Parameters
        ----------
        estimator : GaussianMixture
            Fitted with ``covariance_type="factors:q"`` or ``"ppca:q"``.
        rotation : {"varimax"} or None, default="varimax"
            The likelihood does not determine the rotation of the factors. "varimax"
            turns them so that each column loads on few; None leaves the principal
            ones.
        feature_names : sequence of str, length D, optional
            Default: the names of the fit, else x0, x1, ...
        ax : matplotlib.axes.Axes, optional
            Split in a panel for each component. Default: a new figure.

        Returns
        -------
        LoadingsDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is no Gaussian mixture.
        ValueError
            If its covariances have no factors, or an argument is unusable.
        """
        check_fitted(estimator, PARAMETERS, CALLER, "Pass a Gaussian mixture.")
        name = str(getattr(estimator, "covariance_type", ""))
        kind, _, number = name.partition(":")
        if kind not in ("factors", "ppca") or not number.isdecimal():
            raise ValueError(
                f"{CALLER}: covariance_type must be 'factors:q' or 'ppca:q'; got "
                f"{name!r}, which has no factors."
            )
        rotate = _rotates(rotation, CALLER)
        factors = [
            ReadFactors.of(
                *factors_of(covariance, int(number), isotropic=kind == "ppca"),
                rotate=rotate,
            )
            for covariance in full_covariances(estimator)
        ]
        if feature_names is None:
            feature_names = getattr(estimator, "feature_names_in_", None)
        return cls(
            factors=factors,
            titles=[
                f"component {k}\n{percent(weight)}"
                for k, weight in enumerate(estimator.weights_)
            ],
            feature_names=checked_names(
                feature_names, len(factors[0].loadings), CALLER
            ),
        ).plot(ax=ax)

    @classmethod
    def from_params(
        cls,
        params: FactorParams,
        *,
        rotation: str | None = "varimax",
        feature_names: Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the loadings of a factor analysis.

        Parameters
        ----------
        params : FactorParams
            Loadings (D, q) and noise variances (D,).
        rotation : {"varimax"} or None, default="varimax"
            None leaves the factors of `params`, but for their order and sign.
        feature_names : sequence of str, length D, optional
            Default: x0, x1, ...
        ax : matplotlib.axes.Axes, optional
            Default: a new figure.

        Returns
        -------
        LoadingsDisplay

        Raises
        ------
        ValueError
            If an argument is unusable.
        """
        caller = "LoadingsDisplay.from_params"
        rotate = _rotates(rotation, caller)
        return cls(
            factors=[ReadFactors.of(params.loadings, params.noise, rotate=rotate)],
            titles=[""],
            feature_names=checked_names(feature_names, len(params.noise), caller),
        ).plot(ax=ax)

    def _draw(self) -> None:
        rows = len(self.feature_names)
        self.axes_ = split_grid(self.ax_, [1], [1] * len(self.factors))[0]
        self.images_: list[AxesImage] = []
        self.noise_images_: list[AxesImage] = []
        self.texts_: list[Text] = []
        for panel, factors, title in zip(
            self.axes_, self.factors, self.titles, strict=True
        ):
            self._draw_map(panel, factors)
            panel.set_title(title, fontsize="medium")
        if rows <= MOST_NAMES:
            self.ax_.set_yticks(range(rows), self._names)
        else:
            self.ax_.set_ylabel(f"{rows} columns, first on top")
        self.colorbar_ = self.figure_.colorbar(
            self.images_[0],
            ax=list(self.axes_),
            shrink=min(1.0, 4 / self._size()[1]),
            aspect=20,
            ticks=[-1, -0.5, 0, 0.5, 1],
        )
        self.colorbar_.set_label("loading: correlation of\ncolumn and factor")

    def _size(self) -> tuple[float, float]:
        rows, count = self.factors[0].loadings.shape
        names = 0.08 * max(map(len, self._names)) if rows <= MOST_NAMES else 0.0
        width = 2.2 + names + len(self.factors) * max(0.62 * (count + 1), 1.5)
        return width, float(np.clip(1.3 + 0.28 * rows, 2.6, 10))

    @property
    def _names(self) -> list[str]:
        return short_names(self.feature_names, LONGEST_NAME)

    def _draw_map(self, panel: Axes, factors: ReadFactors) -> None:
        rows, count = factors.loadings.shape
        self.images_.append(
            panel.imshow(
                factors.loadings,
                cmap=SIGNED,
                vmin=-1,
                vmax=1,
                aspect="auto",
                interpolation="nearest",
                extent=(-0.5, count - 0.5, rows - 0.5, -0.5),
            )
        )
        self.noise_images_.append(
            panel.imshow(
                factors.uniqueness[:, np.newaxis],
                cmap="Greys",
                vmin=0,
                vmax=1.6,  # dark text stays readable on all noise
                aspect="auto",
                interpolation="nearest",
                extent=(count - 0.4, count + 0.6, rows - 0.5, -0.5),
            )
        )
        panel.set_xlim(-0.5, count + 0.6)
        names = [str(number) for number in range(1, count + 1)]
        panel.set_xticks([*range(count), count + 0.1], [*names, "noise"])
        panel.set_xlabel("factor")
        panel.set_yticks([])
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
        if rows * (count + 1) * len(self.factors) <= WRITTEN_CELLS:
            self._write(panel, factors)

    def _write(self, panel: Axes, factors: ReadFactors) -> None:
        """Write the numbers into the cells."""
        rows, count = factors.loadings.shape
        numbers = np.column_stack([factors.loadings, factors.uniqueness])
        for row in range(rows):
            for column in range(count + 1):
                value = numbers[row, column]
                dark = column < count and abs(value) > 0.6
                self.texts_.append(
                    panel.text(
                        column + 0.1 * (column == count),
                        row,
                        f"{value:z.2f}".replace("-", "\N{MINUS SIGN}"),
                        ha="center",
                        va="center",
                        fontsize="small",
                        color="white" if dark else "black",
                    )
                )


def _rotates(rotation: str | None, caller: str) -> bool:
    if rotation not in ("varimax", None):
        raise ValueError(
            f"{caller}: rotation must be 'varimax' or None; got {rotation!r}."
        )
    return rotation is not None
