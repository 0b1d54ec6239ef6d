"""The page in headless Chromium: the views, the address, what the browser keeps, trouble in words."""

from __future__ import annotations

import json
import re
import time
from importlib import util
from pathlib import Path

import pytest

from recsys.logbooks.grades import parse_grade
from recsys.recommending.request import Request
from tests.builders.browsing import browsing
from tests.builders.fake_recommender import open_fake, write_bundle
from tests.builders.fake_service import Service

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

pytestmark = browsing

ROWS = [f"climb-{i:04d},2024-{1 + i % 12:02d}-03,V{i % 7}\n" for i in range(60)]
LOGBOOK = {
    "name": "mine.csv",
    "mimeType": "text/csv",
    "buffer": "".join(["climb_id,date,grade\n", *ROWS]).encode(),
}
LIMIT = 300_000
PAGE = Path(__file__).parents[2] / "recsys" / "serving" / "page"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    service = Service(write_bundle(tmp_path_factory.mktemp("page") / "bundle"), max_body=LIMIT)
    yield service
    service.stop()


@pytest.fixture(scope="module")
def profile(browser, service):
    """Of all tests that need no other: each costs Chromium processes. An open page keeps them alive."""
    context = browser.new_context()
    held = context.new_page()
    held.goto(f"{service.url}/version")
    yield context, context.new_cdp_session(held)
    context.close()


@pytest.fixture
def page(profile, service):
    """The page, opened where nothing is kept; an error that its code does not catch fails the test."""
    context, commands = profile
    commands.send("Storage.clearDataForOrigin", {"origin": service.url, "storageTypes": "all"})
    yield from visited(context.new_page(), service.url)


def visited(page, url):
    page.defects, page.addresses = [], set()
    page.on("pageerror", lambda error: page.defects.append(str(error)))
    page.on("request", lambda request: page.addresses.add(request.url.split("/")[2]))
    try:
        page.goto(url)
        expect(page.locator("#cards .card").first).to_be_visible()
        yield page
        assert page.defects == []
        assert page.addresses == {url.removeprefix("http://")}
    finally:
        page.close()


def opened(browser, url, **options):
    """In a profile of its own."""
    context = browser.new_context(**options)
    yield from visited(context.new_page(), url)
    context.close()


