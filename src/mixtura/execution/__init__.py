"""Where the sum over blocks runs."""
