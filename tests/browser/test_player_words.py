"""What the EM player says about each half-step."""

import re

import pytest
from players import Player

from mixtura.completion import Hard
from mixtura.report.player import player_page
from recordings import faithful


@pytest.fixture(scope="module")
def recording():
    return faithful(n_iter=6)


@pytest.fixture
def player(page, recording):
    return Player(page(player_page(recording)))


def test_it_begins_at_the_first_half_step(player):
    assert (player.heading, player.index) == ("E-step 0", 0)
    assert player.texts("h2") == ["Old Faithful"]
    assert "272 rows" in player.one(".about").text


def test_an_e_step_touches_the_bound_and_says_so(player):
    player.seek(2)
    assert player.heading == "E-step 1"
    assert "responsibilities are recomputed" in player.said
    assert "touches the log-likelihood: KL = 0" in player.said


def test_an_m_step_says_what_it_gained(player, recording):
    player.seek(3)
    before, step = recording["steps"][2:4]
    assert player.heading == "M-step 2"
    for name, what in [("elbo", "bound"), ("log_likelihood", "log-likelihood")]:
        (gain,) = re.findall(f"[Tt]he {what} rises by ([0-9.]+) nats", player.said)
        assert float(gain) == pytest.approx(step[name] - before[name], rel=1e-2)
    (gap,) = re.findall("KL, is now ([0-9.]+) nats", player.said)
    assert float(gap) == pytest.approx(step["kl"], rel=1e-2)


@pytest.mark.parametrize("index", [0, 3, 8])
def test_the_numbers_are_those_of_the_half_step(player, recording, index):
    player.seek(index)
    step = recording["steps"][index]
    expected = {
        "log-likelihood": step["log_likelihood"],
        "bound (ELBO)": step["elbo"],
        "gap (KL)": step["kl"],
        "expected, Q": step["q"],
        "entropy, H": step["entropy"],
    }
    assert player.sums() == pytest.approx(expected, abs=6e-4)


def test_hard_em_tells_of_whole_rows_and_the_gap_they_leave(page):
    player = Player(page(player_page(faithful(n_iter=2, completion=Hard()))))
    assert "given whole to its most probable component" in player.said
    assert "below the log-likelihood: whole rows" in player.said
    player.seek(1)
    assert "from the rows given to each component" in player.said


def test_the_last_half_step_says_why_the_fit_ended(page, recording):
    player = Player(page(player_page({**recording, "outcome": "Converged: so."})))
    assert "Converged" not in player.said
    player.click("last")
    assert player.said.endswith("Converged: so.")


def test_kept_half_steps_that_do_not_follow_each_other_are_announced(page, recording):
    thinned = {**recording, "steps": recording["steps"][:1] + recording["steps"][-2:]}
    player = Player(page(player_page(thinned)))
    player.seek(1)
    assert "were not kept" in player.said
