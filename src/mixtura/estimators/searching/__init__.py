"""The parts of `GaussianMixtureSearch`."""
