"""What a reader sees of an EM player, and can do with it."""

import numpy as np
from selenium.webdriver import ActionChains
from selenium.webdriver.support.wait import WebDriverWait

# Through a copy, for Chromium complains of canvases that are read again and again.
PIXEL = """
const canvas = arguments[0];
const ratio = canvas.width / canvas.clientWidth;
const copy = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
const [x, y] = [arguments[1] * ratio, arguments[2] * ratio].map(Math.round);
copy.drawImage(canvas, -x, -y);
return [...copy.getImageData(0, 0, 1, 1).data];
"""
READ = """
const [host, selector, names] = arguments;
const found = [...host.shadowRoot.querySelectorAll(selector)];
return found.map((element) => names.map((name) => element.getAttribute(name)));
"""
SET = """
arguments[0].value = arguments[1];
arguments[0].dispatchEvent(new Event(arguments[2], {bubbles: true}));
"""


class Player:
    """One EM player on the page that a browser shows."""

    def __init__(self, browser, at=0):
        self.browser = browser
        self.host = browser.find_elements("css selector", "[data-mixtura-player]")[at]
        self.shadow = self.host.shadow_root

    def all(self, selector):
        return self.shadow.find_elements("css selector", selector)

    def one(self, selector):
        (found,) = self.all(selector)
        return found

    def texts(self, selector):
        return [element.text for element in self.all(selector)]

    @property
    def heading(self):
        return self.one(".said b").text

    @property
    def said(self):
        return self.one(".said").text.replace("\N{NO-BREAK SPACE}", " ")

    @property
    def index(self):
        return int(self.one("input[type=range]").get_property("value"))

    @property
    def playing(self):
        return self.one("button.play").get_attribute("aria-label").startswith("Pause")

    def sums(self):
        """The quantities of the half-step, by their names."""
        values = [text.replace("\N{MINUS SIGN}", "-") for text in self.texts("dd")]
        return dict(zip(self.texts("dt"), map(float, values), strict=True))

    def click(self, name):
        self.one(f"button.{name}").click()

    def press(self, *keys):
        """Press keys while the player, and none of its controls, has the focus."""
        self.browser.execute_script("arguments[0].focus()", self.one(".player"))
        self.send(*keys)

    def send(self, *keys):
        ActionChains(self.browser).send_keys(*keys).perform()

    def seek(self, index):
        slider = self.one("input[type=range]")
        self.browser.execute_script(SET, slider, index, "input")

    def choose(self, label, text):
        """Choose an entry of a list by its text."""
        choices = self.one(f"select[aria-label='{label}']")
        entries = choices.find_elements("css selector", "option")
        at = [entry.text for entry in entries].index(text)
        self.browser.execute_script(SET, choices, at, "change")

    def numbers(self, selector, *names):
        """Attributes of SVG elements as an array, one row an element."""
        read = self.browser.execute_script(READ, self.host, selector, names)
        return np.array(read, dtype=float)

    def pixel(self, x, y):
        """Red, green, blue and opacity of the canvas with the rows."""
        return self.browser.execute_script(PIXEL, self.one("canvas"), x, y)

    def tick_scale(self, anchor, coordinate):
        """Slope and offset of an axis of the main panel, read from its ticks."""
        places, values = [], []
        for tick in self.all(f".axes text[text-anchor={anchor}]:not(.name)"):
            places.append(float(tick.get_attribute(coordinate)))
            values.append(float(tick.text.replace("\N{MINUS SIGN}", "-")))
        return np.polyfit(values, places, 1)


def wait_for(browser, condition):
    """Wait until a condition holds, for ten seconds at most."""
    WebDriverWait(browser, 10, poll_frequency=0.05).until(lambda _: condition())
