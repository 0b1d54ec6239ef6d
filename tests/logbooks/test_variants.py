"""How people and programs of many countries write the same: dates, grades, flags, headers."""

from __future__ import annotations

from pathlib import Path

import pytest

from recsys.errors import DataError
from recsys.logbooks.cells import flag, is_blank_token
from recsys.logbooks.grade_context import Logged, settle
from recsys.logbooks.grades import ordinal
from recsys.logbooks.importing import Parsed, Wanted, parse_logbook
from recsys.logbooks.importing.contract import BLANK_TOKENS
from recsys.logbooks.importing.merge import merge
from recsys.logbooks.importing.months import month_of
from recsys.logbooks.importing.own import parse_columns
from recsys.logbooks.importing.source import Cells, Seen, Source
from recsys.logbooks.importing.sources import SOURCES
from recsys.logbooks.importing.text import key
from recsys.logbooks.styles import style_rank

HEADER = "Date,Route,URL,Your Stars,Lead Style\n"


def ticks(*dates: str) -> Parsed:
    rows = [f'"{date}",A{n},/route/{n}/a,,Redpoint\n' for n, date in enumerate(dates)]
    return parse_logbook((HEADER + "".join(rows)).encode(), "me.csv")


def days(parsed: Parsed) -> list[str]:
    """The dates in the order of the file."""
    return [row.date for row in sorted(parsed.rows, key=lambda row: row.row)]


@pytest.mark.parametrize(
    "written",
    [
        ["24-11-2023", "05-11-2023"], ["24.11.23", "05.11.23"], ["24/11/23", "05/11/23"],
        ["2023/11/24", "2023-11-05"], ["24. November 2023", "5. Nov. 2023"], ["24 11 2023", "05 11 2023"],
        ["vendredi 24 novembre 2023", "dim. 5 nov. 2023"], ["Fr., 24. Nov. 2023", "So., 5. Nov. 2023"],
        ["24 de noviembre de 2023", "5 de nov. de 2023"], ["24 ноября 2023", "5 нояб. 2023 г."],
        ["24 marraskuuta 2023", "5.11.2023"], ["2023年11月24日", "2023年11月5日"],
        ["2023년 11월 24일", "2023년 11월 5일"], ["24\u201111\u20112023", "05\u201311\u20132023"],
        ["24 / 11 / 2023", "05 / 11 / 2023"], ["24. 11. 2023", "5. 11. 2023"],
        ["2023. 11. 24.", "2023. 11. 5."], ["24-11-2023", "05/11/2023"], ["45254", "45235"],
        ["November 24th, 2023", "5th November 2023"], ["20231124", "20231105"],
    ],
    ids=lambda written: written[0],
)  # fmt: skip
def test_the_same_two_days(written: list[str]) -> None:
    parsed = ticks(*written)
    assert days(parsed) == ["2023-11-24", "2023-11-05"]
    assert not any("two ways" in note for note in parsed.notes)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["45254.5"], ["2023-11-24"]),
        (["1714521600", "1714608000"], ["2024-05-01", "2024-05-02"]),
        (["1714521600000"], ["2024-05-01"]),
        (["11-24-2023", "05-11-2023"], ["2023-11-24", "2023-05-11"]),
        (["mar. 5 dec. 2023"], ["2023-12-05"]),  # a Tuesday, not March
        (["2023-11-24T23:30:00-08:00"], ["2023-11-24"]),
        (["24/5/1", "24/5/12", "24/11/30"], ["2024-05-01", "2024-05-12", "2024-11-30"]),
        (["23/10/14", "23/10/2", "23/9/16"], ["2023-10-14", "2023-10-02", "2023-09-16"]),
        (["23.9.15", "23.9.16", "23.12.24"], ["2023-09-15", "2023-09-16", "2023-12-24"]),
        (["23. 9. 15.", "23. 9. 6."], ["2023-09-15", "2023-09-06"]),
        (["23-9-15 10:30", "23-9-16"], ["2023-09-15", "2023-09-16"]),
        (["23年9月15日"], ["2023-09-15"]),
        (["10/5/24", "10/8/23", "10/9/22"], ["2024-10-05", "2023-10-08", "2022-10-09"]),
        (["10/5/24", "11/8/24", "9/8/24"], ["2024-10-05", "2024-11-08", "2024-09-08"]),
        (["5/31/24", "6/12/24", "24/5/1"], ["2024-05-31", "2024-06-12"]),
        (["05.01.24", "31.12.23", "06.01.2"], ["2024-01-05", "2023-12-31"]),
    ],
)
def test_what_a_date_is(written: list[str], read: list[str]) -> None:
    assert days(ticks(*written)) == read


