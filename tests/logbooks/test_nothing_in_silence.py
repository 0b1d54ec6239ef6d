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
from recsys.logbooks.importing.summary import file_lines
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
    "one that lies deeper": ({"ascents": [SEND], "more": {"boulders": [SEND]}}, "'more.boulders' (1 rows)"),
    "attempts": ({"ascents": [SEND], "attempts": [SEND, SEND]}, "'attempts' (2 rows)"),
    "one beside pandas' parts": (
        {"columns": list(SEND), "data": [list(SEND.values())], "old": [SEND]}, "'old' (1 rows)"
    ),
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
    path.write_text(json.dumps({"schema": {"fields": [{"name": "date"}]}, "data": [SEND]}))  # pandas' tables
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
    assert [(row.grade, row.discipline) for row in read] == [("7a", "route"), ("F5", "route")]


def dates(path: Path, *texts: str) -> list[str]:
    table(path, "Date;Route", *(f"{text};r{n}" for n, text in enumerate(texts)))
    return [row.date for row in sorted(imported(path, "date=Date,climb=Route").rows, key=lambda row: row.row)]


SHORT = {
    "days differ, years do not": (
        ["24-05-01", "24-05-02", "24-05-31"],
        ["2024-05-01", "2024-05-02", "2024-05-31"],
    ),
    "dots": (["24.05.01", "24.05.02", "24.06.02"], ["2024-05-01", "2024-05-02", "2024-06-02"]),
    "a year that is no day": (["98-05-01", "05-05-01"], ["1998-05-01", "2005-05-01"]),
    "the last would be to come": (["24-05-31"], ["2024-05-31"]),
    "the first would be to come": (["31.05.24"], ["2024-05-31"]),
    "the usual way": (["03.05.24", "04.05.24", "13.06.24"], ["2024-05-03", "2024-05-04", "2024-06-13"]),
    "in order": (["11.05.22", "02.06.23", "03.05.24"], ["2022-05-11", "2023-06-02", "2024-05-03"]),
    "in order, the newest first": (
        ["22-06-02", "21-05-03", "20-07-01"],
        ["2022-06-02", "2021-05-03", "2020-07-01"],
    ),
    "the month first": (["05/13/24", "05/14/24", "06/01/24"], ["2024-05-13", "2024-05-14", "2024-06-01"]),
    "a slip": (["01.04.23", "03.05.24", "02.06.28"], ["2023-04-01", "2024-05-03", "1928-06-02"]),
    "one digit": (["3.5.24", "24.05.01"], ["2024-05-03", "2001-05-24"]),
}


@pytest.mark.parametrize(("texts", "days"), SHORT.values(), ids=SHORT)
def test_a_year_of_two_digits_may_come_first(texts: list[str], days: list[str], tmp_path: Path) -> None:
    assert dates(tmp_path / "mine.csv", *texts) == days
    assert not said(imported(tmp_path / "mine.csv", "date=Date,climb=Route").notes, "two ways")


def test_a_year_that_nothing_tells_is_counted(tmp_path: Path) -> None:
    assert dates(tmp_path / "mine.csv", "24-05-01") == ["2001-05-24"]
    assert said(
        imported(tmp_path / "mine.csv", "date=Date,climb=Route").notes, "two ways: read as day/month/year"
    )


@pytest.mark.parametrize(
    ("text", "day"), [("1/May/69", "1969-05-01"), ("??/Aug/65", "1965-08-15"), ("1/May/25", "2025-05-01")]
)
def test_a_short_year_is_none_to_come(text: str, day: str, tmp_path: Path) -> None:
    assert dates(tmp_path / "mine.csv", text) == [day]
    told = said(imported(tmp_path / "mine.csv", "date=Date,climb=Route").notes, "as of the last century")
    assert told == day.startswith("19")


def test_dates_to_come_and_numbers_that_are_an_order_are_counted(tmp_path: Path) -> None:
    mine = table(tmp_path / "mine.csv", "Date,Route", "2024-05-01,c", "2042-05-01,a", "2041-05-01,b")
    assert said(
        imported(mine, "date=Date,climb=Route").notes,
        f"date lies in the future, the first is 2042-05-01 in row 2 of {mine}",
    )
    header = "climber_id,climb_id,date"
    raw = table(tmp_path / "raw.csv", header, "me,b,2024-05-01", "me,a,2042-05-01")
    told = "date lies in the future, the first is 2042-05-01 in row 2"
    assert imported(raw).notes == {f"{told} of {raw}": 1}
    assert trained(raw).lines() == [f"1 {told}"]
    raw = table(tmp_path / "raw.csv", header, "me,a,45413", "me,b,45414")
    assert imported(raw).notes == {"dates are plain numbers: an order, and no days": 2}
    assert trained(raw).lines() == ["2 dates are plain numbers: an order, and no days"]


