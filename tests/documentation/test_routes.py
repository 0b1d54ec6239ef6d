"""The page of the service names every route that there is, and no other."""

from __future__ import annotations

import re

from tests.documentation.pages import ROOT

PAGE = ROOT / "docs" / "reference" / "service.md"


def test_the_table_of_routes_is_the_services(tmp_path):
    from recsys.serving.app import create_app
    from tests.builders.fake_recommender import open_fake, write_bundle

    described = create_app(write_bundle(tmp_path / "bundle"), opener=open_fake).openapi()["paths"]
    routes = {re.sub(r"\{\w+\}", "{id}", path) for path in described}
    rows = [
        line.split("|")[1] for line in PAGE.read_text().splitlines() if line.startswith(("| `GET", "| `POST"))
    ]
    named = {found for row in rows for found in re.findall(r"(/[\w/{}.-]+)", row)}
    assert named - {"/widget.js"} == routes - {"/widget.js"}
