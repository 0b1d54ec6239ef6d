"""The page in headless Chromium: finding climbs, a logbook dropped in, similar climbs, trouble in words."""

from __future__ import annotations

import json
import re
import shutil
import time

import pytest

from tests.builders.fake_recommender import write_bundle
from tests.builders.fake_service import Service

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")

ROWS = [f"climb-{i:04d},2024-{1 + i % 12:02d}-03,V{i % 7}\n" for i in range(60)]
LOGBOOK = {
    "name": "mine.csv",
    "mimeType": "text/csv",
    "buffer": "".join(["climb_id,date,grade\n", *ROWS]).encode(),
}
LIMIT = 300_000


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    service = Service(write_bundle(tmp_path_factory.mktemp("page") / "bundle"), max_body=LIMIT)
    yield service
    service.stop()


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, service):
    """The page, opened; an error that its code does not catch fails the test."""
    yield from opened(browser, service.url)


def opened(browser, url, **options):
    context = browser.new_context(**options)
    page = context.new_page()
    page.defects, page.addresses = [], set()
    page.on("pageerror", lambda error: page.defects.append(str(error)))
    page.on("request", lambda request: page.addresses.add(request.url.split("/")[2]))
    page.goto(url)
    expect(page.locator("#cards .card").first).to_be_visible()
    yield page
    assert page.defects == []
    assert page.addresses == {url.removeprefix("http://")}
    context.close()


def choose_climber(page, name="0042"):
    page.get_by_role("combobox", name="A climber").fill(name)
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#results-title")).to_have_text(f"Next for sim-climber-{name}")


def grades(page):
    return set(page.locator("#cards .grade").all_inner_texts())


def test_a_climber_gets_cards_that_fit_what_was_asked_for(page):
    expect(page.locator("#results-title")).to_have_text("Popular climbs")
    choose_climber(page)
    page.get_by_label("Grade from").select_option("V4")
    page.locator("#high").select_option("V6")
    page.get_by_label("Region").select_option("Squamish")
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
    expect(page.locator(".meta").first).to_contain_text("Squamish")
    assert grades(page) <= {"V4", "V5", "V6"}
    page.locator("#stars").select_option("4")
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
    expect(page.locator("#status")).to_contain_text("likeliest first")
    stars = page.locator("#cards .meta b").all_inner_texts()
    assert all(float(each.removeprefix("★ ")) >= 4 for each in stars)


def test_a_card_says_why_and_leads_to_similar_climbs(page):
    choose_climber(page)
    card = page.locator("#cards .card").first
    card.get_by_text("Why this one?").click()
    expect(card.locator(".why li").first).to_contain_text("moved it most")
    expect(card.locator(".why li").last).to_contain_text("35%")
    name = card.get_by_role("heading").inner_text()
    card.get_by_role("button", name=f"Similar climbs to {name}").click()
    expect(page.get_by_role("dialog", name=f"Similar to {name}")).to_be_visible()
    dialog = page.locator("#similar")
    expect(dialog.locator(".card")).to_have_count(8)
    dialog.get_by_role("button", name="Similar climbs").first.click()
    expect(dialog.get_by_role("heading", level=2)).not_to_have_text(f"Similar to {name}")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_a_logbook_is_dropped_in_and_drawn(page):
    page.locator("#file").set_input_files(LOGBOOK)
    expect(page.locator("#results-title")).to_have_text("Next for your logbook")
    expect(page.locator("#chosen")).to_contain_text("60 sends")
    chart = page.get_by_role("img", name="Skill over 12 months")
    expect(chart).to_be_visible()
    assert chart.locator("circle").count() == 12
    assert page.locator(".pyramid .name").all_inner_texts() == [f"V{step}" for step in range(6, -1, -1)]
    page.get_by_text("As a table").click()
    assert page.locator("#insights tbody tr").count() == 12
    page.get_by_role("button", name="Change").click()
    expect(page.locator("#results-title")).to_have_text("Popular climbs")
    expect(page.locator("#logbook")).to_be_hidden()


def test_a_file_may_be_dropped_anywhere(page):
    page.evaluate(
        """text => {
          const data = new DataTransfer();
          data.items.add(new File([text], "dropped.csv", { type: "text/csv" }));
          const options = { dataTransfer: data, bubbles: true, cancelable: true };
          document.body.dispatchEvent(new DragEvent("drop", options));
        }""",
        LOGBOOK["buffer"].decode(),
    )
    expect(page.locator("#chosen")).to_contain_text("dropped.csv")


def test_everything_is_reached_by_the_keyboard(page):
    order = []
    for _ in range(12):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    wanted = ["Skip to the climbs", "climber", "file", "low", "high", "region", "stars", "variety", "fresh"]
    assert order[:10] == [*wanted, "Show climbs"]
    page.locator("#low").focus()
    page.locator("#low").select_option("V8")
    page.get_by_role("button", name="Show climbs").press("Enter")
    expect(page.locator("#results")).to_be_focused()


