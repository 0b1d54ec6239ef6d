"""The service as clients of HTTP expect it: methods, types, packed bodies, batches, origins, its words."""

from __future__ import annotations

import gzip
import json
import logging
import re
import zlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from starlette.testclient import TestClient

from recsys.errors import RunError, UsageError
from recsys.serving.app import create_app
from recsys.serving.limits import Buckets
from recsys.serving.middleware import client_address, outcome
from recsys.serving.policy import MAX_REQUESTS, Policy, read_origins
from tests.builders.fake_recommender import FakeRecommender, open_fake, write_bundle

JSON = {"content-type": "application/json"}
PACKED = gzip.compress(b"{}", mtime=0)
BOARD = Path(__file__).parents[2] / "docs" / "reference" / "grafana.json"


def opened(bundle, opener=open_fake, **options):
    return TestClient(create_app(bundle, Policy(**{"rate": 0, "poll_seconds": 0, **options}), opener))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return write_bundle(tmp_path_factory.mktemp("http") / "bundle")


@pytest.fixture(scope="module")
def client(bundle):
    with opened(bundle, max_body=100_000) as client:
        yield client


def message(response) -> str:
    assert set(response.json()) == {"error"}
    return response.json()["error"]["message"]


# ---- methods and types


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/api/regions", "/", "/main.js"])
def test_head_is_get_without_a_body(client, path):
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == get.headers["content-type"]
    if path != "/metrics":
        assert head.headers["content-length"] == get.headers["content-length"]


def test_head_counts_as_head(client):
    client.head("/api/climbs?search=raven")
    text = client.get("/metrics").text
    assert 'recsys_requests_total{method="HEAD",outcome="ok",route="/api/climbs",status="200"} 1.0' in text


@pytest.mark.parametrize(("method", "path", "allowed"), [
    ("DELETE", "/health", "GET, HEAD"), ("GET", "/api/recommend", "POST"), ("PUT", "/api/logbook", "POST"),
    ("POST", "/api/regions", "GET, HEAD"), ("POST", "/", "GET, HEAD"), ("HEAD", "/api/recommend", "POST"),
    ("PATCH", "/main.js", "GET, HEAD"),
])  # fmt: skip
def test_a_wrong_method_is_told_the_right_ones(client, method, path, allowed):
    response = client.request(method, path)
    assert response.status_code == 405
    assert response.headers["allow"] == allowed
    if method != "HEAD":
        assert message(response).endswith(f"use {allowed}")


def test_an_unknown_path_is_unknown_to_every_method(client):
    assert [client.request(each, "/api/x").status_code for each in ("GET", "POST", "PUT")] == [404] * 3


@pytest.mark.parametrize("host", ["[::1", "[x]:y", "a/b", ""])
@pytest.mark.parametrize(
    ("path", "status"), [("/api/nothing", 404), ("/api/recommend", 405), ("/health", 200)]
)
def test_whatever_a_client_says_is_the_host(client, host, path, status):
    assert client.get(path, headers={"Host": host}).status_code == status


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_another_type_than_json_is_refused(client, kind):
    response = client.post("/api/recommend", content=b"{}", headers={"content-type": kind} if kind else {})
    assert response.status_code == 415
    assert "Content-Type: application/json" in message(response)
    assert response.headers["accept"] == "application/json"


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON;charset=utf-8", "application/a+json"])
def test_json_is_taken(client, kind):
    response = client.post("/api/recommend", content=b"{}", headers={"content-type": kind})
    assert response.status_code == 200


def test_a_picture_is_no_logbook(client):
    response = client.post("/api/logbook", content=b"\x89PNG", headers={"content-type": "image/png"})
    assert response.status_code == 415
    assert "not image" in message(response)


# ---- packed bodies


def packed(client, content: bytes, kind: str = "gzip", path: str = "/api/recommend"):
    return client.post(path, content=content, headers={**JSON, "content-encoding": kind})


