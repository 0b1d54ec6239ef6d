"""Reading sends: what a file becomes, what is refused and how it is said, and the shipped mappings."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys import columns as c
from recsys.errors import DataError, UsageError
from recsys.logbooks.importing.load import load
from recsys.logbooks.mapping import load_contract, load_mapping, shipped
from recsys.logbooks.read import Sends, read_sends

DATA = Path(__file__).parents[3] / "shared" / "data"

# Twelve rows: two climbers, out of order, a tie broken by file order, an exact duplicate (row 9), blanks.
TWELVE = """climber_id,climb_id,date,region,grade,rating,comment
b,007,2024-05-03,Squamish,V4,5,
b,2,2024-05-01,Squamish,V4-5,,"hard, but
fun"
a,007,2024-05-02,Bishop,V3,3.5,
a,3,2024-05-02,Bishop,project,,
a,2,2024-04-30,Bishop,,1,
b,9,2024-05-03T18:30:00Z,Squamish,7A,,
a,4,2024-05-04,Bishop,V1,,ok
a,5,2024-05-04,Bishop,V2,,
a,4,2024-05-04,Bishop,V1,,again
b,4,2024-06-01,Squamish,V1,2,
b,5,2024-06-01 09:00:00+02:00,Squamish,V2,,
b,007,2024-07-01,Squamish,V4,5,repeat
"""
HEADER = "climber_id,climb_id,date\n"


def write(folder: Path, text: str | bytes, name: str = "sends.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def parquet(folder: Path, name: str = "sends.parquet", **values: Any) -> Path:
    pq.write_table(pa.table(values), folder / name)
    return folder / name


def complaint(path: Path, **options: Any) -> str:
    """The message of the DataError: one line that begins with the file."""
    with pytest.raises(DataError) as error:
        read_sends(path, **options)
    message = str(error.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message.removeprefix(str(path))


def dates(folder: Path, *values: str) -> Sends:
    rows = "".join(f"a,{i},{value}\n" for i, value in enumerate(values))
    return read_sends(write(folder, HEADER + rows))


# ---- what a good file becomes


def test_twelve_rows(tmp_path: Path) -> None:
    sends = read_sends(write(tmp_path, TWELVE))
    frame = sends.frame
    assert list(frame) == [*c.REQUIRED, c.REGION, c.GRADE, c.RATING, c.COMMENT, c.DAY, c.ROW]
    assert list(zip(frame[c.CLIMBER_ID], frame[c.CLIMB_ID], strict=True)) == [
        *[("a", "2"), ("a", "007"), ("a", "3"), ("a", "4"), ("a", "5")],
        *[("b", "2"), ("b", "007"), ("b", "9"), ("b", "4"), ("b", "5"), ("b", "007")],
    ]
    assert frame[c.ROW].tolist() == list(range(11))
    assert frame[c.DAY].iloc[0] == 19843  # 2024-04-30
    assert frame[c.DAY].iloc[7] == 19846 + 18.5 / 24
    assert frame[c.DATE].iloc[9] == pd.Timestamp("2024-06-01 07:00")
    assert frame[c.COMMENT].tolist()[3:6] == ["ok", None, "hard, but\nfun"]
    np.testing.assert_array_equal(frame[c.RATING][:3], [1, 3.5, np.nan])
    assert (sends.has_time, sends.n_read, sends.n_dropped, len(sends)) == (True, 12, {"duplicate": 1}, 11)
    assert sends.warnings == ("1 of 10 grades cannot be read and stay text only: 'project'",)
    assert sends.source == f"{tmp_path / 'sends.csv'} (schema sends)"


def test_csv_and_parquet_are_told_by_content_and_read_alike(tmp_path: Path) -> None:
    from_csv = read_sends(write(tmp_path, "\ufeff" + TWELVE, "sends.txt")).frame
    table = pd.read_csv(tmp_path / "sends.txt", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    table.to_parquet(tmp_path / "sends.csv")
    pd.testing.assert_frame_equal(from_csv, read_sends(tmp_path / "sends.csv").frame)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (pa.array([7, 10, 7]), ["10", "7", "7"]),
        (pa.array([7.0, 10.0, 7.0]), ["10", "7", "7"]),
        (pa.array(["007", " 7 ", "NA"]), ["007", "7", "NA"]),
        (pa.array(["x", "y", "x"]).dictionary_encode(), ["x", "x", "y"]),
        (pa.array([2**60, 2**60 + 1, 1]), ["1", str(2**60), str(2**60 + 1)]),
    ],
)
def test_ids_become_strings_and_never_floats(tmp_path: Path, ids: pa.Array, expected: list[str]) -> None:
    path = parquet(tmp_path, climber_id=ids, climb_id=["p", "q", "r"], date=[1, 2, 3])
    assert read_sends(path).frame[c.CLIMBER_ID].tolist() == expected


def test_sequence_breaks_ties_before_file_order(tmp_path: Path) -> None:
    rows = "a,x,2024-01-01,10\na,y,2024-01-01,9\na,z,2024-01-01,\na,w,2024-01-01,9\n"
    assert read_sends(write(tmp_path, "climber_id,climb_id,date,sequence\n" + rows)).frame[
        c.CLIMB_ID
    ].tolist() == ["y", "w", "x", "z"]


@pytest.mark.parametrize(
    ("values", "has_time", "days"),
    [
        (["2024-05-31", "2024-06-01T12:00"], True, [19874, 19875.5]),
        (["2024-05-31T06:00:00Z", "2024-06-01 12:00:00+12:00"], True, [19874.25, 19875]),
        (["20240531", "20240601"], True, [19874, 19875]),
        (["864000000", "864086400"], True, [10000, 10001]),
        (["864000000000", "864043200000"], True, [10000, 10000.5]),
        (["-3", "12"], False, [-3, 12]),
        (["1.5", "2"], False, [1.5, 2]),
        (["2019", "2020"], False, [2019, 2020]),
    ],
)
def test_the_size_of_numbers_tells_what_they_are(
    tmp_path: Path, values: list[str], has_time: bool, days: list[float]
) -> None:
    sends = dates(tmp_path, *values)
    assert sends.has_time is has_time
    assert sends.frame[c.DAY].tolist() == days
    numbers = parquet(tmp_path, climber_id=["a", "a"], climb_id=["0", "1"], date=values)
    pd.testing.assert_frame_equal(sends.frame, read_sends(numbers).frame)


@pytest.mark.parametrize("kind", [pa.timestamp("ns"), pa.timestamp("ms", "Europe/Paris"), pa.date32()])
def test_parquet_times(tmp_path: Path, kind: pa.DataType) -> None:
    times = (
        pa.array([pd.Timestamp("2024-05-31"), pd.Timestamp("2024-06-01")]).cast(pa.timestamp("us")).cast(kind)
    )
    sends = read_sends(parquet(tmp_path, climber_id=["a", "a"], climb_id=["x", "y"], date=times))
    assert sends.frame[c.DAY].tolist() == [19874, 19875]
    assert sends.frame[c.DATE].dtype == np.dtype("datetime64[ns]")


# ---- files that are refused


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ": is empty; give a CSV or Parquet file with rows"),
        (b"\xef\xbb\xbf\n\n", ": is empty"),
        (HEADER.encode(), ": has a header and no rows; give a file that has some"),
        (
            b"\x89XLS\0\0\1junk",
            ": is neither CSV nor Parquet; export it as CSV (UTF-8)",
        ),
        (b"PAR1 and then nothing", ": is broken Parquet: "),
        (b"climber_id,climb_id,date,date\na,x,1,1\n", ": has the column 'date' twice; rename or remove one"),
        (
            HEADER.encode() + b'a,x,2024-01-01\nb,y,"2024-01-01\nc,z,',
            ", row 2: a quoted value is never closed",
        ),
    ],
)
def test_files_that_are_not_sends(tmp_path: Path, content: bytes, message: str) -> None:
    assert complaint(write(tmp_path, content)).startswith(message)


def test_the_content_tells_what_a_file_is_and_not_its_name(tmp_path: Path) -> None:
    frame = read_sends(write(tmp_path, TWELVE, "sends.parquet")).frame
    pd.testing.assert_frame_equal(frame, read_sends(write(tmp_path, TWELVE)).frame)


def test_a_missing_file(tmp_path: Path) -> None:
    assert complaint(tmp_path / "no.csv") == ": there is no such file or folder; check the path"
    assert complaint(tmp_path).startswith(": is a folder, and of the shipped schemas none fit a file in it")


def test_a_missing_column_names_the_ones_present_and_the_nearest(tmp_path: Path) -> None:
    path = write(tmp_path, "climber_id,climbs,date\na,x,2024-01-01\n")
    assert complaint(path) == (
        ": has no column 'climb_id'; it has climber_id, climbs, date; "
        "rename 'climbs' to 'climb_id', or map the names with schema"
    )


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_another_separator_is_read_as_well(tmp_path: Path, separator: str) -> None:
    text = TWELVE.replace("hard, but", "hard but")
    other = read_sends(write(tmp_path, text.replace(",", separator), "other.csv"))
    pd.testing.assert_frame_equal(other.frame, read_sends(write(tmp_path, text)).frame)


def test_names_in_another_case_and_windows_text_are_read(tmp_path: Path) -> None:
    sends = read_sends(write(tmp_path, "Climber ID,CLIMB_ID,Date\na,caf\xe9,2024-01-01\n".encode("cp1252")))
    assert sends.frame[c.CLIMB_ID].tolist() == ["café"]
    assert sends.warnings == ("the file is not UTF-8: read as Windows-1252",)


def test_a_column_of_lists_is_no_text(tmp_path: Path) -> None:
    path = parquet(tmp_path, climber_id=["a"], climb_id=[["x", "y"]], date=[1])
    assert re.match(r": the column 'climb_id' holds list<.*>, not text; write it as text$", complaint(path))


# ---- rows that are refused, or dropped when asked

BAD_ROWS = [
    ("a,,2024-01-02,3", "blank climb_id", "climb_id is blank (''); give every row its id"),
    ("  ,x,2024-01-02,3", "blank climber_id", "climber_id is blank ('  '); give every row its id"),
    ("a,x,,3", "blank date", "date is blank (''); write dates as 2024-05-31"),
    ("a,x,31/12/2024,3", "unreadable date", "date is not a date ('31/12/2024'); write dates as 2024-05-31"),
    ("a,x,2024-02-30,3", "unreadable date", "date is not a date ('2024-02-30')"),
    (
        "a,x,9999-01-01,3",
        "date out of range",
        "date is outside the years 1678 to 2261 ('9999-01-01'); correct",
    ),
    (
        "a,x,2024-01-02,6",
        "rating out of range",
        "rating is outside 1 to 5 ('6'); give 1 to 5, or leave it blank",
    ),
    ("a,x,2024-01-02,good", "unreadable rating", "rating is not a number ('good')"),
    ("a,x,2024-01-02,inf", "unreadable rating", "rating is not a number ('inf')"),
    ("a,x,2024-01-02", "ragged row", "has 3 values where the header has 4 ('a,x,2024-01-02'); quote values"),
    ("a,x,2024-01-02,3,4", "ragged row", "has 5 values where the header has 4 ('a,x,2024-01-02,3,4')"),
]


@pytest.mark.parametrize(("line", "reason", "message"), BAD_ROWS)
def test_a_bad_row(tmp_path: Path, line: str, reason: str, message: str) -> None:
    good = "a,p,2024-01-01,\n\na,q,2024-01-01,5\n"  # a blank line is no row
    path = write(tmp_path, f"climber_id,climb_id,date,rating\n{good}{line}\nb,r,2024-01-03,1\n")
    said = complaint(path)
    assert said.startswith(f", row 3: {message}")
    assert said.endswith("or pass bad_rows drop")
    sends = read_sends(path, bad_rows="drop", rejects=tmp_path / "rejects.csv")
    assert sends.frame[c.CLIMB_ID].tolist() == ["p", "q", "r"]
    assert (sends.n_read, sends.n_dropped) == (4, {reason: 1})
    with (tmp_path / "rejects.csv").open(newline="") as file:
        header, row = csv.reader(file)
    assert header == ["row", "reason", "climber_id", "climb_id", "date", "rating"]
    assert row == ["3", reason, *line.split(",")]


@pytest.mark.parametrize(("quote", "kept"), [("", 140_000), ('"', 19_000)])
def test_a_row_of_a_very_long_cell_is_among_the_rejects(tmp_path: Path, quote: str, kept: int) -> None:
    """Python's reader of CSV takes 131,072 characters a cell; a row that has more is kept as it is."""
    long = quote + "x" * 140_000 + quote
    path = write(tmp_path, HEADER + f"a,x,2024-05-01\nb,y,2024-05-02,{long}\n")
    read_sends(path, bad_rows="drop", rejects=tmp_path / "rejects.csv")
    assert "x" * kept in (tmp_path / "rejects.csv").read_text()


