"""The page of `mixtura serve` in a real browser: what students do, and what fails."""

import json
import threading
import time
from contextlib import contextmanager

import chromium
import numpy as np
import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from mixtura import load_model
from mixtura.serve.app import App
from mixtura.serve.server import PageServer

PATIENCE = 20
READY = "!document.getElementById('step').disabled"
PLAYER = "document.querySelectorAll('.lane')[{}].shadowRoot"


@contextmanager
def serving(app=None):
    with PageServer(app or App()) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Page:
    """The open page, by the words and ids that a person or a script sees."""

    def __init__(self, driver, server):
        self.driver = driver
        self.server = server
        driver.get(server.url)
        self.until(READY)

    def js(self, expression):
        return self.driver.execute_script(f"return {expression}")

    def until(self, expression):
        deadline = time.monotonic() + PATIENCE
        while not self.js(expression):
            assert time.monotonic() < deadline, f"{expression}; {self.words()}"
            time.sleep(0.03)

    def click(self, id):
        self.driver.find_element(By.ID, id).click()

    def text(self, id):
        return self.js(f"document.getElementById({id!r}).textContent")

    def words(self):
        return f"status {self.text('status')!r}, problem {self.text('problem')!r}"

    def set(self, id, value):
        """Choose a value as a person would have: the page hears of the change."""
        self.driver.execute_script(
            "const node = document.getElementById(arguments[0]);"
            "node.value = arguments[1];"
            "node.dispatchEvent(new Event('change', {bubbles: true}));",
            id,
            value,
        )

    def choose(self, name, value):
        self.js(
            f"document.querySelector('input[name={name}][value=\"{value}\"]').click()"
        )

    def place(self, lane=0):
        """Where a player is, as "3 of 5", and the heading of what it shows."""
        root = PLAYER.format(lane)
        place = self.js(f"{root}.querySelector('output').textContent")
        return place, self.js(f"{root}.querySelector('.said b').textContent")

    def to_end(self):
        self.click("end")
        self.until("document.getElementById('status').textContent.includes('onverged')")
        self.until("document.getElementById('end').textContent == 'To end'")

    def problem(self):
        self.until("!document.getElementById('problem').hidden")
        return self.text("problem")

    def drop(self, path):
        self.driver.find_element(By.ID, "file").send_keys(str(path))


@pytest.fixture
def page(browser):
    """The page at desktop width; its console must have stayed silent."""
    with serving() as server:
        chromium.show_as(browser)
        chromium.complaints(browser)
        yield Page(browser, server)
        browser.get("about:blank")
    assert chromium.complaints(browser) == []


@pytest.fixture
def failing_page(browser):
    """The same, where the console may tell of refused requests and of nothing else."""
    with serving() as server:
        chromium.show_as(browser)
        chromium.complaints(browser)
        yield Page(browser, server)
        browser.get("about:blank")
    for message in chromium.complaints(browser):
        assert "Failed to load resource" in message or "net::ERR" in message, message


def test_at_first_glance_there_is_old_faithful_and_a_big_step_button(page):
    assert page.text("now-data") == "old-faithful, 2 of 2 columns"
    assert "Press Step" in page.text("status")
    assert page.place() == ("1 of 1", "E-step 0")
    sizes = page.js(
        "[...document.querySelectorAll('.transport button')].map(b => b.offsetWidth)"
    )
    assert sizes.index(max(sizes)) == 1
    box = page.js("document.getElementById('step').getBoundingClientRect().bottom")
    assert box < 900


def test_step_back_and_to_the_end(page):
    page.click("step")
    page.until("document.getElementById('status').textContent.includes('M-step 1')")
    assert page.place() == ("2 of 2", "M-step 1")
    page.click("step")
    page.until("document.getElementById('status').textContent.includes('E-step 1')")
    page.click("back")
    assert page.place() == ("2 of 3", "M-step 1")
    page.to_end()
    assert "−1130.264 nats" in page.text("status")
    assert page.place()[0] == "29 of 29"
    assert page.js("document.getElementById('step').disabled")
    page.click("reset")
    page.until("document.getElementById('status').textContent.includes('Press Step')")
    assert page.place() == ("1 of 1", "E-step 0")


def test_hasty_clicks_are_taken_in_turn(page):
    page.js("[1, 2, 3, 4, 5, 6].map(() => document.getElementById('step').click())")
    page.until(f"{PLAYER.format(0)}.querySelector('output').textContent == '7 of 7'")
    assert page.place() == ("7 of 7", "E-step 3")
    headings = []
    for _ in range(6):
        page.click("back")
        headings.append(page.place()[1])
    assert headings == [
        "M-step 3", "E-step 2", "M-step 2", "E-step 1", "M-step 1", "E-step 0"
    ]  # fmt: skip