@pytest.mark.parametrize("text", ["20240531.0", "20240531,0", "20240531.00"])
def test_a_day_that_became_a_float_is_a_day(text: str, tmp_path: Path) -> None:
    assert dates(tmp_path / "mine.csv", text) == ["2024-05-31"]
    raw = table(tmp_path / "raw.csv", "climber_id;climb_id;date", f"me;a;{text}", "me;b;2024-06-01")
    assert [row.date for row in imported(raw).rows] == ["2024-05-31", "2024-06-01"]
    assert [str(day)[:10] for day in trained(raw).frame["date"]] == ["2024-05-31", "2024-06-01"]


TRIES = [
    ("3", 3), ("4+", 4), ("Flashed", 1), ("2nd try", 2), ("More than 3 tries", 4), (">5", 6),
    ("3 Versuche", 3), ("0", None), ("-", None), ("2-3", None), ("many", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "tries"), TRIES)
def test_tries_are_read_or_counted(text: str, tries: int | None, tmp_path: Path) -> None:
    mine = table(tmp_path / "mine.csv", "Date,Route,Tries", f"2024-05-01,a,{text}")
    merged = imported(mine, "date=Date,climb=Route,tries=Tries")
    assert [(row.tries, row.outcome) for row in merged.rows] == [(tries, "send")]
    unread = merged.notes["tries cannot be read: left blank"]
    assert unread == (text in ("2-3", "many"))


def test_a_project_is_no_send(tmp_path: Path) -> None:
    mine = table(
        tmp_path / "mine.csv", "Date,Route,Tries,Style", "2024-05-01,a,Project,", "2024-05-02,b,project,RP"
    )
    for columns, outcomes in (
        ("date=Date,climb=Route,tries=Tries", ["attempt", "attempt"]),
        ("date=Date,climb=Route,tries=Tries,style=Style", ["attempt", "send"]),
    ):
        assert [row.outcome for row in imported(mine, columns).rows] == outcomes


RATINGS = {
    "of 5": (["4", "3.5", "0", "", "2,5"], [4, 3.5, None, None, 2.5], ""),
    "of 10": (["7", "4", "10", "1", "0"], [3.5, 2, 5, 1, None], "a scale up to 10"),
    "of 100": (["70", "40", "100", "10"], [3.5, 2, 5, 1], "a scale up to 100"),
    "of no scale": (["700", "400", "3"], [None, None, None], "outside its scale"),
    "one slip": (["4", "3", "4", "5", "44"], [4, 3, 4, 5, None], "outside its scale"),
    "stars": (["★★★", "***", "⭐⭐", "★★★☆☆", "3 stars", "3½", "3 Sterne"], [3, 3, 2, 3, 3, 3.5, 3], ""),
    "told": (["4/5", "8/10", "80%", "1/3"], [4, 4, 4, 1.67], ""),
    "words": (["good", "4"], [None, 4], "cannot be read"),
}


@pytest.mark.parametrize(("texts", "stars", "note"), RATINGS.values(), ids=RATINGS)
def test_ratings_of_ones_own_are_read_by_their_scale(
    texts: list[str], stars: list[float | None], note: str, tmp_path: Path
) -> None:
    rows = [f"2024-05-0{n + 1};r{n};{text}" for n, text in enumerate(texts)]
    merged = imported(
        table(tmp_path / "mine.csv", "Date;Route;Stars", *rows), "date=Date,climb=Route,rating=Stars"
    )
    assert [row.rating for row in merged.rows] == stars
    assert said(merged.notes, note) if note else not merged.notes


def test_an_angle_is_one_however_a_table_writes_it(tmp_path: Path) -> None:
    header = "board,angle,climb_name,date,logged_grade,displayed_grade,is_benchmark,tries,is_mirror,is_ascent"
    rows = [
        f"kilter,{angle},A,2026-06-1{n},V3,V3,False,1,False,True"
        for n, angle in enumerate(["40", "40.0", "40°"])
    ]
    merged = imported(table(tmp_path / "kilter.csv", header, *rows))
    assert {row.climb_id for row in merged.rows} == {"a@kilter-40"}


