"""Column names go through everything."""

import pandas as pd
from inference_problems import faithful

from mixtura import (
    GaussianMixture,
    align,
    bootstrap,
    bootstrap_lrt,
    compare_restarts,
    merge_components,
    standard_errors,
)


def test_column_names_name_the_parameters_and_nothing_warns():
    frame = pd.DataFrame(faithful(), columns=["length", "pause"])
    model = GaussianMixture(2, covariance_type="tied", random_state=0).fit(frame)
    expected = ("mean[1, pause]", "covariance[length, pause]")
    assert {*expected} <= {*standard_errors(model, frame).names}
    for method in ("nonparametric", "parametric"):
        result = bootstrap(model, frame, method=method, n_bootstrap=2, random_state=0)
        assert {*expected} <= {*result.names}
    restarts = compare_restarts(model, frame, n_starts=2, random_state=0)
    assert [*restarts.best.feature_names_in_] == ["length", "pause"]
    assert align(model, restarts.best, frame).agreement.min() > 0.99
    assert merge_components(model, frame).predict(frame).shape == (len(frame),)
    assert bootstrap_lrt(
        frame, 1, model, n_bootstrap=1, level=0.5, random_state=0
    ).tests
    assert list(pd.DataFrame(result.table())["parameter"]) == list(result.names)