def test_a_packed_body_is_read(client):
    whole = gzip.compress(b'{"k": ', mtime=0) + gzip.compress(b"3}", mtime=0)  # two members are one file
    for kind in ("gzip", "x-gzip", "GZIP"):
        assert len(packed(client, whole, kind).json()["items"]) == 3
    assert packed(client, b"{}", "identity").status_code == 200
    rows = "climb_id,date\n" + "".join(f"climb-{i:04d},2024-05-01\n" for i in range(50))
    headers = {"content-type": "text/csv", "content-encoding": "gzip"}
    answer = client.post("/api/logbook", content=gzip.compress(rows.encode(), mtime=0), headers=headers)
    assert answer.json()["rows"] == 50


@pytest.mark.parametrize(("content", "kind", "status"), [
    (b"{}", "gzip", 400), (PACKED[:-4], "gzip", 400), (PACKED + b"x", "gzip", 400),
    (zlib.compress(b"{}"), "deflate", 415), (b"{}", "br", 415), (b"{}", "gzip, gzip", 415),
    (gzip.compress(b" " * 5_000_000, mtime=0), "gzip", 413), (gzip.compress(PACKED, mtime=0), "gzip", 400),
])  # fmt: skip
def test_a_badly_packed_body_is_refused(client, content, kind, status):
    response = packed(client, content, kind)
    assert response.status_code == status
    assert message(response)
    if status == 415:
        assert response.headers["accept-encoding"] == "gzip"


# ---- sends


@pytest.mark.parametrize("sequence", [0, -1, 2.5, 1e300, -1e-300])
def test_a_sequence_is_any_number(client, sequence):
    send = {"climb_id": "climb-0001", "date": "2024-05-01", "sequence": sequence}
    answer = client.post("/api/recommend", json={"sends": [send]})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("sequence", ["NaN", "Infinity", "1" + "0" * 400, "true", '"1"'])
def test_a_sequence_is_a_finite_number(client, sequence):
    content = '{"sends": [{"climb_id": "climb-0001", "date": "2024-05-01", "sequence": ' + sequence + "}]}"
    answer = client.post("/api/recommend", content=content, headers=JSON)
    assert (answer.status_code, "sends.0.sequence: " in message(answer)) == (422, True), answer.text


# ---- batches


def climbs(answer) -> list[str]:
    return [row["climb_id"] for row in answer["items"]]


def test_a_batch_answers_each_as_alone(client):
    asks = [{"climber": f"sim-climber-{i:04d}", "k": 1 + i % 4} for i in range(20)]
    wrong = [{"climber": "nobody"}, {"grade": "hard"}, {"grade": "V17", "region": "Bishop"}]
    response = client.post("/api/batch", json={"requests": [*asks, *wrong]})
    assert response.status_code == 200
    answers = response.json()["answers"]
    assert [each["status"] for each in answers] == [200] * 20 + [404, 422, 422]
    for ask, answer in zip(asks, answers, strict=False):
        alone = client.post("/api/recommend", json=ask).json()
        assert answer["error"] is None
        assert [row["climb_id"] for row in answer["answer"]["items"]] == [
            r["climb_id"] for r in alone["items"]
        ]
        assert answer["answer"]["climber"] == ask["climber"]
    assert "no climber 'nobody'" in answers[20]["error"]["message"]
    assert answers[20]["error"]["request_id"] == response.headers["x-request-id"]
    assert answers[20]["answer"] is None


def test_a_wrong_request_of_a_batch_is_refused_by_itself(client):
    wrong = [{"k": "3"}, {"grades": 1}, {"when": "2024-02-30"}, 5, None, {"climber": "\ud800"}]
    content = json.dumps({"requests": [{"k": 2}, *wrong, {"k": 3}]})
    response = client.post("/api/batch", content=content, headers=JSON)
    assert response.status_code == 200
    first, *refused, last = response.json()["answers"]
    assert (len(first["answer"]["items"]), len(last["answer"]["items"])) == (2, 3)
    assert [each["status"] for each in refused] == [422] * len(wrong)
    alone = [client.post("/api/recommend", json=each) for each in wrong[:3]]
    said = [each["error"]["message"] for each in refused]
    assert said[:3] == [message(each) for each in alone]
    assert said[3:5] == ["the request must be a JSON object"] * 2
    schema = client.get("/openapi.json").json()["components"]["schemas"]["BatchBody"]
    assert schema["properties"]["requests"]["items"] == {"$ref": "#/components/schemas/RecommendBody"}


