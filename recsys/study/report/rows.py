"""What the tables and the plots ask of a summary: its families, the rows that stand out, its soundness."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Final

from recsys.errors import DataError
from recsys.study.report.words import plain
from recsys.study.summary import (
    HEADLINE,
    PROMPTED,
    UNPROMPTED,
    Comparison,
    Estimate,
    RowSummary,
    StudySummary,
)

YARDSTICKS: Final = ("item-knn", "sequential-knn", "ease")
Families = Mapping[str, tuple[RowSummary, ...]]


def check(summary: StudySummary) -> None:
    """Refuse what no report can show.

    Raises
    ------
    DataError
        A number is NaN or infinite, or two rows share a name.
    """
    where = f"study {plain(summary.name, 40)}"
    for path, value in _numbers(summary, ""):
        if not math.isfinite(value):
            raise DataError(f"{path} is {value}", path=where, remedy="run that row again")
    names = [row.name for row in summary.rows]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError("two rows have one name", path=where, value=twice, remedy="keep one of them")


def _numbers(node: object, path: str) -> Iterator[tuple[str, float]]:
    """Every float in nested dataclasses, mappings and tuples, with the path to it."""
    if isinstance(node, float):
        yield path, node
    elif is_dataclass(node):
        for field in fields(node):
            yield from _numbers(getattr(node, field.name), f"{path}.{field.name}".lstrip("."))
    elif isinstance(node, Mapping):
        for key, each in node.items():
            yield from _numbers(each, f"{path} {key}")
    elif isinstance(node, tuple):
        for number, each in enumerate(node):
            yield from _numbers(each, f"{path} {getattr(each, 'name', number)}")


def families(rows: tuple[RowSummary, ...]) -> Families:
    """{family: its rows}, both in the order of the study."""
    names = dict.fromkeys(row.family for row in rows)
    return {name: tuple(row for row in rows if row.family == name) for name in names}


def score(row: RowSummary, metric: str = HEADLINE, prompting: str = UNPROMPTED) -> Estimate | None:
    """The row's estimate on the test part, or None."""
    return row.prompting.get(prompting, {}).get(metric)


def prompted(rows: tuple[RowSummary, ...]) -> tuple[RowSummary, ...]:
    """The rows that were asked with a prompt."""
    return tuple(row for row in rows if row.prompting.get(PROMPTED))


def best(
    rows: tuple[RowSummary, ...], metric: str = HEADLINE, prompting: str = UNPROMPTED
) -> RowSummary | None:
    """The row with the highest value; the first of equals, None where no row has one."""
    scored = [(found.value, row) for row in rows if (found := score(row, metric, prompting)) is not None]
    return max(scored, key=lambda pair: pair[0])[1] if scored else None


def notable(summary: StudySummary, limit: int = 8) -> tuple[RowSummary, ...]:
    """The reference, item-kNN, EASE, and the best of each family, best first, in the order of the study.

    At most `limit` rows; the reference and the two yardsticks come first.
    """
    named = {row.name: row for row in summary.rows}
    first = [named[name] for name in (summary.reference, *YARDSTICKS) if name in named]
    leaders = [row for group in families(summary.rows).values() if (row := best(group)) is not None]
    leaders.sort(key=lambda row: -(score(row) or Estimate(0.0)).value)
    chosen = list({row.name: row for row in (*first, *leaders)}.values())[:limit]
    return tuple(row for row in summary.rows if row in chosen)


Compared = Callable[[RowSummary], Comparison | None]


def comparisons(summary: StudySummary) -> dict[str, Compared]:
    """How the rows were asked to what reads a row's comparison; what no row has is left out."""
    reads: dict[str, Compared] = {
        UNPROMPTED: lambda row: row.comparison,
        PROMPTED: lambda row: row.prompted_comparison,
    }
    return {how: read for how, read in reads.items() if how == UNPROMPTED or any(map(read, summary.rows))}


def reference(summary: StudySummary, prompting: str = UNPROMPTED) -> str:
    """Title of the row that the others are compared with, or its name where it has not been run."""
    name = summary.reference if prompting == UNPROMPTED else summary.prompted_reference
    return plain({row.name: row.title for row in summary.rows}.get(name, name))


def label(row: RowSummary, limit: int = 30) -> str:
    """The row's title where it stands alone; a title that goes on from its family ("and ...") does not."""
    title = plain(row.title)
    return plain(row.name if title[:1].islower() or not title else title, limit)
