"""Laws hold for every seed: the first is tried at once, more of them as slow tests."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before slow tests are left out
def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents and hasattr(item, "callspec"):
            if item.callspec.params.get("seed", 0) > 0:
                item.add_marker("slow")
