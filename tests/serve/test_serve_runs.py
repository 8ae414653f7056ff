"""What is served is what the package computes."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, pairwise

import numpy as np
import pandas as pd
import pytest
from client import run_settings, running

from mixtura import GaussianMixture, GaussianMixtureSearch, load_dataset, load_model
from mixtura.datasets.table import Table
from mixtura.serve.app import App
from mixtura.serve.em_run import MAX_POINTS
from mixtura.serve.held_table import HeldTable


@pytest.fixture(scope="module")
def faithful():
    return load_dataset("old-faithful").values


def whole(client, **settings):
    """All half-steps of a run, and the last answer."""
    answer = client.ask("run", **settings)
    run, steps = answer["run"], answer["recording"]["steps"]
    while not answer["ended"]:
        answer = client.ask("steps", run=run, count=40)
        steps += answer["steps"]
    return run, steps, answer


def estimator(settings, **changes):
    """The package's own call for the same run."""
    start = {"random": "random_from_data"}.get(settings["start"], settings["start"])
    given = {
        "covariance_type": settings["covariance_type"],
        "init_params": "auto" if settings["means"] else start,
        "means_init": settings["means"],
        "random_state": settings["seed"],
        "algorithm": settings["algorithm"],
        "equal_weights": settings["equal_weights"],
        "acceleration": None,
        **changes,
    }
    return GaussianMixture(settings["n_components"], **given)


@pytest.mark.parametrize("algorithm", ["em", "hard"])
@pytest.mark.parametrize("start", ["random", "k-means++", "auto"])
@pytest.mark.parametrize("covariance_type", ["full", "EII", "VEV"])
def test_a_run_ends_where_the_estimator_does(
    client, geyser, faithful, start, algorithm, covariance_type
):
    settings = run_settings(
        geyser, start=start, algorithm=algorithm, covariance_type=covariance_type
    )
    _, steps, answer = whole(client, **settings)
    model = estimator(settings).fit(faithful)
    np.testing.assert_allclose(steps[-1]["means"], model.means_, rtol=1e-8)
    np.testing.assert_allclose(steps[-1]["weights"], model.weights_, rtol=1e-8)
    assert answer["outcome"] == model.outcome_


def test_the_half_steps_are_those_of_the_theory(client, geyser):
    _, steps, answer = whole(client, **run_settings(geyser))
    places = [(step["iteration"], step["phase"]) for step in steps]
    assert places[:5] == [(0, "E"), (1, "M"), (1, "E"), (2, "M"), (2, "E")]
    assert places[-1][1] == "E" and answer["outcome"].startswith("Converged")
    for step in steps:
        total = step["elbo"] + step["kl"]
        assert step["log_likelihood"] == pytest.approx(total, abs=1e-8)
        assert step["elbo"] == pytest.approx(step["q"] + step["entropy"], abs=1e-8)
        assert step["phase"] == "M" or abs(step["kl"]) < 1e-8
        assert step["kl"] > -1e-8
    heights = [step["log_likelihood"] for step in steps]
    assert all(b >= a - 1e-9 for a, b in pairwise(heights))


def test_the_numbers_are_those_of_the_recorded_trace(client, geyser, faithful):
    settings = run_settings(geyser)
    _, steps, _ = whole(client, **settings)
    trace = estimator(settings, record=True).fit(faithful).trace_
    assert len(trace) == len(steps)
    for step, half in islice(zip(steps, trace, strict=True), 12):
        assert (step["iteration"], step["phase"]) == (half.iteration, half.phase)
        assert step["log_likelihood"] == pytest.approx(half.log_likelihood, rel=1e-12)
        assert step["kl"] == pytest.approx(half.kl, abs=1e-7)
        np.testing.assert_allclose(step["means"], half.params.components.means)


def test_responsibilities_of_an_m_step_are_those_before_it(client, geyser):
    _, steps, _ = whole(client, **run_settings(geyser))
    shares = [base64.b64decode(step["responsibilities"]) for step in steps]
    assert shares[1] == shares[0] and shares[2] != shares[1]
    table = np.frombuffer(shares[2], np.uint8).reshape(272, 2)
    assert (np.abs(table.sum(axis=1).astype(int) - 255) <= 1).all()


def test_placed_means_are_where_a_run_begins(client, geyser):
    means = [[2.0, 55.0], [4.0, 85.0]]
    settings = run_settings(geyser, start="click", means=means)
    step = client.ask("run", **settings)["recording"]["steps"][0]
    np.testing.assert_allclose(step["means"], means)
    covariances = np.array(step["covariances"])
    np.testing.assert_allclose(covariances[0], covariances[1])


