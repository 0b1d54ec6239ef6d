"""What one request may cost: few errors of many fields, one climber's sends, a bounded wait for an answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel, ValidationError

from recsys.serving.app import create_app
from recsys.serving.models import BatchBody, RecommendBody
from recsys.serving.plan_models import Logged, PathBody, SessionBody
from recsys.serving.policy import MAX_HISTORY, Policy
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
        (RecommendBody, {"sends": [{**SEND, **MANY}] * 3}, "which has 13 and not"),
        (RecommendBody, {"sends": [{}] * MAX_HISTORY}, "Field required"),
        (RecommendBody, {"block": [1] * 1000}, "valid string"),
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
