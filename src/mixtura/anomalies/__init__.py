"""How unlikely a row is under a Gaussian mixture, and which columns make it so."""