def choose_climber(page, name="0042"):
    page.get_by_role("combobox", name="A climber").fill(name)
    expect(page.locator("li[role=option]").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#results-title")).to_have_text(f"Next for sim-climber-{name}")
    idle(page)


def idle(page):
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")


def tab(page, name):
    page.get_by_role("navigation").get_by_role("link", name=name).click()
    idle(page)


def grades(page):
    return set(page.locator("#cards .grade").all_inner_texts())


def asked(page, path="/api/recommend"):
    """The bodies of the requests from here on."""
    found = []
    page.on("request", lambda each: found.append(each.post_data_json) if each.url.endswith(path) else None)
    return found


def test_the_first_screen_says_what_to_do_and_a_sample_is_one_tap_away(page):
    expect(page.get_by_role("heading", level=2).first).to_have_text("Your logbook in, your next climbs out")
    expect(page.locator("#simulated")).to_have_text(re.compile("Simulated"))
    expect(page.locator("#results-title")).to_have_text("Popular climbs")
    bodies = asked(page)
    page.get_by_role("button", name="Try a sample logbook").click()
    expect(page.locator("#results-title")).to_have_text(re.compile("Next for sim-climber-"))
    expect(page.locator("#start")).to_be_hidden()
    expect(page.locator("#chosen")).to_contain_text("40 sends · about V5")
    assert bodies[-1]["mode"] == "auto"  # a band about the ability, unless told otherwise


def test_filters_are_live_and_in_the_address(page):
    choose_climber(page)
    page.get_by_label("Grade from").select_option("V4")
    idle(page)
    page.locator("#to").select_option("V6")
    page.get_by_label("Region").select_option("Squamish")
    expect(page.locator(".meta").first).to_contain_text("Squamish")
    idle(page)
    assert grades(page) <= {"V4", "V5", "V6"}
    page.locator("#stars").select_option("4")
    idle(page)
    expect(page.locator("#status")).to_contain_text("the likeliest first")
    stars = page.locator("#cards .meta b").all_inner_texts()
    assert all(float(each.removeprefix("★ ")) >= 4 for each in stars)
    for part in ("from=V4", "to=V6", "region=Squamish", "stars=4", "climber=sim-climber-0042"):
        assert part in page.url
    page.locator("#mix").fill("0.4")
    expect(page.locator("#status")).to_contain_text("mixed for variety")
    page.get_by_label("Project", exact=True).check()
    idle(page)
    assert "mode=project" in page.url
    assert set(page.locator("#cards .hard > span").all_inner_texts()) <= {"project"}


def test_a_shared_address_reload_back_and_forward_show_the_same(page):
    choose_climber(page)
    page.get_by_label("Region").select_option("Bishop")
    expect(page.locator(".meta").first).to_contain_text("Bishop")
    tab(page, "Skill")
    expect(page.locator("#results-title")).to_have_text("Skill of sim-climber-0042")
    page.go_back()
    expect(page.locator("#results-title")).to_have_text("Next for sim-climber-0042")
    expect(page.get_by_label("Region")).to_have_value("Bishop")
    page.go_back()
    expect(page.get_by_label("Region")).to_have_value("")
    page.go_forward()
    expect(page.get_by_label("Region")).to_have_value("Bishop")
    idle(page)
    first = page.locator("#cards .name").all_inner_texts()
    page.reload()
    expect(page.locator("#cards .card").first).to_be_visible()
    idle(page)
    assert page.locator("#cards .name").all_inner_texts() == first
    expect(page.get_by_label("Region")).to_have_value("Bishop")


def test_a_card_says_how_hard_and_why_and_leads_to_similar_climbs(page):
    choose_climber(page)
    card = page.locator("#cards .card").first
    assert re.fullmatch(r"[<>]?\d+%", card.locator(".hard b").evaluate("e => e.firstChild.data"))
    expect(page.locator(".legend")).to_contain_text("one of the next ten sends")
    expect(card.locator(".line")).to_contain_text("Because of")
    expect(card.locator(".meta")).to_contain_text("Area ")
    card.locator("summary").click()
    expect(card.locator(".why li").first).to_contain_text("moved it most")
    expect(card.locator(".why li").last).to_contain_text("35%")
    name = card.get_by_role("heading").inner_text()
    card.get_by_role("button", name=f"Similar climbs to {name}").click()
    dialog = page.get_by_role("dialog", name=f"Similar to {name}")
    expect(dialog).to_be_visible()
    expect(dialog.locator(".card").first).to_be_visible()
    step = int(card.locator(".grade").inner_text()[1:].replace("B", "-1"))
    near = [int(each[1:].replace("B", "-1")) for each in dialog.locator(".grade").all_inner_texts()]
    assert all(abs(each - step) <= 2 for each in near)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


@pytest.mark.parametrize("kind", ["Done", "Not for me", "Closed"])
def test_what_a_card_is_marked_with_takes_effect_at_once(page, kind):
    choose_climber(page)
    bodies = asked(page)
    card = page.locator("#cards .card").first
    climb = card.get_attribute("data-climb")
    card.get_by_role("button", name=kind).click()
    expect(page.locator(f"#cards [data-climb={climb}]")).to_have_count(0)
    idle(page)
    assert bodies[-1]["block"] == [climb]
    expect(page.locator("#toast")).to_contain_text(kind.lower())
    expect(page.locator("#left-out summary")).to_have_text("1 climb left out")
    expect(page.locator("#cards .mark").first).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(f"#cards [data-climb={climb}]")).to_have_count(1)
    expect(page.locator("#left-out")).to_be_hidden()


def test_a_logbook_is_kept_by_the_browser_and_done_is_added_to_it(page):
    page.locator("#file").set_input_files(LOGBOOK)
    expect(page.locator("#results-title")).to_have_text("Next for you")
    expect(page.locator("#chosen")).to_contain_text("60 sends")
    page.reload()
    expect(page.locator("#results-title")).to_have_text("Next for you")
    bodies = asked(page)
    card = page.locator("#cards .card").first
    climb = card.get_attribute("data-climb")
    card.get_by_role("button", name="Done").click()
    expect(page.locator(f"#cards [data-climb={climb}]")).to_have_count(0)
    idle(page)
    assert (len(bodies[-1]["sends"]), bodies[-1]["sends"][-1]["climb_id"]) == (61, climb)
    page.get_by_role("button", name="Change").click()
    expect(page.locator("#start")).to_be_visible()
    assert page.evaluate("localStorage.getItem('recsys-logbook')") is None


def mark_first(page, kind="Done"):
    """Marks the first card; the climb."""
    card = page.locator("#cards .card").first
    climb = card.get_attribute("data-climb")
    card.get_by_role("button", name=kind).click()
    expect(page.locator(f"#cards [data-climb={climb}]")).to_have_count(0)
    idle(page)
    return climb


