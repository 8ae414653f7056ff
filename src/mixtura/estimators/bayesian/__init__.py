"""The parts of `BayesianGaussianMixture`."""
