"""Ctrl-C in the middle of a fit, as a function that raises after some calls."""

from itertools import count

import pytest
from sklearn.exceptions import ConvergenceWarning


def interrupt_after(monkeypatch, owner, name, n_calls):
    """Let a method raise in the call after so many."""
    genuine, calls = getattr(owner, name), count()

    def interrupted(*args, **kwargs):
        if next(calls) == n_calls:
            raise KeyboardInterrupt
        return genuine(*args, **kwargs)

    monkeypatch.setattr(owner, name, interrupted)


def fit_interrupted(model, X):
    """An interrupt that nobody catches is a failure, not the end of pytest."""
    try:
        with pytest.warns(ConvergenceWarning, match="[Ii]nterrupted"):
            model.fit(X)
    except KeyboardInterrupt:
        pytest.fail("the interrupt was not caught")
