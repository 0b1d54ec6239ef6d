"""What the service tells of a library: answers, errors and its description, in the library's words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from recsys import columns as c
from recsys.files import read_json, write_json
from recsys.manifest import write_manifest
from recsys.recommending.bundle import BUNDLE, CLIMBS, FILES, HISTORIES
from recsys.serving.app import create_app
from recsys.serving.policy import Policy
from tests.builders.light_bundle import N_CLIMBS, write_light_bundle

BOOKS = {
    "climb": "book", "climber": "reader", "send": "loan", "sent": "borrowed", "grade": "level",
    "climbing": "reading", "logbook": "reading list", "region": "genre", "area": "series",
}  # fmt: skip
# Words of climbing that are no name of a field, a route or a quoted value.
CLIMBING = re.compile(
    r"(?<![\w/`'\"-])(climb|climber|climbed|climbing|sent|unsent|send|grade|logbook|region|area|crag|boulder)s?"
    r"(?![\w/`'\"=-])|\bV\d|Squamish|Grand Wall"
)
SENDS = [{"climb_id": f"climb-0{i}", "date": f"2024-05-0{i}", "grade": f"L{i}"} for i in range(1, 4)]


def library(folder: Path, grades: list[str | None]) -> Path:
    write_light_bundle(folder)
    genres = ["Mysteries", "Space", None] * 4
    more = {c.GRADE: grades, c.REGION: genres, c.AREA: genres, c.STYLE: genres}
    write_json(folder / CLIMBS, {**read_json(folder / CLIMBS), **more})
    write_json(folder / BUNDLE, {**read_json(folder / BUNDLE), "facts": {"nouns": BOOKS}})
    write_json(folder / HISTORIES, {**read_json(folder / HISTORIES), c.GRADE: ["L1", "L2"]})
    write_manifest(folder, FILES)
    return folder


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = library(tmp_path_factory.mktemp("books") / "bundle", [f"L{i % 8}" for i in range(N_CLIMBS)])
    with TestClient(create_app(folder, Policy(rate=0, poll_seconds=0))) as opened:
        yield opened


def grades_in(answer: object) -> list[str]:
    """Whatever looks like a V grade in an answer, at any depth."""
    return re.findall(r"\bV\d+", str(answer))


def test_a_path_is_told_in_levels_and_in_the_words_of_the_library(client):
    ask = {"sends": SENDS, "project": "climb-06", "steps": 2, "leap": 3}
    path = client.post("/api/path", json=ask).json()
    assert path["ability"].startswith("L")
    said = [step["reason"] for step in path["steps"]]
    assert any("level" in each and "the reader's level" in each for each in said), said
    assert [each for each in said if CLIMBING.search(each)] == []
    assert grades_in(path) == []
    refused = client.post("/api/path", json={**ask, "steps": 1, "leap": 0.1}).json()["error"]["message"]
    assert "levels above the reader's L" in refused


def test_notes_of_posted_loans_are_told_and_their_titles_stay(client):
    sends = [{"climb_id": "mine", "date": "2024-05-01", "climb_name": "Slabs 4", "region": "Space"}]
    (note, asked) = client.post("/api/recommend", json={"sends": sends}).json()["logbook"]["notes"]
    assert note.startswith("none of the reading list's books is known to the model (0 of 1)")
    assert asked.startswith("Slabs 4 (mine) may be Slab 4 (climb-04)")


@pytest.mark.parametrize("route", ["skill", "session"])
def test_abilities_and_pyramids_are_told_in_levels(client, route):
    answer = client.post(f"/api/{route}", json={"sends": SENDS, **({} if route == "skill" else {"count": 2})})
    assert answer.status_code == 200, answer.text
    assert grades_in(answer.json()) == []
    if route == "skill":
        (told,) = answer.json()["disciplines"]
        assert [told[each][-1]["grade"] for each in ("pyramid", "sent", "curve")] == ["L1", "L3", "L3"]
        assert told["skill"][0]["best_grade"] == "L3"


def test_a_file_and_the_sample_are_told_in_levels(client):
    text = "climb_id,date,grade,rating\na,2024-05-01,L3,3\nb,2024-05-02,L4,9\n"
    answer = client.post("/api/logbook", content=text, headers={"content-type": "text/csv"}).json()
    assert answer["disciplines"][0]["pyramid"][0]["grade"] in ("L3", "L4")
    assert grades_in([answer, client.get("/api/sample").json()]) == []


def test_an_error_is_told_and_a_field_keeps_its_name(client):
    said = client.post("/api/recommend", json={"sends": SENDS, "grade": "V99"}).json()["error"]["message"]
    assert said == "grade: is no range of levels ('V99'); write a level or two, as in L4 or L4:L6"
    said = client.post("/api/logbook", content=b"x", headers={"content-type": "image/png"}).json()
    assert said["error"]["message"] == "a reading list is a table, not image: post a file"


def texts(part: object) -> list[str]:
    """Every summary, description and text of an example, at any depth."""
    if isinstance(part, list):
        return [text for each in part for text in texts(each)]
    if not isinstance(part, dict):
        return []
    found = [
        value for name, value in part.items() if name in ("summary", "description") and isinstance(value, str)
    ]
    for name in ("examples", "example"):
        found += re.findall(r"'([^']*)'", str(part.get(name, "")))
    return found + [
        text for name, value in part.items() if name not in ("examples", "example") for text in texts(value)
    ]


def test_the_description_of_the_service_has_no_word_of_climbing(client):
    described = client.get("/openapi.json").json()
    names = {"climb", "climber", "grade", "region", "sends"}  # keys of examples are names of fields
    found = [each for each in texts(described) if CLIMBING.search(each) and each not in names]
    assert found == []
    schemas = described["components"]["schemas"]
    assert schemas["Region"]["properties"]["region"]["examples"] == ["Mysteries"]
    assert schemas["Climb"]["properties"]["climb_id"]["examples"] == ["book-0007"]
    assert schemas["RecommendBody"]["properties"]["grade"]["description"] == "a level or a range: L4 or L4:L6"
    assert schemas["Path"]["properties"]["ability"]["examples"] == ["L5"]
    assert "climber" in schemas["PathBody"]["properties"]


def test_of_a_library_whose_levels_are_words_no_example_is_a_level(tmp_path):
    folder = library(tmp_path / "bundle", ["early", "late", None] * 4)
    with TestClient(create_app(folder, Policy(rate=0, poll_seconds=0))) as client:
        described = client.get("/openapi.json").json()
    body = described["components"]["schemas"]["RecommendBody"]
    assert body["properties"]["grade"]["description"] == "one of the bundle's levels"
    assert "grade" not in body["examples"][0]
    assert grades_in(texts(described)) == []