def test_marks_are_of_one_climber_or_one_logbook_and_change_drops_them(page):
    choose_climber(page)
    expect(page.locator("#cards .mark").first).to_contain_text("Done, hide it")
    theirs = mark_first(page)
    expect(page.locator("#toast")).to_contain_text("done, hidden; the logbook stays as it is")
    address = page.url
    page.goto(address.replace("0042", "0043"))
    expect(page.locator("#results-title")).to_have_text("Next for sim-climber-0043")
    expect(page.locator("#left-out")).to_be_hidden()
    bodies = asked(page)
    page.evaluate(DROP, [LOGBOOK["buffer"].decode(), "dropped.csv", "text/csv"])
    expect(page.locator("#chosen")).to_contain_text("60 sends")
    assert (len(bodies[-1]["sends"]), "block" in bodies[-1]) == (60, False)
    expect(page.locator("#cards .mark").first).to_contain_text("Done, log it")
    mine = mark_first(page)
    expect(page.locator("#toast")).to_contain_text("done, a send of your logbook from now on")
    assert bodies[-1]["block"] == [mine] != [theirs]
    page.goto(address)
    expect(page.locator("#left-out summary")).to_have_text("1 climb left out")
    page.get_by_role("button", name="Change").click()
    expect(page.locator("#start")).to_be_visible()
    page.goto(address)
    expect(page.locator("#results-title")).to_have_text("Next for sim-climber-0042")
    expect(page.locator("#left-out")).to_be_hidden()
    page.evaluate(DROP, [LOGBOOK["buffer"].decode(), "another.csv", "text/csv"])
    expect(page.locator("#chosen")).to_contain_text("another.csv")
    idle(page)
    assert page.evaluate("localStorage.getItem('recsys-marks')") is None


def test_what_is_done_is_dated_in_the_day_of_the_place(browser, service):
    for page in opened(browser, service.url, timezone_id="Pacific/Auckland"):
        page.clock.set_fixed_time("2026-06-01T20:00:00Z")
        page.locator("#file").set_input_files(LOGBOOK)
        expect(page.locator("#results-title")).to_have_text("Next for you")
        bodies = asked(page)
        mark_first(page)
        assert bodies[-1]["sends"][-1]["date"] == "2026-06-02"


def test_what_is_done_is_no_send_of_a_logbook_without_days(page):
    rows = "climb_id,date,grade\n" + "".join(f"climb-{i:04d},{i},V{i % 7}\n" for i in range(60))
    page.locator("#file").set_input_files({**LOGBOOK, "buffer": rows.encode()})
    expect(page.locator("#results-title")).to_have_text("Next for you")
    expect(page.locator("#cards .mark").first).to_contain_text("Done, hide it")


def test_ones_own_spreadsheet_is_read_by_columns_that_are_chosen(page):
    table = "Datum;Weg;Grad;Notiz\n24.05.2024;Amsel;7a;\n25.05.2024;Drossel;7b;\n"
    page.locator("#file").set_input_files({**LOGBOOK, "name": "own.csv", "buffer": table.encode()})
    form = page.get_by_role("form", name="Columns of your file")
    expect(page.get_by_role("alert")).to_contain_text("own.csv is no export of a site")
    expect(form.get_by_label("Date")).to_have_value("Datum")
    expect(form.get_by_label("Climb")).to_have_value("Weg")
    form.get_by_label("Grade").select_option("")
    form.get_by_role("button", name="Read it so").click()
    expect(page.locator("#results-title")).to_have_text("Next for you")
    expect(page.locator("#chosen")).to_contain_text("2 sends")


def test_a_climb_of_nearly_the_same_name_is_asked_about(page):
    table = "climb_id,date,climb_name,area\nmine,2024-05-24,Slow Areete,Area 3\n"
    page.locator("#file").set_input_files({**LOGBOOK, "buffer": table.encode()})
    question = page.locator("#results .question")
    expect(question).to_contain_text("Is Slow Areete of your logbook Slow Arête here?")
    bodies = asked(page)
    question.get_by_role("button", name="Yes, it is").click()
    expect(page.locator("#results .question")).to_have_count(0)
    expect(page.locator("#results")).to_contain_text("1 of 1 climbs of the logbook are known")
    assert [send["climb_id"] for send in bodies[-1]["sends"]] == ["climb-0003"]
    page.reload()
    expect(page.locator("#results")).to_contain_text("1 of 1 climbs of the logbook are known")


