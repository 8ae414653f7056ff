"""One Chromium for the tests of a process; without one they are skipped."""

from pathlib import Path

import chromium
import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Mark all tests here: pages take seconds to open."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A headless Chromium."""
    if None in chromium.programs():
        pytest.skip("no Chromium with its chromedriver on this machine")
    with chromium.started(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def page(browser, tmp_path):
    """Open a page in a window of its own size; its console must stay silent."""

    def show(html, **how):
        chromium.show_as(browser, **how)
        path = tmp_path / "page.html"
        path.write_text(html, encoding="utf-8")
        browser.get(path.as_uri())
        return browser

    chromium.complaints(browser)
    yield show
    browser.get("about:blank")
    assert chromium.complaints(browser) == []