def test_a_batch_is_bounded_and_counts_for_the_rate(client, bundle):
    assert client.post("/api/batch", json={"requests": []}).status_code == 422
    assert client.post("/api/batch", json={"requests": [{}] * (MAX_REQUESTS + 1)}).status_code == 422
    with opened(bundle, rate=10) as limited:
        assert limited.post("/api/batch", json={"requests": [{"k": 1}] * 50}).status_code == 200
        response = limited.get("/api/regions")
        assert response.status_code == 429
        assert 2 <= int(response.headers["retry-after"]) <= 4  # 50 - 20 tokens too many, at 10 a second


def test_a_charge_is_paid_back():
    now = [0.0]
    buckets = Buckets(rate=2, burst=4, clock=lambda: now[0])
    buckets.take("a")
    buckets.charge("a", 7)
    assert buckets.take("a") == 3
    now[0] = 2.6
    assert buckets.take("a") == 0


def test_a_broken_bundle_is_a_defect_of_the_service(bundle):
    class Broken(FakeRecommender):
        def recommend_many(self, requests):
            raise RunError("model.onnx: cannot answer; export it again")

        recommend = recommend_many

    with opened(bundle, lambda folder: Broken()) as client:
        assert client.post("/api/recommend", json={}).status_code == 500
        assert client.post("/api/batch", json={"requests": [{}]}).json()["answers"][0]["status"] == 500


# ---- other sites

SITE = "https://crag.example"


def test_only_named_sites_may_ask_from_a_browser(bundle):
    with opened(bundle, origins=frozenset([SITE]), api_keys=frozenset(["correct-horse-battery"])) as client:
        asked = {"origin": SITE, "access-control-request-method": "POST"}
        asked["access-control-request-headers"] = "content-type, x-api-key"
        preflight = client.options("/api/recommend", headers=asked)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == SITE
        refused = client.post("/api/recommend", json={}, headers={"origin": SITE})
        assert refused.status_code == 401  # and the page may read why
        assert refused.headers["access-control-allow-origin"] == SITE
        other = client.options("/api/recommend", headers={**asked, "origin": "https://elsewhere.example"})
        assert other.status_code == 400
        assert "access-control-allow-origin" not in other.headers


def test_origins_are_checked():
    given = ["https://Crag.example/", "http://localhost:8080"]
    assert read_origins(given) == {"https://crag.example", "http://localhost:8080"}
    for wrong in ("*", "crag.example", "https://crag.example/page", "https://", "null"):
        with pytest.raises(UsageError, match="write a scheme and a host alone"):
            read_origins([wrong])


# ---- dates that are no days


@pytest.mark.parametrize("day", [1e9, -1e9, np.inf, np.nan, 1e300])
def test_a_day_beyond_the_calendar_is_none(bundle, day):
    class Odd(FakeRecommender):
        def logbook(self, request):
            columns = {"climb_id": ["a", "b"], "grade": ["V4", "V5"], "day": [day, 1.0]}
            return SimpleNamespace(columns={**columns, "outcome": [None, None]})

    with opened(bundle, lambda folder: Odd()) as client:
        answer = client.get("/api/climbers/sim-climber-0004/skill")
    assert answer.status_code == 200
    assert (answer.json()["first"], answer.json()["rows"], answer.json()["graded"]) == ("1970-01-02", 2, 2)
    assert [month["month"] for month in answer.json()["disciplines"][0]["skill"]] == ["1970-01"]
    assert len(answer.json()["disciplines"][0]["pyramid"]) == 2


# ---- logs and metrics


def test_a_line_of_the_log_says_what_became_of_a_request(client, caplog):
    with caplog.at_level(logging.INFO, "recsys.serving"):
        client.post("/api/recommend", json={"k": 1})
        client.post("/api/recommend", json={"climber": "nobody"})
    first, second = [record.fields for record in caplog.records if record.message == "request"]
    assert set(first) == {
        "request_id", "method", "route", "status", "outcome", "ms", "bytes_in", "bytes_out", "client",
    }  # fmt: skip
    assert (first["outcome"], first["bytes_in"]) == ("ok", len(b'{"k":1}'))
    assert first["bytes_out"] > 50
    assert (second["outcome"], second["status"]) == ("refused", 404)


