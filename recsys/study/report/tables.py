"""The page's tables as plain values; the template lays them out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from recsys.evaluation.beyond import MEASURES
from recsys.study.report import words
from recsys.study.report.rows import Compared, best, comparisons, families, prompted, reference, score
from recsys.study.summary import HEADLINE, PROMPTED, UNPROMPTED, Estimate, RowSummary, StudySummary

_METRICS: Final = ("accuracy", HEADLINE, "ndcg@10", "mrr@20")
_PROMPTED: Final = ("accuracy", HEADLINE)


@dataclass(frozen=True)
class Cell:
    """What a cell shows, the smaller text below it, what it is sorted by, and whether it is the best."""

    text: str
    detail: str = ""
    value: float | None = None
    best: bool = False


@dataclass(frozen=True)
class Column:
    """A column's heading, and the heading above it that it shares with its neighbours."""

    text: str
    group: str = ""


@dataclass(frozen=True)
class Line:
    """A line of a table: its heading, the smaller text below it, its cells."""

    head: str
    note: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A table: its name in the page, caption, first heading, further columns, and {family: lines}."""

    name: str
    caption: str
    first: str
    columns: tuple[Column, ...]
    families: Mapping[str, tuple[Line, ...]]
    wordy: bool = False

    @property
    def groups(self) -> list[tuple[str, int]]:
        """(heading, number of columns) of neighbours that share a heading; empty where none has one."""
        joined: list[tuple[str, int]] = []
        for column in self.columns:
            if joined and joined[-1][0] == column.group:
                joined[-1] = (column.group, joined[-1][1] + 1)
            else:
                joined.append((column.group, 1))
        return joined if any(column.group for column in self.columns) else []


Read = Callable[[RowSummary], Cell]


def by_family(rows: tuple[RowSummary, ...], reads: Iterable[Read]) -> dict[str, tuple[Line, ...]]:
    """{family: lines}, a cell for each reader."""
    reads = tuple(reads)
    return {
        family: tuple(
            Line(words.plain(row.title), row.name, tuple(read(row) for read in reads)) for row in group
        )
        for family, group in families(rows).items()
    }


def estimate(found: Estimate | None, sign: bool = False, leads: bool = False) -> Cell:
    """A cell of a value with its interval below it."""
    value = None if found is None else found.value
    return Cell(words.bare(found, sign), words.bracket(found, sign), value, leads)


def main(summary: StudySummary) -> Table:
    """Every row with its results and its costs."""
    prompting = [(UNPROMPTED, name) for name in _METRICS]
    prompting += [(PROMPTED, name) for name in _PROMPTED] if prompted(summary.rows) else []
    columns = [Column(name, how) for how, name in prompting]
    reads = [_metric(summary, name, how) for how, name in prompting]
    for how, compared in comparisons(summary).items():
        heading = f"{how}, against {reference(summary, how)}"
        columns += [Column(name, heading) for name in ("difference", "p")]
        reads += [partial(_difference, compared), partial(_p, compared)]
    columns += [Column(name, "cost of a seed") for name in ("parameters", "seconds", "peak MiB")]
    reads += _COSTS
    return Table("results", "Results on the test part", "row", tuple(columns), by_family(summary.rows, reads))


def _metric(summary: StudySummary, name: str, prompting: str) -> Read:
    leader = best(summary.rows, name, prompting)

    def read(row: RowSummary) -> Cell:
        return estimate(score(row, name, prompting), leads=row is leader)

    return read


def _difference(compared: Compared, row: RowSummary) -> Cell:
    found = compared(row)
    if found is None:
        return Cell(words.NONE)
    cell = estimate(found.difference, sign=True)
    return Cell(f"{words.mark(found)} {cell.text}".strip(), cell.detail, cell.value)


def _p(compared: Compared, row: RowSummary) -> Cell:
    found = compared(row)
    corrected = None if found is None else found.corrected
    return Cell(words.chance(corrected), value=corrected)


_COSTS: Final[tuple[Read, ...]] = (
    lambda row: Cell(words.count(row.parameters), value=row.parameters),
    lambda row: Cell(words.seconds(row.seconds), value=row.seconds),
    lambda row: Cell(words.count(row.peak_mib), value=row.peak_mib),
)


def paper(summary: StudySummary) -> Table:
    """The paper's table beside ours."""
    titles = {row.name: row.title for row in summary.rows}
    lines = []
    for each in summary.paper:
        theirs = Cell(words.number(each.accuracy), value=each.accuracy)
        cells = (theirs, estimate(each.ours), estimate(each.left_out))
        note = f"{words.plain(titles.get(each.row, each.row))}, {each.prompting}"
        lines.append(Line(words.plain(each.label), note, cells))
    columns = (Column("the paper"), Column("this study"), Column("this study, sent climbs left out"))
    return Table("paper-table", "Accuracy, the paper's and ours", "row", columns, {"": tuple(lines)})


