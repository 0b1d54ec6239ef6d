"""The figures of a study: what one is, and the scores of every row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from recsys.study.report import words
from recsys.study.report.listing import Item, listing
from recsys.study.report.rows import best, families, label, reference, score
from recsys.study.report.tables import Table
from recsys.study.summary import HEADLINE, PROMPTED, UNPROMPTED, RowSummary, StudySummary


@dataclass(frozen=True)
class Figure:
    """A plot, its heading and caption, and its numbers; None where the main table holds them."""

    name: str
    title: str
    caption: str
    plot: Markup
    table: Table | None = None


def scores(summary: StudySummary) -> Iterator[Figure]:
    """Each row's `HEADLINE` and accuracy, unprompted and prompted."""
    for prompting in (UNPROMPTED, PROMPTED):
        for metric in (HEADLINE, "accuracy"):
            groups = {
                words.plain(family, 40): _items(rows, metric, prompting, summary)
                for family, rows in families(summary.rows).items()
            }
            count = sum(map(len, groups.values()))
            if count:
                yield _score(summary, groups, metric, prompting, count)


def _items(rows: Sequence[RowSummary], metric: str, prompting: str, summary: StudySummary) -> list[Item]:
    """The rows of a family that were asked so, best `HEADLINE` first."""
    found = [(row, each) for row in rows if (each := score(row, metric, prompting)) is not None]
    found.sort(key=lambda pair: -(score(pair[0], HEADLINE, prompting) or pair[1]).value)
    return [
        Item(
            words.plain(row.title, 29),
            each,
            row.name == summary.reference,
            f"{label(row)}: {words.interval(each)}",
        )
        for row, each in found
    ]


def _score(
    summary: StudySummary, groups: dict[str, list[Item]], metric: str, prompting: str, count: int
) -> Figure:
    lead = best(summary.rows, metric, prompting)
    value = score(lead, metric, prompting) if lead else None
    highest = f"Highest: {label(lead)}, {words.interval(value)}." if lead else ""
    alt = f"{metric}, {prompting}, of {count} rows. {highest}"
    axis = f"{metric}, {prompting}"
    name = f"{prompting}-{metric.partition('@')[0]}"
    plot = listing(groups, name, f"{alt} The numbers are in the table of results.", axis)
    marked = any(item.reference for items in groups.values() for item in items)
    line = f" Dashed: {reference(summary)}." if marked else ""
    return Figure(name, axis.capitalize(), f"Lines: 95% intervals.{line} Numbers: in the table above.", plot)
