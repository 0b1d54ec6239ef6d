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
        (Logged("5", "boulder"), "f5", True),
        (Logged("4+", "boulder"), "f4+", True),
        (Logged("4/5", "boulder"), "f4-5", True),
        (Logged("0", "boulder"), "V0", False),
        (Logged("10-11", "boulder"), "V10-11", False),
        (Logged("5.0", "boulder"), "f5", True),
        (Logged("23", "boulder"), "V23", False),
        (Logged("2", "boulder", "", "France"), "f2", True),
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
        (Logged("4+", "route", "Ice"), "Ice 4+", False),
        (Logged("3+", "route", "Via Ferrata"), "Ferrata 3+", False),
        (Logged("2", "", "Scramble"), "Scramble 2", False),
        (Logged("7+", "route", "Sport", "Norway"), "7+", True),
        (Logged("8", "route", "Sport", "SE"), "UIAA 8", True),
        (Logged("VII", "route", "Trad", "Sweden"), "VII", True),
        (Logged("7-/7", "route", "Trad", "Finland"), "7-/7", True),
        (Logged("7a", "route", "Sport", "Norway"), "7a", False),
        (Logged("7a", "route", "Sport", "Brazil"), "7a", True),
        (Logged("6", "route", "Sport", "Brazil"), "UIAA 6", True),
        (Logged("6a", "route", "Trad", "England"), "British 6a", True),
        (Logged("6a+", "route", "Trad", "England"), "6a+", False),
        (Logged("6a", "route", "Sport", "England"), "6a", False),
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


def boulders(*grades: str, land: str = "") -> list[tuple[str, bool]]:
    return one(*(Logged(grade, "boulder", "boulder", land) for grade in grades))


def test_numbers_of_boulders_are_of_v_where_some_can_be_of_nothing_else() -> None:
    assert boulders(*map(str, range(12))) == [(f"V{n}", False) for n in range(12)]
    assert boulders("4.0", "9.0", "5+", "5-6") == [
        ("V4", False),
        ("V9", False),
        ("V5+", False),
        ("V5-6", False),
    ]
    assert boulders("4", "6A+", "5", "9") == [("V4", False), ("6A+", False), ("V5", False), ("V9", False)]
    assert boulders("4", "V6") == [("V4", True), ("V6", False)]
    assert boulders("4", "7a") == [("f4", True), ("7A", False)]
    assert boulders("4", "2", land="France") == [("f4", True), ("f2", True)]
    assert one(Logged("4", "boulder", "", "France"), Logged("9", "boulder", "", "USA"))[0] == ("f4", True)
    for text, _ in boulders(*map(str, range(40))):
        assert ordinal(text) < 20 or ordinal(text) != ordinal(text)


def test_a_boulders_v_without_a_number_is_no_uiaa_grade() -> None:
    for text in ("V?", "V", "V+", "VS", "VI", "10+/-", "(V)", "III"):
        assert boulders(text, "V3")[0] == (f"Problem {text}", False)
        assert ordinal(f"Problem {text}") != ordinal(f"Problem {text}")
    read = [
        ("V-5", "V5"),
        ("V-4/5", "V4/5"),
        ("V Easy", "V-easy"),
        ("V-easy", "V-easy"),
        ("V4?", "V4?"),
        ("VB", "VB"),
    ]
    for text, same in read:
        assert boulders(text) == [(same, False)]
    assert boulders("HVS 5a", "E3 5c", "5.10a") == [("HVS 5a", False), ("E3 5c", False), ("5.10a", False)]
    assert one(Logged("V+", "route")) == [("V+", False)]


def test_tens_with_a_sign_are_yds_beside_yds_and_in_america() -> None:
    beside = one("5.9", "10a", "10-", "11+", "5.12a", "11+/12-")
    assert [text for text, _ in beside] == ["5.9", "5.10a", "5.10-", "5.11+", "5.12a", "5.11+/12-"]
    assert [guessed for _, guessed in beside] == [False, True, True, True, False, True]
    american = (Logged(grade, "route", "Trad", "USA") for grade in ("10-", "9+", "9"))
    assert one(*american) == [("5.10-", True), ("5.9+", True), ("9", True)]
    assert one(*(Logged(grade, "route", "Trad", "us") for grade in ("10-", "5.8"))) == [
        ("5.10-", False),
        ("5.8", False),
    ]
    assert one("10-", "8") == [("10-", True), ("UIAA 8", True)]
    assert one("10-", "9-", "5.10a") == [("10-", False), ("9-", False), ("5.10a", False)]
    assert one(Logged("10-", "route", "Sport", "Germany"), "5.9") == [("10-", False), ("5.9", False)]


def test_bare_numbers_beside_french_grades_are_french() -> None:
    lettered = (Logged("6a+", "route"), "5c")
    assert one("4", "5/6", "11", *lettered)[:3] == [("F4", True), ("F5/6", True), ("11", True)]
    assert one("4", "23", *lettered)[0] == ("4", False)
    assert one("4", "7-", *lettered)[0] == ("UIAA 4", True)
    assert one(Logged("4", "route", "", "Australia"), *lettered)[0] == ("4", False)
    assert one("4", Logged("6a", "route", "Trad"), Logged("6A", "boulder"))[0] == ("4", True)


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
    "text",
    [
        "V 5",
        "VI 7",
        "VI,7",
        "IV 4",
        "WI5 M6",
        "WI4",
        "M6",
        "AI3",
        "D7",
        "Winter III",
        "5.9 WI3",
        "Ice 4+",
        "V23",
    ],
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


def test_a_british_grade_is_the_technical_one() -> None:
    assert parse_grade("British 6a").system == "British"


def test_the_raw_text_is_kept() -> None:
    assert parse_grade("5.10a/b V0").raw == "5.10a/b V0"