def test_a_column_that_looks_like_a_formula_is_text_in_the_rejects(tmp_path: Path) -> None:
    path = write(tmp_path, "climber_id,climb_id,date,=1+1\na,p,2024-01-01,\nb,q,soon,=2\n")
    read_sends(path, bad_rows="drop", rejects=tmp_path / "rejects.csv")
    with (tmp_path / "rejects.csv").open(newline="") as file:
        header, row = csv.reader(file)
    assert (header[-1], row[-1]) == ("'=1+1", "'=2")


def test_a_number_in_another_unit(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "a,x,1700000000\na,y,0\na,z,1700000001\n")
    message = complaint(path)
    assert message.startswith(", row 2: date is not in the unit of most other dates ('0'); ")
    assert read_sends(path, bad_rows="drop").n_dropped == {"date in another unit": 1}


def test_several_reasons_are_each_counted_once(tmp_path: Path) -> None:
    rows = "a,,nonsense\na,x,2024-01-01\na,x,2024-01-01\nb\nc,y,2024-01-01\nc,y,soon\n"
    sends = read_sends(write(tmp_path, HEADER + rows), bad_rows="drop", rejects=tmp_path / "r.csv")
    assert sends.n_dropped == {"ragged row": 1, "blank climb_id": 1, "unreadable date": 1, "duplicate": 1}
    assert sends.n_read == len(sends) + sum(sends.n_dropped.values())
    rejects = pd.read_csv(tmp_path / "r.csv")
    assert rejects["row"].tolist() == [1, 3, 4, 6]
    assert rejects["reason"].tolist() == [
        "blank climb_id; unreadable date", "duplicate", "ragged row", "unreadable date",
    ]  # fmt: skip