@pytest.mark.parametrize(
    "written",
    ["45254", "24 listopada 2023", "2023-24-11", "########", "24.11.", "32.12.2023", "24 foo 2023"],
)
def test_what_is_no_date_among_dates_is_a_reject(written: str) -> None:
    parsed = ticks("2023-11-05", "2023-11-06", written)
    assert [(each.reason, each.value) for each in parsed.rejects] == [("date cannot be read", written)]


@pytest.mark.parametrize(
    "written", ["3020-11-24", "24/11/1500", "24 Nov 2302", "11-24-0203", "30201124", "3020-11-24T10:00:00Z"]
)
def test_a_year_that_is_mistyped_is_said(written: str) -> None:
    parsed = ticks("2023-11-05", "2023-11-16", written)
    told = ("date is outside the years 1900 to 2100", written)
    assert [(each.reason, each.value) for each in parsed.rejects] == [told]


def test_excels_days_are_said() -> None:
    assert ticks("45254", "45235").notes["date is Excel's number of a day"] == 2
    assert not ticks("2022", "2023-11-05").rejects  # years are no days


def test_a_word_of_two_months_is_of_none() -> None:
    assert [month_of(word) for word in ("March", "märz", "мая", "août", "maraskuu", "listopad", "ju")] == [
        3, 3, 5, 8, None, None, None,
    ]  # fmt: skip
    assert [month_of(word) for word in ("marraskuuta", "marras", "listopadu", "sept", "dic")] == [
        11, 11, 11, 9, 12,
    ]  # fmt: skip


@pytest.mark.parametrize("land", ["Germany", "Deutschland", "Autriche", "Spain", "Schweiz", "Norway", ""])
def test_signed_grades_of_a_land_rise(land: str) -> None:
    texts = ["8", "8+", "9-", "9", "9+", "10-", "10", "10+"]
    read = [ordinal(each.text) for each in settle([Logged(text, "route", "sport", land) for text in texts])]
    assert read == sorted(set(read))


def test_neighbours_of_another_land_say_nothing() -> None:
    grades = [Logged("9-", "route", "sport", "Germany"), Logged("6", "route", "sport", "Spanien")]
    assert settle(grades)[1] == ("F6", True)
    grades += [Logged("9", "route", "sport", "Australia"), Logged("9", "route", "sport", "")]
    assert [each.text for each in settle(grades)[2:]] == ["9", "UIAA 9"]


@pytest.mark.parametrize(
    ("grade", "same"),
    [("(7+)", "7+"), ("7+?", "7+"), ("7 +", "7+"), ("V4?", "V4"), ("VII -", "VII-"), ("~V5", "V5"),
     ("V 5", ""), ("V 6 *", ""), ("()", ""), ("?", "")],
)  # fmt: skip
def test_doubts_and_stars_are_no_difficulty(grade: str, same: str) -> None:
    read, expected = ordinal(grade), ordinal(same)
    assert read == expected or (read != read and expected != expected)


