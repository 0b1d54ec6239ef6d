"""Raw sends read in the contract's columns without pandas."""

from __future__ import annotations

import pytest

from recsys.logbooks.cells import on_distinct
from recsys.logbooks.days import ALIEN, BLANK, READ, UNREADABLE, read_days
from recsys.logbooks.importing import parse_logbook
from recsys.logbooks.importing.sources import SOURCES


def test_each_different_value_of_a_column_is_looked_at_once() -> None:
    asked: list[str | None] = []

    def length(cell: str | None) -> int:
        asked.append(cell)
        return len(cell or "")

    assert on_distinct(length, ["V4", None, "V10", "V4", None]) == [2, 0, 3, 2, 0]
    assert asked == ["V4", None, "V10"]


def test_rows_that_say_the_same_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    source, asked = SOURCES["sends"], []
    read = source.read

    def counted(cell):  # type: ignore[no-untyped-def]
        asked.append(cell("outcome"))
        return read(cell)

    monkeypatch.setitem(SOURCES, "sends", type(source)(**{**source.__dict__, "read": counted}))
    rows = "".join(f"c{n},2024-05-01,{'attempt' if n % 2 else 'send'}\n" for n in range(40))
    parsed = parse_logbook(f"climb_id,date,outcome\n{rows}".encode(), "me.csv")
    assert (len(parsed.rows), len(parsed.rejects)) == (20, 20)
    assert sorted(set(filter(None, asked))) == ["attempt", "send"]
    assert len(asked) < 8


TWO = ["2024-05-01T00:00:00Z", "2024-05-02T00:00:00Z"]


@pytest.mark.parametrize(
    ("texts", "read"),
    [
        (["2024-05-01T23:30:00-07:00", "2024-05-03T00:30:00+0200"],
         ["2024-05-02T06:30:00Z", "2024-05-02T22:30:00Z"]),
        (["1714521600", "1714608000", "1714694400000"], [*TWO, ALIEN]),
        (["1714521600000", "1714608000000", "1714694400"], [*TWO, ALIEN]),
        (["1", "2", "20240531"], ["1", "2", ALIEN]),
        (["20240531", "20240601", "7"], ["2024-05-31", "2024-06-01", UNREADABLE]),
        (["2024-05-31", "45415", None], ["2024-05-31", UNREADABLE, BLANK]),
    ],
)  # fmt: skip
def test_the_dates_of_the_contract(texts: list[str | None], read: list[str]) -> None:
    assert [day.text if day.state == READ else day.state for day in read_days(texts).values] == read