@pytest.mark.parametrize("view", ["view=session", "view=skill", "view=path&project=climb-0006"])
def test_every_view_asks_about_such_a_climb(page, view):
    table = "climb_id,date,climb_name,area,grade\nmine,2024-05-24,Slow Areete,Area 3,V3\n"
    page.locator("#file").set_input_files({**LOGBOOK, "buffer": table.encode()})
    expect(page.locator("#results .question")).to_be_visible()
    page.goto(f"{page.url.partition('?')[0]}?mine=1&{view}")
    expect(page.locator("#results")).to_contain_text("None of the logbook's climbs is known")
    page.locator("#results .question").get_by_role("button", name="Yes, it is").click()
    expect(page.locator("#results .question")).to_have_count(0)
    expect(page.locator("#results")).to_contain_text("1 of 1 climbs of the logbook are known")


def test_a_file_may_be_dropped_anywhere(page):
    page.evaluate(DROP, [LOGBOOK["buffer"].decode(), "dropped.csv", "text/csv"])
    expect(page.locator("#chosen")).to_contain_text("dropped.csv")


def test_a_photo_dropped_is_refused_plainly(page):
    page.evaluate(DROP, ["\x00\x01binary", "IMG_1.jpg", "image/jpeg"])
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("IMG_1.jpg is no logbook")
    assert alert.inner_text().isprintable()


DROP = """([text, name, type]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name, { type }));
  const options = { dataTransfer: data, bubbles: true, cancelable: true };
  document.body.dispatchEvent(new DragEvent("drop", options));
}"""


def test_skill_is_drawn_and_told_with_its_pyramid(page):
    rows = "climb_id,date,grade\n" + "".join(
        f"climb-{i:04d},2024-{1 + i % 12:02d}-03,V{i % 3 * 3}\n" for i in range(60)
    )
    page.locator("#file").set_input_files({**LOGBOOK, "buffer": rows.encode()})
    expect(page.locator("#results-title")).to_have_text("Next for you")
    tab(page, "Skill")
    expect(page.locator(".words").first).to_contain_text("About V5 now, most likely between V4 and V6")
    expect(page.locator(".chart .area")).to_be_visible()
    assert page.locator(".chart circle").count() == 12  # a grade a month
    assert page.locator(".pyramid .at").all_inner_texts() == [f"V{step}" for step in range(6, -1, -1)]
    assert page.locator(".pyramid .none").count() == 4  # V5, V4, V2, V1
    page.get_by_text("As a table").click()
    assert page.locator("#answer tbody tr").count() == 60


def test_what_has_no_known_outcome_is_told_apart_from_sends(page):
    rows = "climb_id,date,grade,outcome\nclimb-0001,2024-05-01,V4,\n" + "".join(
        f"climb-000{day},2024-05-0{day},{grade},unknown\n" for day, grade in ((2, "V6"), (3, "7a"))
    )
    page.locator("#file").set_input_files({**LOGBOOK, "buffer": rows.encode()})
    expect(page.locator("#results-title")).to_have_text("Next for you")
    expect(page.locator("#chosen-note")).to_contain_text("1 send, 2 of unknown outcome")
    tab(page, "Skill")
    expect(page.locator("#status")).to_contain_text("1 send, 2 of unknown outcome, 1 May 2024 to 3 May 2024")
    expect(page.locator(".pyramid .at")).to_have_text("V4")
    assert page.locator(".chart circle").count() == 1
    page.get_by_role("radio", name="Routes").check()
    expect(page.locator(".words").first).to_contain_text("About")
    expect(page.locator(".pyramid")).to_have_count(0)


def test_a_session_of_one_day_is_told_without_a_chart_and_disciplines_one_by_one(page):
    rows = "climb_id,date,grade\nclimb-0001,2024-05-01,V4\nclimb-0002,2024-05-01,7a\n"
    page.locator("#file").set_input_files({**LOGBOOK, "buffer": rows.encode()})
    expect(page.locator("#results-title")).to_have_text("Next for you")
    tab(page, "Skill")
    expect(page.locator("figure:not(.off)")).to_have_count(2)
    page.get_by_role("radio", name="Routes").check()
    expect(page.locator(".pyramid .at")).to_have_text("7a")
    assert "on=route" in page.url
    expect(page.locator("figure:not(.off)")).to_have_count(2)


def test_a_path_leads_to_a_project(page):
    choose_climber(page)
    tab(page, "Path")
    page.get_by_role("combobox", name="Your project").fill("raven")
    page.locator("li[role=option]").first.click()
    expect(page.locator("#results-title")).to_have_text(re.compile("A path to .*Raven"))
    expect(page.locator(".trail .card")).to_have_count(6)
    expect(page.locator("#status")).to_contain_text("2 times as likely")
    page.get_by_label("Before the project").select_option("3")
    expect(page.locator(".trail .card")).to_have_count(4)
    assert "project=climb-" in page.url