def test_k_means_is_lloyds(client, geyser, faithful):
    means = [[2.0, 55.0], [4.0, 85.0]]
    settings = run_settings(
        geyser,
        start="click",
        means=means,
        algorithm="hard",
        covariance_type="EII",
        equal_weights=True,
    )
    _, steps, _ = whole(client, **settings)
    centres = np.array(means)
    for _ in range(50):
        distance = ((faithful[:, None] - centres) ** 2).sum(axis=2)
        nearest = distance.argmin(axis=1)
        centres = np.array([faithful[nearest == k].mean(axis=0) for k in range(2)])
    np.testing.assert_allclose(steps[-1]["means"], centres, rtol=1e-9)


def test_a_stochastic_run_repeats_with_its_seed(client, geyser):
    settings = run_settings(geyser, algorithm="stochastic")

    def path(**changes):
        run = client.ask("run", **settings | changes)["run"]
        steps = client.ask("steps", run=run, count=10)["steps"]
        return [(step["means"], step["responsibilities"]) for step in steps]

    assert path() == path()
    assert path() != path(seed=1)


@pytest.mark.parametrize("columns", [[0], [1], [1, 0]])
def test_the_chosen_columns_are_fitted_in_their_order(client, geyser, columns):
    names = np.array(["eruptions", "waiting"])[columns].tolist()
    recording = client.ask("run", **run_settings(geyser, columns=columns))["recording"]
    assert recording["columns"] == names
    assert np.shape(recording["points"]) == (272, len(columns))
    assert np.shape(recording["steps"][0]["covariances"])[1:] == (len(columns),) * 2


def test_all_rows_are_fitted_and_some_are_drawn():
    rows = np.random.default_rng(0).normal(size=(20_000, 2))
    held = HeldTable("many", Table(rows, ("a", "b")))
    with running(App(given=held)) as client:
        data = client.ask("bundled", name="many")["data"]
        for algorithm in ("em", "stochastic"):
            settings = run_settings(data, algorithm=algorithm)
            answer = client.ask("run", **settings)
            recording = answer["recording"]
            assert recording["n_samples"] == 20_000
            assert len(recording["points"]) == MAX_POINTS
            shares = base64.b64decode(recording["steps"][0]["responsibilities"])
            assert len(shares) == 2 * MAX_POINTS
            more = client.ask("steps", run=answer["run"], count=2)["steps"]
            model = estimator(settings, max_iter=1)
            if algorithm == "em":
                with pytest.warns(match="did not converge"):
                    model.fit(rows)
                np.testing.assert_allclose(more[-1]["means"], model.means_, rtol=1e-8)


def test_the_model_of_each_half_step_can_be_had(client, geyser, faithful, tmp_path):
    run, steps, _ = whole(client, **run_settings(geyser))
    for number in (0, 1, len(steps) - 1):
        path = tmp_path / f"{number}.json"
        path.write_text(client.ask("model", run=run, step=number)["content"])
        model = load_model(path)
        np.testing.assert_allclose(model.means_, steps[number]["means"], rtol=1e-9)
        rows = pd.DataFrame(faithful, columns=["eruptions", "waiting"])
        total = model.score_samples(rows).sum()
        assert total == pytest.approx(steps[number]["log_likelihood"], rel=1e-12)
        assert model.feature_names_in_.tolist() == ["eruptions", "waiting"]
    assert model.converged_


def test_a_stopped_model_can_be_fitted_again(client, geyser, faithful):
    run, steps, _ = whole(client, **run_settings(geyser))
    content = json.loads(client.ask("model", run=run, step=9)["content"])
    settings = run_settings(geyser)
    with pytest.warns(match="did not converge"):
        model = estimator(settings, max_iter=steps[9]["iteration"]).fit(faithful)
    np.testing.assert_allclose(content["parameters"]["means"], model.means_)
    assert content["fit"]["n_iter"] == model.n_iter_ == 5
    assert content["fit"]["outcome"] == "Stopped at iteration 5."


@pytest.mark.parametrize("algorithm", ["em", "hard"])
def test_the_report_is_of_the_model_shown(client, geyser, algorithm):
    settings = run_settings(geyser, algorithm=algorithm, columns=[1])
    run, steps, _ = whole(client, **settings)
    page = client.ask("report", run=run, step=len(steps) - 1)["content"]
    assert page.startswith("<!DOCTYPE html>")
    assert "read_table(&#x27;old-faithful&#x27;, columns=[&#x27;waiting&#x27;])" in page
    assert "n_components=2" in page


def test_the_report_of_a_search_has_all_candidates(client, geyser):
    found = client.ask(
        "search",
        data=geyser,
        columns=[0, 1],
        largest=3,
        structures=["tied", "EII"],
        seed=0,
    )
    assert "no finished comparison" in client.refused("search-report", found)
    answer = {"rows": [], "total": 1}
    while len(answer["rows"]) < answer["total"]:
        answer = client.ask("candidates", **found)
    page = client.ask("search-report", **found)["content"]
    assert "GaussianMixtureSearch" in page and "EII" in page
    assert all(f"{row['bic']:.1f}" in page.replace(",", "") for row in answer["rows"])


