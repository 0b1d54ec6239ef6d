"""What is unsure is counted, and what is not used is named with its rows, by every reader."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from recsys.errors import DataError
from recsys.logbooks.importing import Wanted
from recsys.logbooks.importing.load import load
from recsys.logbooks.importing.merge import Merged, merge
from recsys.logbooks.importing.own import parse_columns
from recsys.logbooks.read import Sends, read_sends


def imported(path: Path, columns: str | None = None) -> Merged:
    """A file as `recsys import` reads it."""
    own = None if columns is None else parse_columns(columns)
    return merge([load(path, wanted=Wanted("me", attempts=True), columns=own)])


def trained(path: Path) -> Sends:
    return read_sends(path, bad_rows="drop")


def table(path: Path, header: str, *rows: str) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def said(lines: Any, what: str) -> bool:
    return any(what in line for line in lines)


SEND = {"climber_id": "me", "climb_id": "a", "date": "2024-05-01"}
LISTS = {
    "two of the same kind": ({"routes": [SEND], "boulders": [SEND, SEND]}, "'routes' (1 rows)"),
    "a list a climber": ({"ann": [SEND], "bob": [SEND, SEND, SEND]}, "'ann' (1 rows)"),
    "one of other things": ({"ascents": [SEND, SEND], "friends": ["x", "y", "z"]}, "'friends' (3 rows)"),
    "one that lies deeper": ({"ascents": [SEND], "more": {"boulders": [SEND]}}, "'more' (1 rows)"),
    "a mixed one": ({"ascents": [SEND], "old": [SEND, None]}, "'old' (2 rows)"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "named"), LISTS.values(), ids=LISTS)
def test_lists_of_json_that_are_not_read_are_named(data: Any, named: str, tmp_path: Path) -> None:
    path = tmp_path / "sends.json"
    path.write_text(json.dumps(data))
    assert said(imported(path).notes, f"list {named} is not read, only")
    assert said(trained(path).lines(), f"list {named} is not read, only")


def test_one_list_of_json_is_all_that_there_is(tmp_path: Path) -> None:
    path = tmp_path / "sends.json"
    path.write_text(json.dumps({"user": "ann", "page": {"number": 1}, "attempts": [], "ascents": [SEND]}))
    assert not imported(path).notes


def test_objects_in_a_row_are_columns(tmp_path: Path) -> None:
    rows = [
        {"climb": {"id": "a", "name": "Amsel", "wall": {"name": "N"}}, "date": "2024-05-01"},
        {"climb": None},
    ]
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(rows))
    (row,) = imported(path, "date=date,climb=climb.name,crag=climb.wall.name").rows
    assert (row.climb_name, row.crag) == ("Amsel", "N")
    assert [each.climb_id for each in imported(path).rows] == ["a"]
    path.write_text(json.dumps([{"climb": {"name": "Amsel"}, "date": "2024-05-01"}]))
    with pytest.raises(Exception, match=r"no such column; it has climb\.name"):
        imported(path, "date=date,climb=climb")


def workbook(path: Path, *sheets: list[list[Any]]) -> Any:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.save(path)
    return book


def test_a_number_of_excel_is_read_as_it_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "mine.xlsx"
    rows = [["Date", "Route", "Grade"], *([dt.date(2024, 5, 1 + n), f"r{n}", 5.1] for n in range(2))]
    book = workbook(path, rows)
    book.worksheets[0]["C2"].number_format = "0.00"
    book.save(path)
    merged = imported(path, "date=Date,climb=Route,grade=Grade")
    assert [row.grade for row in merged.rows] == ["5.10", "5.1"]
    assert said(merged.notes, "5.10")


def test_sheets_of_excel_that_are_not_read_are_named_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.xlsx"
    rows = [["climb_id", "date"], ["a", "2024-05-01"], ["b", "2024-05-02"]]
    workbook(path, *[rows] * 22)
    notes = imported(path).notes
    assert said(notes, "sheet 'Sheet1' (2 rows) is not read, only 'Sheet'")
    assert said(notes, "2 sheets behind the first 20 are not read")
    monkeypatch.setattr("recsys.logbooks.sheets.workbook._MAX_ROWS", 1)
    with pytest.raises(DataError, match="more than 1 rows"):
        imported(path)


@pytest.mark.parametrize("others", [["5.10a", "5.11"], []])
def test_a_grade_that_a_spreadsheet_may_have_cut_is_counted(others: list[str], tmp_path: Path) -> None:
    rows = [f"me,r{n},2024-05-0{n + 1},{grade}" for n, grade in enumerate(["5.1", *others])]
    path = table(tmp_path / "sends.csv", "climber_id,climb_id,date,grade", *rows)
    assert said(imported(path).notes, "5.10 is written so")
    assert said(trained(path).lines(), "1 grade 5.1: 5.10 is written so")
    table(path, "climber_id,climb_id,date,grade", *rows, "me,z,2024-05-09,5.3")
    assert not said(imported(path).notes, "written so")
    assert not said(trained(path).lines(), "written so")


KINDS = [
    "boulder",
    "Bouldering",
    "Bloc",
    "blocs",
    "Bloque",
    "Block",
    "búlder",
    "Blocco",
    "ボルダリング",
    "DWS, bloc",
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_boulder_is_one_in_every_language(kind: str, tmp_path: Path) -> None:
    rows = [f"2024-05-0{n + 1};r{n};{grade};{kind}" for n, grade in enumerate(["7a", "6c+", "5+", "0"])]
    mine = table(tmp_path / "mine.csv", "Date;Route;Grade;Type", *rows)
    read = imported(mine, "date=Date,climb=Route,grade=Grade,type=Type").rows
    assert [row.grade for row in read] == ["7A", "6C+", "V5+", "V0"]
    assert {(row.discipline, row.climb_type) for row in read} == {("boulder", "boulder")}
    header = "climber_id,climb_id,date,grade,climb_type"
    raw = table(
        tmp_path / "raw.csv", header, *(f'me,a,2024-05-01,7a,"{kind}"', f'me,b,2024-05-02,5,"{kind}"')
    )
    assert [row.grade for row in imported(raw).rows] == ["7A", "f5"]
    assert list(trained(raw).frame["grade"]) == ["7A", "f5"]
    assert said(imported(raw).notes, "guessed")
    assert said(trained(raw).lines(), "1 grade's system guessed")


def test_a_voie_is_a_route(tmp_path: Path) -> None:
    mine = table(tmp_path / "mine.csv", "Date;Route;Grade;Type", "2024-05-01;a;7A;Voie", "2024-05-02;b;5;vía")
    read = imported(mine, "date=Date,climb=Route,grade=Grade,type=Type").rows
    assert [(row.grade, row.discipline) for row in read] == [("7a", "route"), ("5", "route")]