def test_a_session_is_cut_to_climbs_an_area_a_style_and_likeness(page):
    choose_climber(page)
    bodies = asked(page, "/api/session")
    tab(page, "Session")
    assert bodies[-1] == {"climber": "sim-climber-0042", "minutes": 120}
    page.get_by_label("How long").select_option("8 climbs")
    expect(page.locator("#answer .card")).to_have_count(8)
    if not page.get_by_label("Area", exact=True).is_visible():
        page.locator("#filters summary").click()
    page.get_by_label("Area", exact=True).select_option(index=3)
    idle(page)
    page.get_by_label("Circuit in one style").select_option("roof")
    expect(page.locator("#results-title")).to_have_text("A roof circuit at Area 0")
    assert bodies[-1] == {"climber": "sim-climber-0042", "count": 8, "area": "Area 0", "style": "roof"}
    page.get_by_role("combobox", name="Circuit of climbs like").fill("raven")
    expect(page.locator("#like-list li").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#results-title")).to_have_text(re.compile("A circuit like .*Raven.* at Area 0"))
    assert set(bodies[-1]) == {"climber", "count", "area", "like"}
    page.reload()
    expect(page.locator("#results-title")).to_have_text(re.compile("A circuit like .*Raven.* at Area 0"))
    page.get_by_label("Region").select_option("Bishop")
    idle(page)
    assert (bodies[-1].get("area"), bodies[-1]["region"]) == (None, "Bishop")
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator("#results-title")).to_have_text(re.compile("A session at"))
    idle(page)
    assert set(bodies[-1]) == {"climber", "count"}


def test_a_path_that_does_not_fit_is_no_alarm_and_can_be_widened(page):
    choose_climber(page)
    refusal = json.dumps({"error": {"message": "it takes `steps` 7", "request_id": "x"}})
    page.route("**/api/path", lambda route: route.fulfill(status=422, body=refusal))
    page.goto(f"{page.url}&view=path&project=climb-0007")
    expect(page.locator("#status")).to_have_text("No path fits.")
    expect(page.locator("#answer")).to_contain_text("It takes steps 7.")
    expect(page.locator("#problem")).to_be_hidden()
    expect(page.get_by_role("combobox", name="Your project")).to_be_visible()
    page.unroute_all()
    page.get_by_role("button", name="Allow steps of 1.5 grades").click()
    expect(page.locator("#results-title")).to_have_text(re.compile("A path to "))
    assert "leap=1.5" in page.url


def test_a_session_that_nothing_fits_can_be_widened(page):
    choose_climber(page)
    refusal = json.dumps({"error": {"message": "nothing unsent fits", "request_id": "x"}})
    page.route("**/api/session", lambda route: route.fulfill(status=422, body=refusal))
    page.goto(f"{page.url}&view=session&style=roof")
    expect(page.locator("#answer")).to_contain_text("Nothing unsent fits.")
    expect(page.locator("#problem")).to_be_hidden()
    page.unroute_all()
    page.locator("#answer").get_by_role("button", name="Clear filters").click()
    expect(page.locator("#answer .card").first).to_be_visible()


def test_soft_and_hard_grades_are_listed_by_region(page):
    choose_climber(page)
    tab(page, "Skill")
    figure = page.locator("figure.off")
    expect(figure.locator("figcaption")).to_have_text("Soft and hard grades, all regions")
    expect(figure.locator("h3")).to_have_text(["Hard for the grade", "Soft for the grade"])
    expect(figure.locator("li")).to_have_count(20)
    page.get_by_label("Soft and hard grades in").select_option("Bishop")
    expect(figure.locator("figcaption")).to_have_text("Soft and hard grades, Bishop")
    idle(page)
    assert all("Bishop" in each for each in figure.locator(".meta").all_inner_texts())
    expect(figure.locator(".like b").first).to_have_text(re.compile(r"^like V\d"))


def test_a_sample_can_be_chosen(browser, tmp_path):
    service = Service(write_bundle(tmp_path / "bundle"))
    for page in opened(browser, service.url):
        expect(page.locator("#sample option")).to_have_count(3)
        chosen = page.locator("#sample option").last.get_attribute("value")
        page.get_by_label("Which sample").select_option(index=2)
        page.get_by_role("button", name="Try a sample logbook").click()
        expect(page.locator("#results-title")).to_have_text(f"Next for {chosen}")
    service.stop()


