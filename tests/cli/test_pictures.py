import json

import numpy as np
import pytest

from mixtura import load_dataset
from mixtura.cli import fit, select
from mixtura.plot.mixtures.mixture import MixtureDisplay
from mixtura.plot.mixtures.projection import ProjectionDisplay
from mixtura.plot.mixtures.responsibility import ResponsibilityDisplay
from mixtura.plot.mixtures.uncertainty import UncertaintyDisplay
from mixtura.plot.models.selection import SelectionDisplay

DATA = ("old-faithful", "--seed", 0)
OTHERS = {
    "uncertainty": UncertaintyDisplay,
    "responsibilities": ResponsibilityDisplay,
    "projection": ProjectionDisplay,
}
FEW = ("-k", "2,3", "--covariance-type", "tied")


@pytest.fixture
def drawn(monkeypatch):
    """Note each display that is drawn."""
    displays = []
    for kind in (MixtureDisplay, SelectionDisplay, *OTHERS.values()):
        original = kind.plot

        def plot(self, *arguments, original=original, **options):
            displays.append(self)
            return original(self, *arguments, **options)

        monkeypatch.setattr(kind, "plot", plot)
    return displays


def check(result, path, display, kind):
    assert result.exit_code == 0 and result.stderr == ""
    assert path.read_bytes().startswith(b"\x89PNG")
    if kind in OTHERS:
        assert isinstance(display, OTHERS[kind])
    else:
        assert isinstance(display, MixtureDisplay) and display.kind == kind
    assert display.feature_names == load_dataset("old-faithful").names


@pytest.mark.parametrize("kind", fit.KINDS)
def test_fit_draws_each_kind(run, tmp_path, drawn, kind):
    path = tmp_path / "a.png"
    result = run("fit", *DATA, "--plot", path, "--plot-kind", kind)
    (display,) = drawn
    check(result, path, display, kind)


def test_both_is_what_fit_draws_by_default(run, tmp_path, drawn):
    run("fit", *DATA, "--plot", tmp_path / "a.png")
    assert drawn[0].kind == "both"


@pytest.mark.parametrize("kind", select.KINDS[1:])
def test_select_draws_its_best_model(run, tmp_path, drawn, kind):
    path = tmp_path / "a.png"
    result = run("select", *DATA, *FEW, "--plot", path, "--plot-kind", kind)
    (display,) = drawn
    check(result, path, display, kind)
    assert len(display.components) == 3


@pytest.mark.parametrize("options", [(), ("--plot-kind", "criterion")])
def test_the_criterion_is_what_select_draws_by_default(run, tmp_path, drawn, options):
    path = tmp_path / "a.png"
    assert run("select", *DATA, *FEW, "--plot", path, *options).exit_code == 0
    assert isinstance(drawn[0], SelectionDisplay)


@pytest.mark.parametrize("kind", OTHERS)
def test_rows_of_weight_zero_are_not_drawn(run, tmp_path, drawn, kind):
    values = load_dataset("old-faithful").values
    rows = np.c_[values, np.arange(272) % 2]
    np.savetxt(tmp_path / "a.csv", rows, delimiter=",", header="x,y,w", comments="")
    result = run(
        "fit",
        tmp_path / "a.csv",
        "--weight-column",
        "w",
        "--seed",
        0,
        "--plot",
        tmp_path / "a.png",
        "--plot-kind",
        kind,
    )
    assert result.exit_code == 0
    (display,) = drawn
    points = display.points if kind == "uncertainty" else display.rows.points
    shown = values[1::2]
    if kind == "projection":
        shown = display.directions.points(shown)
    np.testing.assert_array_equal(points, shown)


def test_a_projection_of_one_column_is_refused(run, tmp_path):
    path = tmp_path / "a.png"
    options = ("--columns", "waiting", "--plot-kind", "projection", "--plot", path)
    result = run("fit", *DATA, *options)
    assert result.exit_code == 1 and not path.exists()
    assert "must have 2 columns or more; got 1" in result.stderr


@pytest.mark.parametrize("command", ["fit", "select"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--plot-kind", "density"], "--plot-kind needs --plot"),
        (["--plot-kind", "pie", "--plot", "a.png"], "'pie' is not one of"),
        (["--plot-kind", "density", "--plot", "a.foo"], "must end in .png"),
    ],
)
def test_wrong_usage_is_status_2(run, command, options, message):
    result = run(command, "old-faithful", *options)
    assert result.exit_code == 2 and result.stdout == ""
    assert message in result.stderr


def test_select_keeps_weights_equal(run, tmp_path):
    result = run("select", *DATA, *FEW, "--equal-weights", "--json")
    document = json.loads(result.stdout)
    weights = document["model"]["weights"]
    np.testing.assert_array_equal(weights, np.full(len(weights), 1 / len(weights)))
    free = {
        row["n_components"]: row["n_parameters"]
        for row in document["selection"]["candidates"]
    }
    assert free == {2: 2 * 2 + 3, 3: 3 * 2 + 3}
