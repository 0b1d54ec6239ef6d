"""Grades of another domain that are numbers: levels, and no climbing grades, to every reader."""

from __future__ import annotations

from pathlib import Path

import pytest

from recsys.errors import DataError
from recsys.logbooks.climbs import read_climbs
from recsys.logbooks.grades import ordinal
from recsys.logbooks.levels import as_level
from recsys.logbooks.mapping import load_mapping
from recsys.logbooks.read import read_sends
from recsys.logbooks.remembered import facts_of, remembered
from recsys.recommending.logbook import read_logbook
from recsys.recommending.logbook_file import read_files

COURSES = '[columns]\nclimber_id = "pupil"\nclimb_id = "course"\ndate = "day"\ngrade = "step"\n'
LEVELS = '[grade]\nunit = "level"\n'
NOUN = '[nouns]\ngrade = "step"\nclimb = "course"\n'
STEPS = ["0", "3", "10", "4-5", "", "2.0"]
READ = ["L0", "L3", "L10", "L4-5", None, "L2"]


def mapping(folder: Path, *more: str) -> str:
    (folder / "courses.toml").write_text(COURSES + "".join(more))
    return str(folder / "courses.toml")


def written(folder: Path, steps: list[str]) -> Path:
    rows = [f"p,c{at},2024-05-{at + 1:02d},{step}" for at, step in enumerate(steps)]
    (folder / "sends.csv").write_text("\n".join(["pupil,course,day,step", *rows, ""]))
    return folder / "sends.csv"


def grades(frame) -> list[str | None]:
    return frame["grade"].astype(object).where(frame["grade"].notna(), None).tolist()


def test_a_mapping_says_that_numbers_are_levels(tmp_path):
    schema, path = mapping(tmp_path, LEVELS), written(tmp_path, STEPS)
    read = read_sends(path, schema)
    assert grades(read.frame) == READ
    assert read.lines() == []
    assert [send["grade"] for send in read_files([path], own=load_mapping(schema)).sends] == READ
    climbs = tmp_path / "climbs.csv"
    climbs.write_text("course,step\nnew,7\nother,0\n")
    assert read_climbs(climbs, load_mapping(schema), "L3")["grade"].tolist() == ["L7", "L0"]


def test_levels_have_an_order_and_what_is_beyond_them_is_text():
    assert [ordinal(as_level(each)) for each in ("0", "1", "17", "4-5")] == [0.0, 1.0, 17.0, 4.5]
    assert [as_level(each) for each in ("18", "5.1", "-1", "teens", "V5")] == [
        "L18",
        "L5.1",
        "L-1",
        "teens",
        "V5",
    ]
    assert all(ordinal(as_level(each)) != ordinal(as_level(each)) for each in ("18", "5.1", "-1"))


def test_whole_numbers_under_another_word_are_levels_and_it_is_said(tmp_path):
    schema = mapping(tmp_path, NOUN)
    read = read_sends(written(tmp_path, ["0", "1", "10", "", "7.0"]), schema)
    assert grades(read.frame) == ["L0", "L1", "L10", None, "L7"]
    assert [line for line in read.lines() if "levels" in line] == [
        'grade (their step): whole numbers, taken for levels (L0, L1, ...), as [grade] unit = "level" of a '
        "mapping says"
    ]
    kept = remembered(facts_of(read.mapping))
    assert kept is not None
    assert kept.has_levels  # so a logbook that is posted is read as training was
    assert [send["grade"] for send in read_files([written(tmp_path, ["5"])], own=kept).sends] == ["L5"]
    assert grades(read_sends(written(tmp_path, ["5"]), own=kept).frame) == ["L5"]


@pytest.mark.parametrize("steps", [["0", "teens"], ["0", "18"], ["0", "5.5"], ["V1", "V2"], ["", ""]])
def test_what_may_be_no_level_stays(tmp_path, steps):
    read = read_sends(written(tmp_path, steps), mapping(tmp_path, NOUN))
    assert not read.mapping.has_levels
    assert grades(read.frame) == [each or None for each in steps]


@pytest.mark.parametrize("more", ["", '[nouns]\nclimb = "boulder"\n', '[nouns]\ngrade = "grade"\n'])
def test_climbing_grades_are_no_levels(tmp_path, more):
    read = read_sends(written(tmp_path, ["4", "5", "17"]), mapping(tmp_path, more))
    assert grades(read.frame) == ["4", "5", "17"]


def test_posted_numbers_are_levels_where_the_models_are():
    told = {"a": 0, "b": "5", "c": "L7"}
    sends = [{"climb_id": climb, "date": "2024-05-01", "grade": each} for climb, each in told.items()]
    assert list(read_logbook(sends, leveled=True).columns["grade"]) == ["L0", "L5", "L7"]
    assert list(read_logbook(sends).columns["grade"]) == ["0", "5", "L7"]


def test_an_unknown_unit_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"unknown grade unit .*steps.*choose from level"):
        load_mapping(mapping(tmp_path, '[grade]\nunit = "steps"\n'))


def test_a_bundle_of_levels_reads_posted_numbers_as_levels(tmp_path):
    from recsys import columns as c
    from recsys.api.opening import open_recommender
    from recsys.files import read_json, write_json
    from recsys.manifest import write_manifest
    from recsys.recommending import bundle as b
    from recsys.recommending.request import Request
    from tests.builders.light_bundle import write_light_bundle

    sends = [{"climb_id": "new", "date": "2024-05-01", "grade": "0"}]
    folder = write_light_bundle(tmp_path / "bundle")
    assert list(open_recommender(folder).logbook(Request(sends=sends)).columns["grade"]) == ["0"]
    climbs = read_json(folder / b.CLIMBS)
    write_json(folder / b.CLIMBS, {**climbs, c.GRADE: [each.replace("V", "L") for each in climbs[c.GRADE]]})
    write_manifest(folder, b.FILES)
    assert list(open_recommender(folder).logbook(Request(sends=sends)).columns["grade"]) == ["L0"]