@pytest.mark.parametrize(
    ("grade", "same", "discipline"),
    [
        ("soft V5", "V5", "boulder"), ("V5 (hard)", "V5", "boulder"), ("V5 hard for the grade", "V5", ""),
        ("7a soft", "7A", "boulder"), ("7a (dur)", "7a", "route"), ("6a sit", "6A", "boulder"),
        ("V7 sd", "V7", ""), ("6A (assis)", "6A", "boulder"), ("7b bloc", "7B", "boulder"),
        ("6a+ (5c obl.)", "6a+", "route"), ("7a>6b", "7a", "route"), ("6b/A0", "6b", "route"),
        ("TD+ 6a", "6a", "route"), ("D 5c", "5c", "route"), ("D 4a", "D 4a", "route"),
        ("Hard Very Severe 5a", "HVS 5a", ""), ("Hard Severe", "HS", ""), ("Severe", "S", ""),
        ("7A Fb", "7A", ""), ("Fb 7a", "f7a", "route"), ("9- UIAA", "UIAA 9-", ""), ("V3.5", "V3-4", ""),
        ("7А", "7A", "boulder"), ("7а", "7A", "boulder"), ("6с+", "6c+", "route"), ("Ｖ４", "V4", ""),
        ("23.0", "23", "route"), ("5.0", "5.0", "route"), ("Class 4", "4th", ""),
        ("Easy 5th", "Easy 5th", ""),
        ("V3 - V4", "V3-4", "boulder"), ("VIII - IX", "VIII/IX", "route"), ("V 5", "V5", "boulder"),
        ("V 3-4", "V3-4", "boulder"), ("V 5", "", "route"), ("V 5+", "", ""), ("VI 7/8", "", "route"),
        ("5.10 a/b", "5.10a/b", "route"), ("5.10a (V0)", "V0", "boulder"), ("5.10a/b V0", "V0", "boulder"),
        ("7A/+", "7A/7A+", "boulder"), ("E5/6", "E5/E6", ""), ("5.9, III", "5.9", "route"),
    ],
)  # fmt: skip
def test_what_stands_around_a_grade_is_no_difficulty(grade: str, same: str, discipline: str) -> None:
    (settled,) = settle([Logged(grade, discipline)])
    read, expected = ordinal(settled.text), ordinal(same)
    assert read == expected or (read != read and expected != expected)
    assert (
        settle([settled._replace(guessed=False) and Logged(settled.text, discipline)])[0].text == settled.text
    )


def test_a_rest_is_not_another_system() -> None:
    (settled,) = settle([Logged("7 A0", "route", "trad", "Germany")])
    assert ordinal(settled.text) == ordinal("VII")


@pytest.mark.parametrize(
    ("word", "value"),
    [("WAHR", True), ("FALSCH", False), ("VRAI", True), ("DO\u011eRU", True), ("YANLI\u015e", False),
     ("1,0", True), ("ИСТИНА", True), ("ΨΕΥΔΗΣ", False), ("참", True), ("いいえ", False), ("maybe", None),
     ("2", None)],
)  # fmt: skip
def test_true_and_false(word: str, value: bool | None) -> None:
    assert flag(word) is value


def test_errors_of_spreadsheets_are_blank() -> None:
    assert all(map(is_blank_token, ["#NV", "#DIV/0!", "#REF!", "\\N", "n.a.", "#WERT!", "NA", "\u2014"]))
    assert not any(map(is_blank_token, ["Nada", "0", "#1", "N"]))


@pytest.mark.parametrize(
    "header",
    ["Date,Route,Location", "Date,Route,Rating,Notes,Location", "Name,Date,Crag", "Name,Grade,Date,Crag",
     "date,name,difficulty,rating,comment", "Date,Climb Name,Gym,Color", "Fecha,Vía,Grado",
     "Date,Climb,Climb Type,Grade,Area,Mood,Shoes,Weather,Partner", "Date,Route,Rating,Notes,Location,Style",
     "Name,Grade,Style,Date,Crag,Notes", "Date,Name,Grade,Type,Style,Pitches,Crag",
     "Name,Grade,Style,Date,Crag,Notes,Region,Country,Type,Partner", "date,grade,climb_name,gym,rating",
     "name,location_name,date,type,difficulty,rating,comment,tries",
     "board,angle,climb_name,date,tries,comment",
     "Date,Climb,Climb Type,Grade,Area,Country,Rating,Comments"],
)  # fmt: skip
def test_a_few_common_names_are_nobodys(header: str) -> None:
    with pytest.raises(DataError, match=r"is of no known source by its header .* map your own columns"):
        parse_logbook(f"{header}\n".encode() + b"1,2,3,4,5\n", "me.csv")