def test_every_control_has_a_name(page):
    choose_climber(page)
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("input, select, button, a, summary")]
          .filter((each) => !(each.labels?.length || each.textContent.trim() || each.ariaLabel))
          .map((each) => each.outerHTML)"""
    )
    assert unnamed == []
    assert page.locator("#status[role=status], #problem[role=alert]").count() == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(browser, service, scheme):
    for page in opened(browser, service.url, color_scheme=scheme):
        choose_climber(page)
        low = page.evaluate(CONTRAST)
        assert low == []


# WCAG's contrast of text on the nearest opaque ground, 4.5 to 1 at the least.
CONTRAST = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => rgb.slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const rgb = parse(getComputedStyle(node).backgroundColor);
      if (rgb.length < 4 || rgb[3] === 1) return rgb;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("h1, h2, h3, p, label, button, summary, span, b, select, a, legend")]
    .filter((node) => node.checkVisibility())
    .filter((node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))
    .map((node) => [light(parse(getComputedStyle(node).color)), light(ground(node)), node.textContent])
    .filter(([a, b]) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5);
}"""


def test_nothing_is_cut_off_on_a_phone(browser, service):
    phone = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
    for page in opened(browser, service.url, **phone):
        choose_climber(page)
        expect(page.locator(".chart .line")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        small = page.evaluate(
            """() => [...document.querySelectorAll("button, select, input[type=text], summary")]
              .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 38).length"""
        )
        assert small == 0


# ---- trouble


def test_an_oversized_file_is_refused_before_it_is_sent(page):
    sent = []
    page.on("request", lambda request: sent.append(request.url) if "logbook" in request.url else None)
    page.locator("#file").set_input_files({**LOGBOOK, "name": "huge.csv", "buffer": b"x" * (LIMIT + 1)})
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("huge.csv is 0.3 MB, and the service takes 0.3 MB at the most")
    assert sent == []


def test_an_oversized_file_is_refused_by_the_service_too(browser, service):
    context = browser.new_context()
    page = context.new_page()
    page.route("**/version", lambda route: route.abort())
    page.goto(service.url)
    page.locator("#file").set_input_files({**LOGBOOK, "buffer": b"x" * (LIMIT + 1)})
    expect(page.get_by_role("alert")).to_contain_text("larger than 0.3 MB")
    context.close()


def test_a_broken_file_is_explained_and_another_may_follow(page):
    page.locator("#file").set_input_files({**LOGBOOK, "buffer": b"\x89PNG not a logbook"})
    expect(page.get_by_role("alert")).to_contain_text(re.compile("export it again|no known source"))
    page.locator("#file").set_input_files(LOGBOOK)
    expect(page.locator("#results-title")).to_have_text("Next for your logbook")
    expect(page.locator("#problem")).to_be_hidden()


def test_what_cannot_be_met_is_explained(page):
    page.locator("#low").select_option("V17")
    expect(page.get_by_role("alert")).to_contain_text("ask for a wider range")


def test_a_slow_service_is_said_and_can_be_left(browser, service):
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    page.goto(service.url)
    expect(page.locator("#cards .card").first).to_be_visible()
    page.route("**/api/recommend", lambda route: None)
    page.get_by_role("button", name="Show climbs").click()
    page.clock.fast_forward(3500)
    expect(page.locator("#status")).to_have_text("Still working: the service is slow.")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#status")).to_have_text("Given up.")
    page.get_by_role("button", name="Show climbs").click()
    page.clock.fast_forward(21_000)
    expect(page.get_by_role("alert")).to_contain_text("did not answer within 20 seconds")
    page.unroute_all(behavior="ignoreErrors")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#problem")).to_be_hidden()
    context.close()


def test_a_dead_service_is_said_and_one_that_comes_back_is_used(browser, tmp_path):
    service = Service(write_bundle(tmp_path / "bundle"))
    context = browser.new_context()
    page = context.new_page()
    page.goto(service.url)
    expect(page.locator("#cards .card").first).to_be_visible()
    service.stop()
    page.get_by_role("button", name="Show climbs").click()
    expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached")
    context.close()


def test_a_key_is_asked_for(browser, tmp_path, monkeypatch):
    service = Service(write_bundle(tmp_path / "bundle"), api_keys=["a-key-of-some-length"])
    context = browser.new_context()
    page = context.new_page()
    page.goto(service.url)
    page.get_by_label("API key").fill("a-key-of-some-length")
    page.get_by_role("button", name="Use this key").click()
    expect(page.locator("#cards .card").first).to_be_visible()
    assert page.locator("#region option").count() == 5
    context.close()
    service.stop()


def test_text_of_a_bundle_is_never_read_as_markup(browser, service):
    context = browser.new_context()
    page = context.new_page()
    name = "<img src=x onerror=alert(1)>"
    item = {"climb_id": "a", "name": name, "grade": name, "region": name, "score": 0.1}
    answer = json.dumps({"climber": None, "items": [item]})
    page.route("**/api/recommend", lambda route: route.fulfill(body=answer, content_type="application/json"))
    page.goto(service.url)
    expect(page.locator("#cards h3")).to_have_text(name)
    assert page.locator("#cards img").count() == 0
    time.sleep(0.05)
    context.close()
