"""Pictures of how a fit went."""