def test_a_key_is_named_by_its_place(bundle, caplog):
    key = "correct-horse-battery"
    with opened(bundle, api_keys=frozenset([key])) as client, caplog.at_level(logging.INFO, "recsys.serving"):
        client.get("/api/regions", headers={"x-api-key": key})
        client.get("/api/regions")
    lines = [record.fields for record in caplog.records if record.message == "request"]
    assert [(line.get("key"), line["outcome"]) for line in lines] == [(0, "ok"), (None, "closed")]
    assert key not in str(lines)


@pytest.mark.parametrize("name", ["x" * 100_000, "a\nb\x1b[31m", '"}\n{"event": "forged"}', "é" * 50])
def test_what_a_client_calls_himself_is_cut(name):
    shown = client_address({"client": (name, 1)})
    assert len(shown) <= 45
    assert re.fullmatch(r"[0-9A-Za-z.:_%?-]+", shown)


def test_addresses_are_shown_whole():
    for each in ("10.0.0.1", "2001:db8::1", "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "fe80::1%eth0"):
        assert client_address({"client": (each, 1)}) == each


def test_outcomes():
    table = {0: "gone", 200: "ok", 304: "ok", 404: "refused", 401: "closed", 429: "limited", 500: "defect"}
    assert {status: outcome(status) for status in table} == table
    assert outcome(503) == "busy"


def test_the_board_asks_for_what_there_is(client):
    """Every metric and label of the Grafana board is in the exposition."""
    client.post("/api/recommend", json={})
    text = client.get("/metrics").text
    board = json.loads(BOARD.read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    assert len(asked) >= 8
    for expression in asked:
        names = re.findall(r"\b(?:recsys|process)_\w+", expression)
        assert names, expression
        for name in names:
            assert re.search(rf"^(# TYPE )?{name}(_total)?\b", text, re.MULTILINE), name
        for label in re.findall(r"by \(([\w, ]+)\)", expression):
            for each in set(label.split(", ")) - {"le"}:
                assert f'{each}="' in text, each


# ---- the description


def test_every_route_is_described(client):
    described = client.get("/openapi.json").json()
    assert set(described["components"]["securitySchemes"]) == {"key", "bearer"}
    names = set()
    for path, item in described["paths"].items():
        for operation in item.values():
            assert operation["description"], path
            names.add(operation["operationId"])
            guarded = path.startswith(("/api/", "/metrics", "/model-card"))
            assert bool(operation["security"]) is guarded, path
            statuses = {"405", "431", "500", "503"} | ({"401", "429"} if guarded else set())
            assert statuses <= set(operation["responses"]), path
            for status, response in operation["responses"].items():
                schema = response["content"].get("application/json", {}).get("schema", {})
                if status >= "400" and path != "/ready":
                    assert schema["$ref"].endswith("/Failure"), (path, status)
            for parameter in operation.get("parameters", []):
                assert parameter["description"], (path, parameter["name"])
    assert len(names) == sum(len(item) for item in described["paths"].values())
    for name in ("RecommendBody", "BatchBody"):
        assert described["components"]["schemas"][name]["examples"]


BODIES = (
    ("RecommendBody", "/api/recommend"), ("BatchBody", "/api/batch"), ("PathBody", "/api/path"),
    ("SessionBody", "/api/session"), ("Logged", "/api/skill"),
)  # fmt: skip


def test_examples_are_valid(client):
    """The bodies that the description shows are taken, but for ids that another bundle has."""
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    for name, path in BODIES:
        for example in schemas[name]["examples"]:
            response = client.post(path, json=example)
            assert response.status_code in (200, 404), response.text


def test_only_the_widget_may_be_loaded_by_other_sites(client):
    policy = "cross-origin-resource-policy"
    assert client.get("/widget.js").headers[policy] == "cross-origin"
    for path in ("/", "/main.js", "/api/regions", "/widget.html"):
        assert client.get(path).headers[policy] == "same-origin"
    assert client.get("/widget.js").headers["x-content-type-options"] == "nosniff"
