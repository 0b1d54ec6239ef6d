"""Cases from public reports and real files of climbing sites: what each becomes, by every command and by the
page.

The files lie beside the checkout; what they show is constructed again in the other tests of this folder.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from recsys import columns as c
from recsys.errors import DataError
from recsys.logbooks.grades import ordinal
from recsys.logbooks.importing import Wanted
from recsys.logbooks.importing.load import load
from recsys.logbooks.importing.merge import Merged, merge
from recsys.logbooks.importing.summary import summary_lines
from recsys.logbooks.read import read_sends
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.logbook import read_logbook
from recsys.recommending.logbook_file import read_files
from recsys.recommending.matching import Matcher
from recsys.serving.upload import read_upload

ROOT = Path(__file__).parents[2]
CASES = ROOT.parent / "shared" / "cases"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases at {CASES}"),
]
EXPORTS = {
    "01-same-day-twice/ticks.csv": [
        ("mp-900000003", "2024-05-02", "onsight"),
        ("mp-900000002", "2024-05-03", "onsight"),
        ("mp-900000001", "2024-05-04", "redpoint"),
    ],
    "03-excel-dash-dates/ticks.csv": [
        ("mp-900000004", "2023-10-07", "onsight"),
        ("mp-900000003", "2023-10-28", "onsight"),
        ("mp-900000002", "2023-11-05", "onsight"),
        ("mp-900000001", "2023-11-24", "onsight"),
    ],
    "12-offset-midnight/8a.csv": [
        ("amsel@musterwald", "2024-05-11", "flash"),
        ("fink@musterwald", "2024-05-12", "redpoint"),
    ],
    "28-containers/ticks-utf16.csv": [
        ("mp-900000003", "2024-05-02", "onsight"),
        ("mp-900000002", "2024-05-03", "onsight"),
        ("mp-900000001", "2024-05-04", "redpoint"),
    ],
    "39-two-site-ids-alike/ticks.csv": [
        ("mp-900000032", "2024-05-03", "redpoint"),
        ("mp-900000031", "2024-05-04", "redpoint"),
    ],
    "26-r-write-csv/mine.csv": [("sim-climb-00011", "2024-05-01", ""), ("sim-climb-00009", "2024-05-02", "")],
    "26-r-write-csv/mine-noindex.csv": [
        ("sim-climb-00011", "2024-05-01", ""),
        ("sim-climb-00009", "2024-05-02", ""),
    ],
}


def imported(name: str, **wanted: Any) -> Merged:
    return merge([load(CASES / name, wanted=Wanted("me", **wanted))])


def three(rows: Any) -> list[tuple[str, str, str]]:
    return [(row["climb_id"], row["date"], row.get("style") or "") for row in rows]


def sends_of(name: str) -> dict[str, list[dict[str, Any]]]:
    """A logbook's sends by import, `recommend` and the page."""
    rows = imported(name).rows
    plain = [{column: getattr(row, column) or None for column in (*c.REQUIRED, *c.OPTIONAL)} for row in rows]
    path = CASES / name
    answer = read_upload(path.read_bytes(), path.name, "auto")
    return {"import": plain, "recommend": list(read_files([path], "me").sends), "page": answer["sends"]}


def refusals(name: str) -> dict[str, str]:
    """What import, `recommend` and the page say of a file that they refuse: a line each."""
    path = CASES / name
    readers = {
        "import": lambda: imported(name),
        "recommend": lambda: read_files([path], "me"),
        "page": lambda: read_upload(path.read_bytes(), path.name, "auto"),
    }
    said = {}
    for reader, read in readers.items():
        with pytest.raises(DataError) as error:
            read()
        said[reader] = str(error.value)
        assert "\n" not in said[reader]
    return said


@pytest.mark.parametrize("name", EXPORTS)
def test_a_logbook_is_the_same_by_import_recommend_and_page(name: str) -> None:
    for reader, sends in sends_of(name).items():
        assert three(sends) == EXPORTS[name], reader


@pytest.mark.parametrize("name", EXPORTS)
def test_a_logbook_imported_is_trained_on_as_it_is(name: str, tmp_path: Path) -> None:
    from recsys.logbooks.importing.write import write

    for suffix in ("csv", "parquet"):
        write(imported(name).rows, (), tmp_path / f"sends.{suffix}")
        sends = read_sends(tmp_path / f"sends.{suffix}")
        dates = [f"{each:%Y-%m-%d}" for each in sends.frame[c.DATE]]
        assert list(zip(sends.frame[c.CLIMB_ID], dates, strict=True)) == [row[:2] for row in EXPORTS[name]]
        assert not sends.n_dropped


