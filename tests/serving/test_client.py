"""A typed client, generated from the service's own description, against the service."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recsys.serving.app import create_app
from recsys.serving.policy import Policy
from tests.builders.fake_recommender import open_fake, write_bundle
from tests.builders.fake_service import Service

KEY = "correct-horse-battery"
CONFIG = "project_name_override: recsys-client\npackage_name_override: recsys_client\npost_hooks: []\n"
BESIDE = Path(sys.executable).with_name("openapi-python-client")
NAME = "openapi-python-client"
PINNED = (
    f"{NAME}==0.29.1"  # it wants another typer than this project: uv runs it in an environment of its own
)


def generator() -> list[str] | None:
    """How to call the generator: as it is installed, or by uv; None where neither can be had."""
    uv = Path(sys.executable).with_name("uv")
    found = str(BESIDE) if BESIDE.is_file() else shutil.which(NAME)
    words = [found] if found else [str(uv), "tool", "run", "--quiet", "--from", PINNED, NAME]
    if not found and not uv.is_file():
        return None
    try:
        done = subprocess.run([*words, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return words if done.returncode == 0 else None


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("client")


@pytest.fixture(scope="module")
def bundle(folder):
    return write_bundle(folder / "bundle")


@pytest.fixture(scope="module")
def package(folder, bundle):
    """The generated package; the generator leaves nothing out."""
    call = generator()
    if call is None:
        pytest.skip("no openapi-python-client here, and no uv and index to run it with")
    app = create_app(bundle, Policy(api_keys=frozenset([KEY])), open_fake)
    (folder / "openapi.json").write_text(json.dumps(app.openapi()))
    (folder / "config.yaml").write_text(CONFIG)
    words = [*call, "generate", "--path", "openapi.json", "--config", "config.yaml", "--meta", "none"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout + done.stderr  # it sends a file as a form, or as it is, but not by the name of CSV
    assert said.count("WARNING") == said.count("Unsupported content type text/csv"), said
    sys.path.insert(0, str(folder))
    yield importlib.import_module("recsys_client")
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def service(bundle):
    service = Service(bundle, api_keys=[KEY])
    yield service
    service.stop()


@pytest.fixture
def client(package, service):
    return package.AuthenticatedClient(base_url=service.url, token=KEY)


def operation(tag: str, name: str):
    return importlib.import_module(f"recsys_client.api.{tag}.{name}")


def test_the_client_recommends(client):
    models = importlib.import_module("recsys_client.models")
    send = models.Send(climb_id="climb-0007", date="2026-06-01", grade="V5")
    body = models.RecommendBody(sends=[send], k=4, explain=True)
    answer = operation("climbing", "recommend").sync(client=client, body=body)
    assert isinstance(answer, models.Recommendations)
    assert len(answer.items) == 4
    assert answer.items[0].why.sends[0].climb_id == "climb-0007"


def test_the_client_asks_many_at_once(client):
    models = importlib.import_module("recsys_client.models")
    asks = [models.RecommendBody(climber="sim-climber-0004", k=2), models.RecommendBody(climber="nobody")]
    answer = operation("climbing", "batch").sync(client=client, body=models.BatchBody(requests=asks))
    assert [each.status for each in answer.answers] == [200, 404]
    assert len(answer.answers[0].answer.items) == 2
    assert "nobody" in answer.answers[1].error.message


def test_the_client_looks_up(client):
    found = operation("look_ups", "find_climbs").sync(client=client, search="raven", k=3)
    assert len(found.items) == 3
    assert operation("look_ups", "similar").sync("climb-0007", client=client, k=2).items
    assert operation("look_ups", "skill").sync("sim-climber-0004", client=client).rows == 40
    assert sum(each.climbs for each in operation("look_ups", "regions").sync(client=client).regions) == 200
    assert operation("look_ups", "off_grades").sync(client=client, region="Bishop", k=2).climbs[0].off
    assert operation("service", "version").sync(client=client).limits.needs_key is True


def test_the_client_knows_what_went_wrong(package, client, service):
    models = importlib.import_module("recsys_client.models")
    recommend = operation("climbing", "recommend")
    refused = recommend.sync_detailed(client=client, body=models.RecommendBody(climber="nobody"))
    assert refused.status_code == 404
    assert isinstance(refused.parsed, models.Failure)
    assert refused.parsed.error.request_id == refused.headers["x-request-id"]
    stranger = package.AuthenticatedClient(base_url=service.url, token="wrong")
    assert recommend.sync(client=stranger, body=models.RecommendBody()).error.message.startswith(
        "this service"
    )
