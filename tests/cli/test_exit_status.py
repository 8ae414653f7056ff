import json
import signal

import numpy as np
import pytest

from mixtura import GaussianMixture, GaussianMixtureClassifier, load_model
from mixtura.em import Outcome
from mixtura.models.mixture import Mixture

INTERRUPTED = f"warning: {Outcome.INTERRUPTED.value}\n"
CLASSIFY = ("classify", "rows.csv", "--target", "kind", "-k", 2, "--seed", 0)


@pytest.fixture(autouse=True)
def rows(tmp_path, monkeypatch):
    """Work in a folder with two classes of overlapping rows."""
    monkeypatch.chdir(tmp_path)
    values = np.random.default_rng(0).normal(size=(120, 2)).round(3)
    lines = [f"{a},{b},{'uv'[i % 2]}" for i, (a, b) in enumerate(values.tolist())]
    (tmp_path / "rows.csv").write_text("\n".join(["a,b,kind", *lines]) + "\n")
    return tmp_path


def press_ctrl_c(monkeypatch, n_calls):
    """Send the signal in the E-step after so many, once."""
    genuine, calls = Mixture.e_step, iter([False] * n_calls + [True])

    def e_step(*args, **kwargs):
        if next(calls, False):
            signal.raise_signal(signal.SIGINT)
        return genuine(*args, **kwargs)

    monkeypatch.setattr(Mixture, "e_step", e_step)
    return calls


def stop_early(monkeypatch, estimator):
    """Let the fits of a class end after one step from a poor start."""
    genuine = estimator.fit

    def fit(self, *args, **kwargs):
        self.max_iter = 1
        if hasattr(self, "init_params"):
            self.init_params = "random_from_data"
        return genuine(self, *args, **kwargs)

    monkeypatch.setattr(estimator, "fit", fit)


@pytest.mark.parametrize("n_calls", [0, 3, 30, 100])
def test_ctrl_c_ends_classify_at_once(run, rows, monkeypatch, n_calls):
    before = signal.getsignal(signal.SIGINT)
    calls = press_ctrl_c(monkeypatch, n_calls)
    result = run(*CLASSIFY, "-o", "out.csv", "--save", "m.json")
    assert next(calls, None) is None, "the signal was never sent"
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr == "interrupted\n"
    assert [path.name for path in rows.iterdir()] == ["rows.csv"]
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("words", [("fit", "-o"), ("score", "--save")])
def test_ctrl_c_in_a_fit_leaves_what_there_is_and_says_so(run, monkeypatch, words):
    name, option = words
    calls = press_ctrl_c(monkeypatch, 1)
    result = run(name, "rows.csv", "-k", 3, "--seed", 0, option, "m.json")
    assert next(calls, None) is None, "the signal was never sent"
    assert result.exit_code == 130 and "120 rows, 2 columns" in result.stdout
    assert result.stderr == INTERRUPTED
    load_model("m.json")


def test_an_unfinished_fit_of_score_is_status_3(run, monkeypatch):
    stop_early(monkeypatch, GaussianMixture)
    result = run("score", "rows.csv", "-k", 3, "--seed", 0, "-o", "out.csv")
    assert result.exit_code == 3 and "flagged" in result.stdout
    assert "iteration limit" in result.stderr
    with open("out.csv") as handle:
        assert len(handle.readlines()) == 121


def test_scores_by_an_unfinished_model_are_no_unfinished_scores(run):
    words = ("--max-iter", 1, "--init", "random_from_data", "-o", "m.json")
    assert run("fit", "rows.csv", "-k", 3, "--seed", 0, *words).exit_code == 3
    assert run("score", "rows.csv", "--model", "m.json").exit_code == 0


def test_an_unfinished_fit_of_classify_is_status_3(run, monkeypatch):
    stop_early(monkeypatch, GaussianMixtureClassifier)
    result = run(*CLASSIFY, "--folds", 0, "-o", "out.csv")
    assert result.exit_code == 3 and "training error" in result.stdout
    assert "iteration limit" in result.stderr
    with open("out.csv") as handle:
        assert len(handle.readlines()) == 121


def test_an_unfinished_fit_of_a_fold_is_status_3(run, monkeypatch):
    genuine = GaussianMixtureClassifier.fit

    def fit(self, X, y):
        self.max_iter = self.max_iter if len(X) == 120 else 1
        return genuine(self, X, y)

    monkeypatch.setattr(GaussianMixtureClassifier, "fit", fit)
    result = run(*CLASSIFY, "--json")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["cross_validation"]["converged"] is False
