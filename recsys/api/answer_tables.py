"""A batch's answers as a table: what `recsys.api.tables` and `json` write of the same rows, but sooner.

What is told of a climb is written out once and not once for each climber to whom it is named.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TextIO

from recsys.api.tables import cell, parquet_writer, write_table
from recsys.recommending.batch import COLUMNS, Answer
from recsys.recommending.catalogue import Catalogue, Facts

_NAMES: Final = tuple(COLUMNS)
_OWN: Final = ("score", "hard", "reach")  # what a climb is for the climber
_FACTS: Final = _NAMES[2 : -len(_OWN)]  # between climber and rank, and those
_GROUP: Final = 100_000  # rows of a Parquet row group


def write_answers(found: Iterable[Answer], path: Path, catalogue: Catalogue) -> None:
    """Write a row of `COLUMNS` a climb in the format of the path's suffix; the file is whole or absent."""
    write_table(
        path,
        lambda fresh: _write_parquet(found, fresh, catalogue),
        lambda file: _write_csv(found, file, catalogue),
        lambda file: _write_json(found, file, catalogue),
    )


def _write_csv(found: Iterable[Answer], file: TextIO, catalogue: Catalogue) -> None:
    file.write(_csv(_NAMES) + "\n")
    told = _Told(catalogue, _csv)
    for answer in found:
        start = _csv((answer.climber, ""))  # ends in the comma
        file.writelines(
            f"{start}{rank},{told[index]},{_csv(own)}\n"
            for rank, (index, own) in enumerate(zip(answer.indices, answer.own, strict=True), 1)
        )


def _write_json(found: Iterable[Answer], file: TextIO, catalogue: Catalogue) -> None:
    told = _Told(catalogue, lambda facts: _json(dict(zip(_FACTS, facts, strict=True)))[1:-1])
    for answer in found:
        climber = _json(answer.climber)
        file.writelines(
            f'{{"climber_id": {climber}, "rank": {rank}, {told[index]}, '
            f"{_json(dict(zip(_OWN, own, strict=True)))[1:]}\n"
            for rank, (index, own) in enumerate(zip(answer.indices, answer.own, strict=True), 1)
        )


def _write_parquet(found: Iterable[Answer], path: Path, catalogue: Catalogue) -> None:
    facts = list(zip(*catalogue.facts, strict=True))
    with parquet_writer(path, COLUMNS) as write:
        for climbers, ranks, indices, *own in _groups(found):
            named = [[column[index] for index in indices] for column in facts]
            write(dict(zip(_NAMES, (climbers, ranks, *named, *own), strict=True)))


def _groups(found: Iterable[Answer]) -> Iterator[tuple[list[Any], ...]]:
    """Climbers, ranks, indices and `_OWN` of the rows of each row group; the last may have none."""
    columns: tuple[list[Any], ...] = ([], [], [], *([] for _ in _OWN))
    for answer in found:
        n = len(answer.indices)
        own = zip(*answer.own, strict=True) if n else [()] * len(_OWN)
        named = [answer.climber] * n, range(1, n + 1), answer.indices
        for column, values in zip(columns, (*named, *own), strict=True):
            column.extend(values)
        while len(columns[0]) >= _GROUP:
            yield tuple(column[:_GROUP] for column in columns)
            for column in columns:
                del column[:_GROUP]
    yield columns


class _Told(dict[int, str]):
    """What is told of a climb, by its index: written out when it is first named."""

    def __init__(self, catalogue: Catalogue, write: Callable[[Facts], str]) -> None:
        super().__init__()
        self._facts, self._write = catalogue.facts, write

    def __missing__(self, index: int) -> str:
        self[index] = text = self._write(self._facts[index])
        return text


def _csv(cells: Iterable[Any]) -> str:
    """Two cells or more as CSV, without the end of the line."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([cell(each) for each in cells])
    return text.getvalue()[:-1]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
