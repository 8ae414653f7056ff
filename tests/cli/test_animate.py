import json
import re

import numpy as np
import pytest
from PIL import Image

from mixtura.plot.fits.animation import AnimationDisplay

FAITHFUL = ("animate", "old-faithful", "--seed", 0)


def frames(path):
    with Image.open(path) as image:
        return image.n_frames


def test_a_film_is_written(run, tmp_path):
    path = tmp_path / "faithful.gif"
    result = run(*FAITHFUL, "-k", 2, "-o", path, "--frames", 8)
    assert result.exit_code == 0 and result.stderr == ""
    assert frames(path) == 8
    assert "8 of 29 half-steps, eruptions, waiting" in " ".join(result.stdout.split())
    assert "log-likelihood from -1529.184 to -1130.264 nats in 14 iterations" in (
        result.stdout
    )
    assert "Converged" in result.stdout


def test_a_page_holds_the_whole_recording(run, tmp_path):
    path = tmp_path / "faithful.html"
    assert run(*FAITHFUL, "-o", path).exit_code == 0
    page = path.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json">(.*?)</script>', page, re.S)
    recording = json.loads(found.group(1))
    assert recording["format"] == "mixtura-recording"
    assert recording["columns"] == ["eruptions", "waiting"]
    assert recording["title"] == "old-faithful" and len(recording["steps"]) == 29


def test_a_page_of_some_columns(run, tmp_path):
    path = tmp_path / "iris.html"
    assert (
        run("animate", "iris", "--seed", 0, "-o", path, "--show", "3,0").exit_code == 0
    )
    found = re.search(r'"columns":\s*(\[.*?\])', path.read_text(encoding="utf-8"))
    assert json.loads(found.group(1)) == ["petal_width", "sepal_length"]


@pytest.fixture
def shown(monkeypatch):
    """Note each film instead of writing it."""
    films = []

    def save(self, path, **options):
        films.append((self, options))
        path.write_bytes(b"GIF89a")

    monkeypatch.setattr(AnimationDisplay, "save", save)
    return films


@pytest.mark.parametrize(
    ("show", "names"),
    [
        (None, ("sepal_length", "sepal_width")),
        ("petal_width,petal_length", ("petal_width", "petal_length")),
        ("2", ("petal_length",)),
    ],
)
def test_columns_of_the_film_are_chosen(run, tmp_path, shown, show, names):
    options = [] if show is None else ["--show", show]
    path = tmp_path / "a.gif"
    assert run("animate", "iris", "--seed", 0, "-o", path, *options).exit_code == 0
    assert shown[0][0].feature_names == names


@pytest.mark.parametrize(
    "options", [[], ["--columns", "b,a"], ["--columns", "3,2"], ["--columns", "a,3"]]
)
def test_positions_to_show_count_in_the_file(run, tmp_path, shown, options):
    values = np.random.default_rng(0).normal(size=(30, 2))
    lines = [f"r{i},red,{a},{b}" for i, (a, b) in enumerate(values.tolist())]
    (tmp_path / "t.csv").write_text("\n".join(["id,kind,a,b", *lines]) + "\n")
    words = ("animate", tmp_path / "t.csv", "-k", 1, "-o", tmp_path / "a.gif")
    assert run(*words, *options, "--show", "3").exit_code == 0
    assert run(*words, *options, "--show", "a,3").exit_code == 0
    assert [film.feature_names for film, _ in shown] == [("b",), ("a", "b")]


@pytest.mark.parametrize("suffix", [".gif", ".html"])
def test_what_cannot_be_shown_is_refused_before_the_fit(run, tmp_path, suffix):
    words = ("--show", "height", "--start", "no such start")
    result = run(*FAITHFUL, *words, "-o", tmp_path / f"a{suffix}")
    assert result.exit_code == 1 and "--show must name columns" in result.stderr


