"""Grades in context: the same text read by its climb's type, its country and the logbook's other grades."""

from __future__ import annotations

import time

import pytest

from recsys.logbooks.grade_context import Logged, settle
from recsys.logbooks.grades import ordinal, parse_grade


def one(*grades: str | Logged) -> list[tuple[str, bool]]:
    return [tuple(each) for each in settle([g if isinstance(g, Logged) else Logged(g) for g in grades])]


@pytest.mark.parametrize(
    ("logged", "text", "guessed"),
    [
        (Logged("7a", "boulder"), "7A", False),
        (Logged("7A+", "route"), "7a+", False),
        (Logged("5.10a V0+", "boulder", "Boulder"), "V0+ 5.10a", False),
        (Logged("5.10a V0+", "route", "Trad, Boulder"), "5.10a V0+", False),
        (Logged("V0+ 5.10a", "route"), "5.10a V0+", False),
        (Logged("5", "boulder"), "f5", False),
        (Logged("9", "route", "Sport", "Germany"), "UIAA 9", True),
        (Logged("9", "route", "Sport", "DE"), "UIAA 9", True),
        (Logged("18", "route", "Sport", "Australia"), "18", False),
        (Logged("9", "route", "Sport", "Australia"), "9", False),
        (Logged("6", "route", "Sport", "France"), "F6", True),
        (Logged("9", "route"), "9", True),
        (Logged("III", "", "Winter"), "Winter III", False),
        (Logged("V", "route", "Winter"), "Winter V", False),
        (Logged("D", "route", "Alpine"), "Alpine D", False),
        (Logged("III", "route", "Trad"), "III", False),
        (Logged("V5", "boulder", "Bouldering"), "V5", False),
        (Logged("5.9", "route", "Ice, Alpine"), "5.9", False),
        (Logged(""), "", False),
    ],
)
def test_one_grade(logged: Logged, text: str, guessed: bool) -> None:
    assert one(logged) == [(text, guessed)]


def test_neighbours_tell_uiaa_from_ewbank() -> None:
    german = one(*(Logged(grade, "route", "Sport", "Germany") for grade in ("9-", "9", "9+", "10-", "10")))
    assert german == [("9-", False), ("UIAA 9", False), ("9+", False), ("10-", False), ("UIAA 10", False)]
    assert sorted({ordinal(text) for text, _ in german}) == [ordinal(text) for text, _ in german]
    assert one("8+", "9", "10") == [("8+", False), ("UIAA 9", True), ("UIAA 10", True)]
    assert one("23", "9", "10") == [("23", False), ("9", False), ("10", False)]


def test_settled_text_stays_as_it_is() -> None:
    logged = [Logged(g, d, k, "Germany") for g in ("9", "9-", "7a", "V", "5", "5.10a V0") for d, k in
              (("route", "Sport"), ("boulder", "Boulder"), ("", "Winter"))]  # fmt: skip
    once = settle(logged)
    again = settle([each._replace(grade=text) for each, (text, _) in zip(logged, once, strict=True)])
    assert [each.text for each in again] == [each.text for each in once]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("5.10a/b V0", "5.10a/b"), ("5.12a/b V5 PG13", "5.12a/b"), ("IV 5.9", "5.9"), ("5.9 IV", "5.9"),
        ("5.9 Grade III", "5.9"), ("V 5.8 A3", "5.8"), ("5.10c III+", "5.10c"), ("UIAA 9", "IX"),
        ("10-", "X-"),
    ],
)  # fmt: skip
def test_marks_of_commitment_and_pairs(text: str, same: str) -> None:
    assert ordinal(text) == ordinal(same)


@pytest.mark.parametrize(
    "text", ["V 5", "VI 7", "VI,7", "IV 4", "WI5 M6", "WI4", "M6", "AI3", "D7", "Winter III", "5.9 WI3"]
)
def test_no_rock_grades(text: str) -> None:
    assert ordinal(text) != ordinal(text)


@pytest.mark.parametrize(
    "text", ["-" * 20_000, "/" * 20_000, "5.10a/" * 5_000, "V " * 9_000, " " * 20_000, "9" * 20_000]
)
def test_a_long_cell_costs_nothing(text: str) -> None:
    start = time.perf_counter()
    assert ordinal(text) != ordinal(text)
    settle([Logged(text, "route"), Logged(text, "boulder", text, text)])
    assert time.perf_counter() - start < 0.5


def test_the_raw_text_is_kept() -> None:
    assert parse_grade("5.10a/b V0").raw == "5.10a/b V0"
