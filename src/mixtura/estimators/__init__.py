"""Estimators with scikit-learn's interface; the parts of each in a folder."""