def test_run_plays_until_it_is_paused(page):
    page.click("run")
    page.until("document.getElementById('status').textContent.includes('-step 2')")
    assert page.text("run") == "Pause"
    page.click("run")
    assert page.text("run") == "Run"
    time.sleep(0.6)
    place = page.place()
    time.sleep(0.6)
    assert page.place() == place


def test_keys_do_what_the_buttons_do(page):
    body = page.driver.find_element(By.TAG_NAME, "body")
    body.send_keys("s")
    page.until("document.getElementById('status').textContent.includes('M-step 1')")
    body.send_keys("b")
    assert page.place() == ("1 of 2", "E-step 0")
    body.send_keys("0")
    page.until("document.getElementById('status').textContent.includes('Press Step')")
    field = page.driver.find_element(By.ID, "seed")
    field.send_keys("s")
    assert page.place() == ("1 of 1", "E-step 0")


def test_a_setting_begins_the_run_again(page):
    page.set("components", "3")
    page.until("document.getElementById('now-model').textContent.includes('K = 3')")
    page.until(f"{PLAYER.format(0)}.querySelectorAll('.mean').length == 3")
    page.set("structure", "EEV")
    page.until(f"{PLAYER.format(0)}.textContent.includes('EEV covariances')")
    page.choose("algorithm", "stochastic")
    page.until(f"{PLAYER.format(0)}.textContent.includes('stochastic EM')")
    before = page.js(f"{PLAYER.format(0)}.querySelector('.sums').textContent")
    page.click("reseed")
    page.until(f"{PLAYER.format(0)}.querySelector('.sums').textContent != {before!r}")


def test_other_data_and_columns(page):
    page.set("table", "iris")
    page.until("document.getElementById('now-data').textContent.startsWith('iris, 4')")
    page.until(f"{PLAYER.format(0)}.textContent.includes('150 rows')")
    for column in ("1", "2", "3"):
        page.choose("column", column)
    page.until(
        "document.getElementById('now-data').textContent == 'iris, 1 of 4 columns'"
    )
    page.until(f"{PLAYER.format(0)}.querySelectorAll('.part').length == 2")


def test_k_means_runs_beside_em_in_step(page):
    page.click("compare")
    page.until("document.querySelectorAll('.lane').length == 2")
    page.until(READY)
    page.click("step")
    page.until(
        "document.getElementById('status').textContent.includes('k-means: M-step 1')"
    )
    assert page.place(0) == page.place(1) == ("2 of 2", "M-step 1")
    page.to_end()
    em, k_means = page.place(0)[0], page.place(1)[0]
    assert em == "29 of 29" and k_means != em
    slider = f"{PLAYER.format(0)}.querySelector('input[type=range]')"
    page.driver.execute_script(
        f"const s = {slider}; s.value = 3; s.dispatchEvent(new Event('input'))"
    )
    assert page.place(0)[1] == page.place(1)[1] == "E-step 1" or (
        page.place(0)[0].startswith("4 of") and page.place(1)[0].startswith("4 of")
    )


def test_means_are_placed_by_click_and_by_keyboard(page):
    page.choose("start", "click")
    page.until("!document.getElementById('placing').hidden")
    page.until(f"{PLAYER.format(0)}.querySelector('output').textContent == '0 of 0'")
    assert page.js("document.getElementById('step').disabled")
    plot = page.js(f"{PLAYER.format(0)}.querySelector('.plot')")
    ActionChains(page.driver).move_to_element_with_offset(
        plot, -120, 60
    ).click().perform()
    page.until("document.getElementById('place-next').textContent.includes('mean 1')")
    assert page.js(f"{PLAYER.format(0)}.querySelectorAll('.mean').length") == 1
    for column, value in (("eruptions", "4.5"), ("waiting", "85")):
        selector = f"input[aria-label='mean 1, {column}']"
        page.driver.find_element(By.CSS_SELECTOR, selector).send_keys(value)
    page.driver.find_element(By.ID, "begin").send_keys(Keys.ENTER)
    page.until(READY)
    assert page.js(f"{PLAYER.format(0)}.querySelectorAll('.mean').length") == 2
    page.to_end()
    assert "−1130.264 nats" in page.text("status")


