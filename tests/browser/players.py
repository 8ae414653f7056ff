"""What a reader sees of an EM player, and can do with it."""


class Player:
    """One EM player on the page that a browser shows."""

    def __init__(self, browser, at=0):
        self.browser = browser
        hosts = browser.find_elements("css selector", "[data-mixtura-player]")
        self.shadow = hosts[at].shadow_root

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
    def index(self):
        return int(self.one("input[type=range]").get_property("value"))