def test_01_the_better_ascent_of_a_day_stays() -> None:
    merged = imported("01-same-day-twice/ticks.csv", attempts=True)
    assert [(row.outcome, row.style) for row in merged.rows] == [
        ("send", "onsight"), ("send", "onsight"), ("send", "redpoint"),
    ]  # fmt: skip
    reasons = [each.reason for each in merged.rejects]
    assert sorted(reasons) == [
        "duplicate: a further lap of the day, a repeat", *["duplicate: the day's better outcome is kept"] * 3,
    ]  # fmt: skip


def test_02_a_spreadsheet_of_ones_own_is_no_sites() -> None:
    for said in refusals("02-own-spreadsheet/climbs.csv").values():
        assert "is of no known source by its header" in said
        assert "the nearest is Mountain Project, which has no attempt, grade, pitch, rope, wall" in said
        assert "columns date=Date,climb=Route" in said
    own = {"date": "Date", "climb": "Route", "grade": "Grade", "style": "Attempt", "crag": "Location"}
    rows = read_files([CASES / "02-own-spreadsheet/climbs.csv"], columns=own).sends
    assert [(row["climb_name"], row["grade"], row["style"]) for row in rows] == [
        ("Tern", "5c", "os"), ("Gannet Direct", "6b", "rp"),
    ]  # fmt: skip


def test_05_winter_grades_are_no_rock_grades() -> None:
    name = "05-scottish-winter/DLOG.csv"
    for reader, sends in sends_of(name).items():
        read = {row["climb_name"]: ordinal(row["grade"]) for row in sends}
        assert [climb for climb, value in read.items() if value == value] == ["Raven Buttress"], reader
    lines = summary_lines(imported(name), Path("r.csv"))
    assert any("3  grade cannot be read, stays text: 'V 5', 'VI 7', 'Winter III'" in line for line in lines)


def test_06_arabic_uiaa_rises() -> None:
    name = "06-uiaa-arabic/logbook.csv"
    for reader, sends in sends_of(name).items():
        read = {row["climb_name"]: ordinal(row["grade"]) for row in sends}
        rising = [read[climb] for climb in ("Elster", "Amsel", "Drossel", "Fink", "Star")]
        assert rising == sorted(set(rising)), reader
        assert read["Drossel"] == ordinal("IX") > 110


def test_08_ice_and_mixed_are_named_and_pairs_are_read() -> None:
    name = "08-ice-mixed-pairs/ticks.csv"
    for reader, sends in sends_of(name).items():
        read = {row["climb_name"]: ordinal(row["grade"]) for row in sends}
        assert read["Blue Pillar"] != read["Blue Pillar"], reader
        assert read["Cold Slab"] != read["Cold Slab"], reader
        assert read["Seam Block"] == ordinal("5.10a/b") == ordinal("5.10a/b V0"), reader
        assert read["Seam Face"] == ordinal("V5"), reader
    lines = summary_lines(imported(name), Path("r.csv"))
    assert any("2  grade cannot be read, stays text: 'WI5 M6', 'WI4'" in line for line in lines)


@pytest.mark.parametrize("name", ["ints.csv", "floats.csv", "zeros.csv"])
def test_18_mangled_ids_are_matched_and_said(name: str) -> None:
    sends = read_sends(CASES / "18-id-dtypes/sends.parquet")
    ids = sorted(set(sends.frame[c.CLIMB_ID]))
    matcher = Matcher(Catalogue.from_columns({c.CLIMB_ID: ids}))
    for reader, rows in sends_of(f"18-id-dtypes/{name}").items():
        logbook = read_logbook(rows)
        match = matcher.match(logbook)
        assert matcher.known(logbook, match).climbs == ["5", "173", "24", "130", "61"], reader
        assert match.n_known == 5
        assert match.ways == ({"id": 5} if name == "ints.csv" else {"number": 5})
        assert "5 of 5 climbs of the logbook are known" in match.lines()[0]


def test_19_a_logbook_of_unknown_climbs_is_told_so() -> None:
    matcher = Matcher(Catalogue.from_columns({c.CLIMB_ID: ["sim-climb-1", "sim-climb-2"]}))
    for reader, rows in sends_of("19-no-known-climb/ticks.csv").items():
        (first, *_) = matcher.match(read_logbook(rows)).lines()
        assert first == (
            "none of the logbook's climbs is known to the model (0 of 3): the answer rests on its grades and "
            "dates alone"
        ), reader


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ticks.json", "is JSON that is of no known source by its header ('Route, Date')"),
        ("ticks.xlsx", "is an Excel workbook (.xlsx) that cannot be read"),
        ("ticks.zip", "is a zip archive with ticks.csv; unpack it and give the file inside"),
    ],
)
def test_28_what_it_is_and_what_to_do(name: str, said: str) -> None:
    for reader, message in refusals(f"28-containers/{name}").items():
        assert said in message, reader
    with pytest.raises(DataError, match=r"JSON|has no column|Excel|zip"):
        read_sends(CASES / "28-containers" / name)