@pytest.mark.parametrize(
    ("header", "row", "source"),
    [
        ("Date,Route,Rating,Notes,URL,Location", "3/23/2024,A,V1,,https://www.mountainproject.com/route/1/a,B",
         "mountainproject"),
        ("Date,Route,Rating,Notes,Location,Style", "2024-03-23,A,V1,,Utah > Moab > Big Bend,Send",
         "mountainproject"),
        ("Name,Grade,Style,Date,Crag", "A,6a,,??/Aug/24,B", "ukc"),
        ("Name,Grade,Style,Date,Crag", "A,6a,Lead &beta;,28/09/2024,B", "ukc"),
        ("name,location_name,date,type,difficulty,rating,comment,tries",
         "A,B,2024-03-23T12:00:00Z,rp,7A,0,,1", "8anu"),
        ("date,grade,climb_name,gym,location,rating", "Fri Nov 05 2021 03:49:59 GMT+0000,v1,A,B,C,", "kaya"),
        ("board,angle,climb_name,date,tries,comment", "kilter,40,A,2024-03-23,1,", "boardlib"),
    ],
)  # fmt: skip
def test_common_names_are_a_sites_where_a_cell_is(header: str, row: str, source: str) -> None:
    assert parse_logbook(f"{header}\n{row}\n".encode(), "me.csv").source == source


@pytest.mark.parametrize(
    ("source", "header"),
    [
        ("mountainproject", "Date,Route,Style,Your Stars"),
        ("ukc", "Date,Name,Style,Crag"),
        ("8anu", "date,name,type,route_boulder"),
        ("kaya", "date,climb_name,ascent_type,stiffness"),
        ("sendage", "Date,Climb,Send Type,Climb Type"),
        ("thecrag", "Ascent Date,Route Name,Ascent Type,Log Date"),
    ],
)
def test_a_style_that_a_site_does_not_know_may_be_an_attempt(source: str, header: str) -> None:
    rows = [f"2024-03-23,A{i},{word}," for i, word in enumerate(("Fell off", "Versuch", "other"))]
    text = "\n".join([header, *rows]).encode()
    found = parse_logbook(text, "me.csv", source, Wanted(attempts=True)).rows
    assert [row.outcome for row in found] == ["attempt", "attempt", "unknown"]


@pytest.mark.parametrize(
    ("told", "outcome"),
    [("TRUE", "send"), ("FALSCH", "attempt"), ("0", "attempt"), ("oui", "send"), ("non", "attempt"),
     ("✓", "send"), ("fell", "attempt"), ("Sent!", "send"), ("maybe", None), ("", "unknown"), ("f", None),
     ("unknown", "unknown"),
     ("Après travail", "send"), ("en projet", "attempt")],
)  # fmt: skip
def test_an_outcome_of_ones_own_that_cannot_be_read_rejects_the_row(told: str, outcome: str | None) -> None:
    content = f"d,c,o\n2024-05-01,A,{told}\n".encode()
    columns = parse_columns("date=d,climb=c,outcome=o")
    parsed = parse_logbook(content, "me.csv", wanted=Wanted(attempts=True), columns=columns)
    assert [row.outcome for row in parsed.rows] == ([outcome] if outcome else [])
    assert [each.reason for each in parsed.rejects] == ([] if outcome else ["unreadable outcome"])


def sheet(header: str, *rows: str, columns: str) -> Parsed:
    content = "\n".join([header, *rows]).encode()
    return parse_logbook(content, "me.csv", columns=parse_columns(columns))


