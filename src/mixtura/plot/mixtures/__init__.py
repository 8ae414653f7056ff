"""Pictures of a fitted mixture over its data."""
