"""A study as text: Markdown for docs/results, and a table of 80 columns for the terminal."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

from recsys.evaluation.beyond import KEY, MEASURES
from recsys.study.report import words
from recsys.study.report.rows import (
    Compared,
    check,
    comparisons,
    families,
    prompted,
    reference,
    score,
)
from recsys.study.summary import HEADLINE, PROMPTED, UNPROMPTED, RowSummary, StudySummary

WIDTH: Final = 80
_KEY: Final = (
    " Due to order: share of it that is lost when a window's own sends are shuffled among themselves; "
    "with whole histories shuffled, other sends enter the window as well. "
    "Training accuracy: prompted where the row is."
)
Read = Callable[[RowSummary], str]


def markdown(summary: StudySummary) -> str:
    """What was found in words, the main table by family, the paper's table beside ours, and the facts.

    Raises
    ------
    DataError
        As `recsys.study.report.render`.
    """
    check(summary)
    parts = [header(summary), _listed(summary.verdicts), _main(summary), _inert(note(summary) + _KEY)]
    parts.append(_lists(summary))
    if summary.paper:
        parts += [_paper(summary)]
    parts.append(_listed(f"{label}: {text}" for label, text in summary.facts))
    return "\n\n".join(part for part in parts if part) + "\n"


def table(summary: StudySummary) -> str:
    """Unprompted results, then prompted ones, in at most 80 columns; print it as it is.

    Raises
    ------
    DataError
        As `recsys.study.report.render`.
    """
    check(summary)
    blocks = [textwrap.fill(header(summary), WIDTH)]
    if summary.rows:
        blocks.append(_printed(summary, UNPROMPTED, summary.rows))
    if prompting := prompted(summary.rows):
        blocks.append(_printed(summary, PROMPTED, prompting))
    blocks.append("\n".join(textwrap.wrap(note(summary), WIDTH)))
    return "\n".join(block for block in blocks if block) + "\n"


def header(summary: StudySummary) -> str:
    """One line: whether simulated, cases, climbers, climbs."""
    sends = "Simulated sends" if summary.simulated else "Sends as logged"
    counts = f"{summary.n_cases:,} test cases of {summary.n_climbers:,} climbers, {summary.n_items:,} climbs"
    return f"{sends}: {counts}."


def note(summary: StudySummary) -> str:
    """What brackets, differences and p are, and what is still to be run."""
    if not summary.rows:
        return f"No row has been run; cells still to be run: {len(summary.unfinished)}."
    references = " and ".join(
        f"that of {reference(summary, how)}" + (f" ({how})" if how == PROMPTED else "")
        for how in comparisons(summary)
    )
    text = (
        f"In brackets: 95% bootstrap intervals over seeds and climbers. Difference: {HEADLINE} less "
        f"{references}; p: paired bootstrap, Holm's correction."
    )
    left = f" Unfinished, cells still to be run: {len(summary.unfinished)}." if summary.unfinished else ""
    return text + left


def _columns(summary: StudySummary) -> dict[str, Read]:
    columns: dict[str, Read] = {
        name: partial(_metric, name=name, prompting=UNPROMPTED)
        for name in ("accuracy", HEADLINE, "ndcg@10", "mrr@20")
    }
    if prompted(summary.rows):
        for name in ("accuracy", HEADLINE):
            columns[f"prompted {name}"] = partial(_metric, name=name, prompting=PROMPTED)
    for how, compared in comparisons(summary).items():
        before = "" if how == UNPROMPTED else f"{how} "
        columns[f"{before}difference"] = partial(_difference, compared, show=words.interval)
        columns[f"{before}p"] = partial(_p, compared)
    return columns | {
        "due to order": _order,
        "lost by shuffling histories": _history,
        "training accuracy": _training,
        "parameters": _parameters,
        "s": _seconds,
        "MiB": _peak,
    }


def _metric(row: RowSummary, name: str, prompting: str) -> str:
    return words.interval(score(row, name, prompting))


def _difference(compared: Compared, row: RowSummary, show: Callable[..., str]) -> str:
    found = compared(row)
    return words.NONE if found is None else show(found.difference, sign=True)


def _p(compared: Compared, row: RowSummary) -> str:
    found = compared(row)
    return words.NONE if found is None else words.chance(found.corrected)


def _order(row: RowSummary) -> str:
    return words.share(row.order.value if row.order else None)


def _history(row: RowSummary) -> str:
    return words.share(row.order_history.value if row.order_history else None)


def _training(row: RowSummary) -> str:
    """Of the accuracy that stands beside it, prompted where the row is."""
    return words.bare(row.training.get(PROMPTED, row.training.get(UNPROMPTED)))


def _parameters(row: RowSummary) -> str:
    return words.count(row.parameters)


def _seconds(row: RowSummary) -> str:
    return words.seconds(row.seconds)


def _peak(row: RowSummary) -> str:
    return words.count(row.peak_mib)


def _main(summary: StudySummary) -> str:
    if not summary.rows:
        return ""
    columns = _columns(summary)
    lines = [["row", *columns]]
    for family, rows in families(summary.rows).items():
        lines.append([f"**{_inert(family)}**", *[""] * len(columns)])
        lines += [[_inert(row.title), *(read(row) for read in columns.values())] for row in rows]
    return _markdown(lines, left=1)


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"- {_inert(line)}" for line in lines)


def _lists(summary: StudySummary) -> str:
    """What the first ten of each row are like, a line a way of asking; empty where no cell says so."""
    lines = [["what lists are like", "asked", HEADLINE, *MEASURES]]
    for row in summary.rows:
        for how, found in row.lists.items():
            values = (words.measure(name, found.get(name)) for name in MEASURES)
            lines.append([_inert(row.title), how, words.bare(score(row, HEADLINE, how)), *values])
    if len(lines) == 1:
        return ""
    return f"{_markdown(lines, left=2)}\n\n{_inert(KEY)}."


def _paper(summary: StudySummary) -> str:
    lines = [
        [
            _inert(summary.paper_table),
            "its accuracy",
            "our row",
            "prompting",
            "our accuracy",
            "sent climbs left out",
        ]
    ]
    titles = {row.name: row.title for row in summary.rows}
    for each in summary.paper:
        ours = (
            titles.get(each.row, each.row),
            each.prompting,
            words.interval(each.ours),
            words.interval(each.left_out),
        )
        lines.append([*map(_inert, (each.label, words.number(each.accuracy), *ours))])
    return _markdown(lines, left=1)


def _markdown(lines: Sequence[Sequence[str]], left: int) -> str:
    ruler = "|" + "---|" * left + "---:|" * (len(lines[0]) - left)
    rendered = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([rendered[0], ruler, *rendered[1:]])


def _inert(text: str) -> str:
    """One line that ends no cell and opens no tag."""
    return words.plain(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def _printed(summary: StudySummary, prompting: str, rows: tuple[RowSummary, ...]) -> str:
    """One way of asking as rich prints it, a family under a rule; differences are of the unprompted."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=SIMPLE, pad_edge=False, padding=(0, 1))
    shown.add_column(Text(words.plain(prompting)), ratio=1, overflow="fold")
    metrics = ("accuracy", HEADLINE)
    found = comparisons(summary).get(prompting)
    compared: dict[str, Read] = {}
    if found:
        compared = {"vs ref": partial(_difference, found, show=words.bare), "p": partial(_p, found)}
    for name in (*metrics, *compared):
        shown.add_column(name, justify="right", no_wrap=True)
    for family, group in families(rows).items():
        shown.add_row(Text(words.plain(family)))
        for row in group:
            values = [
                words.bare(score(row, "accuracy", prompting)),
                words.interval(score(row, HEADLINE, prompting)),
            ]
            cells = [*values, *(read(row) for read in compared.values())]
            shown.add_row(Text(f" {words.plain(row.name)}"), *cells)
    output = io.StringIO()
    Console(file=output, width=WIDTH, color_system=None).print(shown, end="")
    return "\n".join(filter(None, map(str.rstrip, output.getvalue().splitlines())))
