"""The study's page in headless Chromium: on a phone and on a desk, in light and in dark, with no network."""

from __future__ import annotations

import pytest

from recsys.study.report import render
from tests.builders.browsing import browsing
from tests.builders.fake_study import big_study
from tests.serving.test_page import CONTRAST

pytest.importorskip("playwright.sync_api")
pytestmark = browsing


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "report.html"
    path.write_text(render(big_study(n_points=300)), encoding="utf-8")
    return path.as_uri()


def opened(browser, address, **options):
    context = browser.new_context(**options)
    page = context.new_page()
    page.defects, page.addresses = [], []
    page.on("console", lambda message: page.defects.append(message.text))
    page.on("pageerror", lambda error: page.defects.append(str(error)))
    page.on("request", lambda request: page.addresses.append(request.url))
    page.goto(address)
    yield page
    assert page.defects == []
    assert [each for each in page.addresses if not each.startswith("data:")] == [address]
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_the_page_fits_and_its_plots_are_seen(browser, address, width, scheme):
    window = {"width": width, "height": 800}
    for page in opened(browser, address, viewport=window, color_scheme=scheme):
        assert page.evaluate("document.documentElement.scrollWidth") == width
        plots = page.locator("svg.plot")
        assert plots.count() == 9
        for box in (plot.bounding_box() for plot in plots.all()):
            assert 320 <= box["width"] <= width
            assert box["height"] >= 150
        ground, ink = page.evaluate(COLOURS)
        assert (ground > ink) == (scheme == "light")
        assert page.evaluate(CONTRAST) == []
        assert page.evaluate(OUTSIDE) == []


# Lightness of the ground and of the writing in a plot, 0 to 255.
COLOURS = """() => [["body", "backgroundColor"], ["svg.plot text", "fill"]]
  .map(([where, what]) => getComputedStyle(document.querySelector(where))[what])
  .map((colour) => Math.max(...colour.match(/\\d+/g).slice(0, 3).map(Number)))"""

# Writing that begins or ends more than a pixel outside its plot's card.
OUTSIDE = """() => [...document.querySelectorAll("svg.plot text")]
  .filter((text) => {
    const card = text.closest("figure").getBoundingClientRect(), box = text.getBoundingClientRect();
    return box.left < card.left - 1 || box.right > card.right + 1;
  }).map((text) => text.textContent)"""


def test_a_wide_table_scrolls_by_itself_and_keeps_its_rows_names(browser, address):
    for page in opened(browser, address, viewport={"width": 375, "height": 800}):
        scroller = page.locator(".scroll:has(#results)")
        scroller.evaluate("each => { each.scrollLeft = 300; }")
        assert scroller.evaluate("each => each.scrollLeft") == 300
        name = page.locator("#results tbody th[scope=row]").first.bounding_box()
        assert abs(name["x"] - scroller.bounding_box()["x"]) <= 2
        assert page.evaluate("window.scrollX") == 0


def test_a_heading_sorts_and_sorts_back(browser, address):
    def values(page):
        cells = page.locator("#results tbody tr:not(.family) td:nth-of-type(2)")
        return cells.evaluate_all("cells => cells.map((cell) => Number(cell.dataset.value))")

    for page in opened(browser, address, viewport={"width": 1280, "height": 800}):
        before = values(page)
        button = page.locator("#results").get_by_role("button", name="recall@10").first
        button.click()
        assert values(page) == sorted(before, reverse=True)
        assert page.locator("#results th[aria-sort=descending]").count() == 1
        button.click()
        assert values(page) == sorted(before)
        button.click()
        assert values(page) == before
        assert page.locator("#results .family").first.is_visible()