TOLD = [
    ("style", "attempt", "attempt"), ("style", "Hangdog", "attempt"), ("style", "project", "attempt"),
    ("style", "flash", "send"), ("sent", "false", "attempt"), ("sent", "yes", "send"), ("sent", "", "send"),
    ("is_ascent", "False", "attempt"), ("Is Ascent", "nein", "attempt"), ("topped", "0", "attempt"),
    ("sent", "perhaps", None),
]  # fmt: skip


@pytest.mark.parametrize(("column", "text", "outcome"), TOLD)
def test_a_style_or_a_flag_of_raw_sends_tells_the_outcome(
    column: str, text: str, outcome: str | None, tmp_path: Path
) -> None:
    rows = ["me,a,2024-05-01,", f"me,b,2024-05-02,{text}"]
    raw = table(tmp_path / "raw.csv", f"climber_id,climb_id,date,{column}", *rows)
    merged, sends = imported(raw), trained(raw)
    assert [row.outcome for row in merged.rows] == ["send", *([outcome] if outcome else [])]
    assert list(sends.frame["climb_id"]) == (["a", "b"] if outcome == "send" else ["a"])
    if outcome is None:
        assert (
            [each.reason for each in merged.rejects]
            == list(sends.n_dropped)
            == ["sent is neither true nor false"]
        )
    table(raw, f"climber_id,climb_id,date,{column},outcome", "me,b,2024-05-02,,send")
    assert [row.outcome for row in imported(raw).rows] == ["send"]


def test_a_discipline_is_told_in_any_word(tmp_path: Path) -> None:
    header = "climber_id,climb_id,date,grade,discipline"
    for word in ("Boulder", "Bloc", "bouldering"):
        raw = table(tmp_path / "raw.csv", header, f"me,a,2024-05-01,7a,{word}")
        assert [(row.grade, row.discipline) for row in imported(raw).rows] == [("7A", "boulder")]
        assert list(trained(raw).frame["grade"]) == ["7A"]


def test_two_climbs_of_one_name_are_told(tmp_path: Path) -> None:
    rows = [
        "2024-05-01,Berta,Red,V2",
        "2024-05-01,Berta,Red,V8",
        "2024-05-02,Berta,Blue,V2",
        "2024-05-03,Berta,Blue,V4",
    ]
    mine = table(tmp_path / "mine.csv", "Date,Gym,Route,Grade", *rows)
    merged = imported(mine, "date=Date,climb=Route,crag=Gym,grade=Grade")
    (reject,) = merged.rejects
    assert "another grade; another climb, maybe" in reject.reason
    assert merged.notes["climbs of one name and place whose grades are far apart: taken for one"] == 1
    table(mine, "Date,Gym,Route,Grade", rows[0], "2025-05-01,Berta,Red,V8")
    assert len(imported(mine, "date=Date,climb=Route,crag=Gym,grade=Grade").notes) == 1


def test_the_rows_that_are_used_are_those_that_are_not_left_out(tmp_path: Path) -> None:
    raw = table(tmp_path / "raw.csv", "climber_id,climb_id,date", *["me,a,2024-05-01"] * 3, "me,b,2024-05-01")
    one, two = load(raw), load(raw)
    merged = merge([one, two])
    assert merged.used == [2, 0]
    assert file_lines("raw.csv", one, merged.used[0]) == ["raw.csv: raw sends, 2 of 4 rows used"]


@pytest.mark.parametrize(
    "second", ["2024-05-01,V9,send", "2024-05-01,V9,unknown", "2024-05-01T09:00:00Z,V9,send"]
)
def test_a_row_of_another_grade_fills_nothing(second: str, tmp_path: Path) -> None:
    """What is of another climb, maybe, gives no stars: to him who imports, and to him who trains."""
    day, grade, outcome = second.split(",")
    first = f"me,slab@red,{day},V2,,send,"
    more = f"me,slab@red,{day},{grade},5,{outcome},hard"
    near = f"me,slab@red,{day},V4,3,unknown,soft"
    for others, told in (([more], (None, "")), ([more, near], (3.0, "soft"))):
        raw = table(
            tmp_path / "raw.csv", "climber_id,climb_id,date,grade,rating,outcome,comment", first, *others
        )
        assert [(row.grade, row.rating, row.comment) for row in imported(raw).rows] == [("V2", *told)]
        frame = trained(raw).frame
        stars, text = frame["rating"][0], frame["comment"][0]
        assert (None if stars != stars else stars, text or "") == told