@pytest.mark.parametrize(
    ("numbers", "read"),
    [
        (["1", "2", "10", "9"], ["1", "2", "9", "10"]),
        (["3", "-1", "1.5"], ["-1", "1.5", "3"]),
        (["240531", "240530"], ["240530", "240531"]),
        (["2", "1", "20240531"], ["1", "2"]),  # a calendar day among small numbers
        (["2", "1", "soon"], ["1", "2"]),
        (["45254", "45235"], ["2023-11-05", "2023-11-24"]),  # Excel's
        (["1714608000", "1714521600"], ["2024-05-01T00:00:00Z", "2024-05-02T00:00:00Z"]),
        (["20240531", "20240530"], ["2024-05-30", "2024-05-31"]),
        (["2021", "2019"], ["2019-07-01", "2021-07-01"]),
    ],
)
def test_plain_order_in_a_sheet_of_ones_own(numbers: list[str], read: list[str]) -> None:
    rows = [f"{number};Route {n}" for n, number in enumerate(numbers)]
    parsed = sheet("Nr;Weg", *rows, columns="date=Nr,climb=Weg")
    merged = merge([parsed])
    assert [row.date for row in merged.rows] == read
    assert parsed.has_time == ("-" in read[-1])
    assert {row.date_precision == "order" for row in merged.rows} == {not parsed.has_time}
    assert [each.reason for each in parsed.rejects] == ["date cannot be read"] * (len(numbers) - len(read))


@pytest.mark.parametrize(
    ("rows", "read"),
    [
        (["24 novembre 2023,A", "05/11/2023,B"], "2023-11-05"),
        (["Nov 24 2023,A", "05/11/2023,B"], "2023-05-11"),
        (["2023-11-24,A", "05/11/2023,B"], "2023-05-11"),
        (["2023-11-24;A", "05/11/2023;B"], "2023-11-05"),
        (["11/24/2023;A", "05/11/2023;B"], "2023-05-11"),
        (["24-Nov-23,A", "11/24/2023,C", "05/11/2023,B"], "2023-05-11"),
    ],
)  # fmt: skip
def test_how_the_other_dates_are_written_tells_of_a_habit(rows: list[str], read: str) -> None:
    by = ";" if ";" in rows[0] else ","
    parsed = sheet(f"Tag{by}Weg", *rows, columns="date=Tag,climb=Weg")
    assert [row.date for row in parsed.rows if row.climb_name == "B"] == [read]
    settled = any("11/24" in row for row in rows)
    assert any("two ways" in note for note in parsed.notes) is not settled


@pytest.mark.parametrize(
    ("header", "rows", "read"),
    [
        ("Date (DD/MM/YYYY)", ["03/05/2024"], "2024-05-03"),
        ("Date [mm-dd-yy]", ["03-05-24"], "2024-03-05"),
        ("Datum TT/MM/JJJJ", ["03/05/2024"], "2024-05-03"),
        ("Date jj/mm/aaaa", ["03/05/2024"], "2024-05-03"),
        ("Date", ["03/05/2024", "(dd/mm/yyyy)"], "2024-05-03"),
        ("Date (DD/MM/YYYY)", ["03/05/2024", "03/15/2024"], "2024-03-05"),
        ("Date today", ["03/05/2024"], "2024-03-05"),
    ],
)
def test_what_a_header_says_of_dates_holds(header: str, rows: list[str], read: str) -> None:
    text = "\n".join([f"{header},Climb", *(f"{day},A{i}" for i, day in enumerate(rows))])
    parsed = parse_logbook(text.encode(), "me.csv", columns={"date": header, "climb": "Climb"})
    assert [row.date for row in parsed.rows if row.climb_name == "A0"] == [read]
    assert any("two ways" in note for note in parsed.notes) == (header == "Date today")