def test_the_last_click_begins_the_run(page):
    page.choose("start", "click")
    page.until(f"{PLAYER.format(0)}.querySelector('output').textContent == '0 of 0'")
    plot = page.js(f"{PLAYER.format(0)}.querySelector('.plot')")
    for x in (-120, 120):
        ActionChains(page.driver).move_to_element_with_offset(
            plot, x, 0
        ).click().perform()
    page.until(READY)
    assert page.place() == ("1 of 1", "E-step 0")


def test_placed_means_outlast_other_settings_until_placed_again(page):
    page.choose("start", "click")
    page.until("!document.getElementById('placing').hidden")
    page.until("document.querySelectorAll('#means input').length == 4")
    for box, value in zip(
        page.driver.find_elements(By.CSS_SELECTOR, "#means input"),
        ("2", "55", "4.5", "85"),
        strict=True,
    ):
        box.send_keys(value)
    page.click("begin")
    page.until(READY)
    page.set("structure", "EII")
    page.until(f"{PLAYER.format(0)}.textContent.includes('EII covariances')")
    page.until(READY)
    page.click("step")
    page.until("document.getElementById('status').textContent.includes('M-step 1')")
    page.click("reset")
    page.until("document.getElementById('status').textContent.includes('Press Step')")
    page.click("unplace")
    page.until(f"{PLAYER.format(0)}.querySelector('output').textContent == '0 of 0'")
    assert page.js("document.querySelector('#means input').value") == ""


def test_a_point_of_the_bic_panel_is_taken(page):
    page.set("largest", "3")
    page.click("search")
    page.until("document.getElementById('searched').textContent == 'Done.'")
    assert page.js("document.querySelectorAll('#chart .point').length") == 12
    best = "document.querySelector('#best tbody tr').textContent"
    assert page.js(best).startswith("tied32314.3") or page.js(best).startswith(
        "tied311"
    )
    point = page.driver.find_element(
        By.CSS_SELECTOR, "#chart .point[tabindex='0'][aria-label^='tied, K = 3']"
    )
    point.send_keys(Keys.ARROW_LEFT)
    focused = "document.activeElement.getAttribute('aria-label')"
    assert page.js(focused).startswith("tied, K = 2")
    page.driver.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    assert page.js(focused).startswith("full, K = 2")
    page.driver.switch_to.active_element.send_keys(Keys.ARROW_UP)
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.until("document.getElementById('now-model').textContent == 'K = 2, tied'")
    page.until(f"{PLAYER.format(0)}.textContent.includes('tied covariances')")


def test_a_search_can_be_cancelled(page):
    page.set("table", "lecture-15-2d")
    page.until(f"{PLAYER.format(0)}.textContent.includes('800 rows')")
    page.set("largest", "20")
    page.click("search")
    page.until("document.querySelectorAll('#chart .point').length > 0")
    page.click("cancel")
    assert page.text("searched").startswith("Cancelled")
    count = page.js("document.querySelectorAll('#chart .point').length")
    page.until("!document.getElementById('search').disabled")
    page.click("reset")
    page.until(READY)
    assert page.js("document.querySelectorAll('#chart .point').length") == count


def downloaded(page, folder, button, name):
    """The file that a button gives the reader."""
    page.driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior",
        {"behavior": "allow", "downloadPath": str(folder)},
    )
    page.click(button)
    deadline = time.monotonic() + PATIENCE
    while not (folder / name).exists():
        assert time.monotonic() < deadline, page.words()
        time.sleep(0.05)
    return folder / name


def test_the_model_shown_is_downloaded(page, tmp_path):
    page.to_end()
    model = load_model(downloaded(page, tmp_path, "save-model", "model.json"))
    assert model.converged_
    assert model.feature_names_in_.tolist() == ["eruptions", "waiting"]
    assert model.log_likelihood_ == pytest.approx(-1130.264, abs=1e-3)


def test_reports_are_downloaded(page, tmp_path):
    page.to_end()
    report = downloaded(page, tmp_path, "save-report", "report.html")
    assert "old-faithful" in report.read_text(encoding="utf-8")
    report.unlink()
    page.set("largest", "2")
    page.click("search")
    page.until("document.getElementById('searched').textContent == 'Done.'")
    report = downloaded(page, tmp_path, "save-comparison", "report.html")
    assert "GaussianMixtureSearch" in report.read_text(encoding="utf-8")


