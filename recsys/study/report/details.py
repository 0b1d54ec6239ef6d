"""The figures that say where scores come from: strata, training, order, and the map of the climbs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from recsys.study.report import words
from recsys.study.report.climbs import climbs
from recsys.study.report.figures import Figure
from recsys.study.report.fit import Dot, fit
from recsys.study.report.listing import Item, listing
from recsys.study.report.rows import YARDSTICKS, best, families, label, notable, score
from recsys.study.report.strata import strata
from recsys.study.report.tables import fitted, graded, ordered, stratified
from recsys.study.summary import HEADLINE, PROMPTED, UNPROMPTED, Estimate, RowSummary, StudySummary

_MOST_CLIMBS: Final = 1500  # on the map: a page that a phone still scrolls


def details(summary: StudySummary) -> Iterator[Figure]:
    """Where the scores come from; only what the study holds."""
    yield from _stratified(
        summary, "by_history", "history", "sends before the target", "By length of history"
    )
    yield from _stratified(
        summary, "by_popularity", "popular", "training sends of the target", "By popularity of the climb"
    )
    yield from _fitted(summary)
    yield from _ordered(summary)
    yield from _mapped(summary)


def _stratified(summary: StudySummary, field: str, name: str, axis: str, title: str) -> Iterator[Figure]:
    rows = tuple(row for row in notable(summary) if getattr(row, field))
    if not rows:
        return
    metric = f"{HEADLINE}, unprompted"
    lines = {label(row, 26): _plain(getattr(row, field)) for row in rows}
    alt = f"{metric}, by {axis}, of {len(rows)} rows. The numbers of all rows are in the table below."
    caption = (
        f"{metric.capitalize()}, by {axis}, of the reference, item-kNN, EASE and the best of each family "
        "(at most eight); lines are 95% intervals."
    )
    table = stratified(summary.rows, f"{name}-table", f"{metric.capitalize()}, by {axis}", field)
    yield Figure(name, title, caption, strata(lines, name, alt, axis, metric), table)


def _plain(strata: Mapping[str, Estimate]) -> dict[str, Estimate]:
    return {words.plain(name, 16): estimate for name, estimate in strata.items()}


def _fitted(summary: StudySummary) -> Iterator[Figure]:
    rows = tuple(row for row in summary.rows if row.training)
    groups = families(rows)
    dots = [
        dot for index, group in enumerate(groups.values()) for dot in _dots(group, index, _named(summary))
    ]
    if dots:
        alt = f"Accuracy on training sends against test sends, {len(dots)} dots; a table is below."
        caption = (
            "Below the dashed diagonal a row does better on sends that it was trained on: it knows them by "
            "heart. Named are the reference, item-kNN, EASE and the best."
        )
        plot = fit(dots, [words.plain(family, 26) for family in groups], "fit", alt)
        yield Figure("fit", "Training against test", caption, plot, fitted(rows))


def _dots(rows: Sequence[RowSummary], family: int, named: Mapping[tuple[str, str], str]) -> Iterator[Dot]:
    for row in rows:
        for prompting, seen in row.training.items():
            if (test := score(row, "accuracy", prompting)) is not None:
                hint = f"{label(row)}, {prompting}: training {seen.value:.3f}, test {test.value:.3f}"
                said = named.get((row.name, prompting), "")
                yield Dot(family, seen.value, test.value, prompting == UNPROMPTED, said, hint)


def _named(summary: StudySummary) -> dict[tuple[str, str], str]:
    """The few dots with a name: the reference, the yardsticks, and the best either way of asking."""
    named = {row.name: row for row in summary.rows}
    wanted = {(name, UNPROMPTED) for name in (summary.reference, *YARDSTICKS) if name in named}
    for prompting in (UNPROMPTED, PROMPTED):
        if (lead := best(summary.rows, "accuracy", prompting)) is not None:
            wanted.add((lead.name, prompting))
    return {(name, prompting): label(named[name], 24) for name, prompting in wanted}


def _ordered(summary: StudySummary) -> Iterator[Figure]:
    rows = tuple(row for row in summary.rows if row.order is not None)
    groups = {
        words.plain(family, 40): _losses(group, summary.reference) for family, group in families(rows).items()
    }
    if rows:
        alt = f"Share of {HEADLINE} lost by shuffling, {len(rows)} rows; numbers in the table below."
        caption = (
            f"Share of the unprompted {HEADLINE} that is lost when the sends of each window are shuffled "
            "among themselves: how much of a score is owed to their order. The table also has whole "
            "histories shuffled, by which other sends become the last. Only rows that read the order."
        )
        plot = listing(groups, "order", alt, "% lost by shuffling", bars=True)
        yield Figure("order", "What the order is worth", caption, plot, ordered(rows))


def _losses(rows: Sequence[RowSummary], against: str) -> list[Item]:
    ranked = sorted(rows, key=lambda row: -row.order.value if row.order else 0.0)
    shares = [(row, row.order) for row in ranked if row.order]
    return [Item(words.plain(row.title, 29), _percent(each), row.name == against, "") for row, each in shares]


def _percent(share: Estimate) -> Estimate:
    low, high = (None if end is None else 100 * end for end in (share.low, share.high))
    return Estimate(100 * share.value, low, high)


def _mapped(summary: StudySummary) -> Iterator[Figure]:
    if not summary.points:
        return
    shown = sorted(summary.points, key=lambda each: -each.sends)[:_MOST_CLIMBS]
    named = {row.name: label(row) for row in summary.rows}
    of = named.get(summary.points_of, words.plain(summary.points_of))
    kept = f" The {len(shown):,} most sent of all {len(summary.points):,}."
    part = kept if len(shown) < len(summary.points) else ""
    alt = f"Map of {len(shown):,} climbs of {of}, coloured by grade; a table by grade is below."
    caption = (
        f"A dot a climb: the embeddings of {of} on their two principal components, coloured by grade.{part}"
    )
    yield Figure("map", "Map of the climbs", caption, climbs(shown, "map", alt), graded(summary))
