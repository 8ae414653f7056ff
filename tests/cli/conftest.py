import numpy as np
import pytest
from click.testing import CliRunner

from mixtura.cli import main


@pytest.fixture
def run():
    def _run(*arguments, **options):
        return CliRunner().invoke(main, list(map(str, arguments)), **options)

    return _run


@pytest.fixture(scope="session")
def model_path(tmp_path_factory):
    """A model of Old Faithful."""
    path = tmp_path_factory.mktemp("cli") / "faithful.json"
    arguments = ["fit", "old-faithful", "-k", "2", "--seed", "0", "-o", str(path)]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    return path


@pytest.fixture
def table_path(tmp_path):
    """Write 60 rows of a, b, kind and w; the rows drawn from two clusters."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 2)) + 6 * (np.arange(60) % 2)[:, None]
    lines = [f"{a!r},{b!r},red,{1 + abs(a)!r}" for a, b in rows.tolist()]
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["a,b,kind,w", *lines]) + "\n")
    return path
