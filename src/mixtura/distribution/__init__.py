"""Gaussian mixtures with known parameters as distributions.

Pure functions of `MixtureParams` with full covariances: marginals, conditionals,
moments, modes, highest-density regions, entropy and divergences. Nothing here is
fitted; the estimators offer the same as methods.
"""