def test_nothing_left_is_an_error(tmp_path: Path) -> None:
    message = complaint(write(tmp_path, HEADER + "a,x,soon\n"), bad_rows="drop", rejects=tmp_path / "r.csv")
    assert message.startswith(": none of its 1 rows is a send that can be read")
    assert (tmp_path / "r.csv").is_file()


def test_wrong_calls(tmp_path: Path) -> None:
    path = write(tmp_path, TWELVE)
    with pytest.raises(
        UsageError, match="no schema 'ml10m'; choose from sends, books, ml100k, ml1m, thecrag, or give"
    ):
        read_sends(path, schema="ml10m")
    with pytest.raises(UsageError, match="choose fail or drop"):
        read_sends(path, bad_rows="keep")  # type: ignore[arg-type]


ROWS = st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(1, 9), st.integers(-1, 3))


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROWS, min_size=1, max_size=12))
def test_order_and_duplicates_as_a_plain_loop_has_them(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, int, int]]
) -> None:
    text = "".join(f"{a},{b},2024-01-0{d},{'' if s < 0 else s}\n" for a, b, d, s in rows)
    path = write(tmp_path_factory.getbasetemp(), HEADER[:-1] + ",sequence\n" + text, "loop.csv")
    expected: list[tuple[str, str, int]] = []
    for a, b, d, _ in sorted(rows, key=lambda row: (row[0], row[2], 99 if row[3] < 0 else row[3])):
        if (a, b, d) not in expected:
            expected.append((a, b, d))
    frame = read_sends(path).frame
    day = frame[c.DATE].dt.day
    assert list(zip(frame[c.CLIMBER_ID], frame[c.CLIMB_ID], day, strict=True)) == expected