def test_a_file_is_read_and_its_names_stay_text(page, tmp_path):
    name = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    rows = np.random.default_rng(0).normal(size=(40, 2)).round(3)
    lines = "\n".join(f"{a},{b},red,{a}" for a, b in rows.tolist())
    path = tmp_path / "mine & <b>yours.csv"
    path.write_text(f"{name},b,<i>kind,c\n{lines}\n1,2,blue,\n")
    page.drop(path)
    page.until(f"{PLAYER.format(0)}.textContent.includes('41 rows')")
    assert name in page.text("columns")
    assert name[:13] in page.js(f"{PLAYER.format(0)}.textContent")  # it is cut there
    assert "<i>kind" in page.text("left-out") and "c is left out" in page.text(
        "left-out"
    )
    assert (
        page.js("document.querySelectorAll('#settings img, #settings script').length")
        == 0
    )
    page.click("step")
    page.until("document.getElementById('status').textContent.includes('M-step 1')")
    page.set("table", "iris")
    page.until(f"{PLAYER.format(0)}.textContent.includes('150 rows')")
    page.set("table", path.name)
    page.until(f"{PLAYER.format(0)}.textContent.includes('41 rows')")


@pytest.mark.parametrize(
    "content, words",
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "is a binary file"),
        (b"word\nother\n", "no column of numbers"),
        (b"a,b\n1,2\n3\n", "row 3 has 1 cells"),
        (b"", "is empty"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_words(
    failing_page, tmp_path, content, words
):
    path = tmp_path / "wrong.csv"
    path.write_bytes(content)
    failing_page.drop(path)
    assert words in failing_page.problem()
    failing_page.click("step")
    failing_page.until(
        "document.getElementById('status').textContent.includes('M-step 1')"
    )
    assert failing_page.js("document.getElementById('problem').hidden")


def test_too_large_a_file_is_refused_before_it_is_sent(failing_page, tmp_path):
    path = tmp_path / "large.csv"
    path.write_bytes(b"1,2\n" * (6 * 2**20))
    failing_page.drop(path)
    assert "24.0 MiB; at most 20 MiB" in failing_page.problem()


def test_a_wrong_setting_is_said_in_words(failing_page):
    failing_page.set("components", "0")
    assert "K must be a whole number of at least 1" in failing_page.problem()
    failing_page.set("components", "")
    failing_page.until(
        "document.getElementById('problem').textContent.includes('got None')"
    )
    failing_page.set("components", "3")
    failing_page.until("document.getElementById('problem').hidden")
    failing_page.until(READY)
    failing_page.choose("column", "0")
    failing_page.choose("column", "1")
    assert "Choose 1 to 16 columns" in failing_page.problem()


def test_a_server_that_is_gone_is_said_in_words(browser):
    with serving() as server:
        chromium.show_as(browser)
        page = Page(browser, server)
    page.click("step")
    assert "Is `mixtura serve` still running?" in page.problem()
    browser.get("about:blank")
    chromium.complaints(browser)


def test_without_the_secret_there_are_words(browser):
    with serving() as server:
        browser.get(f"http://127.0.0.1:{server.server_port}/")
        words = browser.find_element(By.TAG_NAME, "body").text
        assert "Open the whole address" in words
    browser.get("about:blank")
    chromium.complaints(browser)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_page(browser, width, dark):
    with serving() as server:
        chromium.show_as(browser, width=width, dark=dark)
        page = Page(browser, server)
        for part in ("part-data", "part-model", "part-start"):
            page.js(f"(document.getElementById({part!r}).open = true)")
        page.set("largest", "2")
        page.click("search")
        page.until("document.getElementById('searched').textContent == 'Done.'")
        page.set("table", "iris")
        page.until(f"{PLAYER.format(0)}.textContent.includes('150 rows')")
        page.choose("start", "click")
        page.until("!document.getElementById('placing').hidden")
        assert page.js("document.documentElement.scrollWidth") <= width
        ground = page.js("getComputedStyle(document.body).backgroundColor")
        shades = [int(part) for part in ground[4:-1].split(",")]
        assert (max(shades) < 60) == dark
        browser.get("about:blank")


def test_every_control_has_a_name(page):
    unnamed = page.js(
        "[...document.querySelectorAll('input, select, button, progress')]"
        ".filter(node => !node.labels?.length && !node.ariaLabel)"
        ".filter(node => !node.textContent.trim()).map(node => node.outerHTML)"
    )
    assert unnamed == []
    assert page.js("document.getElementById('status').ariaLive") == "polite"
    assert json.dumps(page.js("document.documentElement.lang")) == '"en"'
