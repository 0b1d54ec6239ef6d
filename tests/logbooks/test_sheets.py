"""What a file is: kinds that are read, those that are refused in a line, headers that are claimed, one's own
columns.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import pickle
import tarfile
import time
import tracemalloc
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.api.logbooks import import_logbooks
from recsys.errors import DataError, UsageError
from recsys.logbooks.importing import Parsed, Wanted, parse_logbook
from recsys.logbooks.importing.load import load
from recsys.logbooks.importing.merge import merge
from recsys.logbooks.importing.own import parse_columns
from recsys.logbooks.importing.same import read_same, unite
from recsys.logbooks.read import read_sends
from recsys.logbooks.sheets import open_path, open_sheet
from recsys.logbooks.sheets.packed import TooLargeError, gunzip
from recsys.logbooks.tables import read_table
from recsys.recommending.logbook_file import read_files
from recsys.serving.upload import read_upload

UKC = "Name,Grade,Style,Date,Crag,Type\nCafé,f6A,Sent x,28/Sep/25,Sample,Bouldering\n"
RECORD = dict(zip(*(line.split(",") for line in UKC.splitlines()), strict=True))
BOARD = "board,angle,climb_name,date,logged_grade,tries,is_mirror,is_repeat,is_ascent\n"


def archive(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, text in files.items():
            file.writestr(name.replace("__", "/"), text)
    return content.getvalue()


def tar() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as file:
        file.addfile(tarfile.TarInfo("ticks.csv"))
    return content.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        UKC.encode(), UKC.encode("utf-8-sig"), UKC.encode("cp1252"), UKC.encode("utf-16"),
        UKC.encode("utf-16-le"),
        UKC.encode("utf-16-be"), UKC.encode("utf-32"), gzip.compress(UKC.encode(), mtime=0),
        gzip.compress(UKC.encode("utf-16"), mtime=0),
        UKC.replace(",", ";").encode(), UKC.replace(",", "\t").replace("\n", "\r\n").encode(),
        json.dumps([RECORD]).encode(),
        json.dumps({"ticks": [RECORD]}).encode(), json.dumps({"0": RECORD}).encode(),
    ],
)  # fmt: skip
def test_kinds_that_are_read(content: bytes) -> None:
    (row,) = parse_logbook(content, "me.csv").rows
    assert (row.climb_name, row.grade, row.date, row.outcome) == ("Café", "f6A", "2025-09-28", "send")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (archive(a="x", b="y", c="z", d="w"), "is a zip archive with a, b, c, ...; unpack it"),
        (archive(xl__workbook="x"), r"is an Excel workbook \(.xlsx\) that cannot be read"),
        (archive(**{"content.xml": "x"}), "is an OpenDocument file"),
        (b"PK\x03\x04 and then nothing", "is a broken zip archive"),
        (b"\x1f\x8b and then nothing", "is gzip that cannot be unpacked"),
        (gzip.compress(gzip.compress(b"a,b\n", mtime=0), mtime=0), "is gzip within gzip"),
        (b"\xd0\xcf\x11\xe0" + bytes(99), r"is an old Excel workbook \(.xls\)"),
        (b"SQLite format 3\0", "is a SQLite database"),
        (b"%PDF-1.7", "is a PDF document"),
        (b"\x89PNG\r\n", r"is an image \(PNG\)"),
        (b"<!DOCTYPE html><html>", "is a web page or XML"),
        (b"<table border=1><tr><td>Date</td></tr></table>", "is a web page or XML"),
        (tar(), "is a tar archive; unpack it"),
        (gzip.compress(tar()), "is a tar archive; unpack it"),
        (pickle.dumps({"a": 1}, 4), "is a Python pickle"),
        (b"[1, 2, 3", "of no known source"),
        (b'[{"a": 1', "is JSON that cannot be read"),
        (b'[{"a": 1}, 2]', "is JSON, but not a list of sends"),
        (b"[" * 100_000, "is JSON that cannot be read"),
        (bytes(range(256)) * 40, "is neither CSV nor Parquet"),
        (b"PAR1" + bytes(50), "is broken Parquet"),
        (gzip.compress(b"a" * 51_000_000, mtime=0), "holds more than 50 MB once unpacked"),
    ],
)
def test_kinds_that_are_not(content: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said) as error:
        parse_logbook(content, "me.csv")
    message = str(error.value)
    assert message.startswith("me.csv: ")
    assert message.isprintable()


def test_a_parquet_column_that_is_there_twice_matters_where_it_is_read(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from recsys.logbooks.read import read_sends

    path, values = tmp_path / "twice.parquet", pa.array(["2024-05-01"])
    for last, said in (("x", None), ("date", "has the column 'date' twice; rename or remove one")):
        names = ["climber_id", "climb_id", "date", "x", last]
        pq.write_table(pa.table([values] * 5, names=names), path)
        for read in (lambda: len(read_sends(path).frame), lambda: len(load(path).rows)):
            if said is None:
                assert read() == 1
                continue
            with pytest.raises(DataError, match=said):
                read()


def test_a_folder_of_parts(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pytest.raises(DataError, match="is a folder without Parquet files"):
        load(tmp_path)
    (tmp_path / "year=2024").mkdir()
    pq.write_table(
        pa.table({"climb_id": ["a"], "date": ["2024-05-02"]}), tmp_path / "year=2024" / "part-0.parquet"
    )
    pq.write_table(
        pa.table({"date": ["2024-05-01"], "climb_id": ["b"]}), tmp_path / "year=2024" / "part-1.parquet"
    )
    (tmp_path / "_temporary.parquet").write_bytes(b"half")
    assert [row.climb_id for row in merge([load(tmp_path, wanted=Wanted("me"))]).rows] == ["b", "a"]
    pq.write_table(pa.table({"other": ["a"]}), tmp_path / "z.parquet")
    with pytest.raises(DataError, match="has other columns than the parts before it"):
        open_path(tmp_path)


def test_columns_that_the_names_of_folders_give(tmp_path: Path) -> None:
    sends = {"climber_id": ["me"], "date": ["2024-05-01"]}
    for folder, climb in (("region=Z%C3%BCrich", "a"), ("region=__HIVE_DEFAULT_PARTITION__", "b")):
        (tmp_path / folder).mkdir()
        pq.write_table(pa.table({**sends, "climb_id": [climb]}), tmp_path / folder / "part-0.parquet")
    told = {"a": "Zürich", "b": None}
    frame = read_sends(tmp_path).frame
    assert dict(zip(frame["climb_id"], frame["region"].astype(object).where(frame["region"].notna(), None),
                    strict=True)) == told  # fmt: skip
    assert {row.climb_id: row.region or None for row in load(tmp_path).rows} == told
    assert {send["climb_id"]: send["region"] for send in read_files([tmp_path]).sends} == told


def test_a_sheet_of_single_cells_is_a_note(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for line in ("My sends", "made in May", "by me"):
        book.active.append([line])
    table = book.create_sheet("Sends")
    for row in (["climber_id", "climb_id", "date"], ["me", "a", "2024-05-01"]):
        table.append(row)
    book.save(tmp_path / "a.xlsx")
    assert list(read_sends(tmp_path / "a.xlsx").frame["climb_id"]) == ["a"]
    assert load(tmp_path / "a.xlsx").notes == {"sheet 'Sheet' (2 rows) is not read, only 'Sends'": 1}


@pytest.mark.parametrize(
    "content",
    [
        ",".join("abc" * 300_000).encode() + b"\n1\n",
        b"climb_id,date\n" + b'"' + b"x" * 3_000_000,
        b"climb_id,date\n" + b"a" * 3_000_000 + b",2024-05-01\n",
        b"climb_id,date,grade\na,2024-05-01," + b"-" * 20_000 + b"\n",
        b"climb_id,date,grade\n" + b'a,"' * 20_000,
        b"Name,Grade,Style,Date,Crag,Type\nA,6a,Lead RP," + b"1/" * 20_000 + b",C,Sport\n",
        b"climb_id,date\na," + b"9" * 20_000 + b"\n",
        b"climb_id,date\n" + b"\n" * 900_000,
    ],
)
def test_nothing_takes_a_second(content: bytes) -> None:
    start = time.process_time()
    with contextlib.suppress(DataError):
        merge([parse_logbook(content, "me.csv")])
    assert time.process_time() - start < 2


# ---- headers and one's own columns


@pytest.mark.parametrize(
    "header",
    [
        "Date,Grade,Rope,Attempt,Route,Pitch,Location,Wall,Notes",
        "Name,Date,Crag,Grade,Partner,Weather,Mood",
        "date,climb_name,grade,board,mood,wall",
        "Date,Climb,Send Type,Partner,Weather",
    ],
)
def test_a_sheet_of_ones_own_is_no_sites(header: str) -> None:
    content = f"{header}\n{','.join('x' for _ in header.split(','))}\n".encode()
    with pytest.raises(DataError, match="of no known source by its header") as error:
        parse_logbook(content, "me.csv")
    assert "the nearest is" in str(error.value)
    assert "columns" in str(error.value)


def test_an_export_with_a_column_more_is_read_and_the_column_named() -> None:
    path = Path(__file__).parent / "ukc.csv"
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    plain = parse_logbook(("\n".join(lines)).encode(), "ukc.csv")
    more = parse_logbook(
        ("\n".join([lines[0] + ",Mood", *(f"{each},fine" for each in lines[1:])])).encode(), "ukc.csv"
    )
    assert more.rows == plain.rows
    assert any("Mood" in note for note in more.notes)


def test_ones_own_columns_by_hand() -> None:
    content = (
        b"Datum;Route;Grad;Stil;Fels;Laune\n24-11-2023;Tern;7a;OS;Kliff;gut\n05-11-2023;Gull;6b;fell;Kliff;\n"
    )
    columns = parse_columns("date=Datum, climb=Route,grade=Grad,style=Stil,crag=Fels")
    parsed = parse_logbook(content, "me.csv", columns=columns)
    (row,) = parsed.rows
    assert (row.date, row.climb_id, row.grade, row.outcome) == ("2023-11-24", "tern@kliff", "7a", "send")
    assert [each.reason for each in parsed.rejects] == ["attempt"]
    assert any("not read: Laune" in note for note in parsed.notes)
    with pytest.raises(UsageError, match=r"columns grade=Grade: me\.csv has no such column; it has Grad"):
        parse_logbook(content, "me.csv", columns={**columns, "grade": "Grade"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date=Datum", "climb is missing"), ("date", "write it as date=Datum"),
        ("date=a,climb=b,mood=c", "no such column"),
        ("", "date and climb is missing"),
    ],
)  # fmt: skip
def test_columns_that_are_none(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_columns(text)


# ---- flags, duplicates, ids


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ("True", "send"),
        ("WAHR", "send"),
        ("vrai", "send"),
        ("1.0", "send"),
        ("FALSCH", "attempt"),
        ("0", "attempt"),
    ],
)
def test_flags_of_other_languages(told: str, outcome: str) -> None:
    content = f"{BOARD}kilter,40,A,2026-06-15 10:00:00,V3,2,False,False,{told}\n".encode()
    (row,) = parse_logbook(content, "me.csv", wanted=Wanted(attempts=True)).rows
    assert row.outcome == outcome


@pytest.mark.parametrize("told", ["maybe", "2", "yes and no"])
def test_a_flag_that_cannot_be_read_rejects_the_row(told: str) -> None:
    content = f"{BOARD}kilter,40,A,soon,V3,2,False,{told},{told}\n".encode()
    parsed = parse_logbook(content, "me.csv", wanted=Wanted(attempts=True))
    assert not parsed.rows
    assert [each.reason for each in parsed.rejects] == [
        "is_ascent is neither true nor false; is_repeat is neither true nor false; date cannot be read"
    ]
    sends = parse_logbook(b"climb_id,date,outcome\na,2024-05-01,failed\nb,2024-05-01,Attempt\n", "me.csv")
    assert [each.reason for each in sends.rejects] == ["unreadable outcome", "attempt"]


def test_the_order_of_rows_and_files_does_not_matter() -> None:
    header = "Date,Route,Rating,URL,Style,Lead Style,Route Type\n"
    rows = [
        f"2024-05-04,A,5.9,/route/1/a,{style},{lead},Sport\n"
        for style, lead in (
            ("TR", ""),
            ("Lead", "Redpoint"),
            ("Lead", "Onsight"),
            ("Lead", "Fell/Hung"),
            ("", ""),
        )
    ]
    for turned in (rows, rows[::-1], rows[2:] + rows[:2]):
        whole = [
            parse_logbook((header + "".join(turned)).encode(), "a.csv", wanted=Wanted("me", attempts=True))
        ]
        apart = [
            parse_logbook((header + row).encode(), f"{n}.csv", wanted=Wanted("me", attempts=True))
            for n, row in enumerate(turned)
        ]
        for parsed in (whole, apart):
            merged = merge(parsed)
            assert [(row.outcome, row.style, row.repeat) for row in merged.rows] == [
                ("send", "onsight", False)
            ]
            assert len(merged.rejects) == 4


def test_two_sources_names_of_one_climb_are_one_id(tmp_path: Path) -> None:
    community = (
        b"climber_id,climb_id,date,climb_name,area,grade\nann,c1,2024-05-01,Grey Heron,Heron Wall,V4\n"
    )
    sendage = (
        b'Date,"Send Type",Climb,"Climb Type",Grade,Area,Country,Rating,Comments\n'
        b'2024-05-02,flash,grey heron!,boulder,V4,"Heron Wall",,,\n'
    )
    files = [parse_logbook(sendage, "s.csv", wanted=Wanted("bo")), parse_logbook(community, "c.csv")]
    merged = merge(unite(files))
    assert {row.climb_id for row in merged.rows} == {"c1"}
    assert any("two sources name differently" in note for note in merged.notes)
    path = tmp_path / "ids.csv"
    path.write_text("from,to\ngrey-heron@heron-wall,mine\n")
    assert {row.climb_id for row in merge(unite(files[:1], read_same(path))).rows} == {"mine"}


def test_a_known_source_beside_ones_own_columns() -> None:
    own = parse_columns("date=Datum,climb=Weg")
    sheets = ["Datum;Weg\n24.5.2024;A\n", "climb_id,date\nb,2024-05-25\n"]
    read = [parse_logbook(each.encode(), "me.csv", columns=own) for each in sheets]
    assert [(each.source, [row.climb_id for row in each.rows]) for each in read] == [
        ("own", ["a@unknown"]), ("sends", ["b"]),
    ]  # fmt: skip
    with pytest.raises(UsageError, match=r"climb=Weg: me\.csv has no such column; it has"):
        parse_logbook(b"climb_id,date,Datum\nb,2024-05-25,1\n", "me.csv", columns=own)
    with pytest.raises(UsageError, match=r"date=Datum: me\.csv has no such column"):
        parse_logbook(b"x,y\n1,2\n", "me.csv", columns=own)


def test_ids_that_a_program_changed_are_one_across_files() -> None:
    def sends(*ids: str) -> Parsed:
        rows = "".join(f"{climb},2024-05-0{n}\n" for n, climb in enumerate(ids, 1))
        return parse_logbook(f"climb_id,date\n{rows}".encode(), f"{ids[0]}.csv", wanted=Wanted("me"))

    def united(*files: Parsed) -> list[str]:
        return [row.climb_id for each in unite(files) for row in each.rows]

    assert united(sends("130.0", "007"), sends("130", "8")) == ["130", "007", "130", "8"]
    assert united(sends("130"), sends("00130"), sends("1.3E+02")) == ["130"] * 3
    assert united(sends("Slab-1"), sends("slab-1")) == ["Slab-1", "Slab-1"]
    assert united(sends("7", "007"), sends("7.0")) == [
        "7",
        "007",
        "7.0",
    ]  # two ids of one file are two climbs
    assert united(sends("7", "007")) == ["7", "007"]
    noted = unite([sends("130.0"), sends("130")])[0].notes
    assert list(noted.values()) == [1]
    assert "taken for one" in next(iter(noted))


def test_dates_and_orders_are_not_merged() -> None:
    files = [parse_logbook(f"climb_id,date\na,{date}\n".encode(), "me.csv") for date in ("2024-05-01", "7")]
    with pytest.raises(DataError, match="its dates are a plain order"):
        merge(files)


def test_a_kaya_day_is_the_climbers_and_8as_tr_is_unknown() -> None:
    header = "date,stiffness,rating,ascent_type,attempts,grade,color,climb_name,gym,location,country\n"
    late = "Fri Dec 03 2021 20:00:00 GMT-0800 (Pacific Standard Time),0,,Redpoint,,v3,,A,,C,\n"
    (row,) = parse_logbook((header + late).encode(), "me.csv").rows
    assert row.date == "2021-12-03T20:00:00"
    eight = (
        "route_boulder,name,location_name,sector_name,date,type,difficulty\nROUTE,A,L,S,2024-05-11,tr,6a\n"
    )
    assert parse_logbook(eight.encode(), "me.csv").rows[0].outcome == "unknown"


def test_ids_stay_what_they_are_and_blank_tokens_are_blank() -> None:
    content = b"climb_id,date,region,grade,rating\nnull,2024-05-01,NA,-,nan\n007,2024-05-02,None,null,\n"
    parsed = parse_logbook(content, "me.csv")
    assert [(row.climb_id, row.region, row.grade, row.rating) for row in parsed.rows] == [
        ("null", "", "", None), ("007", "", "", None),
    ]  # fmt: skip
    assert parsed.notes == {"blank tokens (NA, null, -) in text and number columns: read as blank": 5}


def test_open_sheet_says_its_kind() -> None:
    assert open_sheet(b"a,b\n1,2\n", "x").kind == "CSV"
    assert open_sheet(b'[{"a": 1}]', "x").kind == "JSON"


def test_a_cell_far_from_the_table_costs_no_time() -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["climb_id", "date"], ["c1", "2024-05-01"]):
        book.active.append(row)
    book.active.cell(1_000_000, 16_000).value = "x"
    content = io.BytesIO()
    book.save(content)
    start = time.process_time()
    sheet = open_sheet(content.getvalue(), "far.xlsx")
    assert time.process_time() - start < 5  # it was two minutes
    assert list(sheet.cells) == [["climb_id", "date"], ["c1", "2024-05-01"]]


HEADERS = {
    "csv": b"climber_id,climb_id,date\n",
    "blank rows": b"climber_id,climb_id,date\n\n , ,\n",
    "gzip": gzip.compress(b"climber_id,climb_id,date\n"),
    "json of rows": b'[["climber_id", "climb_id", "date"]]',
    "json by columns": b'{"climber_id": {}, "climb_id": {}, "date": {}}',
    "json split": b'{"columns": ["climber_id", "climb_id", "date"], "data": []}',
}


@pytest.mark.parametrize("content", [*HEADERS.values(), "xlsx", "parquet"], ids=[*HEADERS, "xlsx", "parquet"])
def test_a_header_without_rows_is_said_in_the_same_words(content: bytes | str, tmp_path: Path) -> None:
    path = tmp_path / "sends"
    path.write_bytes(_header_only(content) if isinstance(content, str) else content)
    for read in (lambda: read_sends(path), lambda: read_upload(path.read_bytes(), "a", "auto")):
        with pytest.raises(DataError, match="has a header and no rows"):
            read()
    with pytest.raises(DataError, match="has a header and no rows"):
        import_logbooks([path])
    book = read_files([path])
    assert (list(book.sends), book.lines()) == ([], ["the logbook has a header and no rows"])


def _header_only(kind: str) -> bytes:
    names, sink = ["climber_id", "climb_id", "date"], io.BytesIO()
    if kind == "parquet":
        pq.write_table(pa.table({name: pa.array([], pa.string()) for name in names}), sink)
    else:
        book = pytest.importorskip("openpyxl").Workbook()
        book.active.append(names)
        book.save(sink)
    return sink.getvalue()


def test_what_gzip_unpacks_to_is_limited_everywhere(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write(b"climber_id,climb_id,date\nme,c1,2024-05-01\n")
        for _ in range(60):
            file.write(b" " * 1_000_000)
    readers = (read_sends, lambda each: read_files([each]), lambda each: load(each))
    for read in readers:
        tracemalloc.start()
        with pytest.raises(DataError, match="holds more than 50 MB once unpacked"):
            read(path)
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert held < 120_000_000
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"climb_id,date\n" * 90)[:40])
    with pytest.raises(DataError, match="gzip that cannot be unpacked"):
        read_sends(tmp_path / "cut.gz")


def test_what_parquet_decodes_to_is_limited_everywhere(tmp_path: Path) -> None:
    """A text that is kept once stands in every row: a file of a kilobyte once took 4 GB."""
    n, path = 2_000, tmp_path / "bomb.parquet"
    once = pa.DictionaryArray.from_arrays(pa.array([0] * n, pa.int32()), pa.array(["x" * 100_000]))
    columns = {
        "climber_id": ["me"] * n,
        "climb_id": ["c"] * n,
        "date": ["2024-05-01"] * n,
        "climb_name": once,
    }
    pq.write_table(pa.table(columns), path, compression="zstd", store_schema=False)
    assert path.stat().st_size < 10_000
    readers = (read_sends, lambda each: read_files([each]), lambda each: load(each))
    for read in readers:
        before = pa.total_allocated_bytes()
        with pytest.raises(DataError, match="holds more than 50 MB once decoded, for so small a file"):
            read(path)
        assert pa.total_allocated_bytes() - before < 1_000_000
    few = pa.table(columns).slice(0, 100)
    pq.write_table(few, path, compression="zstd", store_schema=False)
    assert read_table(path).table.equals(few.set_column(3, "climb_name", once.slice(0, 100).cast("string")))


def test_a_file_larger_than_a_logbook_is_not_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.write(b"climb_id,date\n")
        file.truncate(3_000_000_000)  # sparse: it takes no room
    tracemalloc.start()
    with pytest.raises(DataError, match="holds more than 50 MB; give one climber's logbook"):
        load(path)
    assert tracemalloc.get_traced_memory()[1] < 160_000_000
    tracemalloc.stop()
    path.write_bytes(b"PK\x03\x04")
    with path.open("r+b") as file:
        file.truncate(3_000_000_000)
    with pytest.raises(DataError, match="holds more than 100 MB"):
        read_sends(path)


@pytest.mark.parametrize("form", ["rows", "columns", "lines"])
def test_json_of_few_bytes_and_many_values_is_refused_by_every_reader(tmp_path: Path, form: str) -> None:
    """A row without values costs three bytes, and would become one of as many cells as the widest."""
    wide, n = {f"c{number}": 1 for number in range(1_900)}, 11_000
    content = {
        "rows": json.dumps([wide, *({} for _ in range(n))]),
        "columns": json.dumps({"climb_id": dict.fromkeys(range(n), 1), **{name: {} for name in wide}}),
        "lines": "\n".join([json.dumps(wide), *["{}"] * n]),
    }[form]
    assert len(content) < 200_000
    path = tmp_path / "wide.json"
    path.write_text(content)
    said = "holds more than 20 million values"
    tracemalloc.start()
    for read in (load, read_sends, lambda path: read_upload(path.read_bytes(), path.name, "auto")):
        with pytest.raises(DataError, match=said):
            read(path)
    assert tracemalloc.get_traced_memory()[1] < 100_000_000  # 20 million cells have more than 160
    tracemalloc.stop()


@pytest.mark.parametrize("packed", [False, True])
def test_json_that_is_too_large_is_not_read_into_memory(tmp_path: Path, monkeypatch, packed: bool) -> None:
    content = b'[{"climb_id": "a"}' + b" " * 60_000
    path = tmp_path / "large.json"
    path.write_bytes(gzip.compress(content) if packed else content)
    if not packed:
        with path.open("r+b") as file:
            file.truncate(3_000_000_000)  # sparse: it takes no room
    monkeypatch.setattr("recsys.logbooks.tables.MAX_JSON", 50_000)
    with pytest.raises(DataError, match=r"MB of JSON.*; give data as Parquet or CSV"):
        read_sends(path)


def test_gzip_of_many_members() -> None:
    """As bgzip writes it; and of nearly empty ones, which cost more than they say."""
    text = b"climb_id,date\n" + b"a,2024-05-01\n" * 40_000
    blocks = [gzip.compress(text[at : at + 5_000], mtime=0) for at in range(0, len(text), 5_000)]
    padded = b"".join(blocks) + b"\0" * 9_000
    assert gunzip(padded, "x") == gunzip(gzip.compress(text), "x") == text
    assert gunzip(gzip.compress(b"x" * 5_000_000) + gzip.compress(b"y"), "x") == b"x" * 5_000_000 + b"y"
    for broken in (padded + b"more", gzip.compress(text)[:-5], gzip.compress(text)[:-8] + b"\0" * 8):
        with pytest.raises(DataError, match="is gzip that cannot be unpacked"):
            gunzip(broken, "x")
    with pytest.raises(DataError, match="is gzip of more than 10000 parts"):
        gunzip(gzip.compress(b"", mtime=0) * 50_000, "x")
    began = time.perf_counter()  # 21 s of the processor, before members were counted
    assert gunzip(gzip.compress(b"", 0, mtime=0) * 10_000, "x", 10) == b""
    with pytest.raises(DataError, match="is gzip of more than 10000 parts"):
        gunzip(gzip.compress(b"", 0, mtime=0) * 200_000, "x", 4 << 20)
    assert time.perf_counter() - began < 1
    assert gunzip(gzip.compress(b"abc", mtime=0), "x", 3) == b"abc"
    bombs = (gzip.compress(b"abcd", mtime=0), gzip.compress(b" " * 50_000_000, mtime=0))
    tracemalloc.start()
    for bomb in bombs:
        with pytest.raises(TooLargeError, match="once unpacked"):
            gunzip(bomb, "x", 3)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_grades_that_are_not_read_are_said_by_every_reader(tmp_path: Path) -> None:
    text = "climber_id,climb_id,date,grade,climb_type\nme,a,2024-05-01,V 5,winter\nme,b,2024-05-02,WI4,ice\n"
    (tmp_path / "a.csv").write_text(text)
    note = "grade cannot be read, stays text: 'V 5', 'WI4'"
    assert f"2  {note}" in read_files([tmp_path / "a.csv"]).lines()
    assert f"2  {note}" in read_upload(text.encode(), "a.csv", "auto")["notes"]
    assert import_logbooks([tmp_path / "a.csv"]).attrs["notes"][note] == 2
    assert "2 of 2 grades cannot be read" in read_sends(tmp_path / "a.csv").lines()[0]


def test_a_mapping_of_two_sources_ids_says_one_thing_of_each(tmp_path: Path) -> None:
    path = tmp_path / "ids.csv"
    path.write_text("a1,b1\na1,b2\n")
    with pytest.raises(DataError, match="maps 'a1' to 'b1' in row 1 and to another here"):
        read_same(path)
    path.write_text("id;use\na1;b1\na2;b,2\n")
    assert read_same(path) == {"a1": "b1", "a2": "b,2"}


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_letters_without_a_mark_stay_what_they_are(encoding: str) -> None:
    content = UKC.replace("Café", "Řeka β").encode(encoding)
    assert [row.climb_name for row in parse_logbook(content, "me.csv").rows] == ["Řeka β"]


@pytest.mark.parametrize(
    ("ours", "theirs", "one"),
    [(["V4"], ["V5"], True), (["V4"], ["V12"], False), (["V4"], ["5.10a"], False),
     (["V4", "V4"], ["V4"], False),
     (["V4"], ["V4", "V5"], False)],
)  # fmt: skip
def test_one_name_at_one_place_is_one_climb_where_grades_are_near_and_it_is_clear(
    ours: list[str], theirs: list[str], one: bool
) -> None:
    header = "climb_id,date,climb_name,area,grade\n"
    mine = "".join(f"c{n},2024-05-01,Grey Heron,Heron Wall,{grade}\n" for n, grade in enumerate(ours))
    header_mp = "Date,Route,Rating,URL,Location,Style,Lead Style,Route Type\n"
    site = "".join(
        f"2024-05-02,Grey Heron,{grade},/route/{n}/x,Heron Wall,Lead,Redpoint,\n"
        for n, grade in enumerate(theirs)
    )
    files = [
        parse_logbook((header + mine).encode(), "a.csv"),
        parse_logbook((header_mp + site).encode(), "b.csv"),
    ]
    ids = {row.climb_id for row in merge(unite(files)).rows}
    assert len(ids) == (1 if one else len(ours) + len(theirs))


def test_whole_floats_are_whole_and_a_bad_row_is_listed_by_the_page() -> None:
    records = [{"climb_id": 7.0, "date": "2024-05-01"}, {"climb_id": 8, "date": "soon"}]
    answer = read_upload(json.dumps(records).encode(), "a.json", "auto")
    assert [send["climb_id"] for send in answer["sends"]] == ["7"]
    assert answer["rejects"] == [{"row": 2, "reason": "unreadable date"}]


def test_several_logbooks_are_one_and_two_ids_of_one_site_are_two_climbs(tmp_path: Path) -> None:
    header = "Date,Route,Rating,URL,Location,Style,Lead Style,Route Type\n"
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for n, (path, name) in enumerate(zip(paths, ("Bellhead", "Wellhead"), strict=True)):
        path.write_text(f"{header}2024-05-0{n + 1},{name},5.9,/route/{n + 1}/x,Here,Lead,Redpoint,Sport\n")
    assert [row["climb_id"] for row in read_files(paths).sends] == ["mp-1", "mp-2"]
    assert not merge([load(path, wanted=Wanted("me")) for path in paths]).alike