BOOKS = {
    "climb": "book", "climber": "reader", "send": "loan", "sent": "borrowed", "grade": "level",
    "climbing": "reading", "logbook": "reading list", "region": "genre", "area": "series",
}  # fmt: skip
CLIMBING = re.compile(
    r"\b(climb|climber|send|grade|logbook|region|area)s?\b|\b(climbing|climbed|sent)\b|\bV\d", re.I
)


def test_a_bundle_of_books_is_spoken_of_in_the_words_of_books(browser, tmp_path):
    """Whatever is on the screen or told to a screen reader, but for what the bundle itself holds."""
    service = Service(write_bundle(tmp_path / "bundle", nouns=BOOKS, levels=True))
    for page in opened(browser, service.url):
        expect(page.locator("#results-title")).to_have_text("Popular books")
        said = [page.title(), shown(page)]
        expect(page.get_by_role("heading", level=1)).to_have_text("Which book next")
        page.get_by_role("button", name="Try a sample reading list").click()
        expect(page.locator("#chosen-note")).to_contain_text("40 loans · about L5")
        for view in ("Books", "Path", "Session", "Skill"):
            tab(page, view)
            page.locator("details").evaluate_all("all => all.forEach((each) => (each.open = true))")
            said += [page.title(), shown(page)]
        found = [line for text in said for line in text.splitlines() if CLIMBING.search(own(line))]
        assert found == []
    service.stop()


def test_what_the_service_has_said_is_not_said_once_more(browser, tmp_path):
    """Where one word of the domain is another word of climbing, a text of the service stays as it came."""
    odd = {"climb": "area", "climber": "send", "area": "series", "send": "loan"}
    service = Service(write_bundle(tmp_path / "bundle", nouns=odd))
    sent = open_fake(tmp_path / "bundle").logbook(Request(climber="sim-climber-0007")).columns["climb_id"]
    free = sorted({f"climb-{at:04d}" for at in range(200)} - {*sent})[0]
    for page in opened(browser, service.url):
        page.goto(f"{service.url}/?climber=sim-climber-0007&view=path&project={sent[0]}")
        expect(page.locator("#answer .empty p").first).to_contain_text("choose another area")
        page.goto(f"{service.url}/?climber=sim-climber-0007&view=path&project={free}")
        expect(page.locator("#answer .line").first).to_have_text("At the send's level.")
    service.stop()


def test_a_bundle_without_grades_speaks_of_none(browser, tmp_path):
    """No ability, no path, no session, nothing to choose by grade; whatever view an address asks for."""
    films = {"climb": "film", "climber": "viewer", "send": "viewing", "sent": "watched", "region": "genre"}
    service = Service(write_bundle(tmp_path / "bundle", nouns=films, graded=False))
    for page in opened(browser, service.url):
        page.goto(f"{service.url}/?climber=sim-climber-0007&view=skill")
        expect(page.locator("#results-title")).to_have_text("Next for sim-climber-0007")
        expect(page.locator("#tabs")).to_be_hidden()
        expect(page.locator("#cards .card").first).to_be_visible()
        page.locator("details").evaluate_all("all => all.forEach((each) => (each.open = true))")
        said = shown(page)
        page.get_by_role("button", name="Similar films").first.click()
        expect(page.locator("#similar-status")).to_contain_text("8 films, watched by the same people.")
        page.goto(service.url)
        expect(page.locator("#results-title")).to_have_text("Popular films")
        said += shown(page)
        words = re.compile(r"grade|V\d|comfortable|stretch|easiest|a path|circuit|\bclosed", re.I)
        assert [line for line in said.splitlines() if words.search(line)] == []
    service.stop()


def shown(page) -> str:
    return page.evaluate(
        """() => [document.body.innerText, ...[...document.querySelectorAll("[aria-label], [placeholder]")]
          .flatMap((each) => [each.ariaLabel, each.placeholder])].filter(Boolean).join("\\n")"""
    )


def own(line: str) -> str:
    """A line without what the fake bundle's ids, areas and links hold."""
    return re.sub(r"sim-climber-\d+|climb-\d+|Area \d", "", line)


def test_a_session_is_planned_and_printed_as_a_list(page):
    choose_climber(page)
    tab(page, "Session")
    page.get_by_label("How long").select_option("60")
    expect(page.locator("#answer .card")).to_have_count(3)
    assert page.locator(".part h3").all_inner_texts()[0].startswith("Warm up")
    page.emulate_media(media="print")
    expect(page.locator("#answer .card").first).to_be_visible()
    expect(page.locator("#answer .foot").first).to_be_hidden()
    expect(page.locator("#side")).to_be_hidden()


