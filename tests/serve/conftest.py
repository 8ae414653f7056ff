import pytest
from client import running


@pytest.fixture(scope="module")
def client():
    with running() as client:
        yield client


@pytest.fixture(scope="module")
def geyser(client):
    """Name under which the server holds Old Faithful."""
    return client.ask("bundled", name="old-faithful")["data"]
