"""Sheets that people keep: whose the rows are, what a line of totals may not do, what a program has cut."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from recsys.errors import DataError
from recsys.logbooks.importing import parse_logbook
from recsys.logbooks.importing.load import load
from recsys.logbooks.importing.merge import Merged, merge
from recsys.logbooks.importing.own import parse_columns
from recsys.logbooks.importing.spelling import CUT_IDS
from recsys.logbooks.read import read_sends
from recsys.recommending.logbook_file import read_files
from recsys.serving.upload import read_upload

COLUMNS = "date=Date,climb=Climb,climber=Who,rating=Stars,tries=Tries,style=Style,outcome=Sent,sequence=No"


def own(*rows: str, columns: str = COLUMNS) -> Merged:
    names = parse_columns(columns)
    text = "\n".join([",".join(names.values()), *rows])
    return merge([parse_logbook(text.encode(), "five.csv", columns=names)])


def test_a_row_of_nobody_is_no_new_climber_where_others_are_named() -> None:
    columns = "date=Date,climb=Climb,climber=Who"
    merged = own("2024-05-01,a,ann", "2024-05-02,b,bob", "2024-05-03,c,", "2024-05-04,d,NA", columns=columns)
    assert [row.climber_id for row in merged.rows] == ["ann", "bob"]
    assert [(each.row, each.reason) for each in merged.rejects] == [
        (3, "blank climber"),
        (4, "blank climber"),
    ]
    alone = own("2024-05-01,a,", "2024-05-02,b,", columns=columns)
    assert {row.climber_id for row in alone.rows} == {"five"}


def everybody(path: Path) -> list[object]:
    """What import, `recommend --logbook`, the page and training make of a file: the error, or the rows."""
    readers: tuple[Callable[[], object], ...] = (
        lambda: load(path).rows,
        lambda: read_files([path]).sends,
        lambda: read_upload(path.read_bytes(), path.name, "auto")["sends"],
        lambda: read_sends(path).frame.climber_id.tolist(),
    )
    return [_made(read) for read in readers]


def _made(read: Callable[[], object]) -> object:
    try:
        return read()
    except DataError as error:
        return str(error)


@pytest.mark.parametrize("name", ["climber", "Climber", "user_id", "username", "Athlete"])
def test_several_people_are_not_taken_for_one(name: str, tmp_path: Path) -> None:
    path = tmp_path / "three.csv"
    path.write_text(f"{name},climb_id,date\nann,a,2024-05-01\nbob,b,2024-05-02\n")
    said = everybody(path)
    assert all(isinstance(each, str) and "has no column 'climber_id'" in each for each in said)
    assert all(f"rename {name!r} to 'climber_id'" in str(each) for each in said[:3])


@pytest.mark.parametrize("rows", ["ann,a,2024-05-01\nann,b,2024-05-02", "ann,a,2024-05-01\nNA,b,2024-05-02"])
def test_one_person_is_one_under_any_name(rows: str, tmp_path: Path) -> None:
    path = tmp_path / "three.csv"
    path.write_text(f"user,climb_id,date\n{rows}\n")
    assert [len(each) for each in everybody(path)[:3]] == [2, 2, 2]  # type: ignore[arg-type]


def test_the_climber_beside_a_list_is_whose_the_list_is(tmp_path: Path) -> None:
    path = tmp_path / "n3.json"
    sends = [{"climb_id": "a", "date": "2024-05-01"}, {"climb_id": "b", "date": "2024-05-02"}]
    path.write_text(json.dumps({"climber_id": "ann", "count": 2, "sends": sends}))
    assert {row.climber_id for row in load(path).rows} == {"ann"}
    assert read_sends(path).frame.climber_id.tolist() == ["ann", "ann"]
    told = [{"climber_id": "bob", **each} for each in sends]
    path.write_text(json.dumps({"climber_id": "ann", "sends": told}))
    assert {row.climber_id for row in load(path).rows} == {"bob"}


@pytest.mark.parametrize("total", ["Total,2,,9", "Average,,,7.5", "Sum,,,90", ",,,8", "2024-05-03,,,9"])
def test_a_line_of_totals_sets_no_scale_of_the_stars(total: str) -> None:
    columns = "date=Date,climb=Climb,climber=Who,rating=Stars"
    merged = own("2024-05-01,a,ann,4", "2024-05-02,b,ann,5", total, columns=columns)
    assert [row.rating for row in merged.rows] == [4, 5]
    assert not [note for note in merged.notes if "scale" in note]


def test_attempts_tell_the_scale_too() -> None:
    columns = "date=Date,climb=Climb,rating=Stars,style=Style"
    merged = own("2024-05-01,a,4,flash", "2024-05-02,b,8,attempt", "2024-05-03,c,9,fell", columns=columns)
    assert [row.rating for row in merged.rows] == [2]


@pytest.mark.parametrize(("tries", "outcome"), [("flash", "send"), ("onsight", "send"), ("3", "unknown")])
def test_tries_tell_the_outcome_where_nothing_else_does(tries: str, outcome: str) -> None:
    merged = own(f"2024-05-01,a,{tries},", columns="date=Date,climb=Climb,tries=Tries,style=Style")
    assert [row.outcome for row in merged.rows] == [outcome]


@pytest.mark.parametrize(
    ("columns", "row", "reason", "value"),
    [
        ("outcome=Sent", "2024-05-01,a,100%", "unreadable outcome", "100%"),
        ("outcome=Sent", "2024-05-01,a,1/1", "unreadable outcome", "1/1"),
        ("sequence=No", "2024-05-01,a,first", "unreadable sequence", "first"),
        ("outcome=Sent", "soon,a,1/1", "unreadable outcome; date cannot be read", "1/1"),
        ("style=Style", "soon,,flash", "no name of the climb; date cannot be read", ""),
    ],
)
def test_a_reject_shows_the_value_of_its_first_reason(
    columns: str, row: str, reason: str, value: str
) -> None:
    merged = own(row, columns=f"date=Date,climb=Climb,{columns}")
    assert [(each.reason, each.value) for each in merged.rejects] == [(reason, value)]


CUT = ["1.23457E+17", "1,23457E+17", "1.23E+17", "1.23457E+12", "9.87654e+8"]


@pytest.mark.parametrize("cut", CUT)
def test_ids_that_a_spreadsheet_has_cut_are_counted(cut: str, tmp_path: Path) -> None:
    path = tmp_path / "z1.csv"
    names = [f'ann,"{cut}",2024-05-0{day},{name}' for day, name in enumerate("ABC", 1)]
    path.write_text("\n".join(["climber_id,climb_id,date,climb_name", *names]) + "\n")
    assert merge([load(path)]).notes[CUT_IDS] == 1
    assert f"1 {CUT_IDS}" in read_sends(path).lines()


@pytest.mark.parametrize("whole", ["1.3E+02", "123457", "1.5", "1E5", "a1.23457E+17", "1.23456789012345678"])
def test_ids_that_are_whole_are_not(whole: str) -> None:
    text = f"climber_id,climb_id,date\nann,{whole},2024-05-01\n"
    assert not merge([parse_logbook(text.encode(), "z.csv")]).notes[CUT_IDS]


@pytest.mark.parametrize("zone", ["+99:00", "-99:00", "+1500", "+24:00", "+05:99", "-15"])
def test_no_zone_is_days_away(zone: str, tmp_path: Path) -> None:
    rows = f"2024-05-01T10:00{zone},a\n2024-05-02T10:00+14:00,b\n2024-05-03T10:00-0930,c\n"
    for header, columns in (("date,climb_id", None), ("Date,Climb", "date=Date,climb=Climb")):
        path = tmp_path / "a.csv"
        path.write_text(f"{header}\n{rows}")
        parsed = load(path, columns=None if columns is None else parse_columns(columns))
        assert [each.row for each in parsed.rejects] == [1]
        assert len(parsed.rows) == 2
