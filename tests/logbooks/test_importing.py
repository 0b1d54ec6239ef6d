"""Importing logbooks: what each site's file becomes, what is refused, merging, nonsense."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys.errors import DataError, RecsysError, UsageError
from recsys.logbooks.grades import parse_grade
from recsys.logbooks.importing import Ascent, Parsed, Wanted, parse_logbook
from recsys.logbooks.importing.dates import day_first, order_of, read_date
from recsys.logbooks.importing.ids import climb_id
from recsys.logbooks.importing.load import load
from recsys.logbooks.importing.merge import merge
from recsys.logbooks.importing.sources import SOURCES
from recsys.logbooks.importing.text import clean, key, slug
from recsys.logbooks.read import read_sends
from recsys.logbooks.sheets import MAX_ROWS
from recsys.logbooks.sheets.encoding import decode
from recsys.logbooks.simulate import simulate
from tests.builders.commands import Done, done

ROOT = Path(__file__).parents[2]
LOGBOOKS = Path(__file__).parent
FILES = {path.stem: path for path in sorted(LOGBOOKS.glob("*.csv"))}
SOURCE_OF = {"kilter": "boardlib", "moonboard": "boardlib"}
MP = "Date,Route,Rating,URL,Location,Your Stars,Style,Route Type\n"
UKC = "Name,Grade,Style,Date,Crag,Type\n"


def parsed(name: str, **wanted: object) -> Parsed:
    return parse_logbook(FILES[name].read_bytes(), f"{name}.csv", wanted=Wanted(**wanted))  # type: ignore[arg-type]


def climb(of: Parsed, name: str) -> Ascent:
    return next(row for row in of.rows if row.climb_name == name)


def ukc(*rows: str) -> Parsed:
    return parse_logbook((UKC + "".join(f"{row}\n" for row in rows)).encode(), "me.csv")


def run(*words: str) -> Done:
    return done("recsys", "import", *words)


# ---- the eight formats


@pytest.mark.parametrize(
    ("name", "used", "reasons"),
    [
        ("sendage", 3, ["attempt"]),
        ("mountainproject", 4, ["attempt", "attempt"]),
        ("8anu", 3, ["attempt"]),
        ("thecrag", 4, ["attempt"]),
        ("ukc", 5, ["attempt"]),
        ("kaya", 3, ["no name of the climb"]),
        ("kilter", 3, ["attempt"]),
        ("moonboard", 1, ["attempt"]),
    ],
)
def test_every_row_is_used_or_rejected(name: str, used: int, reasons: list[str]) -> None:
    found = parsed(name)
    assert found.source == SOURCE_OF.get(name, name)
    assert len(found.rows) == used
    assert [reject.reason for reject in found.rejects] == reasons
    assert found.n_read == used + len(reasons)
    assert [row.date for row in found.rows] == sorted(row.date for row in found.rows)
    assert {row.climber_id for row in found.rows} == {name}
    for row in found.rows:
        grade = parse_grade(row.grade)
        assert grade.discipline == row.discipline


def test_sendage() -> None:
    row = climb(parsed("sendage"), "I'll Hold the Door")
    assert (row.climb_id, row.comment) == ("ill-hold-the-door@office-space", "Very fun & long")
    assert (row.date, row.style, row.grade, row.rating) == ("2026-08-12", "onsight", "5.11c", 4)
    assert climb(parsed("sendage"), "Blue Monday").rating is None  # 0 is not rated
    (attempt,) = parsed("sendage").rejects
    assert (attempt.row, attempt.line, attempt.file) == (4, 9, "sendage.csv")  # below a preamble


def test_mountain_project() -> None:
    found = parsed("mountainproject")
    arete, slab, crack = (climb(found, f"Sample {name}") for name in ("Arete", "Slab", "Crack"))
    assert (arete.climb_id, arete.grade, arete.rating, arete.outcome) == ("mp-271828", "V4-5", 5, "send")
    assert arete.comment == "Two tries.\nThen a rest & a send"
    assert (arete.region, arete.area) == ("Joshua Tree National Park", "Sample Boulder")
    assert (slab.style, slab.date) == ("flash", "2023-05-30")
    assert [row.outcome for row in found.rows if row.climb_id == "mp-271829"] == ["send", "unknown"]
    assert (crack.climb_type, crack.discipline, crack.pitches, crack.rating) == ("trad", "route", 3, 1)
    assert found.notes["outcome unknown: kept"] == 1
    assert len(parsed("mountainproject", unknown=False).rows) == 3


def test_8anu() -> None:
    found = parsed("8anu")
    bloc, kante = climb(found, "Erdbeerkante"), climb(found, "Kante")
    assert (bloc.climb_id, bloc.area, bloc.rating, bloc.tries) == (
        "erdbeerkante@magic-wood",
        "Kamel",
        None,
        1,
    )
    assert (bloc.date, bloc.date_precision, bloc.style) == ("2026-08-18", "day", "flash")
    assert climb(found, "Blue Mondey").area == "Magic Wood"  # "Unknown Sector"
    assert climb(found, "Blue Mondey").tries is None
    assert (kante.climb_id, kante.grade) == ("kante@ratikon", "6b")


def test_the_crag() -> None:
    found = parsed("thecrag")
    wall, bloc, chimney = (climb(found, f"Sample {name}") for name in ("Wall", "Bloc", "Chimney"))
    assert (wall.climb_id, wall.rating, wall.region) == ("thecrag-11111", 5, "Grampians")
    assert wall.comment == "One hang.\nThen clean."
    assert (bloc.grade, bloc.rating, bloc.climb_type) == ("7A", 1, "boulder")
    assert (chimney.date, chimney.date_precision) == ("2024-03-03", "logged")
    assert [row.repeat for row in found.rows if row.climb_id == wall.climb_id] == [False, True]


def test_ukc() -> None:
    found = parsed("ukc")
    assert climb(found, "Late Doors").style == "flash"
    assert climb(found, "Late Doors").comment == "Greasy"  # and a DEL
    buttress, old = climb(found, "Sample Buttress"), climb(found, "Old Route")
    assert (buttress.style, buttress.date, buttress.date_precision) == ("lead flash", "2024-08-15", "month")
    assert (old.date, old.date_precision, old.outcome) == ("2022-07-01", "year", "send")
    assert [row.repeat for row in found.rows if row.climb_name == "Early Doors"] == [False, True]
    assert buttress.pitches == 2


def test_kaya() -> None:
    found = parsed("kaya")
    arete = climb(found, "Fin Sample")
    assert (arete.date, arete.grade, arete.tries, arete.rating) == ("2021-11-05T03:55:00Z", "V6", 6, 4)
    assert [row.discipline for row in found.rows] == ["route", "boulder", "boulder"]
    assert found.rows[2].repeat


def test_boards() -> None:
    ids = [row.climb_id for row in parsed("kilter").rows]
    assert ids == ["space-padded@kilter-40", "space-padded@kilter-40-mirror", "sample-swing@tension-45"]
    assert parsed("kilter").rows[2].grade == "6c/V5"
    (problem,) = parsed("moonboard").rows
    assert (problem.outcome, problem.tries) == ("send", 4)
    assert parsed("moonboard", attempts=True).rows[1].outcome == "attempt"


# ---- files that are not as they should be


@pytest.mark.parametrize("name", FILES)
def test_columns_in_another_order_or_delimiter(name: str) -> None:
    rows = list(csv.reader(io.StringIO(decode(FILES[name].read_bytes())[0])))
    start = next(i for i, row in enumerate(rows) if len(row) > 4)
    for delimiter in ",;\t":
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter).writerows([row[::-1] for row in rows[start:]])
        assert parse_logbook(text.getvalue().encode(), f"{name}.csv").rows == parsed(name).rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings(encoding: str) -> None:
    content = (UKC + "Café Überhang,f6A,Sent x,28/Sep/25,Sàmple,Bouldering\n").encode(encoding)
    (row,) = parse_logbook(content, "me.csv").rows
    assert (row.climb_name, row.climb_id) == ("Café Überhang", "cafe-uberhang@sample")


@pytest.mark.parametrize("style", ["Lead β", "Lead &beta;", "Lead Î²", "Lead &amp;beta;"])
def test_beta_however_it_was_mangled(style: str) -> None:
    (row,) = ukc(f"A,6a,{style},28/Sep/25,C,Sport").rows
    assert row.style == "lead flash"


def test_missing_columns() -> None:
    (row,) = parse_logbook(b"Date,Route,URL,Your Stars,Lead Style\n3/23/2024,A,,,\n", "me.csv").rows
    assert (row.climb_id, row.outcome, row.grade, row.rating) == ("a@unknown", "unknown", "", None)
    found = parse_logbook(b"Route Name,Route ID,Ascent Type\nA,7,\n", "me.csv")
    assert [reject.reason for reject in found.rejects] == ["no date"]


@pytest.mark.parametrize(
    ("style", "outcome"),
    [
        ("Sent O/S", "send"),
        ("Sent rpt", "send"),
        ("Sent dnf", "attempt"),
        ("Lead dog", "attempt"),
        ("Lead RP", "send"),
        ("Lead", "unknown"),
        ("TR", "unknown"),
        ("Solo", "send"),
        ("O/S", "send"),
        ("dnf", "attempt"),
        ("Lead fell", "attempt"),
        ("DWS G/U", "send"),
        ("", "unknown"),
    ],
)
def test_ukc_styles(style: str, outcome: str) -> None:
    content = f"{UKC}A,6a,{style},28/Sep/25,C,Sport\n".encode()
    (row,) = parse_logbook(content, "me.csv", wanted=Wanted(attempts=True)).rows
    assert row.outcome == outcome


def test_rejects_say_file_row_line_and_reason() -> None:
    found = ukc(
        "A,6a,Lead RP,yesterday,C,Sport",
        '"B,6a,Lead RP,28/Sep/25,C,Sport',
        "C,6a,Lead RP,28/Sep/25,C,Sport,1,2",
        "D,6a,Lead RP",
        ",6a,Lead RP,28/Sep/25,C,Sport",
        UKC.strip(),
        "",
        'E 5" crimp,6a,Lead RP,28/Sep/25,C,Sport',
    )
    assert [(each.row, each.line, each.reason) for each in found.rejects] == [
        (1, 2, "date cannot be read"),
        (2, 3, "a quoted value is never closed"),
        (3, 4, "more values than the header's 6"),
        (4, 5, "no date"),
        (5, 6, "no name of the climb"),
        (6, 7, "the header again"),
    ]
    assert [row.climb_name for row in found.rows] == ['E 5" crimp']
    assert found.rejects[0].value == "yesterday"


@pytest.mark.parametrize(
    ("content", "source", "parts"),
    [
        (b"", "auto", ["is empty"]),
        (b"\n\n", "auto", ["is empty"]),
        (b"a,b\n1,2\n", "auto", ["no known source", "'a, b'", "mountainproject"]),
        (b"a,b\n1,2\n", "ukc", ["no header of UKClimbing", "source"]),
        (b"PAR1" + bytes(20), "auto", ["Parquet"]),
        (b"Date,Route,URL,Your Stars,Lead Style\n" + b"a\n" * (MAX_ROWS + 1), "auto", [f"{MAX_ROWS} rows"]),
        (b"Date,Route,URL,Your Stars,Lead Style\n" + b'"a\n' * 501, "auto", ["more than 100 rows"]),
    ],
)
def test_files_that_are_refused(content: bytes, source: str, parts: list[str]) -> None:
    with pytest.raises(DataError) as error:
        parse_logbook(content, "me.csv", source)
    message = str(error.value)
    assert message.startswith("me.csv: ")
    assert "\n" not in message
    assert all(part in message for part in parts), message


def test_wrong_calls() -> None:
    with pytest.raises(UsageError, match="there is no source 'strava'; choose from auto, boardlib"):
        parse_logbook(b"", "me.csv", "strava")
    with pytest.raises(UsageError, match="there is no discipline 'ice'"):
        Wanted(discipline="ice")


# ---- the parts


@pytest.mark.parametrize(
    ("text", "iso", "precision"),
    [
        ("2026-08-11", "2026-08-11", "day"),
        ("2026-08-18T12:00:00Z", "2026-08-18T12:00:00Z", "time"),
        ("2026-08-18T12:00:00.123+02:00", "2026-08-18T10:00:00Z", "time"),
        ("2026-06-15 10:00:00", "2026-06-15T10:00:00Z", "time"),
        ("20260615", "2026-06-15", "day"),
        ("28/Sep/25", "2025-09-28", "day"),
        ("28-Sept-1999", "1999-09-28", "day"),
        ("1. März 2024", "2024-03-01", "day"),
        ("12 août 2023", "2023-08-12", "day"),
        ("Sep 3, 2025", "2025-09-03", "day"),
        ("3/23/2024", "2024-03-23", "day"),
        ("23/3/24", "2024-03-23", "day"),
        ("3.4.2024", "2024-04-03", "day"),
        ("Fri Nov 05 2021 03:49:59 GMT+0000 (GMT+00:00)", "2021-11-05T03:49:59Z", "time"),
        ("Sun Jan 31 2021 20:00:00 GMT-0800 (Pacific Standard Time)", "2021-02-01T04:00:00Z", "time"),
        ("11/24/2023 9:05 PM", "2023-11-24T21:05:00Z", "time"),
        ("24 Nov 2023 12:05 a.m.", "2023-11-24T00:05:00Z", "time"),
        ("3 de enero de 2023", "2023-01-03", "day"),
        ("??/Aug/24", "2024-08-15", "month"),
        ("Aug 2024", "2024-08-15", "month"),
        ("2024-08", "2024-08-15", "month"),
        ("???/2022", "2022-07-01", "year"),
        ("??/???/2022", "2022-07-01", "year"),
        ("2022", "2022-07-01", "year"),
    ],
)
def test_dates(text: str, iso: str, precision: str) -> None:
    assert read_date(text) == (iso, precision, False)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "31/Feb/24", "13/13/2024", "11/24/2023 13:05 PM", "1850-01-01", "99", "12:30", "V4"],
)
def test_no_dates(text: str) -> None:
    assert read_date(text) is None


def test_the_order_of_day_and_month_is_told_by_the_file() -> None:
    assert day_first(["3/4/2024", "23/4/2024"], habit=False)
    assert not day_first(["3/4/2024", "4/23/2024"], habit=True)
    assert day_first(["3/4/2024"], habit=True)


@pytest.mark.parametrize("more", [[], ["26.11.2023"], ["11/26/2023"]], ids=["as many", "dots", "slashes"])
def test_what_stands_between_the_numbers_has_an_order_of_its_own(more: list[str]) -> None:
    order = order_of(["24.11.2023", "11/25/2023", "05/11/2023", "06.11.2023", *more], habit=True)
    read = {}
    for text in ("05/11/2023", "06.11.2023"):
        day_comes_first, settled = order.told(text)
        read[text] = read_date(text, day_comes_first, settled=settled)
    assert read == {"05/11/2023": ("2023-05-11", "day", False), "06.11.2023": ("2023-11-06", "day", False)}
    assert not order.told("07-11-2023")[1]
    found = parse_logbook(f"{MP}3/4/2024,A,V1,,,,Send,Boulder\n".encode(), "me.csv")
    assert found.rows[0].date == "2024-03-04"
    assert found.notes == {"date could be read two ways: read as month/day": 1}


def test_text_and_ids() -> None:
    assert clean("  null ") == "null"  # a blank token, unless it is a name
    assert clean("  ") == clean("") == ""
    assert clean("a&amp;b<br>c\x7f&#127;") == "a&b\nc"
    assert clean("CafÃ© Â£5") == "Café £5"
    assert key("\ufeff Your_Stars ") == key("YOUR stars") == "your stars"
    assert slug("Fred's Ærø-Straße Ł") == slug("FREDS aero strasse l") == "freds-aero-strasse-l"
    assert climb_id("Die Übermut!", "Magic Wood") == "die-ubermut@magic-wood"
    assert climb_id("山", "") == "山@unknown"
    assert climb_id("!!!", "C") != climb_id("???", "C")
    assert len(climb_id("a" * 10_000, "b" * 10_000)) < 250


@pytest.mark.parametrize(
    ("row", "grade", "rating"),
    [
        ("V1,,,-1,Send,Boulder", "V1", None),
        ("V1,,,0,Send,Boulder", "V1", 1),
        ("V1,,,4,Send,Boulder", "V1", 5),
        ("V1,,,9,Send,Boulder", "V1", None),
        ("7a,,,x,Send,Boulder", "7A", None),
        ("7A/B,,,,Send,Sport", "7a/b", None),
        ("f7a,,,,Send,Boulder", "f7a", None),
    ],
)
def test_ratings_and_grades(row: str, grade: str, rating: float | None) -> None:
    (found,) = parse_logbook(f"{MP}2024-03-23,A,{row}\n".encode(), "me.csv").rows
    assert (found.grade, found.rating) == (grade, rating)


def test_newest_first_within_a_day_too() -> None:
    down = ukc(*(f"{name},6a,Lead RP,{day}/Sep/25,C,Sport" for name, day in (("c", 2), ("b", 2), ("a", 1))))
    up = ukc(*(f"{name},6a,Lead RP,{day}/Sep/25,C,Sport" for name, day in (("a", 1), ("b", 2), ("c", 2))))
    assert [row.climb_name for row in down.rows] == [row.climb_name for row in up.rows] == ["a", "b", "c"]


# ---- merging


def test_merging_drops_duplicates_and_marks_repeats() -> None:
    first = ukc(
        "A,6a,Lead RP,1/Sep/25,C,Sport", "A,6a,Lead RP,1/Sep/25,C,Sport", "B,6a,Lead RP,2/Sep/25,C,Sport"
    )
    second = ukc("A,6a,Lead RP,1/Sep/25,C,Sport", "A,6a,Lead RP,3/Sep/25,C,Sport")
    merged = merge([first, second])
    assert [(row.climb_name, row.date, row.repeat) for row in merged.rows] == [
        ("A", "2025-09-01", False),
        ("B", "2025-09-02", False),
        ("A", "2025-09-03", True),
    ]
    assert [each.reason for each in merged.rejects] == ["duplicate", "duplicate of another file"]
    assert merged.n_read == len(merged.rows) + len(merged.rejects)


def test_what_is_kept_takes_stars_notes_and_tries_of_what_is_left_out_for_it() -> None:
    header = "climb_id,date,style,rating,comment,beta,outcome,tries\n"
    first = (
        "A,2025-09-01,redpoint,,,,send,\n"
        "A,2025-09-01,redpoint,4,worse,,send,3\n"
        "A,2025-09-01,onsight,,mine,,send,\n"
        "A,2025-09-01,,2,,crimp,unknown,\n"
        "B,2025-09-01T10:00:00,redpoint,,,,send,\n"
        "B,2025-09-01T12:00:00,redpoint,,,,send,\n"
        "B,2025-09-01T12:00:00,redpoint,5,,,send,\n"
    )
    second = "A,2025-09-01,redpoint,1,last,all,send,9\nC,2025-09-02,,3,,,send,\n"
    merged = merge([parse_logbook((header + each).encode(), "me.csv") for each in (first, second)])
    assert [
        (row.climb_id, row.style, row.rating, row.comment, row.beta, row.tries) for row in merged.rows
    ] == [
        ("A", "onsight", 4, "mine", "all", 3),
        ("B", "redpoint", None, "", "", None),
        ("B", "redpoint", 5, "", "", None),
        ("C", "", 3, "", "", None),
    ]
    assert len(merged.rejects) == 5


def test_what_may_be_another_climb_gives_nothing() -> None:
    rows = f"{MP}2024-03-23,A,V1,,,,Send,Boulder\n2024-03-23,A,V9,,,4,Send,Boulder\n"
    (row,) = merge([parse_logbook(rows.encode(), "me.csv")]).rows
    assert (row.grade, row.rating) == ("V1", None)


def test_two_climbers_do_not_duplicate_each_other() -> None:
    content = f"{UKC}A,6a,Lead RP,1/Sep/25,C,Sport\n".encode()
    assert len(merge([parse_logbook(content, name) for name in ("ada.csv", "ben.csv")]).rows) == 2
    both = [parse_logbook(content, name, wanted=Wanted("ada")) for name in ("a.csv", "b.csv")]
    assert [row.climber_id for row in merge(both).rows] == ["ada"]


def test_near_duplicates_are_reported_and_kept_apart() -> None:
    names = (
        "Blue Monday",
        "Blue Mondey",
        "The Blue-Monday",
        "Problem 1",
        "Problem 2",
        "Roof left",
        "Roof right",
    )
    days = enumerate(names, 1)
    merged = merge([ukc(*(f"{name},f6A,Sent x,{day}/Sep/25,C,Bouldering" for day, name in days))])
    assert len({row.climb_id for row in merged.rows}) == len(names)
    alike = {frozenset((first[1], second[1])) for _, first, second in merged.alike}
    assert {"Blue Monday", "Blue Mondey"} in alike
    assert {"Blue Monday", "The Blue-Monday"} in alike or {"Blue Mondey", "The Blue-Monday"} in alike
    assert not any({"Problem 1", "Roof left"} & pair for pair in alike)


def test_names_are_not_compared_where_all_ids_are_one_files_own(monkeypatch) -> None:
    """It is most of the time that a large logbook takes, and finds nothing."""
    rows = ("a,Blue Monday,C,2025-09-01", "b@c,Blue Mondey,C,2025-09-02")
    raw = parse_logbook("\n".join(["climb_id,climb_name,area,date", *rows]).encode(), "sends.csv")
    theirs = ukc("Blue Mondai,f6A,Sent x,3/Sep/25,C,Bouldering")
    assert {row.crag for row in raw.rows} == {"C"}
    assert len(merge([raw, theirs]).alike) > 0
    compared: list[str] = []
    monkeypatch.setattr("recsys.logbooks.importing.ids._variants", lambda name: {compared.append(name)})
    assert (merge([raw]).alike, compared) == ([], [])


# ---- the command


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_the_command_and_the_reader_of_sends(suffix: str, tmp_path: Path) -> None:
    output = tmp_path / f"sends.{suffix}"
    result = run(*map(str, FILES.values()), "-o", str(output))
    assert result.returncode == 0, result.stderr
    assert "may be one climb under two ids, kept apart (1):" in result.stderr
    sends = read_sends(output)
    assert (len(sends), dict(sends.n_dropped), sends.warnings) == (26, {}, ())
    assert set(sends.frame["climber_id"]) == set(FILES)
    with (tmp_path / "sends.rejects.csv").open(newline="") as file:
        rejects = list(csv.DictReader(file))
    assert len(rejects) == 9
    assert [(each["row"], each["reason"]) for each in rejects if each["file"].endswith("kaya.csv")] == [
        ("3", "no name of the climb")
    ]


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_merging_into_raw_sends(suffix: str, tmp_path: Path) -> None:
    community = tmp_path / f"community.{suffix}"
    frame = simulate("bc", seed=0, scale=0.02)
    _ = frame.to_csv(community, index=False) if suffix == "csv" else frame.to_parquet(community, index=False)
    output = tmp_path / "all.parquet"
    result = run(str(community), str(FILES["ukc"]), "--climber", "ada", "-o", str(output))
    assert result.returncode == 0, result.stderr
    before, after = read_sends(community).frame, read_sends(output).frame
    assert len(after) == len(before) + 5
    old = after[after["climber_id"] != "ada"].reset_index(drop=True)
    for name in (
        "climber_id",
        "climb_id",
        "date",
        "region",
        "area",
        "climb_name",
        "grade",
        "rating",
        "comment",
    ):
        assert old[name].equals(before[name]), name
    again = run(str(output), "-o", str(tmp_path / "again.parquet"))
    assert again.returncode == 0, again.stderr
    assert read_sends(tmp_path / "again.parquet").frame.equals(after)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["nope.csv", "-o", "{}/x.csv"], ["nope.csv: cannot be read"]),
        ([str(FILES["ukc"]), "-o", "{}/x.txt"], ["x.txt", ".parquet or .csv"]),
        ([str(FILES["ukc"]), "-o", str(FILES["ukc"])], ["ukc.csv", "name another"]),
        ([str(FILES["ukc"]), "-o", "{}/x.csv", "--source", "kaya"], ["ukc.csv", "KAYA"]),
        ([str(FILES["ukc"]), "-o", "{}/x.csv", "--source", "strava"], ["strava", "kaya"]),
        ([str(FILES["ukc"]), "-o", "{}/x.csv", "--discipline", "ice"], ["ice", "boulder"]),
        (
            [str(FILES["kilter"]), "-o", "{}/x.csv", "--discipline", "route"],
            ["none of 4 rows", "x.rejects.csv"],
        ),
        (["-o", "{}/x.csv"], ["FILE"]),
    ],
)
def test_what_is_wrong_is_said_in_one_line(words: list[str], parts: list[str], tmp_path: Path) -> None:
    result = run(*(word.format(tmp_path) for word in words))
    assert result.returncode == 2
    line = result.stderr.strip().splitlines()[-1]
    assert line.startswith("error: ")
    assert all(part in line for part in parts), line
    assert not (tmp_path / "x.csv").exists()


def test_attempts_and_discipline(tmp_path: Path) -> None:
    output = tmp_path / "sends.csv"
    words = ("--attempts", "--discipline", "boulder", "-o", str(output))
    result = run(str(FILES["mountainproject"]), *words)
    assert result.returncode == 0, result.stderr
    assert "training leaves them out" in result.stderr
    rows = list(csv.DictReader(io.StringIO(output.read_text())))
    assert [row["outcome"] for row in rows] == ["send", "attempt", "unknown", "send"]
    assert "not a boulder" in (tmp_path / "sends.rejects.csv").read_text()


def test_reading_a_logbook_needs_no_package(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
        "from recsys.logbooks.importing import parse_logbook\n"
        "from recsys.logbooks.importing.merge import merge\n"
        "from recsys.logbooks.importing.write import write\n"
        "parsed = parse_logbook(Path(sys.argv[2]).read_bytes(), 'ukc.csv')\n"
        "write(merge([parsed]).rows, (), Path(sys.argv[3]) / 'out.csv'); print(len(parsed.rows))"
    )
    words = ["-S", "-c", code, str(ROOT), str(FILES["ukc"]), str(tmp_path)]
    result = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert result.stdout == "5\n", result.stderr


# ---- nonsense: whatever comes, it is read, rejected, or refused in one line


def holds_up(content: bytes, name: str = "me.csv", source: str = "auto") -> None:
    message = ""
    try:
        found = parse_logbook(content, name, source, Wanted(attempts=True))
    except RecsysError as error:
        message = str(error)
    assert len(message.splitlines()) <= 1
    if message:
        return
    assert found.n_read == len(found.rows) + len(found.rejects)
    merged = merge([found, replace(found, rejects=())])
    for row in merged.rows:
        assert row.climb_id
        assert row.climber_id
        assert row.date[:2] in ("19", "20", "21")
        assert row.rating is None or 1 <= row.rating <= 5
        assert row.outcome in ("send", "attempt", "unknown")
    str(merged.rows).encode()


FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FUZZ
@given(st.binary(max_size=400), st.sampled_from(["auto", *SOURCES]), st.text(max_size=10))
def test_random_bytes(content: bytes, source: str, name: str) -> None:
    holds_up(content, name, source)


@FUZZ
@given(
    st.sampled_from(sorted(FILES)), st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6)), max_size=8)
)
def test_mutated_files(name: str, changes: list[tuple[float, bytes]]) -> None:
    content = bytearray(FILES[name].read_bytes())
    for where, what in changes:
        at = int(where * len(content))
        content[at : at + len(what)] = what
    holds_up(bytes(content))


CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["null", "??/Aug/24", "31/Feb/24", "&#0;", "&#xD800;", '"', "\r\n", "Î²", "-1", "1e400", "²"]
    ),
    st.from_regex(r"\d{1,5}[-/.]\d{1,3}[-/.]\d{1,5}( \d\d:\d\d)?", fullmatch=True),
)


@FUZZ
@given(st.sampled_from(sorted(SOURCES)), st.data())
def test_random_cells(name: str, data: st.DataObject) -> None:
    columns = sorted(SOURCES[name].columns)
    rows = data.draw(st.lists(st.lists(CELLS, max_size=len(columns) + 1), max_size=5))
    text = io.StringIO()
    csv.writer(text).writerows([columns, *rows])
    holds_up(text.getvalue().encode("utf-8", "replace"))


@FUZZ
@given(st.dates(min_value=date(date.today().year - 90, 1, 1), max_value=date.today()))
def test_a_date_survives_every_way_of_writing_it(day: date) -> None:
    forms: list[Callable[[], str]] = [
        lambda: f"{day:%Y-%m-%d}",
        lambda: f"{day:%d/%b/%y}",
        lambda: f"{day:%a %b %d %Y}",
        lambda: f"{day:%d.%m.%Y}",
        lambda: f"{day:%B %d, %Y}",
    ]
    for form in forms:
        when = read_date(form())
        assert when is not None
        assert when.date == f"{day}"


def test_load_reads_what_parse_reads() -> None:
    assert [row.climb_id for row in load(FILES["ukc"]).rows] == [row.climb_id for row in parsed("ukc").rows]


@pytest.mark.shared
def test_a_real_log_keeps_its_sends(shared: Path) -> None:
    """theCrag's ascents of six climbers: the import and the reader of sends agree on what a send is."""
    log = shared / "thecrag_testdata" / "ascents.parquet"
    found = load(log)
    assert {reject.reason for reject in found.rejects} == {"attempt"}
    before = read_sends(log)
    assert len(found.rejects) == before.n_dropped["attempt"]
    assert len(merge([found]).rows) == len(before)


def test_ones_own_words_for_a_style_are_told_apart() -> None:
    columns = {"date": "Tag", "climb": "Weg", "style": "Stil"}
    rows = ("1.5.24;A;RP", "1.5.24;A;OS", "1.5.24;A;Versuch", "2.5.24;B;Rotpunkt", "3.5.24;C;Kiesel")
    text = "\n".join(["Tag;Weg;Stil", *rows])
    merged = merge([parse_logbook(text.encode(), "own.csv", columns=columns)])
    assert [(row.climb_name, row.style, row.outcome) for row in merged.rows] == [
        ("A", "os", "send"), ("B", "rotpunkt", "send"), ("C", "kiesel", "unknown"),
    ]  # fmt: skip


def test_a_header_of_several_lines_is_named_in_one() -> None:
    text = 'climb_id,date,"my\nnote"\na,2024-05-01,x\n'
    assert list(parse_logbook(text.encode(), "a.csv").notes) == [
        "columns that are filled and not read: my note"
    ]


def test_a_header_below_the_first_row_of_raw_sends_is_said() -> None:
    with pytest.raises(DataError, match="the nearest is raw sends, which has nothing above its header"):
        parse_logbook(b"# mine\nclimb_id,date\na,2024-05-01\n", "a.csv")