def test_what_is_kept_takes_stars_and_notes_of_what_is_left_out_for_it(tmp_path: Path) -> None:
    text = "climber_id,climb_id,date,style,rating,comment,beta,outcome\n" + "".join(
        f"me,{line}\n"
        for line in (
            "A,2025-09-01,redpoint,,,,send",
            "A,2025-09-01,redpoint,4,worse,,send",
            "A,2025-09-01,onsight,,mine,,send",
            "A,2025-09-01,,2,,crimp,unknown",
            "B,2025-09-01T10:00:00,redpoint,,,,send",
            "B,2025-09-01T12:00:00,redpoint,,,,send",
            "B,2025-09-01T12:00:00,redpoint,5,,,send",
            "C,2025-09-02,,3,,,send",
        )
    )
    frame = read_sends(write(tmp_path, text)).frame
    told = frame[[c.CLIMB_ID, c.STYLE, c.RATING, c.COMMENT, c.BETA]].astype(object)
    assert told.where(told.notna(), None).values.tolist() == [
        ["A", "onsight", 4, "mine", "crimp"],
        ["B", "redpoint", None, None, None],
        ["B", "redpoint", 5, None, None],
        ["C", None, 3, None, None],
    ]


# ---- schemas


def test_the_contract_names_the_columns_in_order() -> None:
    contract = load_contract()
    assert list(contract) == [*c.REQUIRED, *c.OPTIONAL]
    assert [name for name, facts in contract.items() if facts["required"]] == list(c.REQUIRED)


