"""The hot loops of EM for Gaussian mixtures, and their twins in plain NumPy.

`full`, `tied`, `diagonal` and `spherical` each offer ``e_step``, ``log_joint``,
``log_density`` and ``labels``; the module also gives them flat names such as
`e_step_full`. Small problems run in NumPy, large ones in fused one-pass kernels
compiled by Numba, which is imported when it is first needed and is optional.
"""

from mixtura.kernels.dispatch import (
    Kernels,
    diagonal,
    full,
    spherical,
    tied,
)
from mixtura.kernels.moments import Moments

e_step_full = full.e_step
e_step_tied = tied.e_step
e_step_diagonal = diagonal.e_step
e_step_spherical = spherical.e_step
log_joint_full = full.log_joint
log_joint_tied = tied.log_joint
log_joint_diagonal = diagonal.log_joint
log_joint_spherical = spherical.log_joint
log_density_full = full.log_density
log_density_tied = tied.log_density
log_density_diagonal = diagonal.log_density
log_density_spherical = spherical.log_density
labels_full = full.labels
labels_tied = tied.labels
labels_diagonal = diagonal.labels
labels_spherical = spherical.labels

__all__ = [
    "Kernels",
    "Moments",
    "diagonal",
    "e_step_diagonal",
    "e_step_full",
    "e_step_spherical",
    "e_step_tied",
    "full",
    "labels_diagonal",
    "labels_full",
    "labels_spherical",
    "labels_tied",
    "log_density_diagonal",
    "log_density_full",
    "log_density_spherical",
    "log_density_tied",
    "log_joint_diagonal",
    "log_joint_full",
    "log_joint_spherical",
    "log_joint_tied",
    "spherical",
    "tied",
]