def test_grades_are_read_in_the_system_that_is_chosen(page):
    choose_climber(page)
    plain = page.locator("#cards .grade").all_inner_texts()
    page.locator("#systems summary").click()
    page.get_by_label("Boulders in").select_option("Font")
    idle(page)
    font = page.locator("#cards .grade").all_inner_texts()
    for own, other in zip(plain, font, strict=True):
        low, high = parse_grade(other, "Font").span
        assert low <= parse_grade(own).ordinal <= high
    page.reload()
    expect(page.locator("#cards .grade").first).to_have_text(font[0])
    expect(page.locator("#chosen-note")).to_contain_text("about 6C")


def test_climbs_graded_in_font_are_read_coloured_and_asked_for_as_they_are_written(browser, tmp_path):
    service = Service(write_bundle(tmp_path / "bundle", font=True))
    for page in opened(browser, service.url):
        expect(page.locator("#systems-now")).to_have_text("Font")
        choose_climber(page)
        shown_ = page.locator("#cards .grade").all_inner_texts()
        assert all(re.fullmatch(r"[3-9][ABC]?\+?", each) for each in shown_), shown_
        colours = page.locator("#cards .grade").evaluate_all("all => all.map((each) => each.className)")
        assert all(re.fullmatch(r"grade g[1-6]", each) for each in colours), colours
        bodies = asked(page)
        low = page.get_by_label("Grade from")
        assert {"6A", "6A+", "6B+"} <= set(low.locator("option").all_inner_texts())
        low.select_option(label="6A+")
        idle(page)
        page.locator("#to").select_option(label="6B+")
        idle(page)
        assert bodies[-1]["grade"] == "6A+:6B+"
        page.locator("#systems summary").click()
        page.get_by_label("Boulders in").select_option("V")
        idle(page)
        assert all(re.fullmatch(r"V\d+", each) for each in page.locator("#cards .grade").all_inner_texts())
    service.stop()


def test_the_page_s_ladders_are_the_tables_of_the_logbooks(page):
    ladders = page.evaluate("import('/ladders.js').then((module) => module.LADDERS)")
    assert set(ladders) == {"boulder", "route"}
    for ladder in ladders.values():
        for system, names in ladder["systems"].items():
            for step, name in enumerate(names, ladder["first"]):
                grade = parse_grade(name, system)
                assert grade.low <= step <= grade.high, (system, name)


def test_the_last_answer_opens_without_a_network(browser, service):
    for page in opened(browser, service.url):
        choose_climber(page)
        page.evaluate("navigator.serviceWorker.ready")
        page.wait_for_function("caches.keys().then((names) => names.length === 1)")
        names = page.locator("#cards .name").all_inner_texts()
        page.context.set_offline(True)
        page.reload()
        expect(page.get_by_role("alert")).to_contain_text("No connection: this is the answer of")
        assert page.locator("#cards .name").all_inner_texts() == names
        tab(page, "Session")
        expect(page.locator("#answer")).to_be_empty()  # no old answer under a new heading
        page.get_by_role("link", name="Open the last answer").click()
        expect(page.locator("#cards .card").first).to_be_visible()
        page.context.set_offline(False)


def test_the_page_can_be_put_on_a_home_screen(page, service):
    answer = page.request.get(f"{service.url}/manifest.webmanifest")
    manifest = answer.json()
    assert answer.headers["content-type"].startswith("application/manifest+json")
    assert manifest["display"] == "standalone"
    for icon in manifest["icons"]:
        assert page.request.get(f"{service.url}/{icon['src']}").ok
    kept = page.request.get(f"{service.url}/sw.js").text()
    own = [
        each.name for each in PAGE.iterdir() if each.suffix in (".js", ".css") and "widget" not in each.name
    ]
    assert all(f'"{name}"' in kept for name in own if name != "sw.js")


def test_everything_is_reached_by_the_keyboard(page):
    order = []
    for _ in range(9):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    wanted = ["Skip to the answer", "What to climb next", "Grades in V", "try", "sample", "file", "climber"]
    assert order[:7] == wanted
    page.locator("#try").press("Enter")
    expect(page.locator("#results-title")).to_have_text(re.compile("Next for"))
    page.get_by_label("For you").focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("mode=warmup"))
    expect(page.get_by_label("Warm-up")).to_be_focused()  # also after the answer came
    page.get_by_role("link", name="Skill").press("Enter")
    expect(page.locator("#results-title")).to_have_text(re.compile("Skill of"))


