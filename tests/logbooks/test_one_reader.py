"""The same file read by all: training, `recommend --logbook`, the page's upload and import agree on what it
says.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import math
import re
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys import columns as c
from recsys.errors import DataError
from recsys.logbooks.importing import Wanted
from recsys.logbooks.importing.load import load
from recsys.logbooks.importing.merge import merge
from recsys.logbooks.importing.parse import parse_logbook
from recsys.logbooks.importing.write import write
from recsys.logbooks.read import read_sends
from recsys.logbooks.tables import SMALL, read_table
from recsys.recommending.logbook import read_logbook
from recsys.recommending.logbook_file import read_files
from recsys.serving.upload import read_upload

ME = "me"


class Said(NamedTuple):
    """What a reader made of a file: (climb, day, grade, rating) in order, and rejects by row."""

    sends: list[tuple[str, float, str | None, float | None]]
    rejects: list[tuple[int, str]]


def _plain(value: Any) -> Any:
    return None if value is None or value != value or value == "" else value


def trained(path: Path, tmp_path: Path, small: int = SMALL) -> Said | str:
    """`small`: bytes from which on a text is read by Arrow; below zero every text is."""
    rejects = tmp_path / "rejects.csv"
    rejects.unlink(missing_ok=True)
    try:
        with mock.patch("recsys.logbooks.read.read_table", partial(read_table, small=small)):
            sends = read_sends(path, schema="sends", bad_rows="drop", rejects=rejects)
    except DataError as error:
        return str(error)
    frame = sends.frame
    columns = [frame[name] if name in frame else [None] * len(frame) for name in (c.GRADE, c.RATING)]
    rows = zip(frame[c.CLIMB_ID], frame[c.DAY], *columns, strict=True)
    listed = list(csv.DictReader(rejects.open(newline=""))) if rejects.exists() else []
    return Said(
        [(climb, round(day, 6), _plain(grade), _plain(rating)) for climb, day, grade, rating in rows],
        sorted((int(each["row"]), each["reason"]) for each in listed),
    )


def imported(path: Path) -> Said | str:
    try:
        merged = merge([load(path, wanted=Wanted(ME))])
    except DataError as error:
        return str(error)
    rows = [(row.climb_id, round(row.day, 6), _plain(row.grade), row.rating) for row in merged.rows]
    return Said(rows, sorted((each.row, each.reason) for each in merged.rejects)) if rows else "none"


def recommended(path: Path) -> Said | str:
    try:
        book = read_files([path], ME, bad_rows="drop")
    except DataError as error:
        return str(error)
    rejects = sorted((each.row, each.reason) for each in book.rejects)
    return Said(_days(read_logbook(book.sends), book.sends), rejects)


def uploaded(path: Path) -> Said | str:
    try:
        answer = read_upload(path.read_bytes(), path.name, "auto")
    except DataError as error:
        return str(error)
    rejects = sorted((each["row"], each["reason"]) for each in answer["rejects"])
    return Said(_days(read_logbook(answer["sends"]), answer["sends"]), rejects)


def _days(book: Any, sends: Any) -> list[tuple[str, float, str | None, float | None]]:
    """What the model is asked: plain order has no days there, so the posted number stands in."""
    days = [
        float(send["date"]) if math.isnan(day) else day
        for send, day in zip(sends, book.columns[c.DAY], strict=True)
    ]
    rows = zip(book.columns[c.CLIMB_ID], days, book.columns[c.GRADE], book.columns[c.RATING], strict=True)
    return [(climb, round(day, 6), _plain(grade), _plain(rating)) for climb, day, grade, rating in rows]


def agree(path: Path, tmp_path: Path) -> Said | str:
    """What all say, training of a large file among them; where one refuses the file, all do."""
    readers = {
        "train": trained(path, tmp_path), "train quickly": trained(path, tmp_path, small=-1),
        "import": imported(path), "recommend": recommended(path),
        "page": uploaded(path) if path.is_file() else recommended(path),
    }  # fmt: skip
    first = readers["train"]
    for name, said in readers.items():
        if isinstance(first, str):
            assert isinstance(said, str), (name, said, first)
            assert "\n" not in said
        else:
            assert said == first, name
    return first


IDS = [
    "null",
    "NA",
    "007",
    "7",
    " c 1 ",
    "c&amp;1",
    "x@y",
    "caf\u00e9",
    "cafe\u0301",
    "x" * 300,
    "",
    "-",
    "sim-1",
    "'+a",
    "+a",
    "'-",
]
DATES = {
    "iso": [
        "2024-05-31",
        "2024-05-30",
        "2024-05-31T10:00:00Z",
        "2024-05-31 09:00",
        "2024-05-30T23:30:00-07:00",
    ],
    "seconds": ["1714521600", "1714608000", "1714608001", "1714694400.5", "1714780800000"],
    "order": ["1", "2", "10", "9", "1.5", "-3"],
    "order and days": ["1", "2", "10", "20240531", "20240530", "20240532"],
    "calendar": ["20240531", "20240530", "20240601.0", "20240532"],
    "nonsense": ["45415", "05/02/2024", "soon", "", "NA", "2024-02-30", "9999-01-01", "1e400", "٣"],
}
TEXTS = ["Squamish", "NA", "", "-", "none", "a;b", 'say "hi"', "two\nlines", "Z\u00fcrich"]
GRADES = [
    "V4",
    "7a",
    "7A",
    "9",
    "9-",
    "10-",
    "23",
    "project",
    "5.10a V0+",
    "V 5",
    "V 5+",
    "soft 7a",
    "6a+ (5c obl.)",
    "7а",
    "Fb 7a",
    "WI4",
    "nan",
    "",
    "5",
    "0",
    "4+",
    "4-5",
    "5.0",
    "5.1",
    "-" * 40,
]
KINDS = ["boulder", "sport", "winter", "", "Ice", "Bloc", "trad", "voie"]
LANDS = ["", "France", "Norway", "England", "Brazil", "USA"]
FLAGS = ["", "true", "no", "perhaps", "NA"]
RATINGS = ["3", "3.5", "", "NA", "6", "good", "0", "4,5"]
SEQUENCES = ["", "1", "2", "10", "x", "1.5"]
REPEATS = ["", "true", "no", "sometimes"]
OUTCOMES = ["", "send", "attempt", "unknown", "Send", "maybe", "true"]
STYLES = [
    "",
    "flash",
    "onsight",
    "redpoint",
    "repeat",
    "attempt",
    "Hangdog",
    "NA",
    "Fell",
    "not sent",
    "hike",
]
TRIES = ["", "3", "project", "attempt", "many attempts", "flash", "NA", "x"]


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """A header and rows in the contract's columns: mostly right, in one unit of dates, with all kinds of
    slips.
    """
    kind = draw(st.sampled_from(["iso", "iso", "seconds", "order", "order and days", "calendar"]))
    dates = st.sampled_from(DATES[kind] * 4 + draw(st.sampled_from([[], DATES["nonsense"]])))
    optional = {
        c.SEQUENCE: SEQUENCES, c.REGION: TEXTS, c.GRADE: GRADES, c.CLIMB_TYPE: KINDS, c.RATING: RATINGS,
        c.COMMENT: TEXTS, "outcome": OUTCOMES, c.STYLE: STYLES, "colour": TEXTS, "sent": FLAGS,
        "Is Ascent": FLAGS, "repeat": REPEATS, "country": LANDS, "ascent_style": STYLES, "tries": TRIES,
    }  # fmt: skip
    names = draw(st.lists(st.sampled_from(sorted(optional)), unique=True, max_size=6))
    header = draw(st.permutations([c.CLIMBER_ID, c.CLIMB_ID, c.DATE, *names]))
    values = {
        c.CLIMBER_ID: st.just(ME), c.CLIMB_ID: st.sampled_from(IDS), c.DATE: dates,
        **{name: st.sampled_from(optional[name]) for name in names},
    }  # fmt: skip
    rows = draw(st.lists(st.tuples(*(values[name] for name in header)), min_size=1, max_size=10))
    return list(header), [list(row) for row in rows]


def text_of(
    header: list[str], rows: list[list[str]], delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL
) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=quoting).writerows([header, *rows])
    return text.getvalue()


SAME = settings(
    max_examples=settings().max_examples * 6 // 10, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip


@SAME
@given(table=tables(), delimiter=st.sampled_from(",;\t"), quoting=st.sampled_from([0, 1]), data=st.data())
def test_csv_says_the_same_to_all(
    table: Any, delimiter: str, quoting: int, data: st.DataObject, tmp_path: Path
) -> None:
    header, rows = table
    if data.draw(st.booleans()):  # a row that is too short or too long
        index = data.draw(st.integers(0, len(rows) - 1))
        rows[index] = data.draw(
            st.sampled_from(
                [rows[index][:-1], [*rows[index], "more"], *([[""] * len(header)] if rows[1:] else [])]
            )
        )
    if data.draw(st.booleans()):  # R's row names
        header, rows = ["", *header], [[str(n), *row] for n, row in enumerate(rows, 1)]
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]))
    content = text_of(header, rows, delimiter, quoting).encode(encoding)
    path = tmp_path / "sends.csv"
    path.write_bytes(gzip.compress(content, mtime=0) if data.draw(st.booleans()) else content)
    agree(path, tmp_path)


@SAME
@given(table=tables(), form=st.sampled_from(["json", "lines", "parquet", "binary", "folder", "xlsx"]))
def test_other_kinds_say_what_the_csv_says(table: Any, form: str, tmp_path: Path) -> None:
    header, rows = table
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    plain = tmp_path / "plain.csv"
    plain.write_text(text_of(header, rows), encoding="utf-8", newline="")
    expected = agree(plain, tmp_path)
    if isinstance(expected, Said):
        assert agree(written(header, rows, form, tmp_path), tmp_path) == expected


def written(header: list[str], rows: list[list[str]], form: str, folder: Path) -> Path:
    records = [dict(zip(header, row, strict=True)) for row in rows]
    if form == "json":
        (folder / "sends.json").write_text(json.dumps(records))
        return folder / "sends.json"
    if form == "lines":
        (folder / "sends.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
        return folder / "sends.jsonl"
    if form == "xlsx":
        return workbook(header, rows, folder / "sends.xlsx")
    kind = pa.binary() if form == "binary" else pa.string()
    columns = {
        name: pa.array(
            [None if row[i] == "" else row[i].encode() if form == "binary" else row[i] for row in rows], kind
        )
        for i, name in enumerate(header)
    }
    table = pa.table(columns)
    if form != "folder":
        pq.write_table(table, folder / "sends.parquet")
        return folder / "sends.parquet"
    parts = folder / "parts"
    parts.mkdir(exist_ok=True)
    pq.write_table(table.slice(0, 1), parts / "part-0.parquet")
    pq.write_table(table.slice(1), parts / "part-1.parquet")
    (parts / "_SUCCESS").touch()
    return parts


def workbook(header: list[str], rows: list[list[str]], path: Path) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in [header, *rows]:
        book.active.append(row)
    book.save(path)
    return path


@SAME
@given(table=tables(), data=st.data())
def test_arrow_reads_a_large_text_as_python_reads_it(table: Any, data: st.DataObject, tmp_path: Path) -> None:
    header, rows = table
    if data.draw(st.booleans()):
        rows.insert(
            data.draw(st.integers(0, len(rows))), data.draw(st.sampled_from([["short"], [""] * len(header)]))
        )
    path = tmp_path / "sends.csv"
    path.write_bytes(text_of(header, rows, data.draw(st.sampled_from(",;\t"))).encode())
    same_tables(path)


def same_tables(path: Path) -> None:
    """Rows, their numbers, what is ragged and what is noted are those of the light reader."""
    try:
        slow = read_table(path, small=1 << 40)
    except DataError as error:
        with pytest.raises(DataError, match=re.escape(str(error).partition(":")[2])):
            read_table(path, small=-1)
        return
    quick = read_table(path, small=-1)
    assert quick.table.to_pydict() == slow.table.to_pydict()
    assert quick.rows.tolist() == slow.rows.tolist()
    assert list(quick.ragged) == list(slow.ragged)
    assert quick.notes == slow.notes


PIECES = ["a", "b", " ", ",", ",", ";", '"', '"', '""', ',"', '",', "\n", "\r\n", "\r", "\0", "é", "\ufeff"]


@SAME
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=40), encoding=st.sampled_from(["utf-8", "cp1252"]))
def test_no_text_is_read_otherwise_when_it_is_large(pieces: list[str], encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "sends.csv"
    path.write_bytes(b"climber_id,climb_id,date\n" + "".join(pieces).encode(encoding, "ignore"))
    same_tables(path)


MANY = [f"me,c{n},2024-05-0{n % 9 + 1},V3\n" for n in range(1000)]


def with_row(at: int, row: str, header: str = "climber_id,climb_id,date,grade\n") -> str:
    return header + "".join([*MANY[:at], row, *MANY[at:]])


LARGE = {
    "a quote that is never closed": with_row(500, 'me,"c,2024-05-05,V5\n'),
    "the same in the last column": with_row(500, 'me,c,2024-05-05,"V5\n'),
    "the same in the last row": with_row(1000, 'me,c,2024-05-05,"V5'),
    "one that a later row closes": with_row(10, 'me,"c,2024-05-05,V5\n').replace("me,c900,", 'me,c900",'),
    "one that meets another": with_row(500, 'me,"c,2024-05-05,V5\n').replace("me,c510,", 'me,"c510,'),
    "a comment of many lines": with_row(500, 'me,c,2024-05-05,"V5' + "\n" * 450 + '"\n'),
    "inches": with_row(500, 'me,6" crack,2024-05-05,V5\nme,c,2024-05-06,"V5\nsoft"\n'),
    "UTF-16": with_row(0, "").encode("utf-16"),
    "UTF-16 without a mark": with_row(0, "").encode("utf-16-le"),
    "UTF-32": with_row(0, "").encode("utf-32"),
    "a letter of Windows late in the file": with_row(1000, "me,Zürich,2024-05-05,V5\n").encode("cp1252"),
    "some bytes that are not UTF-8": with_row(0, "me,Zürich,2024-05-05,V5\nme,Kü,2024-05-05,V5\n").encode()
    + "me,Bönigen,2024-05-03,V3\n".encode("cp1252"),
    "a line of more than a million letters": with_row(5, f"me,{'c' * 1_000_001},2024-05-05,V5\n"),
    "a quoted value that is very long": with_row(5, f'me,"{"c" * 200_000}",2024-05-05,V5\n'),
    "a row of many values": with_row(5, "me," * 2_500 + "\n"),
    "a value of many commas": with_row(5, f'me,"c{"," * 2_500}",2024-05-05,V5\n'),
    "a line of commas above the header": ",,,\n" + with_row(0, ""),
    "a NUL in an id": with_row(5, "me,c\0x,2024-05-05,V5\n"),
    "blanks in the header": with_row(0, "", "climber_id, climb_id, date,grade\n").replace("me,c", "me,00"),
    "a letter that is cut where the look at the header ends": with_row(
        0, f"me,c,2024-05-05,{'é' * 40_000}\n", "climber_id,climb_id,date,né\n"
    ),
    "rows of semicolons": with_row(5, ";;;\n;\n"),
}  # fmt: skip


@pytest.mark.parametrize("content", LARGE.values(), ids=LARGE)
def test_a_large_text_is_read_like_a_small_one(content: str | bytes, tmp_path: Path) -> None:
    path = tmp_path / "sends.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    same_tables(path)
    assert isinstance(agree(path, tmp_path), Said)


@SAME
@given(table=tables(), suffix=st.sampled_from(["csv", "parquet"]))
def test_what_import_writes_says_the_same(table: Any, suffix: str, tmp_path: Path) -> None:
    header, rows = table
    parsed = parse_logbook(text_of(header, rows).encode(), "sends.csv")
    merged = merge([parsed])
    if not merged.rows:
        return
    path = tmp_path / f"out.{suffix}"
    write(merged.rows, (), path)
    again = imported(path)
    assert isinstance(again, Said)
    assert again.sends == [(r.climb_id, round(r.day, 6), _plain(r.grade), r.rating) for r in merged.rows]
    assert trained(path, tmp_path) == again


NAMED = '"climber_id","climb_id","date"\n"1","me","c1","2024-05-01"\n"2","me","c2","2024-05-02"\n'
PLAIN = "climber_id,climb_id,date\nme,c1,2024-05-01\nme,c2,2024-05-02\n"
MARKED = "sep=;\r\n" + PLAIN.replace(",", ";")
PIECED = PLAIN.replace("c1", "Lötschental").replace(
    "c2", "Zürich"
).encode() + "me,Bönigen,2024-05-03\n".encode("cp1252")
RECORD = {"climber_id": "me", "climb_id": 7, "date": "2024-05-01"}
SPLIT = {"columns": ["climber_id", "climb_id", "date"], "data": [["me", "c1", "2024-05-01"]]}
ODD = {
    "R's write.table, whose rows are named": (NAMED, ["c1", "c2"]),
    "Excel's line of the delimiter": (MARKED, ["c1", "c2"]),
    "bars between the values": (PLAIN.replace(",", "|"), ["c1", "c2"]),
    "some bytes that are not UTF-8": (PIECED, ["Lötschental", "Zürich", "Bönigen"]),
    "JSON in UTF-16": (json.dumps([RECORD]).encode("utf-16"), ["7"]),
    "pandas' JSON in parts": (json.dumps(SPLIT), ["c1"]),
    "JSON of rows": (json.dumps([SPLIT["columns"], *SPLIT["data"]]), ["c1"]),
    "a CSV that is called Parquet": (PLAIN, ["c1", "c2"]),
}  # fmt: skip


@pytest.mark.parametrize(("content", "climbs"), ODD.values(), ids=ODD)
def test_what_other_programs_write_is_read_by_all(
    content: str | bytes, climbs: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "sends.parquet"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    said = agree(path, tmp_path)
    assert isinstance(said, Said)
    assert [climb for climb, *_ in said.sends] == climbs
    assert not said.rejects


@pytest.mark.parametrize("column", ["lists", "durations"])
def test_a_column_that_is_no_text_is_refused_by_all(column: str, tmp_path: Path) -> None:
    odd = {"lists": pa.array([["c1"]]), "durations": pa.array([1], pa.duration("s"))}[column]
    pq.write_table(
        pa.table({"climber_id": ["me"], "climb_id": odd, "date": ["2024-05-01"]}), tmp_path / "a.parquet"
    )
    said = agree(tmp_path / "a.parquet", tmp_path)
    assert isinstance(said, str)
    assert "the column 'climb_id' holds" in said


CLIMBS = pa.array(["7", "c2"])
DAYS = pa.array([dt.date(2024, 5, 1), dt.date(2024, 5, 2)])
PARTS = {
    "texts that are kept once": ({"climb_id": CLIMBS.dictionary_encode()}, {"climb_id": CLIMBS}),
    "days and moments": ({"date": DAYS}, {"date": DAYS.cast(pa.timestamp("us", "UTC"))}),
    "days and seconds": ({"date": DAYS.cast(pa.timestamp("ns"))}, {"date": DAYS.cast(pa.timestamp("s"))}),
    "days and texts": ({"date": DAYS}, {"date": ["2024-05-02T10:00:00Z", "soon"]}),
    "texts and numbers": ({"climb_id": CLIMBS}, {"climb_id": [7, 8]}),
    "floats and whole numbers": ({"climb_id": [7.0, 1.5]}, {"climb_id": [2**53 + 1, 8]}),
    "numbers of two lengths": ({"climb_id": pa.array([7, 8], pa.int16())}, {"climb_id": [7, 2**53 + 1]}),
    "a rating that is blank": ({"rating": pa.nulls(2)}, {"rating": [3, 4]}),
    "ratings of all kinds": ({"rating": [3.5, 9.0]}, {"rating": ["4", "NA"]}),
    "bytes": ({"climb_id": pa.array([b"7", b"8"])}, {"climb_id": CLIMBS}),
}


@pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS)
def test_parts_of_other_types_say_the_same_to_all(parts: tuple[dict[str, Any], ...], tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    plain = {"climber_id": [ME] * 2, "climb_id": CLIMBS, "date": DAYS, "rating": [3, 4]}
    for number, part in enumerate(parts):
        pq.write_table(pa.table({**plain, **part}), tmp_path / "parts" / f"{number}.parquet")
    assert isinstance(agree(tmp_path / "parts", tmp_path), Said)


@pytest.mark.parametrize(
    ("ids", "written"),
    [
        (pa.array(np.array([1.1, 7, 2.5], np.float16)), ["1.1", "7", "2.5"]),
        (pa.array([1.1, 7.0, 2.0**24], pa.float32()), ["1.1", "7", "16777216"]),
        (pa.array([1.5, 7.0, None]), ["1.5", "7"]),
        (pa.array([2e15, 2.0**53, 3.0]), ["2000000000000000", "9007199254740992.0", "3"]),
        (pa.array([1e16, 1e22, 1e-5]), ["1e+16", "1e+22", "1e-05"]),
        (pa.array([2.0, 7.0]), ["2", "7"]),
    ],
)
def test_ids_that_are_floats_are_written_alike_by_all(
    ids: pa.Array, written: list[str], tmp_path: Path
) -> None:
    days = [dt.date(2024, 5, day + 1) for day in range(len(ids))]
    table = pa.table({"climber_id": [ME] * len(ids), "climb_id": ids, "date": days})
    pq.write_table(table, tmp_path / "a.parquet")
    said = agree(tmp_path / "a.parquet", tmp_path)
    assert isinstance(said, Said)
    assert [climb for climb, *_ in said.sends] == written


def test_blank_rows_and_days_out_of_the_calendar_are_rejects_of_all(tmp_path: Path) -> None:
    far = pa.array([1_714_521_600, None, 99_999_999_999_999], pa.timestamp("s"))
    table = pa.table({"climber_id": ["me", None, "me"], "climb_id": ["a", None, "b"], "date": far})
    pq.write_table(table, tmp_path / "a.parquet")
    said = agree(tmp_path / "a.parquet", tmp_path)
    assert isinstance(said, Said)
    assert said.rejects == [(2, "blank climber_id; blank climb_id; blank date"), (3, "unreadable date")]


@pytest.mark.parametrize(
    ("date", "reason"),
    [
        *(
            (date, "date out of range")
            for date in ("1500-01-01", "3020-05-01T10:00Z", "0001-01-01", "9999-12-31")
        ),
        *((date, "unreadable date") for date in ("0000-01-01", "10000-01-01", "3020-02-30", "2024-13-01")),
    ],
)
@pytest.mark.parametrize("form", ["csv", "json", "parquet", "xlsx"])
def test_days_of_years_that_cannot_be_held_are_said_by_all(
    date: str, reason: str, form: str, tmp_path: Path
) -> None:
    rows = [["climber_id", "climb_id", "date"], [ME, "a", "2024-05-01"], [ME, "b", date]]
    path = tmp_path / f"a.{form}"
    if form == "xlsx":
        openpyxl = pytest.importorskip("openpyxl")
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    elif form == "parquet":
        pq.write_table(pa.Table.from_pylist([dict(zip(rows[0], row, strict=True)) for row in rows[1:]]), path)
    elif form == "json":
        path.write_text(json.dumps([dict(zip(rows[0], row, strict=True)) for row in rows[1:]]))
    else:
        path.write_text("".join(",".join(row) + "\n" for row in rows))
    said = agree(path, tmp_path)
    assert isinstance(said, Said)
    assert said.rejects == [(2, reason)]


@pytest.mark.parametrize("kind", [pa.date32(), pa.timestamp("us"), pa.timestamp("ms")])
def test_typed_days_of_years_that_cannot_be_held_are_said_by_all(kind: pa.DataType, tmp_path: Path) -> None:
    days = [dt.datetime(2024, 5, 1), dt.datetime(1500, 1, 1), dt.datetime(3020, 1, 1)]
    table = pa.table({"climber_id": [ME] * 3, "climb_id": ["a", "b", "c"], "date": pa.array(days, kind)})
    pq.write_table(table, tmp_path / "a.parquet")
    said = agree(tmp_path / "a.parquet", tmp_path)
    assert isinstance(said, Said)
    assert said.rejects == [(2, "date out of range"), (3, "date out of range")]


@pytest.mark.parametrize(
    "content", [gzip.compress(gzip.compress(b"a,b\n")), ",".join("a" * 3000) + "\n1,2\n"]
)
def test_what_cannot_be_a_table_is_said_in_the_same_words(content: str | bytes, tmp_path: Path) -> None:
    path = tmp_path / "sends.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    everything = (trained(path, tmp_path), imported(path), recommended(path), uploaded(path))
    words = {str(each).partition(":")[2] for each in everything}
    (said,) = words
    assert re.search("gzip within gzip|more than 2000 values", said)


def refused(path: Path) -> set[str]:
    """What training and `recommend --logbook` say of the first bad row."""
    said = set()
    for read in (read_sends, lambda path: read_files([path], ME)):
        with pytest.raises(DataError) as error:
            read(path)
        said.add(str(error.value))
    return said


UNREAD = [
    ("outcome", "flashed", "outcome is no outcome"),
    ("outcome", "TRUE", "outcome is no outcome"),
    ("Outcome", "flashed", "outcome is no outcome"),
    *((name, "partly", f"{name} is neither true nor false") for name in ("sent", "topped", "repeat")),
    ("is_ascent", "2", "is_ascent is neither true nor false"),
    ("Is Ascent", "2", "is_ascent is neither true nor false"),
    ("Rating", "good", "rating is not a number"),
    ("Rating", "9", "rating is outside 1 to 5"),
    ("sequence", "first", "sequence is not a number"),
]


@pytest.mark.parametrize(("column", "value", "problem"), UNREAD)
def test_the_first_bad_value_is_named_by_all(column: str, value: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"climber_id,Climb ID,date,{column}\n{ME},a,2024-05-01,\n{ME},b,2024-05-02,{value}\n")
    (said,) = refused(path)
    assert said.startswith(f"{path}, row 2: {problem} ({value!r}); ")
    assert isinstance(agree(path, tmp_path), Said)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (f"{ME},b,soon,good,perhaps", "date is not a date ('soon')"),
        (",b,soon,good,perhaps", "climber_id is blank ('')"),
        (f"{ME},b,2024-05-02,good,perhaps", "rating is not a number ('good')"),
        (f"{ME},b,2024-05-02,,perhaps", "sent is neither true nor false ('perhaps')"),
    ],
)
def test_a_value_is_that_of_the_fault_that_is_named(row: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"climber_id,climb_id,Date,RATING,Sent\n{ME},a,2024-05-01,,\n{row}\n")
    (said,) = refused(path)
    assert said.startswith(f"{path}, row 2: {problem}; ")


ATTEMPTS = [
    "Fell", "Hung", "dnf", "not sent", "tried", "attempted", "Attempt (fell)", "projecting", "lead dnf",
    "lead dog", "dogged", "retreated", "Top rope with one rest", "Sent dnf", "projekt", "nicht geschafft",
]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *((column, style) for column in ("style", "ascent_style") for style in ATTEMPTS),
        *(("tries", text) for text in ("project", "Projekt", "attempt", "working", "not yet")),
    ],
)
def test_what_was_not_climbed_is_a_send_to_nobody(column: str, value: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"climber_id,climb_id,date,{column}\n{ME},a,2024-05-01,\n{ME},b,2024-05-02,{value}\n")
    said = agree(path, tmp_path)
    assert isinstance(said, Said)
    assert said.rejects == [(2, "attempt")]


@pytest.mark.parametrize(
    ("columns", "values"),
    [("style,tries", "flash,project"), ("style", "hike"), ("style", "top rope"), ("style", "second")]
    + [
        ("tries", text)
        for text in (
            "3",
            "2nd try",
            "many attempts",
            "attempts: 7",
            "attempt 3",
            "countless attempts",
            "x",
            "flash",
            "0",
        )
    ],
)
def test_what_says_no_failure_stays_a_send(columns: str, values: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"climber_id,climb_id,date,{columns}\n{ME},a,2024-05-01,{values}\n")
    said = agree(path, tmp_path)
    assert isinstance(said, Said)
    assert not said.rejects


POSTED = {
    "an attempt by its style": "style\na,2024-05-01,flash\nb,2024-05-02,attempt\nc,2024-05-03,not sent",
    "one by its outcome": "outcome\na,2024-05-01,send\nb,2024-05-02,attempt\nc,2024-05-03,unknown",
    "a send, whatever its style": "outcome,style\na,2024-05-01,send,fell\nb,2024-05-02,,",
    "a row twice": "grade\na,2024-05-01,V3\na,2024-05-01,V3\nb,2024-05-02,V4",
    "a better style": "style,rating\na,2024-05-01,redpoint,3\na,2024-05-01,onsight,\nb,2024-05-02,,",
    "a tick and a send of a day": "outcome,rating\na,2024-05-01,unknown,4\na,2024-05-01,send,",
    "two times of a day": "grade\na,2024-05-01T10:00,V3\na,2024-05-01T11:00,V3\nb,2024-05-01T10:30,V4",
    "a sequence": "sequence\na,2024-05-01,2\nb,2024-05-01,1\na,2024-05-01,3",
    "a plain order": "grade\na,1,V3\na,1,V3\na,2,V3",
    "a far grade of one id": "grade,rating\na,2024-05-01,V3,\na,2024-05-01,V9,4\nb,2024-05-02,V4,",
}


@pytest.mark.parametrize("rows", POSTED.values(), ids=POSTED)
def test_posted_sends_say_what_the_file_says(rows: str, tmp_path: Path) -> None:
    path = tmp_path / "sends.csv"
    path.write_text(f"climb_id,date,{rows}\n")
    book, posted = read_files([path], ME).sends, list(csv.DictReader(path.open(newline="")))
    for day in ("file", "set"):
        there, here = read_logbook(book, day), read_logbook(posted, day)
        for name in (c.CLIMB_ID, c.DAY, c.GRADE, c.RATING):
            np.testing.assert_array_equal(there.columns[name], here.columns[name])
        assert there.sent.tolist() == here.sent.tolist()


@pytest.mark.parametrize(
    ("row", "remedy"),
    [
        (
            f"{ME},b,2024-05-02",
            "quote values that hold line breaks, and give each column a value, blank or not",
        ),
        (f"{ME},b,2024-05-02,V4,soft, really", "quote values that hold commas"),
    ],
)
def test_what_to_do_about_a_row_of_another_length(row: str, remedy: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"climber_id,climb_id,date,grade\n{ME},a,2024-05-01,V3\n{row}\n")
    (said,) = refused(path)
    assert said.endswith(f"({row!r}); {remedy}, or pass bad_rows drop")


@pytest.mark.parametrize("header", ['"climber_id" "climb_id" "date"', "climber_id climb_id date grade"])
def test_values_that_blanks_part_are_refused_with_the_reason(header: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'{header}\n"1" "me" "a" "2024-05-01"\n')
    for said in (trained(path, tmp_path), imported(path), recommended(path), uploaded(path)):
        assert isinstance(said, str)
        assert "; part the values by commas, not by blanks (in R, write.table with sep" in said
