"""How far to trust a fit: refits, standard errors, tests, alignment."""
