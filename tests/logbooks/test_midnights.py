"""A midnight that a program added to a day is no time of day, whichever reader meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from recsys.logbooks.importing import Wanted
from recsys.logbooks.importing.load import load
from recsys.logbooks.importing.own import parse_columns

RAW = "climb_id,date"
SHEET = "Route,Date"
MP = "Route,Date,Rating,Notes,URL,Pitches,Location,Avg Stars,Your Stars,Style,Lead Style,Route Type"


def dates(path: Path, header: str, *texts: str) -> list[tuple[str, str]]:
    """(date, precision) of each row, in the order of the file, by climbs a, b, c."""
    commas = "," * (header.count(",") - 1)
    rows = [f"{climb},{text}{commas}" for climb, text in zip("abc", texts, strict=False)]
    path.write_text("\n".join([header, *rows]) + "\n")
    own = parse_columns("date=Date,climb=Route") if header == SHEET else None
    read = load(path, wanted=Wanted("me", attempts=True), columns=own).rows
    return [(row.date, row.date_precision) for row in sorted(read, key=lambda row: row.climb_id)]


@pytest.mark.parametrize("header", [RAW, SHEET, MP], ids=["raw sends", "a sheet", "a site of days"])
@pytest.mark.parametrize("clock", [" 00:00:00", "T00:00:00.000Z", " 00:00"])
def test_a_column_of_midnights_has_days(header: str, clock: str, tmp_path: Path) -> None:
    read = dates(tmp_path / "mine.csv", header, f"2024-05-01{clock}", f"2024-05-02{clock}", "2024-05-03")
    assert read == [("2024-05-01", "day"), ("2024-05-02", "day"), ("2024-05-03", "day")]


@pytest.mark.parametrize("header", [RAW, SHEET], ids=["raw sends", "a sheet"])
def test_a_midnight_among_times_is_one(header: str, tmp_path: Path) -> None:
    read = dates(tmp_path / "mine.csv", header, "2024-05-01 00:00:00", "2024-05-02 18:30:00")
    assert [precision for _, precision in read] == ["time", "time"]
    assert [date[:19] for date, _ in read] == ["2024-05-01T00:00:00", "2024-05-02T18:30:00"]


def test_a_site_of_days_has_no_time(tmp_path: Path) -> None:
    assert dates(tmp_path / "mine.csv", MP, "2024-05-01 18:30:00") == [("2024-05-01", "day")]
