"""What a study has shown, in words: the best row against those it has to beat, and the paper's table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from recsys.study.rows import ROWS
from recsys.study.statistics import compare
from recsys.study.summary import HEADLINE, PROMPTED, UNPROMPTED, Comparison, Paper

if TYPE_CHECKING:
    from recsys.study.estimates import Estimates
    from recsys.study.readings import Readings

TO_BEAT: Final = ("item-knn", "ease", "recent-popularity")
ALPHA: Final = 0.05

# Accuracy in Thompson 2023, table 1 (BC) and table 2 (all regions), and our row of the same name.
PAPERS: Final[dict[str, tuple[str, tuple[float, ...]]]] = {
    "none": ("", ()),
    "bc": ("Thompson 2023, table 1 (British Columbia)", (0.077, 0.0846, 0.099, 0.24, 0.24, 0.19)),
    "world": ("Thompson 2023, table 2 (all regions)", (0.079, 0.085, 0.078, 0.23, 0.23, 0.08)),
}
_PAPER_ROWS: Final = (
    ("CBOW", "cbow", UNPROMPTED),
    ("GRU", "gru4rec-1-ce", UNPROMPTED),
    ("climb embeddings", "paper-climbs", UNPROMPTED),
    ("and other features", "paper-features", PROMPTED),
    ("and climber embeddings", "paper-all", PROMPTED),
    ("climber embedding, but no other features", "paper-climber", UNPROMPTED),
)


def verdicts(found: Readings, estimates: Estimates) -> tuple[str, ...]:
    """Plain sentences on the row that is best on validation, against the rows it has to beat."""
    validation = found.values(f"validation-{UNPROMPTED}", HEADLINE)
    best = max(found.names, key=lambda name: validation[name].mean())
    title, value = ROWS[best].title, estimates.means[best]
    lines = [f"Best on validation, unprompted: {title} ({best}), {HEADLINE} {value:.3f} on the test part."]
    others = [name for name in TO_BEAT if name in found.names and name != best]
    chosen = {name: estimates.means[name] for name in (best, *others)}
    for name, each in compare(chosen, estimates.drawn, best, estimates.n_climbers).items():
        lines.append(_verdict(title, ROWS[name].title, each))
    return tuple(lines)


def _verdict(best: str, other: str, other_less_best: Comparison) -> str:
    """One sentence: whether the best row beats another."""
    gain = -other_less_best.difference.value
    chance = other_less_best.corrected
    if chance is None:
        return f"{best} and {other} differ by {gain:+.3f}; with one climber nothing can be said of chance."
    p = "corrected p < 0.001" if chance < 0.001 else f"corrected p = {chance:.3f}"
    if gain > 0 and chance < ALPHA:
        return f"{best} beats {other} by {gain:.3f} {HEADLINE} ({p})."
    return f"{best} does not beat {other}: the difference is {gain:+.3f} {HEADLINE} ({p})."


def beside_paper(table: str, found: Readings) -> Iterator[Paper]:
    """The lines of the paper's table ("bc", "world" or "none") whose rows were run."""
    for (label, row, asked), accuracy in zip(_PAPER_ROWS, PAPERS[table][1], strict=False):
        if row in found.names:
            yield Paper(label, accuracy, row, asked)