def test_shipped_mappings_load() -> None:
    assert list(shipped()) == ["books", "ml100k", "ml1m", "thecrag"]
    assert [load_mapping(name).date_unit for name in shipped()] == [None, "s", "order", None]


def movies(folder: Path) -> Path:
    parquet(
        folder, "items.parquet", item_id=[10, 11], movie_title=["Up", "Heat"], **{"class": ["Fun Kids", None]}
    )
    values = {
        "user_id": [1, 1, 2],
        "item_id": [10, 12, 11],
        "rating": [5, 3, 1],
        "timestamp": [10**9 + 1, 10**9, 10**9],
    }
    return parquet(folder, "interactions.parquet", **values)


def test_a_mapping_is_found_by_the_columns_and_joins_the_file_beside(tmp_path: Path) -> None:
    path = movies(tmp_path)
    sends = read_sends(path)
    assert sends.source.endswith("(schema ml100k)")
    frame = sends.frame
    assert frame[c.CLIMB_ID].tolist() == ["12", "10", "11"]
    assert frame[c.CLIMB_NAME].tolist() == [None, "Up", "Heat"]
    assert frame[c.REGION].tolist() == [None, "Fun", None]
    for same in (
        read_sends(tmp_path),
        read_sends(path, schema="ml100k"),
        read_sends(tmp_path, schema="ml100k"),
    ):
        pd.testing.assert_frame_equal(frame, same.frame)
    assert complaint(path, schema="sends").startswith(": has no column 'climber_id'; it has user_id, item_id")
    (tmp_path / "items.parquet").unlink()
    alone = read_sends(path)
    assert c.REGION not in alone.frame
    assert alone.warnings == (
        f"{tmp_path / 'items.parquet'} is not there: the columns it would bring are left out",
    )


