"""A catalogue whose grades are text: asked for by name, and without the order that they lack."""

from __future__ import annotations

from pathlib import Path

import pytest

import recsys
from recsys import columns as c
from recsys.errors import DataError, UsageError
from recsys.files import read_json, write_json
from recsys.manifest import write_manifest
from recsys.recommending import bundle as b
from tests.builders.commands import call
from tests.builders.light_bundle import write_light_bundle

AGES = ["teens", "adults", None] * 4
NOUNS = {"climb": "film", "send": "viewing", "grade": "age group", "climber": "viewer"}


def bundle(folder: Path, grades: list[str | None]) -> Path:
    """The light bundle with these grades, and words for them."""
    write_light_bundle(folder)
    write_json(folder / b.CLIMBS, {**read_json(folder / b.CLIMBS), c.GRADE: grades})
    write_json(folder / b.BUNDLE, {**read_json(folder / b.BUNDLE), "facts": {"nouns": NOUNS}})
    write_manifest(folder, b.FILES)
    return folder


@pytest.fixture
def films(tmp_path: Path) -> Path:
    return bundle(tmp_path / "films", AGES)


def test_a_text_filters_by_equality_and_is_the_prompt(films):
    climbs = recsys.load(films)
    found = climbs.recommend("climber-1", grade="Teens", k=12, exclude_seen=False)
    assert len(found) == 4
    assert {each.grade for each in found} == {"teens"}
    request = climbs.recommender.request("climber-1", grade="teens")
    (question,) = climbs.recommender.plan(request).questions
    assert question.logbook.columns[c.GRADE][-1] == "teens"
    assert question.given == {c.GRADE}


def test_a_text_that_is_none_of_them_names_those_that_there_are(films, capsys):
    assert call("recsys", "recommend", films, "--climber", "climber-1", "--grade", "V4") == 2
    said = capsys.readouterr().err
    assert "--grade 'V4': none of the 2 of this run; for example: adults, teens" in said


def test_where_there_are_grades_or_none_a_text_is_refused_as_before(tmp_path):
    with pytest.raises(UsageError, match="have no grades"):
        recsys.load(bundle(tmp_path / "none", [None] * 12)).recommend("climber-1", grade="teens")
    with pytest.raises(DataError, match="no range of grades"):
        recsys.load(bundle(tmp_path / "climbs", ["V1"] * 12)).recommend("climber-1", grade="teens")


@pytest.mark.parametrize(
    "words",
    [
        ["session", "--climber", "climber-1"],
        ["path", "--climber", "climber-1", "--project", "climb-07"],
        ["recommend", "--climber", "climber-1", "--mode", "project"],
        ["skill"],
        ["skill", "--json"],
        ["skill", "--climber", "climber-1"],
    ],
)
def test_what_needs_an_order_says_so_and_promises_nothing(films, capsys, words):
    histories = read_json(films / b.HISTORIES)
    write_json(films / b.HISTORIES, {**histories, c.GRADE: ["teens", "adults"]})
    write_manifest(films, b.FILES)
    assert call("recsys", *words[:1], films, *words[1:]) == 2
    out, said = capsys.readouterr()
    assert out == ""
    assert "goes by age groups that have an order, and this run has none of them" in said


def test_skill_without_soft_grades_is_a_line(tmp_path, capsys):
    assert call("recsys", "skill", bundle(tmp_path / "climbs", ["V1"] * 12)) == 0
    out, said = capsys.readouterr()
    assert out == ""
    assert "no film's age group is soft or hard" in said


def test_the_service_takes_a_text(films):
    from recsys.serving.backend import LoadedBundle
    from recsys.serving.planner import Planner

    loaded = LoadedBundle(Planner.open(films))
    assert loaded.read_grades("ADULTS") == "adults"
    with pytest.raises(UsageError, match="none of the 2"):
        loaded.read_grades("V4:V6")
