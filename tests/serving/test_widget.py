"""The widget in Chromium: on its own test page, and on another site's page under that site's own policy."""

from __future__ import annotations

import http.server
import re
import threading
from pathlib import Path

import pytest

from tests.builders.browsing import browsing
from tests.builders.fake_recommender import write_bundle
from tests.builders.fake_service import Service

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
SOURCE = Path(__file__).parents[2] / "recsys" / "serving" / "page" / "widget.js"
SENDS = [{"climb_id": f"climb-{i:04d}", "date": "2024-05-01"} for i in range(5)]


class Site:
    """Another site: one page, that its policy lets load and ask the service alone."""

    def __init__(self) -> None:
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = site.page.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Security-Policy", site.policy)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.page = self.policy = ""
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def show(self, service: str, element: str) -> None:
        self.policy = f"default-src 'none'; script-src {service}; connect-src {service}"
        self.page = (
            f"<!doctype html><title>A crag</title><script src='{service}/widget.js'></script>{element}"
        )


@pytest.fixture(scope="module")
def site():
    site = Site()
    yield site
    site.server.shutdown()


@pytest.fixture(scope="module")
def service(tmp_path_factory, site):
    service = Service(write_bundle(tmp_path_factory.mktemp("widget") / "bundle"), origins=[site.url])
    yield service
    service.stop()


@pytest.fixture
def page(browser):
    page = browser.new_page()
    page.defects = []
    page.on("pageerror", lambda error: page.defects.append(str(error)))
    yield page
    assert page.defects == []
    page.close()


@browsing
def test_the_test_page_shows_climbs(page, service):
    page.goto(f"{service.url}/widget.html")
    widgets = page.locator("recsys-climbs")
    expect(widgets.nth(0).locator("li")).to_have_count(5)
    expect(widgets.nth(1).locator("li")).to_have_count(3)
    expect(widgets.nth(1).get_by_role("heading")).to_have_text("Popular between V3 and V5")
    grades = widgets.nth(1).locator(".grade").all_inner_texts()
    assert all(re.fullmatch("V[345]", grade) for grade in grades)


@browsing
def test_another_site_holds_it_under_its_own_policy(page, service, site):
    site.show(service.url, "<recsys-climbs climber='sim-climber-0004' region='squamish' k=4></recsys-climbs>")
    page.goto(site.url)
    widget = page.locator("recsys-climbs")
    expect(widget.locator("li")).to_have_count(4)
    assert set(widget.locator(".where").all_inner_texts()) == {"Squamish"}
    page.evaluate("document.querySelector('recsys-climbs').setAttribute('k', '2')")
    expect(widget.locator("li")).to_have_count(2)
    page.evaluate("sends => { document.querySelector('recsys-climbs').sends = sends }", SENDS)
    expect(widget).not_to_have_attribute("aria-busy", "true")
    expect(widget.locator("li")).to_have_count(2)


@browsing
def test_trouble_is_told_and_tried_again(page, service, site):
    site.show(service.url, "<recsys-climbs climber='nobody'></recsys-climbs>")
    page.goto(site.url)
    widget = page.locator("recsys-climbs")
    expect(widget.get_by_role("status")).to_have_text(re.compile("^No climber 'nobody' is known here"))
    page.route("**/api/recommend", lambda route: route.abort())
    page.evaluate("document.querySelector('recsys-climbs').removeAttribute('climber')")
    expect(widget.get_by_role("status")).to_have_text(re.compile("cannot be reached"))
    page.unroute("**/api/recommend")
    widget.get_by_role("button", name="Try again").click()
    expect(widget.locator("li")).to_have_count(5)
    expect(widget.get_by_role("status")).to_be_hidden()


@browsing
def test_a_site_that_was_not_named_gets_no_climbs(page, service):
    other = Site()
    other.show(service.url, "<recsys-climbs></recsys-climbs>")
    page.goto(other.url)
    expect(page.locator("recsys-climbs").get_by_role("status")).to_have_text(re.compile("cannot be reached"))
    other.server.shutdown()


@browsing
def test_names_are_text(page, service, site):
    """A climb called like a tag is shown, not run."""
    site.show(service.url, "<recsys-climbs></recsys-climbs>")
    item = (
        '{"climb_id": "x", "name": "<img src=x onerror=alert(1)>", "grade": null, "region": null, "score": 1}'
    )
    headers = {"access-control-allow-origin": site.url}
    page.route(
        "**/api/recommend", lambda route: route.fulfill(body=f'{{"items": [{item}]}}', headers=headers)
    )
    page.goto(site.url)
    expect(page.locator("recsys-climbs .name")).to_have_text("<img src=x onerror=alert(1)>")
    assert page.locator("recsys-climbs img").count() == 0


def test_the_script_makes_no_markup_of_data():
    text = SOURCE.read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", text)
    assert len(text) < 8_000


def test_it_speaks_of_no_domain():
    """It does not ask which words a bundle's mapping names; what is said stands beside any of them."""
    from recsys.nouns import spoken

    words = dict.fromkeys(("climb", "climber", "send", "sent", "grade", "logbook", "climbing"), "?")
    text = SOURCE.read_text(encoding="utf-8")
    said = re.findall(r'"([A-Z][^"]*)"', text)
    assert {"What next", "Looking…", "Nothing fits."} <= set(said)
    for each in said:
        assert spoken(each, words) == each
