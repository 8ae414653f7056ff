"""Which model: criteria that weigh a fit against its size."""
