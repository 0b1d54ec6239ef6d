"""Raw sends read in the contract's columns without pandas."""

from __future__ import annotations

import pytest

from recsys.logbooks.cells import on_distinct
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
