"""What a fitted Gaussian mixture can do: predict, and serve as a distribution."""
