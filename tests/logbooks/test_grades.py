"""Grade strings: what they are read as, on both ladders, and which are refused."""

from __future__ import annotations

import csv
import math
import time
from pathlib import Path

import numpy as np
import pytest

from recsys.errors import DataError, UsageError
from recsys.logbooks.grade_tables import FRENCH_STEPS, TABLES
from recsys.logbooks.grades import ROUTE_OFFSET, label, ordinal, ordinals, parse_grade, parse_range

SEEN = Path(__file__).parents[3] / "shared" / "data" / "grades" / "grades_seen.csv"
# Strings of grades_seen.csv that are no grade, and why. (None today.)
UNREADABLE: dict[str, str] = {}


@pytest.mark.parametrize(
    ("text", "system", "low", "high"),
    [
        ("V4", "V", 4, 4),
        ("v10", "V", 10, 10),
        ("V4-5", "V", 4, 5),
        ("V4–V5", "V", 4, 5),
        ("V1/2", "V", 1, 2),
        ("V4+", "V", 4.25, 4.25),
        ("V0-", "V", -0.25, -0.25),
        ("VB", "V", -1, -1),
        ("V-easy", "V", -1, -1),
        ("V1 PG13", "V", 1, 1),
        ("6c/V5", "V", 5, 5),
        ("7A", "Font", 6, 6),
        ("f7A+", "Font", 7, 7),
        ("f7a", "Font", 6, 6),
        ("Fb 6c", "Font", 5, 5),
        ("6C+", "Font", 5, 6),
        ("7B+", "Font", 8, 9),
        ("7a", "French", 15, 15),
        ("F7a", "French", 15, 15),
        ("6a+/6b", "French", 10, 11),
        ("7a/b", "French", 15, 17),
        ("5+", "French", 8, 8),
        ("5.9", "YDS", 8, 8),
        ("5.10", "YDS", 9, 12),
        ("5.10-", "YDS", 9, 10),
        ("5.10+", "YDS", 11, 12),
        ("5.10b/c", "YDS", 10, 11),
        ("5.12A R", "YDS", 16, 16),
        ("5.10a V0+", "YDS", 9, 9),
        ("Easy 5th", "YDS", 0, 3),
        ("3rd", "YDS", -1, -1),
        ("23", "Ewbank", 14, 14),
        ("22/23", "Ewbank", 13, 14),
        ("VII+", "UIAA", 13, 13),
        ("V", "UIAA", 5, 5),
        ("7-", "UIAA", 10, 10),
        ("HVS 5a", "British", 7, 8),
        ("E1/2", "British", 9, 12),
    ],
)
def test_reads(text: str, system: str, low: float, high: float) -> None:
    grade = parse_grade(text)
    assert (grade.raw, grade.system, grade.low, grade.high) == (text, system, low, high)


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("5.10/+", "5.10", "5.10+"), ("5.12-/+", "5.12-", "5.12+"), ("V10/+", "V10", "V10+"),
        ("V10-/+", "V10-", "V10+"), ("10+/-", "10+", "10-"), ("VII-/+", "VII-", "VII+"),
        ("VI-/+", "VI-", "VI+"), ("5a/+", "5a", "5a+"), ("22/3", "22", "23"), ("24/5", "24", "25"),
        ("20/1", "20", "21"),
        ("17/8+", "17", "18+"), ("E10/1", "E10", "E11"), ("5.12/3", "5.12", "5.13"), ("V1-2", "V1", "V2"),
        ("2/3", "2", "3"), ("5.9/10-", "5.9", "5.10-"), ("V0-5", "V0", "V5"), ("23/18", "23", "18"),
        ("IX/X", "IX", "X"), ("5.8-5.12", "5.8", "5.12"),
    ],
)  # fmt: skip
def test_the_second_grade_of_a_pair_is_near_the_first(text: str, first: str, second: str) -> None:
    assert parse_grade(text).names == (parse_grade(first).names[0], parse_grade(second).names[0])


@pytest.mark.parametrize("text", ["20/9", "22/9", "19/0", "5.9/1", "5.11/9", "V10/5"])
def test_a_pair_of_grades_far_apart_is_none(text: str) -> None:
    assert math.isnan(ordinal(text))


