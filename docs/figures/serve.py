"""Photograph the page of `mixtura serve` in a headless Chromium.

python docs/figures/serve.py [folder]
"""

import sys
import tempfile
import threading
import time
from io import BytesIO
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "tests" / "browser"))
import chromium
from PIL import Image

from mixtura.serve.app import App
from mixtura.serve.server import PageServer

SIZE = {"width": 1180, "height": 800}
HALF_STEPS = 11


def photograph(path):
    """Step through Old Faithful as far as EM is in full swing."""
    with PageServer(App()) as server, tempfile.TemporaryDirectory() as profile:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with chromium.started(profile) as browser:
                chromium.show_as(browser, **SIZE)
                browser.get(server.url)
                for taken in range(1, HALF_STEPS + 1):
                    wait_for(browser, taken)
                    browser.find_element("id", "step").click()
                wait_for(browser, HALF_STEPS + 1)
                picture = Image.open(BytesIO(browser.get_screenshot_as_png()))
                picture.convert("RGB").quantize(256).save(path, optimize=True)
        finally:
            server.shutdown()
            thread.join()


def wait_for(browser, n_half_steps):
    """Wait until so many half-steps are there and the next can be taken."""
    player = "document.querySelector('.lane')?.shadowRoot.querySelector('output')"
    wanted = f"{n_half_steps} of {n_half_steps}"
    while browser.execute_script(f"return {player}?.textContent") != wanted:
        time.sleep(0.05)


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    photograph(folder / "serve.png")
