"""A mapping of one's own ids, posted with the sends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from recsys.serving.app import create_app
from recsys.serving.policy import Policy
from tests.builders.light_bundle import write_light_bundle


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(create_app(write_light_bundle(tmp_path / "b"), Policy(rate=0, poll_seconds=0))) as client:
        yield client


def test_a_mapped_climb_is_a_climb_sent(client: TestClient) -> None:
    sends = [{"climb_id": "mine", "date": "2024-05-01"}]
    ask = {"sends": sends, "k": 12}
    before = client.post("/api/recommend", json=ask).json()
    assert (before["logbook"]["known"], before["logbook"]["climbs"]) == (0, 1)
    after = client.post("/api/recommend", json={**ask, "same": {"mine": "climb-02"}}).json()
    assert after["logbook"]["notes"] == [
        "1 of 1 climbs of the logbook are known to the model (1 by your mapping)"
    ]
    assert "climb-02" in [each["climb_id"] for each in before["items"]]
    assert "climb-02" not in [each["climb_id"] for each in after["items"]]


def test_a_climb_that_there_is_not_is_told_so(client: TestClient) -> None:
    sends = [{"climb_id": "mine", "date": "2024-05-01"}]
    answer = client.post("/api/recommend", json={"sends": sends, "same": {"mine": "zz"}})
    assert answer.status_code == 422
    assert "same zz: the model has no such climb" in answer.json()["error"]["message"]


def test_nearly_the_same_name_is_a_question(client: TestClient) -> None:
    sends = [{"climb_id": "mine", "date": "2024-05-01", "climb_name": "Slabs 3", "region": "Squamish"}]
    (asked,) = client.post("/api/recommend", json={"sends": sends}).json()["logbook"]["questions"]
    assert asked == {"climb_id": "mine", "name": "Slabs 3", "known_id": "climb-03", "known_name": "Slab 3"}
    same = {asked["climb_id"]: asked["known_id"]}
    answer = client.post("/api/recommend", json={"sends": sends, "same": same}).json()
    assert (answer["logbook"]["known"], answer["logbook"]["questions"]) == (1, [])


PLANS = [
    ("path", {"project": "climb-06", "steps": 2, "leap": 3}),
    ("session", {"count": 4}),
    ("skill", {}),
]


@pytest.mark.parametrize(("route", "more"), PLANS)
def test_every_route_that_starts_from_sends_takes_the_mapping(client, route, more) -> None:
    sends = [{"climb_id": f"mine-{n}", "date": f"2024-05-0{n}", "grade": f"V{n}"} for n in (2, 3)]
    ask = {"sends": sends, **more}
    before = client.post(f"/api/{route}", json=ask).json()
    assert (before["logbook"]["known"], before["logbook"]["climbs"]) == (0, 2)
    told = client.post(f"/api/{route}", json={**ask, "same": {"mine-2": "climb-02", "mine-3": "CLIMB-03"}})
    assert told.json()["logbook"]["notes"] == [
        "2 of 2 climbs of the logbook are known to the model (2 by your mapping)"
    ]
    refused = client.post(f"/api/{route}", json={**ask, "same": {"mine-2": "zz"}})
    assert refused.status_code == 422
    assert "same zz: the model has no such climb" in refused.json()["error"]["message"]


def test_a_mapped_climb_is_no_step_and_no_part_of_a_session(client) -> None:
    sends = [{"climb_id": "mine", "date": "2024-05-01", "grade": "V2"}]
    for route, more, named in (("path", PLANS[0][1], "steps"), ("session", {"count": 8}, "climbs")):
        before = client.post(f"/api/{route}", json={"sends": sends, **more}).json()
        first = before[named][0]["climb_id"]
        after = client.post(f"/api/{route}", json={"sends": sends, **more, "same": {"mine": first}}).json()
        assert first not in [each["climb_id"] for each in after[named]]


def test_what_is_stored_is_not_told_of(client) -> None:
    assert client.post("/api/skill", json={"climber": "climber-1"}).json()["logbook"] is None
    described = client.get("/openapi.json").json()["components"]["schemas"]
    for body, answer in (("PathBody", "Path"), ("SessionBody", "Session"), ("Logged", "Skill")):
        assert "same" in described[body]["properties"]
        assert "logbook" in described[answer]["properties"]