MAPPING = """
[columns]
climber_id = "who"
climb_id = "what"
date = "when"
rating = "stars"
[rating]
min = 0
max = 4
blank = [-1]
[keep]
column = "style"
values = ["Send"]
reason = "attempt"
"""


def test_a_mapping_by_path_keeps_scales_and_names_their_columns(tmp_path: Path) -> None:
    schema = str(write(tmp_path, MAPPING, "mine.toml"))
    header = "who,what,when,stars,style\n"
    rows = "a,x,2024-01-01,4,Send\na,y,2024-01-02,-1,Send\na,z,2024-01-03,0,Send\n,,nonsense,9,Attempt\n"
    sends = read_sends(write(tmp_path, header + rows), schema=schema, rejects=tmp_path / "r.csv")
    np.testing.assert_array_equal(sends.frame[c.RATING], [5, np.nan, 1])
    assert sends.n_dropped == {"attempt": 1}
    assert (tmp_path / "r.csv").read_text().splitlines()[1] == "4,attempt,,,nonsense,9,Attempt"
    message = complaint(write(tmp_path, header + rows + "a,y,2024-01-02,5,Send\n"), schema=schema)
    assert message.startswith(", row 5: rating (their stars) is outside 0 to 4 ('5'); give 0 to 4")


def test_filled_columns_that_a_mapping_does_not_know_are_named(tmp_path: Path) -> None:
    header = "who,what,when,stars,style,mood,id,blank\n"
    sends = write(tmp_path, header + "a,x,2024-01-01,4,Send,glad,7,\n")
    for more, named in [("", "mood, id"), ('[leave]\ncolumns = ["id"]\n', "mood")]:
        schema = write(tmp_path, MAPPING + more, "mine.toml")
        told = f"columns that are filled and not read: {named}"
        assert read_sends(sends, schema=str(schema)).warnings == (told,)
        notes = load(sends, own=load_mapping(str(schema))).notes
        assert notes == {told: named.count(",") + 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[columns", "is not TOML: "),
        ("title = 'x'", "has no [columns]; see recsys/logbooks/mapping.py"),
        ("[columns]\nclimber_id = 'u'", "maps no column onto 'climb_id'; add it under [columns]"),
        (MAPPING.replace("reason", "why"), "has the unknown key 'keep.why'; remove or correct it"),
        (MAPPING.replace("rating =", "stars ="), "has the unknown key 'columns.stars'"),
        (
            MAPPING + "[date]\nunit = 'week'",
            "has an unknown date unit ('week'); choose from order, s, ms, us, ns",
        ),
        (
            MAPPING.replace("max = 4", "max = 0"),
            "has an empty rating range ((0.0, 0.0)); min must be below max",
        ),
    ],
)
def test_mappings_that_are_refused(tmp_path: Path, text: str, message: str) -> None:
    schema = write(tmp_path, text, "mine.toml")
    with pytest.raises(DataError) as error:
        read_sends(write(tmp_path, TWELVE), schema=str(schema))
    assert str(error.value).startswith(f"{schema}: {message}")
    assert "\n" not in str(error.value)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "schema", "n", "has_time", "dropped"),
    [
        ("ml100k/interactions.parquet", "ml100k", 100_000, True, {}),
        ("ml1m_sasrec", "ml1m", 999_591, False, {}),
        ("thecrag_testdata/ascents.parquet", "thecrag", 1_191, True, {"attempt": 492, "duplicate": 15}),
    ],
)
def test_public_datasets(name: str, schema: str, n: int, has_time: bool, dropped: dict[str, int]) -> None:
    if not (DATA / name).exists():
        pytest.skip(f"{DATA / name} is missing")
    sends = read_sends(DATA / name)
    assert sends.source.endswith(f"(schema {schema})")
    assert (len(sends), sends.has_time, sends.n_dropped, sends.warnings) == (n, has_time, dropped, ())
    if schema != "thecrag":
        assert sends.frame[c.CLIMB_NAME].notna().all()
        assert sends.frame[c.REGION].nunique() == 18 + (schema == "ml100k")
