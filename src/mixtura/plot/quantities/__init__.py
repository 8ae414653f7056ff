"""What pictures ask of a model and its data, before anything is drawn."""