def listed(summary: StudySummary) -> Table | None:
    """What each row's lists are like beside whether they hit; None where no cell says so."""
    rows = tuple(row for row in summary.rows if row.lists)
    ways = [how for how in (UNPROMPTED, PROMPTED) if any(how in row.lists for row in rows)]
    if not ways:
        return None
    columns = tuple(Column(name, how) for how in ways for name in (HEADLINE, *MEASURES))
    reads: list[Read] = []
    for how in ways:
        reads.append(lambda row, how=how: estimate(score(row, HEADLINE, how)))  # type: ignore[misc]
        reads += [partial(_measure, how, name) for name in MEASURES]
    return Table("lists", "What the first ten are like", "row", columns, by_family(rows, reads))


def _measure(how: str, name: str, row: RowSummary) -> Cell:
    value = row.lists.get(how, {}).get(name)
    return Cell(words.measure(name, value), value=value)


def described(summary: StudySummary) -> Table:
    """What each row is and how it was run."""
    columns = tuple(map(Column, ("source", "seeds", "settings")))
    reads: list[Read] = [
        lambda row: Cell(words.plain(row.source)),
        lambda row: Cell(str(row.seeds), value=row.seeds),
        lambda row: Cell(words.plain(row.settings) or words.NONE),
    ]
    lines = by_family(summary.rows, reads)
    return Table("settings", "What each row is, and what it was run with", "row", columns, lines, wordy=True)


def stratified(rows: tuple[RowSummary, ...], name: str, caption: str, field: str) -> Table:
    """`HEADLINE` of all rows by stratum; `field` names the mapping of a row."""
    strata = list(dict.fromkeys(stratum for row in rows for stratum in getattr(row, field)))
    shown = tuple(row for row in rows if getattr(row, field))
    reads: list[Read] = [lambda row, each=each: estimate(getattr(row, field).get(each)) for each in strata]  # type: ignore[misc]
    return Table(name, caption, "row", tuple(map(Column, strata)), by_family(shown, reads))


def fitted(rows: tuple[RowSummary, ...]) -> Table:
    """Accuracy on training and on test sends."""
    ways = [how for how in (UNPROMPTED, PROMPTED) if any(how in row.training for row in rows)]
    columns = tuple(Column(part, how) for how in ways for part in ("training", "test"))
    reads: list[Read] = []
    for how in ways:
        reads.append(lambda row, how=how: estimate(row.training.get(how)))  # type: ignore[misc]
        reads.append(lambda row, how=how: estimate(score(row, "accuracy", how)))  # type: ignore[misc]
    return Table(
        "fit-table", "Accuracy on training and on test sends", "row", columns, by_family(rows, reads)
    )


def ordered(rows: tuple[RowSummary, ...]) -> Table:
    """`HEADLINE` in order and shuffled, within windows and whole, and the shares that are lost."""
    names = ("in order", "window shuffled", "share lost", "history shuffled", "share lost")
    columns = (Column(f"{HEADLINE}, {names[0]}"), *map(Column, names[1:]))
    reads: list[Read] = [
        lambda row: estimate(score(row)),
        lambda row: estimate(row.shuffled),
        lambda row: _lost(row.order),
        lambda row: estimate(row.shuffled_history),
        lambda row: _lost(row.order_history),
    ]
    return Table("order-table", "What the order is worth", "row", columns, by_family(rows, reads))


def _lost(share: Estimate | None) -> Cell:
    if share is None:
        return Cell(words.NONE)
    ends = (share.low, share.high)
    detail = "" if None in ends else f"[{', '.join(map(words.share, ends))}]"
    return Cell(words.share(share.value), detail, share.value)


def graded(summary: StudySummary) -> Table:
    """Where the climbs of each grade lie on the map: their number and the middle of their positions."""
    grades: dict[tuple[float, str], list[tuple[float, float]]] = {}
    for each in summary.points:
        index = (
            float("inf") if each.ordinal is None else each.ordinal,
            words.plain(each.grade or "no grade"),
        )
        grades.setdefault(index, []).append((each.x, each.y))
    lines = tuple(
        Line(grade, "", (Cell(words.count(len(at)), value=len(at)), *(_mean(at, axis) for axis in (0, 1))))
        for (_, grade), at in sorted(grades.items())
    )
    columns = tuple(map(Column, ("climbs", "mean across", "mean up")))
    return Table("map-table", "Where the climbs of each grade lie", "grade", columns, {"": lines})


def _mean(indices: list[tuple[float, float]], axis: int) -> Cell:
    value = sum(index[axis] for index in indices) / len(indices)
    return Cell(words.number(value, sign=True), value=value)