DATES = {
    "epoch-seconds": [f"2024-05-0{day}T00:00:00Z" for day in range(1, 9)],
    "order": [str(number) for number in range(1, 9)],
    "excel-serial": [str(number) for number in range(45413, 45421)],
    "offsets": [
        "2024-05-02T06:30:00Z", "2024-05-02T23:30:00Z", "2024-05-03", "2024-05-03T22:30:00Z",
        *(f"2024-05-0{day}" for day in range(5, 9)),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", DATES)
def test_29_what_the_contract_allows_all_read(name: str) -> None:
    for reader, sends in sends_of(f"29-date-units/{name}-logbook.csv").items():
        assert [row["date"] for row in sends] == DATES[name], reader
    frame = read_sends(CASES / f"29-date-units/{name}.csv").frame
    days = [row.day for row in imported(f"29-date-units/{name}.csv").rows]
    assert sorted(frame[c.DAY]) == sorted(days)


@pytest.mark.parametrize(
    ("name", "row", "said"),
    [
        ("serial-among-iso", 3, "date is not a date ('45415')"),
        ("mixed-formats", 2, "date is not a date ('05/02/2024')"),
        ("epoch-mixed-s-ms", 4, "date is not in the unit of most other dates ('1714780800000')"),
    ],
)
def test_29_what_train_refuses_recommend_refuses(name: str, row: int, said: str) -> None:
    for read, path in (
        (read_sends, CASES / f"29-date-units/{name}.csv"),
        (lambda path: read_files([path]), CASES / f"29-date-units/{name}-logbook.csv"),
    ):
        with pytest.raises(DataError) as error:
            read(path)
        assert f"row {row}: {said}" in str(error.value)
    path = CASES / f"29-date-units/{name}-logbook.csv"
    answer = read_upload(path.read_bytes(), path.name, "auto")
    assert row in [each["row"] for each in answer["rejects"]]
    assert answer["n_rejects"] == len(imported(f"29-date-units/{name}-logbook.csv").rejects)


def test_39_two_ids_of_one_site_are_two_climbs() -> None:
    merged = imported("39-two-site-ids-alike/ticks.csv")
    assert len({row.climb_id for row in merged.rows}) == 2
    assert not merged.alike


def test_40_text_without_its_mark_is_text(tmp_path: Path) -> None:
    name = "40-binary-text/sends.parquet"
    assert {row.climb_id for row in imported(name).rows} == {"c1", "c2"}
    assert set(read_sends(CASES / name).frame[c.CLIMB_ID]) == {"c1", "c2"}
    assert [row["climb_id"] for row in read_files([CASES / name], "ann").sends] == ["c1", "c2"]


def test_the_page_is_answered_over_http_as_its_reader_answers(tmp_path: Path) -> None:
    from fastapi.testclient import TestClient

    from recsys.serving.app import create_app
    from recsys.serving.policy import Policy
    from tests.builders.fake_recommender import open_fake, write_bundle

    app = create_app(write_bundle(tmp_path / "bundle"), Policy(rate=0, poll_seconds=0), open_fake)
    files = [path for path in sorted(CASES.glob("*/*")) if path.is_file() and path.name != "README"]
    refused = []
    with TestClient(app) as client:
        for path in files:
            given = client.post("/api/logbook", files={"file": (path.name, path.read_bytes())})
            try:
                expected = {"status": 200, **read_upload(path.read_bytes(), path.name, "auto")}
            except DataError as error:
                expected = {"status": 422, "said": str(error)}
                refused.append(path.name)
            said = given.json() if given.status_code == 200 else {"said": given.json()["error"]["message"]}
            assert {"status": given.status_code, **said} == json.loads(json.dumps(expected)), path
        own = CASES / "02-own-spreadsheet" / "climbs.csv"
        columns = {"columns": "date=Date,climb=Route,grade=Grade,style=Attempt,crag=Location"}
        answer = client.post(
            "/api/logbook", params=columns, files={"file": ("a.csv", own.read_bytes())}
        ).json()
    assert [row["climb_name"] for row in answer["sends"]] == ["Tern", "Gannet Direct"]
    assert {"climbs.csv", "ticks.json", "ticks.xlsx", "ticks.zip"} <= set(refused)
    assert len(refused) < len(files) / 2


def test_the_command_writes_what_the_readme_says(tmp_path: Path) -> None:
    output = tmp_path / "all.csv"
    words = ["import", str(CASES / "01-same-day-twice/ticks.csv"), "-o", str(output)]
    result = subprocess.run(
        [sys.executable, "-m", "recsys", *words], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert result.returncode == 0, result.stderr
    rows = list(csv.DictReader(output.open(newline="")))
    assert [(row["climb_id"], row["outcome"], row["style"]) for row in rows] == [
        ("mp-900000003", "send", "onsight"), ("mp-900000002", "send", "onsight"),
        ("mp-900000001", "send", "redpoint"),
    ]  # fmt: skip
    assert "1  duplicate: a further lap of the day, a repeat" in result.stderr
