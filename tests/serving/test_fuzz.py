"""Schemathesis makes requests from the service's own OpenAPI: no 5xx, nothing that is not described there."""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from recsys.serving.app import create_app
from recsys.serving.policy import Policy
from tests.builders.fake_recommender import open_fake, write_bundle

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 60


def test_no_request_breaks_the_service(tmp_path):
    app = create_app(write_bundle(tmp_path / "bundle"), Policy(rate=0, poll_seconds=0), open_fake)
    operations = [
        found.ok() for found in schemathesis.openapi.from_asgi("/openapi.json", app).get_all_operations()
    ]
    assert {operation.path for operation in operations} == set(app.openapi()["paths"])
    for operation in operations:
        _try(operation)


def _try(operation):
    @settings(
        max_examples=EXAMPLES if "/api/" in operation.path else 3,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def call(case):
        case.call_and_validate(checks=CHECKS)

    call()