def test_a_film_of_one_column(run, tmp_path, shown):
    path = tmp_path / "a.gif"
    result = run(*FAITHFUL, "--columns", "waiting", "-o", path, "--fps", 10)
    assert result.exit_code == 0
    film, options = shown[0]
    assert film.feature_names == ("waiting",) and options["fps"] == 10


def test_rows_of_weight_zero_are_not_shown(run, tmp_path, shown):
    rng = np.random.default_rng(0)
    rows = np.column_stack([rng.normal(size=(40, 2)), np.arange(40) % 2])
    np.savetxt(tmp_path / "a.csv", rows, delimiter=",", header="x,y,w", comments="")
    options = ("--weight-column", "w", "-k", 1, "-o", tmp_path / "a.gif")
    assert run("animate", tmp_path / "a.csv", *options).exit_code == 0
    np.testing.assert_allclose(shown[0][0].points, rows[1::2, :2], atol=1e-4)


def test_a_fit_that_does_not_converge_is_shown_all_the_same(run, tmp_path, shown):
    path = tmp_path / "a.gif"
    result = run(*FAITHFUL, "--max-iter", 3, "-o", path)
    assert result.exit_code == 3 and path.exists()
    assert result.stderr.startswith("warning: ")


def test_a_stochastic_chain_has_no_end_to_reach(run, tmp_path, shown):
    options = ("--algorithm", "stochastic", "--max-iter", 4)
    result = run(*FAITHFUL, *options, "-o", tmp_path / "a.gif")
    assert result.exit_code == 0
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "a.mp4"], "'a.mp4' must end in .gif or .html"),
        (["-o", "a.gif/b.gif"], "there is no folder 'a.gif'"),
        ([], "Missing option '-o'"),
        (["-o", "a.gif", "--frames", "1"], "1 is not in the range"),
        (["-o", "a.gif", "--fps", "0"], "0.0 is not in the range"),
        (["-o", "a.gif", "--algorithm", "magic"], "'magic' is not one of"),
        (["-o", "a.gif", "--show", "0,1,0"], "--show: a film shows one column or two"),
    ],
)
def test_wrong_usage_is_status_2(run, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    result = run(*FAITHFUL, *options)
    assert result.exit_code == 2 and message in result.stderr
    assert result.stdout == "" and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.csv"], "nowhere.csv: there is no such file"),
        (["old-faithful", "--show", "height"], "--show must name columns that are"),
        (["old-faithful", "--show", "7"], "got '7'. They are eruptions (0), waiting ("),
        (
            ["iris", "--columns", "3,1", "--show", "0"],
            "got '0'. They are petal_width (3)",
        ),
        (
            ["iris", "--show", "1,sepal_width"],
            "--show must name a column once; got 1,s",
        ),
        (["old-faithful", "--start", "middle"], "init_params"),
        (["old-faithful", "-k", "300"], "old-faithful: -k 300 needs at least 300 rows"),
    ],
)
def test_unusable_input_is_one_line_and_no_file(
    run, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)
    result = run("animate", *arguments, "-o", "a.gif")
    assert result.exit_code == 1 and message in result.stderr
    assert result.stderr.count("\n") == 1 and not list(tmp_path.iterdir())


def test_an_interruption_leaves_the_old_file(run, tmp_path, monkeypatch):
    def interrupted(self):
        yield np.zeros((4, 4, 3), dtype=np.uint8)
        raise KeyboardInterrupt

    monkeypatch.setattr(AnimationDisplay, "pictures", interrupted)
    path = tmp_path / "a.gif"
    path.write_text("old")
    result = run(*FAITHFUL, "-o", path)
    assert result.exit_code == 130 and result.stderr == "interrupted\n"
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_is_named(run, tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied", str(tmp_path / "a.gif"))

    monkeypatch.setattr("mixtura.io.atomic.tempfile.mkstemp", refuse)
    result = run(*FAITHFUL, "-o", tmp_path / "a.gif")
    assert result.exit_code == 1 and "Permission denied" in result.stderr
