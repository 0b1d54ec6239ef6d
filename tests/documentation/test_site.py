"""The site builds without a warning and asks no other address; tables and floors are as their sources say."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documentation.pages import ROOT


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / "making" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return folder


def test_no_page_loads_anything_from_elsewhere(site):
    for page in site.rglob("*.html"):
        for tag in re.findall(r"<(?:script|img|link|iframe|source)\b[^>]*>", page.read_text()):
            assert not re.search(r'(?:src|href)="?(?:https?:)?//', tag), f"{page.name}: {tag}"


def test_the_reference_is_made_of_the_code(site):
    commands = (site / "reference" / "commands.html").read_text()
    assert "<!-- commands -->" not in commands
    for name, option in (
        ("recsys batch", "--limits"),
        ("recsys train", "--hide-prompt"),
        ("recsys serve", "--proxy"),
    ):
        assert f">{name}<" in commands
        assert f"<code>{option}</code>" in commands
    python = (site / "reference" / "python.html").read_text()
    assert {"recsys.api.training.train", "recsys.logbooks.importing.source.Source"} <= set(
        re.findall(r'id="([\w.]+)"', python)
    )


@pytest.mark.parametrize("page", script("tables").PAGES, ids=lambda page: Path(page).parent.name)
def test_tables_are_made_from_results_files(page):
    text = page.read_text()
    assert "<!-- table:" in text
    assert script("tables").filled(text) == text, "run make docs"


def test_the_picture_of_the_floors_is_that_of_the_contract():
    floors = script("floors")
    assert floors.PICTURE.read_text() == floors.draw(), "run make docs"
