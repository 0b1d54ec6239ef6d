"""The service: what it answers, what it refuses and in which words, batches, reloads, and how it ends."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import shutil
import signal
import tempfile
import threading
import time
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from recsys.errors import OverloadError, RunError, UsageError
from recsys.recommending.logbook import read_logbook
from recsys.recommending.logbook_file import read_files
from recsys.recommending.request import Request
from recsys.serving.app import create_app
from recsys.serving.backend import LoadedBundle
from recsys.serving.batching import Batcher
from recsys.serving.bodies import Body
from recsys.serving.insights import insights
from recsys.serving.limits import Buckets
from recsys.serving.logs import configure_logs
from recsys.serving.policy import MAX_HISTORY, Policy, read_keys
from tests.builders.fake_recommender import FakeRecommender, open_fake, write_bundle
from tests.builders.fake_service import Service

KEY = "correct-horse-battery"
CSV = "climb_id,date,grade,comment\nclimb-0001,2024-05-01,V4,a secret note\nclimb-0002,2024-06-01,V5,\n"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return write_bundle(tmp_path_factory.mktemp("bundles") / "bundle")


@pytest.fixture(scope="module")
def client(bundle):
    with TestClient(create_app(bundle, Policy(rate=0, poll_seconds=0), open_fake)) as opened:
        yield opened


def limited(bundle, **options):
    return TestClient(create_app(bundle, Policy(**{"rate": 0, "poll_seconds": 0, **options}), open_fake))


def until(test) -> None:
    limit = time.monotonic() + 10
    while not test() and time.monotonic() < limit:
        time.sleep(0.02)
    assert test()


def message(response) -> str:
    body = response.json()
    assert set(body) == {"error"}
    assert body["error"]["request_id"] == response.headers["x-request-id"]
    return body["error"]["message"]


# ---- answers


def test_recommends_what_the_recommender_says(client):
    ask = {"climber": "sim-climber-0004", "grade": "V4:V6", "region": "squamish", "k": 3, "explain": True}
    answer = client.post("/api/recommend", json=ask).json()
    expected = FakeRecommender().recommend(
        Request(climber="sim-climber-0004", grades=(4, 6), region="Squamish", k=3, explain=True)
    )
    assert [row["climb_id"] for row in answer["items"]] == [item.climb_id for item in expected]
    assert answer["items"][0]["why"] == expected[0].why
    assert answer["climber"] == "sim-climber-0004"
    assert {row["region"] for row in answer["items"]} == {"Squamish"}


def test_recommends_from_posted_sends_and_from_none(client):
    sends = [{"climb_id": f"climb-{i:04d}", "date": "2024-05-01", "grade": "V4"} for i in range(20)]
    posted = client.post("/api/recommend", json={"sends": sends}).json()["items"]
    assert not {row["climb_id"] for row in posted} & {send["climb_id"] for send in sends}
    assert len(client.post("/api/recommend", json={}).json()["items"]) == 10


def test_finds_climbs_climbers_and_regions(client):
    found = client.get("/api/climbs", params={"search": "raven", "k": 4}).json()["items"]
    assert len(found) == 4
    assert all("Raven" in row["name"] for row in found)
    similar = client.get("/api/climbs/climb-0007/similar", params={"k": 5}).json()["items"]
    assert len(similar) == 5
    assert "climb-0007" not in {row["climb_id"] for row in similar}
    assert client.get("/api/climbers", params={"search": "004", "k": 1}).json() == {
        "climbers": ["sim-climber-0004"]
    }
    regions = client.get("/api/regions").json()["regions"]
    assert sum(row["climbs"] for row in regions) == 200
    skill = client.get("/api/climbers/sim-climber-0004/skill").json()
    assert skill["rows"] == 40
    assert skill["disciplines"][0]["discipline"] == "boulder"


def test_hidden_climbers_are_neither_found_nor_sampled(bundle):
    with limited(bundle, hide_climbers=True) as opened:
        assert opened.get("/api/climbers", params={"search": "0", "k": 9}).json() == {"climbers": []}
        assert opened.get("/api/sample").json() == {"climber": None, "climbers": []}
        asked = opened.post("/api/recommend", json={"climber": "sim-climber-0004", "k": 1})
        assert asked.status_code == 200  # who knows an id can ask by it


def test_who_cannot_search_for_climbers_is_not_told_to(bundle):
    with limited(bundle, hide_climbers=True) as client:
        hidden = message(client.post("/api/recommend", json={"climber": "nobody"}))
        assert hidden == "no climber 'nobody' is known here"
        client.app.state.holder._take(client.app.state.holder.current)
        assert "search" not in message(client.get("/api/climbers/nobody/skill"))


def test_tells_about_itself(client, bundle):
    assert client.get("/health").json() == {"status": "alive"}
    assert client.get("/ready").json() == {"status": "ready"}
    version = client.get("/version").json()
    assert version["climbs"] == 200
    assert len(version["manifest"]) == 64
    assert "made-up model" in client.get("/model-card").text
    client.get("/api/regions")
    text = client.get("/metrics").text
    assert 'recsys_requests_total{method="GET",outcome="ok",route="/api/regions",status="200"}' in text
    assert "recsys_batch_size_bucket" in text
    assert "/api/climbs/{climb_id}/similar" in client.get("/openapi.json").json()["paths"]


def test_climb_ids_may_hold_slashes(client):
    assert "no climb 'a/b'" in message(client.get("/api/climbs/a%2Fb/similar"))


@pytest.mark.parametrize("name", ["line%0Abreak", "%0A", "a%2Fb%0D%0A", "a%E2%80%A8b"])
def test_ids_may_hold_line_breaks(client, name):
    assert message(client.get(f"/api/climbs/{name}/similar")).startswith("no climb '")
    assert message(client.get(f"/api/climbers/{name}/skill")).startswith("no climber '")


# ---- logbooks


@pytest.mark.parametrize("form", [True, False], ids=["a form", "the body"])
def test_a_logbook_is_summed_up_and_handed_back(client, form):
    given = {"files": {"file": ("mine.csv", CSV)}} if form else {"content": CSV}
    answer = client.post("/api/logbook", **given).json()
    assert (answer["rows"], answer["graded"], answer["first"], answer["last"]) == (
        2, 2, "2024-05-01", "2024-06-01",
    )  # fmt: skip
    assert answer["sends"][0] == {
        "climb_id": "climb-0001", "date": "2024-05-01", "grade": "V4", "comment": "yes",
    }  # fmt: skip
    assert client.post("/api/recommend", json={"sends": answer["sends"]}).status_code == 200


OWN = "Datum;Weg, Name;Grad\n24.05.2024;Amsel;7a\n"


def test_the_order_of_a_day_is_handed_back(client, tmp_path):
    """So that posted sends are answered as the file is by the command line and Python."""
    rows = [f"climb-{i:04d},2024-05-0{1 + i // 6},V4,{5 - i % 6 / 2}" for i in range(12)]
    (tmp_path / "mine.csv").write_text("\n".join(("climb_id,date,grade,sequence", *rows)))
    handed = client.post("/api/logbook", content=(tmp_path / "mine.csv").read_bytes()).json()["sends"]
    read = read_files([tmp_path / "mine.csv"]).sends
    assert handed[0]["sequence"] == 2.5
    for day in ("file", "set"):
        assert read_logbook(handed, day).climbs == read_logbook(read, day).climbs
        assert read_logbook(handed, day).climbs[:6] == [f"climb-{i:04d}" for i in range(5, -1, -1)]
    assert client.post("/api/recommend", json={"sends": handed}).status_code == 200


def test_ones_own_columns_are_told_and_named_by_hand(client):
    refused = client.post("/api/logbook", content=OWN)
    assert refused.status_code == 422
    assert refused.json()["error"]["columns"] == ["Datum", "Weg, Name", "Grad"]
    named = {"columns": "date=Datum,climb=Weg, Name,grade=Grad"}
    answer = client.post("/api/logbook", content=OWN, params=named).json()
    assert [(row["climb_id"], row["date"], row["grade"]) for row in answer["sends"]] == [
        ("amsel@unknown", "2024-05-24", "7a"),
    ]  # fmt: skip
    wrong = client.post("/api/logbook", content=OWN, params={"columns": "date=Day,climb=Weg, Name"})
    assert (wrong.status_code, "has no such column" in message(wrong)) == (422, True)
    assert "columns" not in client.post("/api/logbook", content=b"").json()["error"]


BROKEN = {
    "empty": (b"", "empty"),
    "an image": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "export it again|no known source"),
    "other columns": (b"name,when\nx,2024-05-01\n", "no column climb_id and no column date|no known source"),
    "only a header": (b"climb_id,date\n", "no rows"),
    "no date": (b"climb_id,date\nx,yesterday\n", "unreadable date"),
    "one endless field": (b'climb_id,date\n"' + b"x" * 200_000, "a quoted value is never closed"),
}


@pytest.mark.parametrize(("content", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_logbook_is_refused_in_words(client, content, words):
    response = client.post("/api/logbook", content=content)
    assert response.status_code == 422
    assert re.search(words, message(response))


def test_a_form_without_a_file_is_refused(client):
    response = client.post("/api/logbook", data={"file": "text"}, files={"other": ("a", b"b")})
    assert response.status_code == 422
    kind = {"content-type": "multipart/form-data"}
    assert client.post("/api/logbook", content=b"x", headers=kind).status_code == 422


def test_integers_for_ids_and_dates_are_their_texts(client):
    def asked(climber, climb, date):
        sends = [{"climb_id": climb, "date": date, "climber_id": climber}]
        return client.post("/api/recommend", json={"sends": sends, "block": [climb]})

    one, other = asked(7, 12, 20240501), asked("7", "12", "20240501")
    assert one.status_code == 200
    assert one.json() == other.json()
    named, text = (client.post("/api/recommend", json={"climber": each}) for each in (510, "510"))
    assert message(named) == message(text)
    assert client.post("/api/recommend", json={"climber": True}).status_code == 422


@pytest.fixture
def configured():
    """The service's logs, for the while of a test."""
    loggers = [logging.getLogger(name) for name in ("recsys.serving", "uvicorn", "python_multipart")]
    kept = [(each.handlers, each.propagate, each.level) for each in loggers]
    configure_logs()
    yield
    for logger, (handlers, propagate, level) in zip(loggers, kept, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


@pytest.mark.usefixtures("configured")
def test_what_reads_forms_writes_no_line_of_its_own():
    assert not logging.getLogger("python_multipart.multipart").isEnabledFor(logging.WARNING)


def test_nothing_of_a_logbook_reaches_the_disk_or_the_log(client, monkeypatch, caplog):
    def spool(*_, **__):
        raise AssertionError("a file was made")

    monkeypatch.setattr(tempfile, "TemporaryFile", spool)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", spool)
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", spool)
    rows = "".join(
        f"climb-{i % 200:04d},2024-05-01T{i // 3600:02}:{i // 60 % 60:02}:{i % 60:02},V4,secret\n"
        for i in range(26_000)
    )
    with caplog.at_level(logging.DEBUG, "recsys.serving"):
        answer = client.post("/api/logbook", files={"file": ("mine.csv", CSV + rows)}).json()
        client.post("/api/recommend", json={"sends": [{"climb_id": "secret", "date": "bad"}], "k": "secret"})
    assert answer["left_out"] == 26_002 - MAX_HISTORY
    assert len(answer["sends"]) == MAX_HISTORY
    events = [record.fields for record in caplog.records if record.name == "recsys.serving"]
    assert [event["route"] for event in events] == ["/api/logbook", "/api/recommend"]
    assert "secret" not in str(events)


def test_skill_is_the_mean_of_the_ten_hardest_in_a_year():
    rows = [{"date": f"2023-01-{day:02d}", "grade": "V4"} for day in range(1, 13)]
    rows += [{"date": "2023-06-01", "grade": "V6"}, {"date": "2024-03-01", "grade": "V5"}]
    rows += [{"date": "2024-03-02", "grade": "7a"}, {"date": "x", "grade": "V9"}, {"date": "2024-03-02"}]
    table = insights(rows)
    boulder, route = table["disciplines"]
    assert [month["skill"] for month in boulder["skill"]] == [4.0, 4.2, 5.5]
    assert [(step["grade"], step["sends"]) for step in boulder["pyramid"]] == [
        ("V9", 1),
        ("V8", 0),
        ("V7", 0),
        ("V6", 1),
        ("V5", 1),
        ("V4", 12),
    ]
    assert route["sent"] == [{"day": "2024-03-02", "ordinal": 115.0, "grade": "7a", "sends": 1}]
    assert (route["discipline"], route["pyramid"][0]["grade"]) == ("route", "7a")
    assert (table["rows"], table["graded"], table["last"]) == (17, 16, "2024-03-02")


# ---- refusals

NONSENSE = {
    "no JSON": ("not json", 422, "the body is no JSON at character 0"),
    "half a JSON": ('{"k": 1', 422, "the body is no JSON at character"),
    "a list": ("[]", 422, "the body must be a JSON object"),
    "an unknown field": ('{"grades": 1}', 422, "grades: is no field of this request"),
    "a text for a number": ('{"k": "3"}', 422, "k: Input should be a valid integer"),
    "too many": ('{"k": 101}', 422, "less than or equal to 100"),
    "not a number": ('{"diversity": NaN}', 422, "diversity"),
    "a bad grade": ('{"grade": "hard"}', 422, "write a grade or two"),
    "a bad day": (
        '{"when": "2024-02-30"}',
        422,
        "when: '2024-02-30' is no day; write a day as 2026-06-01",
    ),
    "a bad month": (
        '{"when": "2024-13-01"}',
        422,
        "when: '2024-13-01' is no day; write a day as 2026-06-01",
    ),
    "a day of another form": ('{"when": "1/6/2026"}', 422, "when: '1/6/2026' is no day; write a day as"),
    "both": ('{"climber": "a", "sends": []}', 422, "not both"),
    "an unknown climber": ('{"climber": "nobody"}', 404, "no climber 'nobody'"),
    "an unknown region": ('{"region": "Atlantis"}', 404, "no region 'Atlantis'"),
    "nothing left": ('{"grade": "V17", "region": "Bishop"}', 422, "ask for a wider range"),
    "a send without a climb": (
        '{"sends": [{"date": "2024-01-01"}]}',
        422,
        "sends.0.climb_id: Field required",
    ),
    "a lone surrogate": ('{"climber": "\\ud800"}', 422, "climber"),
    "a surrogate for a name": ('{"\\ud800": 1}', 422, "valid string"),
    "a deep nest": ("[" * 100_000, 400, "parsed as JSON: it may be nested too deep"),
    "a fraction for an id": (
        '{"climber": 5.5}',
        422,
        "climber: Input should be a valid string; write a number in",
    ),
    "a long history": (
        json.dumps({"sends": [{"climb_id": "a", "date": "2024-01-01"}] * (MAX_HISTORY + 1)}),
        422,
        f"at most {MAX_HISTORY}",
    ),
}


@pytest.mark.parametrize(("body", "status", "words"), NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_refused_with_a_reason(client, body, status, words):
    headers = {"content-type": "application/json"}
    response = client.post("/api/recommend", content=body, headers=headers)
    assert response.status_code == status
    assert words in message(response)


def test_unknown_paths_and_methods(client):
    assert client.get("/api/nothing").status_code == 404
    assert client.get("/../../etc/passwd").status_code == 404
    assert client.delete("/api/regions").status_code == 405
    assert client.get("/docs").status_code == 404


def test_a_large_body_is_refused_with_and_without_its_length(bundle):
    with limited(bundle, max_body=1000) as client:
        for content in (b"x" * 1001, iter([b"x" * 600] * 2)):
            response = client.post("/api/logbook", content=content)
            assert response.status_code == 413
            assert "larger than" in message(response)
        assert client.post("/api/recommend", json={}).status_code == 200


def test_a_slow_body_is_refused():
    sent = []

    async def receive():
        await asyncio.sleep(60)

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "headers": []}
    asyncio.run(Body(None, 10, 0.02)(scope, receive, send))
    assert sent[0]["status"] == 408


def test_the_rate_is_kept_for_each_client(bundle):
    now = [0.0]
    buckets = Buckets(rate=2, burst=4, clock=lambda: now[0])
    assert [buckets.take("a") for _ in range(5)] == [0, 0, 0, 0, 1]
    assert buckets.take("b") == 0
    now[0] = 0.5
    assert [buckets.take("a"), buckets.take("a")] == [0, 1]
    with limited(bundle, rate=1) as client:
        answers = [client.get("/api/regions") for _ in range(4)]
        assert [each.status_code for each in answers].count(429) >= 1
        assert answers[-1].headers["retry-after"] == "1"
        assert "try again in 1 s" in message(answers[-1])
        assert client.get("/health").status_code == 200


def test_a_key_opens_the_service(bundle):
    with limited(bundle, api_keys=frozenset([KEY, "another-long-key-here"])) as client:
        for headers in ({}, {"x-api-key": "wrong"}, {"authorization": f"Basic {KEY}"}):
            response = client.get("/api/regions", headers=headers)
            assert response.status_code == 401
            assert "API key" in message(response)
        for headers in ({"x-api-key": KEY}, {"authorization": f"Bearer {KEY}"}):
            assert client.get("/api/regions", headers=headers).status_code == 200
        assert client.get("/metrics").status_code == 401
        assert client.get("/ready").status_code == 200
        assert client.get("/").status_code == 200


def test_keys_are_read_from_a_file_and_the_environment(tmp_path, monkeypatch):
    file = tmp_path / "keys"
    file.write_text(f"# ours\n{KEY}  # mine\n\n")
    monkeypatch.setenv("RECSYS_API_KEYS", "from-the-environment, ")
    assert read_keys(file) == {KEY, "from-the-environment"}
    file.write_text("short\n")
    with pytest.raises(UsageError, match="shorter than 16"):
        read_keys(file)
    with pytest.raises(UsageError, match="cannot be read"):
        read_keys(tmp_path / "none")


def test_security_headers_on_every_answer_and_no_cors(client):
    for path in ("/", "/main.js", "/api/regions", "/api/nothing", "/metrics"):
        headers = client.get(path, headers={"origin": "https://elsewhere.example"}).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers
    assert client.get("/api/regions").headers["cache-control"] == "no-store"


def test_a_request_id_is_kept_when_it_is_plain(client):
    assert client.get("/health", headers={"x-request-id": "abc-1"}).headers["x-request-id"] == "abc-1"
    assert client.get("/health", headers={"x-request-id": "a b\t{"}).headers["x-request-id"] != "a b\t{"


def test_a_defect_is_answered_and_logged_without_its_text(bundle, caplog):
    class Broken(FakeRecommender):
        def recommend_many(self, requests):
            raise ValueError("secret")

        search = recommend = recommend_many

    app = create_app(bundle, Policy(rate=0, poll_seconds=0), lambda folder: Broken())
    with TestClient(app) as client, caplog.at_level(logging.ERROR, "recsys.serving"):
        response = client.post("/api/recommend", json={})
    assert response.status_code == 500
    assert "secret" not in message(response)
    assert "content-security-policy" in response.headers
    assert "defect" in caplog.text


def test_logs_are_json(capsys):
    from recsys.serving.logs import JsonLines

    record = logging.LogRecord("x", logging.INFO, "f", 1, "request", None, None)
    record.fields = {"status": 200}
    line = json.loads(JsonLines().format(record))
    assert (line["event"], line["level"], line["status"]) == ("request", "info", 200)


# ---- batches


def batched(recommender, asks, **options):
    sizes = []

    async def run():
        settings = {
            "window_seconds": 0.01,
            "max_batch": 8,
            "max_waiting": 100,
            "answer_seconds": 5,
            **options,
        }
        batcher = Batcher(**settings, observe=sizes.append)
        batcher.start()
        backend = LoadedBundle(recommender)
        answers = await asyncio.gather(*(batcher.submit(backend, a) for a in asks), return_exceptions=True)
        await batcher.stop()
        return answers

    return asyncio.run(run()), sizes


def test_concurrent_requests_share_a_call_and_get_their_own_answers():
    recommender = FakeRecommender()
    asks = [Request(climber=f"sim-climber-{i:04d}", k=1 + i % 5) for i in range(40)]
    answers, sizes = batched(recommender, asks)
    alone = FakeRecommender()
    for ask, answer in zip(asks, answers, strict=True):
        expected = alone.recommend(ask)
        assert [row["climb_id"] for row in answer] == [item.climb_id for item in expected]
        assert [row["score"] for row in answer] == pytest.approx([item.score for item in expected], rel=1e-4)
    assert sum(sizes) == 40
    assert max(sizes) == 8
    assert len(recommender.calls) == len(sizes) <= 10


def test_one_bad_request_does_not_spoil_the_batch():
    asks = [Request(), Request(grades=(17, 17)), Request(sends=[{}]), Request(k=2)]
    answers, _ = batched(FakeRecommender(), asks)
    assert [len(answers[0]), len(answers[3])] == [10, 2]
    assert isinstance(answers[1], UsageError)
    assert isinstance(answers[2], KeyError)


def test_too_many_and_too_slow_are_told_to_come_back():
    class Slow(FakeRecommender):
        def recommend_many(self, requests):
            time.sleep(0.2)
            return super().recommend_many(requests)

    answers, _ = batched(Slow(), [Request() for _ in range(6)], max_waiting=4, answer_seconds=0.05)
    assert sum("busy" in str(each) for each in answers) == 2
    assert sum("too long" in str(each) for each in answers) == 4
    assert all(isinstance(each, OverloadError) for each in answers)


# ---- bundles


def test_a_changed_bundle_is_refused_at_the_start(tmp_path):
    folder = write_bundle(tmp_path / "bundle")
    (folder / "fake.json").write_text('{"n_climbs": 100, "seed": 3}')
    with pytest.raises(RunError, match="was changed since"):
        create_app(folder, opener=open_fake)


def test_a_new_bundle_is_used_and_a_wrong_one_refused(tmp_path):
    folder = write_bundle(tmp_path / "bundle", n_climbs=100)
    app = create_app(folder, Policy(rate=0, poll_seconds=0.05), open_fake)
    with TestClient(app) as client:
        write_bundle(folder, n_climbs=150)
        until(lambda: client.get("/version").json()["climbs"] == 150)
        (folder / "fake.json").write_text("{}")
        (folder / "manifest.json").write_text((folder / "manifest.json").read_text() + " ")
        until(lambda: 'recsys_reloads_total{result="refused"} 1.0' in client.get("/metrics").text)
        assert client.get("/version").json()["climbs"] == 150
        assert client.post("/api/recommend", json={}).status_code == 200
        shutil.rmtree(folder)
        time.sleep(0.2)
        assert client.get("/ready").status_code == 200


def test_signals_reload_and_end_without_dropping_a_request(tmp_path):
    folder = write_bundle(tmp_path / "bundle", n_climbs=100)
    service = Service(folder, poll_seconds=0)
    statuses, done = [], threading.Event()

    def ask():
        with httpx.Client(base_url=service.url) as http:
            while not done.is_set():
                statuses.append(http.post("/api/recommend", json={"k": 2}).status_code)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        for n_climbs in (120, 140, 160):
            write_bundle(folder, n_climbs=n_climbs)
            service.process.send_signal(signal.SIGHUP)
            until(lambda n=n_climbs: httpx.get(f"{service.url}/version").json()["climbs"] == n)
    finally:
        done.set()
        for thread in threads:
            thread.join()
        code = service.stop()
    assert set(statuses) == {200}
    assert code == 0
    lines = [json.loads(line) for line in service.log.read_text().splitlines()]
    assert [line["event"] for line in lines if line["event"] != "request"] == [
        "serving", *["bundle reloaded"] * 3, "stopped",
    ]  # fmt: skip


def test_what_was_begun_is_answered_before_the_end(tmp_path):
    service = Service(write_bundle(tmp_path / "bundle"), poll_seconds=0)
    body = json.dumps({"k": 2}).encode()

    def slowly():
        yield body[:3]
        httpx.get(f"{service.url}/health")  # answered after what came before it was taken up
        service.process.terminate()
        time.sleep(0.5)
        yield body[3:]

    headers = {"content-type": "application/json"}
    answer = httpx.post(f"{service.url}/api/recommend", content=slowly(), headers=headers)
    assert answer.status_code == 200
    assert service.stop() == 0


def test_a_second_signal_to_stop_does_not_kill_a_service_on_its_way_out():
    import uvicorn

    from recsys.serving.server import Server

    ends = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(each) for each in ends]
    server = Server(uvicorn.Config(None), None)
    try:
        with server.capture_signals():
            pass
        assert [signal.getsignal(each) for each in ends] == before  # it ended by itself
        with server.capture_signals():
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGINT) == before[0]
    finally:
        signal.signal(signal.SIGTERM, before[1])


def test_the_page_is_small_and_names_no_outside_address():
    folder = Path(__file__).parents[2] / "recsys" / "serving" / "page"
    files = [each for each in folder.iterdir() if each.is_file()]
    assert sum(each.stat().st_size for each in files) < 250_000
    for each in files:
        if each.suffix == ".png":
            continue
        text = each.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text
        assert "https://" not in text
        assert io.StringIO(text).read()


def test_a_day_may_be_today(client):
    assert client.post("/api/recommend", json={"when": "today"}).status_code == 200
    schema = client.get("/openapi.json").json()["components"]["schemas"]["RecommendBody"]
    assert re.search(schema["properties"]["when"]["anyOf"][0]["pattern"], "today")
