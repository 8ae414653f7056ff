"""What a fit is worth: standard errors, resampling, tests, agreement, merging.

Everything here works on models, parameters, rows and arrays; `mixtura.estimators` has
the functions that take a fitted estimator.
"""