@pytest.mark.parametrize(
    ("text", "prefer", "system", "low"),
    [
        ("7a", "Font", "Font", 6),
        ("7a", "boulder", "Font", 6),
        ("7A", "French", "French", 15),
        ("7A", "route", "French", 15),
        ("5", "V", "V", 5),
        ("4-5", "V", "V", 4),
        ("5", "boulder", "Font", 1),
        ("5a", "british", "British", 7),
        ("7", "UIAA", "UIAA", 11),
        ("V4", "route", "V", 4),
        ("5.10a V0+", "boulder", "V", 0.25),
    ],
)
def test_prefer_settles_ambiguous_text(text: str, prefer: str, system: str, low: float) -> None:
    grade = parse_grade(text, prefer)
    assert (grade.system, grade.low) == (system, low)


@pytest.mark.parametrize(
    "text", ["", "  ", "project", "V18", "WI4", "5.16a", "10c", "x", "null", "5 star", None]
)
def test_refuses_what_is_no_grade(text: str | None) -> None:
    with pytest.raises(DataError, match=r"^the grade: cannot be read") as error:
        parse_grade(text)
    assert repr(text or "") in str(error.value)
    assert "\n" not in str(error.value)
    assert math.isnan(ordinal(text))


def test_an_unknown_preference_is_a_wrong_call() -> None:
    with pytest.raises(UsageError, match="no grade system or discipline 'Hueco'; choose from V, YDS"):
        parse_grade("V4", prefer="Hueco")


def test_routes_and_boulders_share_a_column_without_collision() -> None:
    assert ordinal("V4-5") == 4.5
    assert ordinal("7a") == ROUTE_OFFSET + 15
    spans = {system: [end for span in table.values() for end in span] for system, table in TABLES.items()}
    boulders = spans["V"] + spans["Font"]
    routes = [end for system in spans if system not in ("V", "Font") for end in spans[system]]
    assert max(boulders) < ROUTE_OFFSET / 2 < ROUTE_OFFSET + min(routes)
    assert all(low <= high for table in TABLES.values() for low, high in table.values())


@pytest.mark.parametrize(
    "ladder",
    [
        "VB V0- V0 V0+ V1 V2 V9 V10 V17",
        "4A 6A 6A+ 6B 6B+ 6C 6C+ 7A 7A+ 7B 7B+ 7C 7C+ 8A 8B+ 9A",
        "3rd 4th 5.0 5.1 5.2 5.3 5.4 5.8- 5.8 5.8+ 5.9 5.10a 5.10b 5.10d 5.11a 5.11b 5.11c 5.11d 5.12a 5.15d",
        "4 10 11 12 13 17 18 23 35 39",
        "III IV- IV IV+ V- V V+ VI- VI VI+ VII- VII VII+ VIII- IX- IX IX+ X XI XII-",
        "M D VD HVD S HS VS HVS E1 E2 E3 E5 E11",
        "5.10- 5.10 5.10+ 5.11-",
        " ".join(FRENCH_STEPS[2:]),
    ],
)
def test_each_ladder_rises(ladder: str) -> None:
    assert np.all(np.diff(ordinals(ladder.split())) > 0)


def test_ordinals_reads_columns_with_blanks() -> None:
    values = ordinals(["V4", None, float("nan"), 23, "project", "V4"])
    np.testing.assert_array_equal(values, [4, np.nan, np.nan, 114, np.nan, 4])
    assert ordinals([]).shape == (0,)


def test_parse_range() -> None:
    assert parse_range("V4:V6").span == (4, 6)
    assert parse_range("V4").span == (4, 4)
    assert parse_range("6C+").span == (5, 6)
    assert parse_range("5.10:5.11b").span == (109, 114)


@pytest.mark.parametrize("asked", ["6A", "6A+", "6B", "6B+", "6C", "6C+", "7B+", "5", "5A", "5+", "3C"])
def test_a_range_holds_what_is_written_in_its_system(asked: str) -> None:
    font = "3C 4 4+ 5 5A 5B 5+ 6A 6A+ 6B 6B+ 6C 6C+ 7A 7A+ 7B 7B+ 7C 6B/6B+"
    held = [each for each in font.split() if parse_range(asked, "Font").holds(parse_grade(each, "Font"))]
    extra = {"6B": ["6B/6B+"], "6B+": ["6B/6B+"], "5": ["5A", "5B"]}
    assert held == [asked, *extra.get(asked, [])]


