"""The parts of the detector and the classifier."""
