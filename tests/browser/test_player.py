"""The EM player, driven as its reader would, in a real browser."""

import pytest
from players import Player

from mixtura.report.player import player_page
from recordings import faithful


@pytest.fixture(scope="module")
def recording():
    return faithful(n_iter=6)


def test_it_begins_at_the_first_half_step(page, recording):
    player = Player(page(player_page(recording)))
    assert player.heading == "E-step 0"
    assert player.index == 0
    assert player.texts("h2") == ["Old Faithful"]
