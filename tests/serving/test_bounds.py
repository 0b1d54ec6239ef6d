"""What one request may cost: few errors of many fields, one climber's sends, a bounded wait for an answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel, ValidationError

from recsys.errors import OverloadError
from recsys.recommending import logbook, recommender
from recsys.serving.app import create_app
from recsys.serving.models import BatchBody, RecommendBody
from recsys.serving.plan_models import Logged, PathBody, SessionBody
from recsys.serving.policy import MAX_HISTORY, Policy
from recsys.serving.workers import Workers
from tests.builders.light_bundle import write_light_bundle

SEND = {"climb_id": "climb-02", "date": "2024-05-01"}


@pytest.fixture(scope="module")
def client(tmp_path_factory) -> Iterator[TestClient]:
    folder: Path = write_light_bundle(tmp_path_factory.mktemp("bounds") / "b")
    with TestClient(create_app(folder, Policy(rate=0, poll_seconds=0))) as client:
        yield client


def message(response) -> str:
    return str(response.json()["error"]["message"])


MANY = {str(i): 1 for i in range(20_000)}


@pytest.mark.parametrize(
    ("model", "body", "said"),
    [
        (RecommendBody, MANY, "'0' is no field of this request, which has 15 and not 20000"),
        (RecommendBody, {"same": MANY}, f"holds 20000 ids; {MAX_HISTORY} is the most"),
        (RecommendBody, {"sends": [{**SEND, **MANY}] * 3}, "which has 14 and not"),
        (RecommendBody, {"sends": [{}] * MAX_HISTORY}, "Field required"),
        (RecommendBody, {"block": [1.5] * 1000}, "valid string"),
        (PathBody, MANY, "which has 8 and not"),
        (SessionBody, {"sends": [SEND], "same": MANY}, "holds 20000 ids"),
        (Logged, {"sends": [1] * MAX_HISTORY}, "valid dictionary"),
    ],
)
def test_few_errors_are_made_of_many_fields(model: type[BaseModel], body: Any, said: str) -> None:
    """Half a MB of them kept the event loop for seconds."""
    with pytest.raises(ValidationError) as error:
        model.model_validate(body)
    assert error.value.error_count() <= 2
    assert said in str(error.value)


def test_a_batch_makes_few_errors_of_each_request() -> None:
    batch = BatchBody.model_validate({"requests": [MANY, {"nosuch": 1}, {}]})
    counts = [each.error_count() for each in batch.each if isinstance(each, ValidationError)]
    assert counts == [1, 1]


@pytest.mark.parametrize(
    ("path", "more"), [("recommend", {}), ("skill", {}), ("session", {}), ("path", {"project": "climb-06"})]
)
def test_sends_of_several_climbers_and_a_mapping_of_none_are_refused(client, path, more) -> None:
    sends = [{**SEND, "climber_id": each} for each in "ab"]
    answer = client.post(f"/api/{path}", json={**more, "sends": sends})
    assert (answer.status_code, message(answer)) == (
        422, "sends: holds the sends of 2 climbers; post those of one",
    )  # fmt: skip
    ask = {**more, "climber": "climber-1", "same": {"mine": "climb-02"}}
    answer = client.post(f"/api/{path}", json=ask)
    assert (answer.status_code, message(answer)) == (
        422, "same: is of the ids of posted sends; post some, or leave it out",
    )  # fmt: skip


def test_an_empty_body_is_told_so(client) -> None:
    answer = client.post("/api/recommend", headers={"content-type": "application/json"})
    assert (answer.status_code, message(answer)) == (422, "the body is empty; post a JSON object")


# ---- how long one may take, and how many may wait

LONG = [
    ("post", "path", {"json": {"climber": "climber-1", "project": "climb-06"}}),
    ("post", "session", {"json": {"climber": "climber-1", "count": 3}}),
    ("post", "skill", {"json": {"climber": "climber-1"}}),
    ("get", "climbers/climber-1/skill", {}),
    ("post", "logbook", {"content": b"climb_id,date\nclimb-02,2024-05-01\n"}),
]


@pytest.mark.parametrize(("method", "path", "given"), LONG)
@pytest.mark.parametrize("limit", [{"max_waiting": -2}, {"answer_seconds": 0}], ids=["room", "time"])
def test_what_takes_long_is_told_to_come_back(tmp_path, method, path, given, limit) -> None:
    """They waited for two threads, without an end."""
    waiting = limit.get("max_waiting", 8)
    app = create_app(write_light_bundle(tmp_path / "b"), Policy(rate=0, poll_seconds=0, max_waiting=waiting))
    with TestClient(app) as client:
        for workers in (app.state.readers, app.state.planners):
            workers._seconds = limit.get("answer_seconds", 15)  # which is also the time for a body
        answer = getattr(client, method)(f"/api/{path}", **given)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "try again in a moment" in message(answer)


def test_what_nobody_waits_for_any_more_is_not_begun() -> None:
    begun: list[int] = []
    free = threading.Event()

    async def asked() -> list[Any]:
        workers = Workers("test", 1, 2, 0.2)
        first = asyncio.create_task(workers.run(free.wait))
        await asyncio.sleep(0.05)
        others = [asyncio.create_task(workers.run(begun.append, n)) for n in range(4)]
        found = await asyncio.gather(first, *others, return_exceptions=True)
        with pytest.raises(OverloadError, match="is busy"):  # those who gave up have their places yet
            await workers.run(begun.append, 4)
        free.set()
        while len(workers._under_way):
            await asyncio.sleep(0.01)
        await workers.run(begun.append, 5)
        workers.stop()
        return found

    found = asyncio.run(asked())
    assert [str(each).split(";")[0] for each in found] == [
        *["the service took too long to answer"] * 3, *["the service is busy"] * 2,
    ]  # fmt: skip
    assert begun == [5]


def test_a_logbook_is_read_once_for_an_answer(client, monkeypatch) -> None:
    """Once in the order of the model's days, and once in the file's where that is another."""
    read = []
    monkeypatch.setattr(
        recommender,
        "read_logbook",
        lambda sends, day="file", *more: read.append(day) or logbook.read_logbook(sends, day, *more),
    )
    sends = [{**SEND, "grade": "V4"}, {"climb_id": "climb-03", "date": "2024-05-02", "grade": "V5"}]
    for path, more in (("skill", {}), ("recommend", {}), ("path", {"project": "climb-06", "leap": 5})):
        read.clear()
        assert client.post(f"/api/{path}", json={"sends": sends, **more}).status_code == 200
        assert len(read) == len(set(read)), path


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        (
            "get",
            "off-grades?regoin=Squamish",
            "'regoin' is no parameter of this address; the nearest: region",
        ),
        ("post", "logbook?colums=date=Day", "'colums' is no parameter of this address; the nearest: columns"),
        ("get", "climbs?search=a&zzz=1", "'zzz' is no parameter of this address; there are: search, k"),
        ("get", "regions?k=1", "'k' is no parameter of this address; it has none"),
        ("post", "recommend?k=1", "'k' is no parameter of this address; it has none"),
        ("get", "climbs?search=a&k=1&k=2", "k is given twice; give it once"),
    ],
)
def test_a_parameter_that_there_is_not_or_twice_is_refused(client, method, path, said) -> None:
    """A mistyped region was ignored, and all regions answered."""
    answer = getattr(client, method)(f"/api/{path}", **({"json": {}} if method == "post" else {}))
    assert (answer.status_code, message(answer)) == (422, said)


def test_an_id_may_be_as_long_as_a_url(client: TestClient) -> None:
    sends = [SEND, {**SEND, "climb_id": "x" * 300}]
    answer = client.post("/api/recommend", json={"sends": sends, "same": {"x" * 300: "climb-03"}, "k": 2})
    assert answer.status_code == 200
    assert answer.json()["logbook"]["known"] == 2
    content = f"climb_id,date\nclimb-02,2024-05-01\n{'x' * 300},2024-05-02\n"
    answer = client.post("/api/logbook?name=a.csv", content=content, headers={"Content-Type": "text/csv"})
    assert [len(send["climb_id"]) for send in answer.json()["sends"]] == [8, 300]
