"""The page: a server for one person on one machine, which computes what they watch."""