def test_every_control_has_a_name(page):
    choose_climber(page)
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("input, select, button, a, summary")]
          .filter((each) => !(each.labels?.length || each.textContent.trim() || each.ariaLabel))
          .map((each) => each.outerHTML)"""
    )
    assert unnamed == []
    assert page.locator("#status[role=status], #problem[role=alert]").count() == 2


@pytest.mark.skipif(util.find_spec("axe_playwright_python") is None, reason="no axe-core here")
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing(browser, service, width):
    script = (Path(util.find_spec("axe_playwright_python").origin).parent / "axe.min.js").read_text()
    options = {"viewport": {"width": width, "height": 844}, "bypass_csp": True, "color_scheme": "dark"}
    for page in opened(browser, service.url, **options):
        found = {}
        for view in ("", "climbs", "path", "session", "skill"):
            page.goto(f"{service.url}/{view and f'?climber=sim-climber-0004&view={view}'}")
            expect(page.locator("#results-title")).not_to_have_text("Climbs")
            idle(page)
            page.locator("details").evaluate_all(
                "all => all.slice(0, 4).forEach((each) => (each.open = true))"
            )
            page.evaluate(script)
            violations = page.evaluate("axe.run()")["violations"]
            found |= {(view, each["id"]): each["nodes"][0]["html"] for each in violations}
        assert found == {}


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
        assert page.locator("#cards .card").first.bounding_box()["y"] < 500  # an answer on the first screen
        for view in ("Climbs", "Path", "Session", "Skill"):
            tab(page, view)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
            small = page.evaluate(
                """() => [...document.querySelectorAll("button, select, input[type=text], summary, nav a")]
                  .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 38)
                  .map((each) => each.outerHTML)"""
            )
            assert small == []


# ---- trouble


def test_an_oversized_file_is_refused_before_it_is_sent(page):
    sent = []
    page.on("request", lambda request: sent.append(request.url) if "logbook" in request.url else None)
    page.locator("#file").set_input_files({**LOGBOOK, "name": "huge.csv", "buffer": b"x" * (LIMIT + 1)})
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("huge.csv is 0.3 MiB, and the service takes 0.3 MiB at the most")
    assert sent == []


def test_an_oversized_file_is_refused_by_the_service_too(browser, service):
    context = browser.new_context()
    page = context.new_page()
    page.route("**/version", lambda route: route.abort())
    page.goto(service.url)
    page.locator("#file").set_input_files({**LOGBOOK, "buffer": b"x" * (LIMIT + 1)})
    expect(page.get_by_role("alert")).to_contain_text("larger than 0.3 MiB")
    context.close()


def test_a_file_s_name_stays_as_it_is_written(page):
    page.locator("#file").set_input_files({**LOGBOOK, "name": "junk.csv", "buffer": b"ab\x00cd\n\x00\x00"})
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("junk.csv")
    assert "x00" not in alert.inner_text()


def test_a_broken_file_is_explained_and_another_may_follow(page):
    page.locator("#file").set_input_files({**LOGBOOK, "buffer": b"\x89PNG not a logbook"})
    expect(page.get_by_role("alert")).to_contain_text("export it again")
    page.locator("#file").set_input_files(LOGBOOK)
    expect(page.locator("#results-title")).to_have_text("Next for you")
    expect(page.locator("#problem")).to_be_hidden()


def test_no_match_is_no_alarm_and_filters_can_be_cleared(page):
    choose_climber(page)
    page.get_by_label("Grade from").select_option("V17")
    expect(page.locator("#status")).to_have_text("No climb fits.")
    expect(page.locator("#problem")).to_be_hidden()
    page.locator("#answer").get_by_role("button", name="Clear filters").click()
    expect(page.locator("#cards .card").first).to_be_visible()
    assert "from=" not in page.url


def test_a_failed_list_of_regions_is_asked_for_again(browser, service):
    context = browser.new_context()
    page = context.new_page()
    failures = []

    def fail_once(route):
        if failures:
            route.continue_()
        else:
            failures.append(route.fulfill(status=500, body="{}"))

    page.route("**/api/regions", fail_once)
    page.goto(service.url)
    expect(page.locator("#region option")).to_have_count(5)
    assert len(failures) == 1
    context.close()


def test_a_slow_service_is_said_and_can_be_left(browser, service):
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    page.goto(service.url)
    expect(page.locator("#cards .card").first).to_be_visible()
    page.route("**/api/recommend", lambda route: None)
    page.locator("#stars").select_option("3")
    page.clock.fast_forward(3500)
    expect(page.locator("#status")).to_have_text("Still working: the service is slow.")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#status")).to_have_text("Given up.")
    page.locator("#stars").select_option("4")
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
    page.locator("#stars").select_option("3")
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