def test_plain_order_and_days_are_not_mixed_and_no_site_has_it() -> None:
    ordered = sheet("Nr;Weg", "1;A", "2;B", columns="date=Nr,climb=Weg")
    with pytest.raises(DataError, match="dates are a plain order"):
        merge([ordered, ticks("2024-05-01")])
    assert [each.reason for each in ticks("1", "2").rejects] == ["date cannot be read"] * 2


def test_a_sequence_of_ones_own_orders_a_day() -> None:
    rows = ["2024-05-01;A;2", "2024-05-01;B;1", "2024-05-01;C;", "2024-05-01;D;x"]
    parsed = sheet("Tag;Weg;Nr", *rows, columns="date=Tag,climb=Weg,sequence=Nr")
    assert [row.climb_name for row in merge([parsed]).rows] == ["B", "A", "C"]
    assert [each.reason for each in parsed.rejects] == ["unreadable sequence"]


def test_an_onsight_under_a_rope_is_below_every_lead() -> None:
    best = sorted(
        ["2nd O/S", "Lead RP", "Top rope onsight", "trad lead", "Lead O/S", "", "Lead rpt"], key=style_rank
    )
    assert best[::-1] == ["Lead O/S", "Lead RP", "trad lead", "Top rope onsight", "2nd O/S", "Lead rpt", ""]


def test_a_climb_may_be_called_none_and_8as_blank_is_null() -> None:
    header = "route_boulder,name,location_name,sector_name,date,type,difficulty"
    rows = [f"BOULDER,{name},Wald,Block,2024-05-01,{kind},7A" for name, kind in
            (("None", "rp"), ("null", "rp"), ("NA", "attempt"))]  # fmt: skip
    parsed = parse_logbook("\n".join([header, *rows]).encode(), "me.csv", wanted=Wanted(attempts=True))
    assert [(row.climb_name, row.outcome) for row in parsed.rows] == [("None", "send"), ("NA", "attempt")]
    assert [each.reason for each in parsed.rejects] == ["no name of the climb"]


SITES = [each for each in SOURCES.values() if each.name != "sends"]


@pytest.mark.parametrize("source", SITES, ids=lambda source: source.name)
def test_the_table_in_the_docs_names_what_is_not_read(source: Source) -> None:
    seen = Seen()
    source.read(Cells({}, (), seen))
    pages = Path(__file__).parents[2] / "docs" / "reference" / "logbooks.md"
    (row,) = [line for line in pages.read_text().splitlines() if line.startswith(f"| {source.title} |")]
    told = key(row.rsplit("|", 2)[1])
    unread = {name.removesuffix(" empty") for name in source.columns - seen.asked}
    assert [name for name in unread if name not in told and name.split()[-1] not in told] == []
    assert bool(told) == bool(unread)


def test_a_send_beats_an_attempt_of_a_better_style() -> None:
    rows = ["a,2024-05-01,attempt,onsight", "a,2024-05-01,send,redpoint", "a,2024-05-01,unknown,flash"]
    for turned in (rows, rows[::-1]):
        content = "\n".join(["climb_id,date,outcome,style", *turned]).encode()
        merged = merge([parse_logbook(content, "me.csv", wanted=Wanted(attempts=True))])
        assert [(row.outcome, row.style) for row in merged.rows] == [("send", "redpoint")]


def test_what_has_no_sequence_comes_last_of_its_day() -> None:
    content = b"climb_id,date,sequence\nc,2024-05-01,\nb,2024-05-01,2\na,2024-05-01,-1\n"
    assert [row.climb_id for row in merge([parse_logbook(content, "me.csv")]).rows] == ["a", "b", "c"]


def test_blank_tokens_of_a_site_are_counted_and_its_own_null_is_not() -> None:
    content = f"{HEADER}2024-05-01,A,/route/1/a,NA,#N/A\n2024-05-02,B,/route/2/b,null,Redpoint\n".encode()
    parsed = parse_logbook(content, "me.csv")
    assert [(row.rating, row.outcome) for row in parsed.rows] == [(None, "unknown"), (None, "send")]
    assert parsed.notes[BLANK_TOKENS] == 2
