"""Paths, sessions and skill over HTTP: of a real bundle, from stored and posted logbooks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from recsys.cli.app import build_app
from recsys.files import read_json, write_json
from recsys.manifest import write_manifest
from recsys.recommending.bundle import BUNDLE, CLIMBS, FILES
from recsys.recommending.levels import has_levels, level, told
from recsys.serving.app import create_app
from recsys.serving.links import link
from recsys.serving.policy import MAX_BLOCK, Policy
from recsys.skill.difficulty import Difficulty
from recsys.skill.model import Skill
from tests.builders.light_bundle import N_CLIMBS, write_light_bundle

CLIMBER = "climber-1"
SENDS = [{"climb_id": f"climb-0{i}", "date": f"2024-05-0{i}", "grade": f"V{i}"} for i in range(1, 4)]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = write_light_bundle(tmp_path_factory.mktemp("plans") / "bundle")
    with TestClient(create_app(folder, Policy(rate=0, poll_seconds=0))) as opened:
        yield opened


def answered(client, path, **body):
    response = client.post(path, json=body)
    assert response.status_code == 200, response.text
    return response.json()


def ids(items):
    return [item["climb_id"] for item in items]


def test_every_item_says_how_hard_it_is_where_and_how_good(client):
    items = answered(client, "/api/recommend", sends=SENDS, k=9)["items"]
    assert {"hard", "reach", "area", "stars", "sends", "link"} <= set(items[0])
    known = [item for item in items if item["reach"] is not None]
    assert known
    by_grade = sorted(known, key=lambda item: item["grade"])
    assert [item["reach"] for item in by_grade] == sorted((i["reach"] for i in by_grade), reverse=True)


def test_mode_sort_and_what_is_left_out_are_met(client):
    plain = answered(client, "/api/recommend", sends=SENDS, k=3)["items"]
    left = answered(client, "/api/recommend", sends=SENDS, k=12, block=[plain[0]["climb_id"], "font"])
    left = left["items"]
    assert plain[0]["climb_id"] not in ids(left)
    assert "Font" not in {item["region"] for item in left}
    easiest = answered(client, "/api/recommend", sends=SENDS, k=9, sort="easiest")["items"]
    assert [item["grade"] for item in easiest] == sorted(item["grade"] for item in easiest)
    project = answered(client, "/api/recommend", sends=SENDS, mode="project")["items"]
    assert {item["hard"] for item in project} == {"project"}
    many = {"sends": SENDS, "block": ["x"] * (MAX_BLOCK + 1)}
    assert client.post("/api/recommend", json=many).status_code == 422


def test_a_path_leads_to_the_project_past_what_is_closed(client):
    ask = {"sends": SENDS, "project": "climb-06", "steps": 2, "leap": 3}
    path = answered(client, "/api/path", **ask)
    assert path["project"]["climb_id"] == "climb-06"
    assert len(path["steps"]) == 2
    assert all(step["reason"] for step in path["steps"])
    closed = path["steps"][0]["climb_id"]
    assert closed not in ids(answered(client, "/api/path", **ask, block=[closed])["steps"])


def test_a_session_leaves_out_what_is_closed(client):
    session = answered(client, "/api/session", sends=SENDS, count=4)
    assert session["climbs"]
    assert session["minutes"] == sum(climb["minutes"] for climb in session["climbs"])
    closed = session["climbs"][0]["climb_id"]
    again = answered(client, "/api/session", sends=SENDS, count=4, region=session["region"], block=[closed])
    assert closed not in ids(again["climbs"])


def test_skill_comes_with_its_uncertainty_stored_or_posted(client):
    (told,) = answered(client, "/api/skill", sends=SENDS)["disciplines"]
    assert [point["day"] for point in told["curve"]] == ["2024-05-01", "2024-05-02", "2024-05-03"]
    assert all(point["deviation"] > 0 for point in told["curve"])
    assert [dot["grade"] for dot in told["sent"]] == ["V1", "V2", "V3"]
    stored = answered(client, "/api/skill", climber=CLIMBER)
    assert stored == client.get(f"/api/climbers/{CLIMBER}/skill").json()


def test_a_session_has_the_graded_sends_of_its_own_day_and_discipline(client):
    day = "2024-05-09"
    grades = [("2024-05-01", "V1"), ("2024-05-02", "WI4"), ("2024-05-03", "7a"), (day, "V2"), (day, "V3")]
    sends = [{"climb_id": f"x{n}", "date": when, "grade": grade} for n, (when, grade) in enumerate(grades)]
    told = answered(client, "/api/skill", sends=sends)["disciplines"]
    curves = {
        each["discipline"]: [(point["day"], point["sends"]) for point in each["curve"]] for each in told
    }
    assert curves == {"boulder": [("2024-05-01", 1), (day, 2)], "route": [("2024-05-03", 1)]}


FOLLOWED = (
    "Date,Route,Rating,Notes,URL,Pitches,Location,Avg Stars,Your Stars,Style,Lead Style,Route Type,"
    "Your Rating,Length,Rating Code\n"
    "2024-05-01,R,5.8,,https://www.mountainproject.com/route/1/a,1,O > H,3.0,-1,Lead,Onsight,Sport,,60,1\n"
    "2024-05-02,S,V3,,https://www.mountainproject.com/route/2/a,1,O > H,3.0,-1,,,Boulder,,60,1\n"
    "2024-06-01,T,5.13a,,https://www.mountainproject.com/route/3/a,1,O > H,3.0,-1,Follow,,Sport,,60,1\n"
    "2024-06-01,U,5.9,,https://www.mountainproject.com/route/4/a,1,O > H,3.0,-1,Lead,Redpoint,Sport,,60,1\n"
    "2024-06-02,V,5.9,,https://www.mountainproject.com/route/5/a,1,O > H,3.0,-1,TR,,Sport,,60,1\n"
)


def test_what_has_no_known_outcome_is_no_send_read_or_posted(client):
    read = client.post("/api/logbook", content=FOLLOWED).json()
    told = answered(client, "/api/skill", sends=read["sends"])
    for each in (read, told):
        assert (each["rows"], each["unknown"], each["graded"]) == (2, 3, 2)
        assert (each["first"], each["last"]) == ("2024-05-01", "2024-06-02")
        route, boulder = each["disciplines"]
        assert [(sent["day"], sent["sends"]) for sent in route["sent"]] == [
            ("2024-05-01", 1), ("2024-06-01", 1)
        ]  # fmt: skip
        assert sum(step["sends"] for step in route["pyramid"]) == 2
        assert [(month["month"], month["sends"]) for month in route["skill"]] == [
            ("2024-05", 1), ("2024-06", 1)
        ]  # fmt: skip
        assert (boulder["discipline"], boulder["sent"], boulder["pyramid"], boulder["skill"]) == (
            "boulder", [], [], [],
        )  # fmt: skip
    curves = [[(each["day"], each["sends"]) for each in part["curve"]] for part in told["disciplines"]]
    assert curves == [[("2024-05-01", 1), ("2024-06-01", 1), ("2024-06-02", 0)], [("2024-05-02", 0)]]


def test_an_unknown_outcome_moves_the_ability_as_it_did_and_none_is_a_send(client):
    sends = client.post("/api/logbook", content=FOLLOWED).json()["sends"]
    assert [send.get("outcome") for send in sends] == [None, "unknown", "unknown", None, "unknown"]
    older = [{name: value for name, value in send.items() if name != "outcome"} for send in sends]
    was, now = (answered(client, "/api/skill", sends=each) for each in (older, sends))
    assert (was["rows"], was["unknown"], was["disciplines"][0]["curve"][1]["sends"]) == (5, 0, 2)
    levels = [
        [(point["ability"], point["deviation"]) for part in each["disciplines"] for point in part["curve"]]
        for each in (was, now)
    ]
    assert levels[0] == levels[1]
    told = [{**send, "outcome": send.get("outcome", "send")} for send in sends]
    assert answered(client, "/api/skill", sends=told) == now
    assert client.post("/api/skill", json={"sends": [{**SENDS[0], "outcome": "maybe"}]}).status_code == 422


def test_plain_order_makes_no_months_of_1970(client):
    sends = [{**send, "date": str(index)} for index, send in enumerate(SENDS)]
    told = answered(client, "/api/skill", sends=sends)
    (boulder,) = told["disciplines"]
    assert (told["first"], told["last"], boulder["skill"], boulder["sent"]) == (None, None, [], [])
    assert [point["day"] for point in boulder["curve"]] == [None] * 3


@pytest.mark.parametrize(("path", "body", "status", "words"), [
    ("path", {"climber": CLIMBER, "project": "nothing"}, 404, "no climb 'nothing'"),
    ("path", {"climber": "nobody", "project": "climb-06"}, 404, "no climber 'nobody'"),
    ("path", {"project": "climb-06"}, 422, "give a climber or sends"),
    ("path", {"sends": SENDS, "project": "climb-01"}, 422, "was sent already"),
    ("session", {"climber": CLIMBER, "region": "nowhere"}, 404, "no region 'nowhere'"),
    ("session", {"climber": CLIMBER, "minutes": 60, "count": 3}, 422, "not both"),
    ("session", {"climber": CLIMBER, "like": "nothing"}, 404, "no climb 'nothing'"),
    ("skill", {"sends": []}, 422, "sends"),
])  # fmt: skip
def test_what_cannot_be_planned_is_refused_in_words(client, path, body, status, words):
    response = client.post(f"/api/{path}", json=body)
    assert response.status_code == status
    assert words in response.json()["error"]["message"]


def test_a_sample_is_one_of_the_climbers(client):
    assert client.get("/api/sample").json()["climber"] in {f"climber-{i}" for i in range(4)}
    assert client.get("/version").json()["simulated"] is False


def test_links_are_of_sites_whose_ids_the_climbs_carry():
    assert link("mp-271828") == "https://www.mountainproject.com/route/271828"
    assert link("thecrag-11") == "https://www.thecrag.com/route/11"
    assert [link(each) for each in ("slab@bishop", "mp-", "mp-1/../x", "xmp-1")] == [None] * 4


def test_recsys_serve_answers_every_route(tmp_path, monkeypatch):
    """What the command opens is what the routes ask, whether or not a type says so."""
    served = []
    monkeypatch.setattr("recsys.serving.server.serve", lambda app, sockets, proxy: served.append(app))
    monkeypatch.setattr("recsys.serving.server.listen", lambda host, port: [])
    folder = write_light_bundle(tmp_path / "bundle")
    done = CliRunner().invoke(build_app(["serve"]), ["serve", str(folder)])
    assert done.exit_code == 0, done.output
    with TestClient(served[0]) as client:
        limits = client.get("/version").json()["limits"]
        assert limits["max_body"] == Policy().max_body == 4 << 20  # nginx's 4m
        assert client.get("/version").json()["nouns"] == {}
        assert client.get("/api/off-grades?region=squamish").json() == {"climbs": []}
        assert client.get("/api/sample").json()["climbers"]
        for path, more in (("recommend", {}), ("path", {"project": "climb-06", "steps": 2, "leap": 3}),
                           ("session", {"count": 4}), ("skill", {})):  # fmt: skip
            answered(client, f"/api/{path}", sends=SENDS, **more)


def test_soft_and_hard_grades_are_those_that_the_skill_is_sure_of(tmp_path):
    folder = write_light_bundle(tmp_path / "bundle")
    usual = np.array([float(i % 8) for i in range(N_CLIMBS)])
    off = np.where(np.arange(N_CLIMBS) == 4, 0.9, 0.0) - np.where(np.arange(N_CLIMBS) == 7, 0.6, 0.0)
    plain = Skill.plain(usual)
    skill = Skill(plain.ladders, plain.reaches, Difficulty(usual + off, np.full(N_CLIMBS, 0.1)))
    skill.save(folder / "skill.npz")
    write_manifest(folder, [*FILES, "skill.npz"])
    with TestClient(create_app(folder, Policy(rate=0, poll_seconds=0))) as client:
        found = client.get("/api/off-grades").json()["climbs"]
        assert [(each["climb_id"], each["off"], each["climbs_like"]) for each in found] == [
            ("climb-04", 0.9, "V5"), ("climb-07", -0.6, "V6"),
        ]  # fmt: skip
        region = found[1]["region"]
        here = client.get("/api/off-grades", params={"region": region.upper()}).json()["climbs"]
        assert {each["region"] for each in here} == {region}
        assert client.get("/api/off-grades?region=nowhere").status_code == 404


def test_places_and_words_of_a_bundle(tmp_path):
    folder = write_light_bundle(tmp_path / "bundle")
    about = read_json(folder / BUNDLE)
    write_json(folder / BUNDLE, {**about, "facts": {"nouns": {"climb": "book", "sent": "read"}}})
    climbs = read_json(folder / CLIMBS)
    more = {"area": ["Cliff", "Wood", None] * 4, "style": ["slab", None] * 6}
    write_json(folder / CLIMBS, {**climbs, **more, "grade": [f"L{i % 8}" for i in range(N_CLIMBS)]})
    write_manifest(folder, FILES)
    with TestClient(create_app(folder, Policy(rate=0, poll_seconds=0))) as client:
        told = client.get("/version").json()
        assert (told["nouns"], told["levels"]) == ({"climb": "book", "sent": "read"}, True)
        assert told["graded"] is True
        places = client.get("/api/regions").json()
        assert places["areas"] == [
            {"area": "Cliff", "region": "Squamish", "climbs": 4},
            {"area": "Wood", "region": "Font", "climbs": 4},
        ]
        assert places["styles"] == [{"style": "slab", "climbs": 6}]
        for name, known in (("area", "Cliff, Wood"), ("region", "Font, Squamish")):
            refused = client.post("/api/session", json={"sends": SENDS, name: "Nowhere"})
            said = f"no {name} 'Nowhere' among the 2 of this run; for example: {known}"
            assert refused.status_code == 404
            assert said in refused.text
        refused = client.post("/api/path", json={"sends": SENDS, "project": "climb-01"})
        assert "no book 'climb-01'" in refused.text or "was read already" in refused.text
        page = client.get("/")
        assert '<title data-elsewhere="Which climb next">Which book next</title>' in page.text
        assert "Your logbook in, your next books out" in page.text
        assert page.headers["content-type"].startswith("text/html")
        assert client.get("/manifest.webmanifest").json()["name"] == "Which book next"
        assert client.get("/main.js").status_code == 200
        described = client.get("/openapi.json").json()
        assert described["info"]["description"].startswith("The next book for a climber")
        assert "same" in described["components"]["schemas"]["PathBody"]["properties"]


def test_a_bundle_of_climbs_has_the_page_as_it_is(client):
    page = Path(__file__).parents[2] / "recsys" / "serving" / "page"
    assert client.get("/").text == (page / "index.html").read_text()
    assert client.get("/manifest.webmanifest").content == (page / "manifest.webmanifest").read_bytes()


def test_levels_of_books_are_told_as_levels():
    books, climbs = has_levels(["L3", None, "L12"]), has_levels(["V3", "7a"])
    assert (level(8.2, books), level(-1, books), level(8.2, climbs)) == ("L8", "L0", "V8")
    assert (told("soft V5", books), told("soft V5", climbs)) == ("soft L5", "soft V5")


def test_a_region_is_the_one_spelt_as_asked_where_two_differ_by_case(tmp_path):
    folder = write_light_bundle(tmp_path / "bundle")
    spelt = {"region": ["Squamish", "squamish", None] * 4}
    write_json(folder / CLIMBS, {**read_json(folder / CLIMBS), **spelt})
    write_manifest(folder, FILES)
    with TestClient(create_app(folder, Policy(rate=0, poll_seconds=0))) as client:
        for region in ("Squamish", "squamish"):
            items = answered(client, "/api/recommend", sends=SENDS, region=region)["items"]
            assert {item["region"] for item in items} == {region}
