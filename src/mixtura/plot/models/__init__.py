"""Pictures of a search, and of models other than a mixture."""