@pytest.mark.parametrize(
    ("asked", "climbs", "held"),
    [
        ("6B:6C", "6A+ 6B 6B+ 6C 6C+", "6B 6B+ 6C"),
        ("V4", "V3+ V4- V4 V4+ V4-5 V5-", "V4- V4 V4+ V4-5"),
        ("V4+", "V4 V4+ V4-5 V5", "V4+ V4-5"),
        ("5.10", "5.9 5.10a 5.10b/c 5.10+ 5.10d 5.11a", "5.10a 5.10b/c 5.10+ 5.10d"),
        ("5.11b", "5.11a 5.11b 5.11c", "5.11b"),
        ("5.10a", "5.9 5.9+ 5.10a 5.10- 5.10 5.10b", "5.10a 5.10- 5.10"),
        ("6b+", "6b 6b+ 6c", "6b+"),
        ("5c+", "5c 5c+ 6a", "5c+"),
        ("HVS", "VS HVS E1", "HVS"),
        ("UIAA IX-", "VIII+ IX- IX", "IX-"),
        # Of another system, the intervals of the comparison charts meet.
        ("6B+", "V3 V4 V4+ V5 V6", "V4 V4+ V5"),
        ("6A:6B", "V2 V3 V4 V5", "V3 V4"),
        ("V4", "6A 6A+ 6B 6B+ 6C", "6A+ 6B 6B+"),
        ("V4+", "6A 6A+ 6B 6B+ 6C", "6A+ 6B 6B+"),
        ("7a", "5.11c 5.11d 5.12a V5 6C", "5.11d"),
        ("Ewbank 10", "3 3+ 4a 4b", "3 3+"),
    ],
)
def test_a_range_holds_climbs_of_its_grades(asked: str, climbs: str, held: str) -> None:
    prefer = "French" if asked.startswith("Ewbank") else None
    assert " ".join(e for e in climbs.split() if parse_range(asked).holds(parse_grade(e, prefer))) == held


def test_every_grade_of_a_system_is_told_from_its_neighbours() -> None:
    for name in ("V", "YDS", "French", "Ewbank", "UIAA"):
        points = {each: span[0] for each, span in TABLES[name].items() if span[0] == span[1]}
        for asked, at in points.items():
            wanted = parse_range(asked, name)
            near = [
                e
                for e, other in points.items()
                if wanted.holds(parse_grade(e, name)) and abs(other - at) > 0.25
            ]
            assert near == [], asked


@pytest.mark.parametrize("text", ["V6:V4", "V4:7a", "V4:", "easy", "V1:V2:V3", ""])
def test_parse_range_says_its_form(text: str) -> None:
    with pytest.raises(DataError, match="V4 or V4:V6") as error:
        parse_range(text)
    assert repr(text) in str(error.value)


def test_label_names_the_nearest_step() -> None:
    texts = ["VB", "V0", "V17", "4a", "7a", "9c"]
    assert [label(ordinal(text)) for text in texts] == texts
    assert label(float("nan")) == ""
    assert label(ordinal("V4+")) == "V4"


@pytest.mark.shared
def test_every_grade_on_real_climbs_is_read() -> None:
    if not SEEN.is_file():
        pytest.skip(f"{SEEN} is missing")
    with SEEN.open(newline="") as file:
        seen = [row["grade"] for row in csv.DictReader(file)]
    assert len(seen) == 189
    assert {text for text in seen if math.isnan(ordinal(text))} == set(UNREADABLE)


@pytest.mark.parametrize("text", ["-" * 20_000, "V4-" * 9_000, "/" * 20_000, "V4 " * 9_000, "a - " * 5_000])
def test_a_long_text_is_no_grade_and_takes_no_time(text: str) -> None:
    began = time.process_time()
    assert np.isnan(ordinal(text))
    with pytest.raises(DataError, match="cannot be read"):
        parse_grade(text)
    assert time.process_time() - began < 0.1
