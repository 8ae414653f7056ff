"""One fit of a Gaussian mixture: its problem, its starts, its result."""
