"""A report in a real browser: it loads from a file without a network, sorts, hides, zooms, fits a phone, darkens."""

from __future__ import annotations

import json
import os
import shutil
import time

import pytest

pytest.importorskip("bokeh", reason="Bokeh is not installed")
pytest.importorskip("selenium", reason="Selenium is not installed")

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from sim.study.report import page
from tests.study.report import stores

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no Chromium with its chromedriver on this machine")

QUIET = (
    "--headless=new --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --window-size=1200,900"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Chromium with the report of a study open."""
    folder = tmp_path_factory.mktemp("report")
    path = folder / "report.html"
    with stores.written(folder, stores.study()) as store:
        path.write_text(page.render(store))
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in [*QUIET.split(), f"--user-data-dir={folder / 'profile'}"]:
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chromium = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    try:
        chromium.get(path.as_uri())
        until(lambda: chromium.execute_script("return document.documentElement.hasAttribute('data-drawn')"))
        yield chromium
    finally:
        chromium.quit()


def until(holds, seconds=30):
    """Waits for something that a page does in its own time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "the page did not get there"
        time.sleep(0.05)


def test_it_loads_from_a_file_without_an_error_or_a_request(browser):
    assert [line for line in browser.get_log("browser") if line["level"] not in ("INFO", "DEBUG")] == []
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [one["params"] for one in events if one["method"] == "Network.requestWillBeSent"]
    asked = [one["request"]["url"] for one in sent if one["documentURL"] == browser.current_url]
    assert [url for url in asked if not url.startswith("data:")] == [browser.current_url]


def column(table, number):
    return [
        row.find_elements(By.CSS_SELECTOR, "th, td")[number].text
        for row in table.find_elements(By.CSS_SELECTOR, "tbody tr")
    ]


@pytest.mark.parametrize(("heading", "is_number"), [("policy", False), ("change", True)])
def test_a_press_on_a_heading_sorts_up_and_another_one_down(browser, heading, is_number):
    table = browser.find_element(By.CSS_SELECTOR, "#tables table")
    headings = table.find_elements(By.CSS_SELECTOR, "thead th")
    number = [one.text for one in headings].index(heading)

    def values():
        cells = column(table, number)
        return [float(cell.rstrip(" %").replace("−", "-")) for cell in cells] if is_number else cells

    before = values()
    button = headings[number].find_element(By.TAG_NAME, "button")
    button.send_keys(Keys.ENTER)
    assert headings[number].get_attribute("aria-sort") == "ascending"
    assert values() == sorted(before) and len(before) == 4
    button.send_keys(Keys.ENTER)
    assert headings[number].get_attribute("aria-sort") == "descending"
    assert values() == sorted(before, reverse=True)
    assert sum(one.get_attribute("aria-sort") is not None for one in headings) == 1


def test_cells_without_a_number_come_last_in_either_order(browser):
    table = browser.find_element(By.CSS_SELECTOR, "#tables table")
    headings = table.find_elements(By.CSS_SELECTOR, "thead th")
    number = [one.text for one in headings].index("p (Holm)")
    for _ in range(2):
        headings[number].find_element(By.TAG_NAME, "button").click()
        assert column(table, number)[-1] == "" and column(table, number)[0] != ""


DRAWN = """
return Bokeh.documents.map((one) => one.roots()[0]).map((plot) => ({
  rows: plot.y_range.factors ?? null,
  range: [plot.x_range.start, plot.x_range.end],
  paper: plot.border_fill_color,
  marks: plot.renderers.map((one) => [one.tags[0].policy, one.tags[0].predictions, one.visible]),
}));
"""


def pressed(browser, text):
    (button, *_) = [
        one
        for one in browser.find_elements(By.CSS_SELECTOR, ".legend button")
        if one.is_displayed() and one.text == text
    ]
    button.click()
    return button


def test_a_press_on_a_policy_hides_it_in_all_figures_and_another_brings_it_back(browser):
    button = pressed(browser, "follow")
    assert button.get_attribute("aria-pressed") == "false"
    plots = browser.execute_script(DRAWN)
    assert len(plots) == 7
    for plot in plots:
        assert {policy for policy, _, is_visible in plot["marks"] if not is_visible} == {"follow"}
    assert plots[0]["rows"] == ["belady"]
    button.click()
    plots = browser.execute_script(DRAWN)
    assert all(is_visible for plot in plots for _, _, is_visible in plot["marks"])
    assert len(plots[0]["rows"]) == 4


def test_predictions_are_hidden_apart_and_all_at_once(browser):
    browser.find_element(By.CSS_SELECTOR, ".choose summary").click()
    pressed(browser, "discard:flip=0.1")
    first = browser.execute_script(DRAWN)[0]
    assert {predictions for _, predictions, is_visible in first["marks"] if not is_visible} == {"discard:flip=0.1"}
    shown = [one for one in browser.find_elements(By.CSS_SELECTOR, "[data-every=predictions]") if one.is_displayed()]
    everything = shown[0]
    assert everything.text == "show all"
    everything.click()
    assert everything.text == "hide all"
    assert all(is_visible for _, _, is_visible in browser.execute_script(DRAWN)[0]["marks"])


def test_a_figure_is_zoomed_and_moved_by_keyboard(browser):
    place = browser.find_element(By.ID, "plot-1")

    def range_of():
        return browser.execute_script(DRAWN)[0]["range"]

    start, end = range_of()
    place.send_keys("+")
    nearer = range_of()
    assert start < nearer[0] < nearer[1] < end
    place.send_keys(Keys.ARROW_RIGHT)
    assert range_of()[0] > nearer[0] and range_of()[1] > nearer[1]
    place.send_keys("0")
    until(lambda: range_of() == [start, end])


def test_a_mark_that_is_pointed_at_tells_its_values(browser):
    place = browser.find_element(By.ID, "plot-1")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", place)
    x, y = browser.execute_script(
        """
        const view = [...Bokeh.index.roots].find((one) => arguments[0].contains(one.el));
        const mark = view.model.renderers.find((one) => (one.name ?? "").endsWith("mark"));
        const { x, y } = mark.data_source.data;
        const box = view.el.getBoundingClientRect();
        return [box.x + view.frame.x_scale.compute(x[0]), box.y + view.frame.y_scale.compute(y[0])];
        """,
        place,
    )
    pointer = webdriver.ActionChains(browser)
    pointer.w3c_actions.pointer_action.move_to_location(round(x), round(y))
    pointer.perform()
    told = """
        const found = [];
        const look = (root) => { for (const one of root.querySelectorAll("*")) {
          if (one.shadowRoot) look(one.shadowRoot);
          if (one.className === "bk-tooltip-row-value") found.push(one.textContent.trim()); } };
        look(document);
        return found;
    """
    until(lambda: "belady" in browser.execute_script(told))


def test_a_phone_is_not_scrolled_sideways(browser):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    )
    try:
        until(lambda: browser.execute_script("return document.querySelector('.plot').clientWidth") < 390)
        assert browser.execute_script("return document.documentElement.scrollWidth") == 390
        widths = "return [...document.querySelectorAll('.scroll')].map((one) => [one.clientWidth, one.scrollWidth])"
        boxes = browser.execute_script(widths)
        assert any(inner > outer for outer, inner in boxes if outer) and all(outer <= 390 for outer, _ in boxes)
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_dark_mode_darkens_the_page_and_its_figures(browser):
    def prefer(scheme):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    ground = "return getComputedStyle(document.body).backgroundColor"
    light = browser.execute_script(ground)
    prefer("dark")
    try:
        until(lambda: browser.execute_script(DRAWN)[0]["paper"] == "#16181b")
        assert (light, browser.execute_script(ground)) == ("rgb(255, 255, 255)", "rgb(22, 24, 27)")
        assert {plot["paper"] for plot in browser.execute_script(DRAWN)} == {"#16181b"}
    finally:
        prefer("light")
    until(lambda: browser.execute_script(DRAWN)[0]["paper"] == "#ffffff")


def test_nothing_went_wrong_meanwhile(browser):
    assert [line for line in browser.get_log("browser") if line["level"] not in ("INFO", "DEBUG")] == []
