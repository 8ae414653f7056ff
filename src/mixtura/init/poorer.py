"""A start for covariances of more entries than the rows that starts are tried on.

On fewer rows than a component has parameters the likelihood of a short run says how
well noise is fitted, not where the clusters are. Variances alone can be told from such
rows, and the clusters that they lead to are a start for the whole matrices.
"""

from dataclasses import replace

from mixtura.families.covariance import Diagonal
from mixtura.families.covariance_structure import Covariance
from mixtura.families.gaussian import Gaussian
from mixtura.models.mixture import Mixture, MixtureParams

STARVED = 1.0
"""Rows for each parameter of a component below which it is starved."""


def poorer(
    model: Mixture, n_rows: int, n_features: int, n_components: int
) -> Mixture | None:
    """Return the model with diagonal covariances, if only these can be told.

    Parameters
    ----------
    model : Mixture
    n_rows, n_features : int
        Of the data that starts are tried on.
    n_components : int
    """
    family = model.family
    if type(family) is not Gaussian or family.structure.n_axes < 2:
        return None
    shape = n_rows, n_features, n_components
    if not is_starved(family.structure, *shape) or is_starved(Diagonal(), *shape):
        return None
    return replace(model, family=replace(family, structure=Diagonal()))


def with_matrices(params: MixtureParams) -> MixtureParams:
    """Return the parameters of the poorer model with whole matrices."""
    inner, to_full = params.components, Diagonal().to_full
    matrices = {
        name: to_full(getattr(inner, name), *inner.means.shape)
        for name in ("covariances", "precision_cholesky")
    }
    return replace(params, components=replace(inner, **matrices))


def is_starved(
    structure: Covariance,
    n_rows: int,
    n_features: int,
    n_components: int,
    rows_each: float = STARVED,
) -> bool:
    """Whether a component has fewer rows than so many for each of its parameters."""
    return n_rows < least_rows(structure, n_features, n_components, rows_each)


def least_rows(
    structure: Covariance, n_features: int, n_components: int, rows_each: float
) -> float:
    """Rows that give each component so many for each of its parameters."""
    covariances = structure.n_free_parameters(n_components, n_features)
    return rows_each * (n_components * (1 + n_features) + covariances)
