"""Estimators with scikit-learn's conventions: validate, translate names, call em."""