def test_a_degenerate_table_is_warned_of(client):
    held = client.upload(b"a,b\n1,5\n2,5\n3,5\n4,5\n7,5\n8,5\n9,5\n")
    _, _, answer = whole(client, **run_settings(held["data"]))
    assert any("same in every row" in text for text in answer["warnings"])


def test_a_search_finds_what_the_estimator_finds(client, geyser, faithful):
    found = client.ask(
        "search",
        data=geyser,
        columns=[0, 1],
        largest=4,
        structures=["full", "tied", "EEV", "full"],
        seed=3,
    )
    answer = {"rows": [], "total": 1}
    while len(answer["rows"]) < answer["total"]:
        answer = client.ask("candidates", **found)
    search = GaussianMixtureSearch(
        range(1, 5), covariance_type=["full", "tied", "EEV"], random_state=3
    ).fit(faithful)
    expected = {
        (int(k), name): bic
        for k, name, bic in zip(
            *(
                search.results_[column]
                for column in ("n_components", "covariance_type", "bic")
            ),
            strict=True,
        )
    }
    assert len(answer["rows"]) == answer["total"] == len(expected)
    for row in answer["rows"]:
        known = expected[row["n_components"], row["covariance_type"]]
        assert row["bic"] == pytest.approx(known, abs=1e-6)
    best = answer["rows"][answer["best"]]
    assert {name: best[name] for name in search.best_params_} == search.best_params_


def test_a_candidate_that_fails_is_a_row_without_bic(client):
    held = client.upload(b"a,b\n1,2\n3,4\n5,7\n6,1\n")
    found = client.ask(
        "search",
        data=held["data"],
        columns=[0, 1],
        largest=6,
        structures=["full"],
        seed=0,
    )
    answer = {"rows": [], "total": 1}
    while len(answer["rows"]) < answer["total"]:
        answer = client.ask("candidates", **found)
    assert answer["rows"][-1]["bic"] is None
    assert answer["rows"][-1]["status"] == "failed"
    assert "n_samples = 4" in answer["rows"][-1]["reason"]


def test_runs_side_by_side_do_not_disturb_each_other(client, geyser):
    def one(seed):
        return whole(client, **run_settings(geyser, seed=seed))[1]

    alone = [one(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(one, [0, 1, 2, 3] * 2))
    assert together == alone * 2


def test_the_page_opens_with_the_table_of_the_command_line():
    held = HeldTable("mine.csv", Table(np.eye(3), ("a", "b", "c")))
    with running(App(given=held)) as client:
        start = client.ask("start")
        assert start["first"] == start["given"] == "mine.csv"
        assert client.ask("bundled", name="mine.csv")["n_rows"] == 3
        assert "iris" in [entry["name"] for entry in start["bundled"]]


def test_points_to_click_at_have_no_half_steps(client, geyser):
    answer = client.ask("points", data=geyser, columns=[1], n_components=3)
    assert answer["recording"]["steps"] == []
    assert np.shape(answer["recording"]["points"]) == (272, 1)
    json.dumps(answer, allow_nan=False)


def test_too_large_a_report_is_refused_with_a_way_out():
    rows = np.random.default_rng(0).normal(size=(200_000, 6))
    held = HeldTable("many", Table(rows, tuple("abcdef")))
    with running(App(given=held)) as client:
        data = client.ask("bundled", name="many")["data"]
        settings = run_settings(data, columns=list(range(6)))
        run = client.ask("run", **settings)["run"]
        words = client.refused("report", {"run": run, "step": 0})
    assert "mixtura report" in words


@pytest.mark.parametrize(
    "rows",
    [
        np.ones((20, 2)),
        np.repeat([[0.0, 0.0], [1.0, 1.0]], 10, axis=0),
        np.outer(np.arange(20.0), [1.0, 2.0]),
        np.random.default_rng(0).normal(size=(20, 2)) * [1e99, 1e-99],
        np.random.default_rng(0).normal(size=(20, 2)) * 1e-310,
        np.random.default_rng(0).normal(size=(20, 2)) + 1e15,
        np.vstack([np.random.default_rng(0).normal(size=(20, 2)), [[1e90, 1.0]]]),
    ],
    ids="constant two-values line units denormal far outlier".split(),
)
def test_degenerate_rows_are_fitted_or_refused_in_words(client, rows):
    lines = "\n".join(f"{a!r},{b!r}" for a, b in rows.tolist())
    data = client.upload(f"a,b\n{lines}\n".encode())["data"]
    for algorithm in ("em", "hard", "stochastic"):
        settings = run_settings(data, n_components=3, algorithm=algorithm)
        status, _, content = client.post("run", json.dumps(settings))
        assert status in (200, 400), content.decode()
        if status == 200:
            steps = json.loads(content)["recording"]["steps"]
            assert np.isfinite(steps[0]["log_likelihood"])
