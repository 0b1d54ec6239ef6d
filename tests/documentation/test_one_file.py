"""A method and a logbook source are added as the page of the architecture tells, in a copy of the package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.documentation.pages import ROOT, blocks

PAGE = ROOT / "docs" / "explanation" / "architecture.md"
SCRIPT = """
import sys
from pathlib import Path

import numpy as np

import recsys
from recsys.__main__ import main
from recsys.baselines.decayed import DecayedPopularity
from recsys.sequences.split import TEST, TRAIN
from tests.builders.interaction_tables import of, scores

assert Path(recsys.__file__).is_relative_to(Path.cwd())
sends = [[(0, TRAIN, 0.0), (1, TRAIN, 30.0)], [(0, TRAIN, 0.0), (2, TRAIN, 60.0)]]
sends += [[(0, TEST, 61.0), (2, TEST, 62.0)]]
assert np.allclose(scores(DecayedPopularity(30), of(sends, 3))[-1], [0.5, 0.5, 1.0])

run = recsys.train(recsys.simulate("bc", scale=0.02), model="decayed-popularity", output="runs/decayed")
assert run.config.method == "decayed-popularity"
climbs = recsys.load("runs/decayed")
assert len(climbs.recommend(climbs.climbers[0], k=5)) == 5

for words in (["study", "--list-rows"], ["import", "bergbuch.csv", "-o", "sends.csv"]):
    sys.argv = ["recsys", *words]
    try:
        main()
    except SystemExit as ended:
        assert not ended.code, ended.code
"""


@pytest.fixture(scope="module")
def added(tmp_path_factory):
    """What was printed, and the folder."""
    folder = tmp_path_factory.mktemp("house")
    skip = shutil.ignore_patterns("__pycache__", "page", "*.png")
    for package in ("recsys", "workflows", "schemas"):
        shutil.copytree(ROOT / package, folder / package, ignore=skip)
    for each in blocks(PAGE, "python"):
        place, _, code = each.text.partition("\n")
        path, _, inside = place.removeprefix("# ").partition(", in ")
        if inside:
            text = (folder / path).read_text()
            start = text.index("yield", text.index(f"def {inside}(")) - len("    ")
            (folder / path).write_text(text[:start] + code + text[start:])
        else:
            assert not (folder / path).exists()
            (folder / path).write_text(code)
    table, _ = blocks(PAGE, "text")
    (folder / "bergbuch.csv").write_text(table.text)
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    return found, folder


def test_a_method_is_trained_kept_and_asked(added):
    found, folder = added
    assert any(line.split()[:1] == ["decayed-popularity"] for line in found.stdout.splitlines())
    assert (folder / "runs" / "decayed" / "model.npz").is_file()


def test_a_source_is_read_as_the_page_says(added):
    found, folder = added
    _, said = blocks(PAGE, "text")
    assert said.text.strip() in found.stderr
    rows = (folder / "sends.csv").read_text().splitlines()
    assert len(rows) == 3
    assert "2026-05-24" in rows[1]
    assert "6B+" in rows[1]
