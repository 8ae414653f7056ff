"""Photograph the top of a report in a headless Chromium.

python docs/figures/report.py [folder]
"""

import sys
import tempfile
from io import BytesIO
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "tests" / "browser"))
import chromium
from PIL import Image

from mixtura import GaussianMixtureSearch, Report, load_dataset
from mixtura.report.source import Source

SIZE = {"width": 980, "height": 1330}


def photograph(path):
    """The report of Old Faithful, as `mixtura report` writes it."""
    faithful = load_dataset("old-faithful")
    search = GaussianMixtureSearch(random_state=1).fit(faithful.values)
    report = Report.from_estimator(
        search,
        faithful.values,
        feature_names=faithful.names,
        source=Source(name="old-faithful"),
    )
    with tempfile.TemporaryDirectory() as profile:
        page = Path(profile) / "report.html"
        report.save(page)
        with chromium.started(profile) as browser:
            chromium.show_as(browser, **SIZE)
            browser.get(page.as_uri())
            picture = Image.open(BytesIO(browser.get_screenshot_as_png()))
            picture.convert("RGB").quantize(128).save(path, optimize=True)


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    photograph(folder / "report.png")
