"""A headless Chromium for tests: found, started, asked."""

import shutil
from contextlib import contextmanager

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def programs():
    """Paths of a Chromium and of its driver; None for what is not there."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    return browser, shutil.which("chromedriver")


@contextmanager
def started(profile):
    """Run a Chromium with a profile folder of its own, until the block ends."""
    browser, driver = programs()
    options = Options()
    options.binary_location = browser
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in (*QUIET, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    chromium = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield chromium
    finally:
        chromium.quit()


def show_as(chromium, *, width=1100, height=900, dark=False, calm=True):
    """Give the page a size in CSS pixels, a colour scheme, and motion or none."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1}
    chromium.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {**metrics, "mobile": width < 500}
    )
    features = [
        {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
        {
            "name": "prefers-reduced-motion",
            "value": "reduce" if calm else "no-preference",
        },
    ]
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def complaints(chromium):
    """What the console has to say since the last call."""
    return [entry["message"] for entry in chromium.get_log("browser")]
